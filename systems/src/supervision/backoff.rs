//! How long a child waits before it is started again.

use tanda_components::Backoff;

/// Microseconds to wait before the restart that follows `failures` failures in a row before this
/// one: none for the first, then `base * factor^n` with `n` from 0, give or take the jitter, and
/// never more than the cap.
///
/// The jitter is drawn from `seed`, `child` and `failures` alone, so the same run waits the same.
/// Cost: logarithmic in the cap over the base.
#[must_use]
pub fn delay_micros(backoff: &Backoff, failures: u16, seed: u64, child: u16) -> u64 {
    let Some(n) = failures.checked_sub(1) else { return 0 };
    let nominal = grow(backoff, n);
    let spread = percent(nominal, backoff.jitter_percent.min(100));
    let low = nominal - spread;
    let high = (nominal + spread).min(backoff.cap_micros);
    let key = seed ^ mix(u64::from(child) << 16 | u64::from(n));
    low + mix(key) % (high.saturating_sub(low) + 1)
}

/// `base * factor^n`, at most the cap.
fn grow(backoff: &Backoff, n: u16) -> u64 {
    let mut nominal = backoff.base_micros.min(backoff.cap_micros);
    for _ in 0..n {
        let next = percent(nominal, backoff.factor_percent).min(backoff.cap_micros);
        if next <= nominal {
            break;
        }
        nominal = next;
    }
    nominal
}

fn percent(micros: u64, percent: u32) -> u64 {
    u64::try_from(u128::from(micros) * u128::from(percent) / 100).unwrap_or(u64::MAX)
}

/// Spreads a number over all 64 bits (`SplitMix64`; Steele, Lea, Flood 2014).
fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAW: Backoff = Backoff {
        base_micros: 1_000,
        factor_percent: 200,
        cap_micros: 60_000,
        jitter_percent: 25,
        reset_after_micros: 1,
    };

    #[test]
    fn first_restart_comes_at_once() {
        assert_eq!(delay_micros(&LAW, 0, 7, 3), 0);
    }

    #[test]
    fn delay_keeps_within_its_law_for_every_seed_and_child() {
        for n in 0..40_u16 {
            let nominal = 1_000_u64.saturating_mul(1 << n.min(30)).min(60_000);
            let (mut least, mut most) = (u64::MAX, 0);
            for draw in 0..400 {
                let delay = delay_micros(&LAW, n + 1, draw * 77, (draw % 13) as u16);
                assert!(delay >= nominal * 3 / 4, "n {n}: {delay} us");
                assert!(delay <= (nominal * 5 / 4).min(60_000), "n {n}: {delay} us");
                (least, most) = (least.min(delay), most.max(delay));
            }
            assert!(most - least > nominal / 5, "n {n}: jitter draws {least} to {most}");
        }
    }

    #[test]
    fn delay_is_the_same_for_the_same_failure() {
        assert_eq!(delay_micros(&LAW, 5, 1, 2), delay_micros(&LAW, 5, 1, 2));
        assert_ne!(delay_micros(&LAW, 5, 1, 2), delay_micros(&LAW, 5, 1, 3));
    }

    #[test]
    fn no_base_is_no_wait_and_extremes_do_not_overflow() {
        let none = Backoff { base_micros: 0, ..LAW };
        assert_eq!(delay_micros(&none, 60_000, 1, 2), 0);
        let most = Backoff {
            base_micros: 1,
            factor_percent: 100_000,
            cap_micros: 86_400_000_000,
            jitter_percent: 100,
            ..LAW
        };
        assert!(delay_micros(&most, u16::MAX, u64::MAX, u16::MAX) <= 86_400_000_000);
        let flat = Backoff { factor_percent: 100, ..LAW };
        assert!((750..=1_250).contains(&delay_micros(&flat, u16::MAX, 3, 4)));
    }
}
