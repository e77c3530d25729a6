//! Numbers as text.

use std::io::Write;

/// The shortest text that reads back as the same double: what Python's `repr` writes from 1e-4 on;
/// below, `0.00001` and `1e-7` where Python has `1e-05` and `1e-07`.
///
/// Not finite: `NaN`, `inf`, `-inf`. About 20 ns.
#[inline]
pub(super) fn float64(value: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(zmij::Buffer::new().format(value).as_bytes());
}

/// As [`float64`], for singles.
#[inline]
pub(super) fn float32(value: f32, out: &mut Vec<u8>) {
    out.extend_from_slice(zmij::Buffer::new().format(value).as_bytes());
}

/// An integer in decimal. About 3 ns below 10^7, about 10 ns above.
#[inline]
pub(super) fn integer(value: i64, out: &mut Vec<u8>) {
    if value.unsigned_abs() < 10_000_000 {
        small(value as i32, out);
    } else {
        out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }
}

/// As [`integer`], for the unsigned integers that may not fit.
#[inline]
pub(super) fn unsigned(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// At most 7 digits and a sign, made in one register without a branch: lengths and signs of real
/// columns are random, and a wrong guess costs more than the digits.
///
/// The number is split in halves three times, each time all lanes at once: 4 + 4 digits, then
/// 2 + 2 + 2 + 2, then 8 of one digit, the first in the lowest byte. Division by 100 is
/// `* 10486 >> 20` (exact below 10,000), by 10 `* 103 >> 10` (exact below 100).
#[inline]
fn small(value: i32, out: &mut Vec<u8>) {
    let negative = usize::from(value < 0);
    let number = u64::from(value.unsigned_abs());
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    let digits = tens | ((twos - tens * 10) << 8);
    // The last digit stays even if it is a zero.
    let zeros = (digits | (1 << 56)).trailing_zeros() as usize / 8;
    let text = (digits | 0x3030_3030_3030_3030) >> (8 * zeros);
    let signed = (text << (8 * negative)) | (u64::from(b'-') * negative as u64);
    append_block(&signed.to_le_bytes(), 8 - zeros + negative, out);
}

/// Appends the first `length` bytes of `block`: a copy of a fixed size is two moves, one of a
/// size known only here is a call.
#[inline]
pub(super) fn append_block<const N: usize>(block: &[u8; N], length: usize, out: &mut Vec<u8>) {
    let end = out.len() + length;
    out.extend_from_slice(block);
    out.truncate(end);
}

/// Exactly `decimals` decimals (`0..=17`), rounded half to even on the exact binary value, which is
/// what C's `printf("%.6f")` and Python's `f"{x:.6f}"` write.
///
/// A double below 2^53 is `mantissa / 2^shift`, its digits are `mantissa * 10^decimals / 2^shift`:
/// exact, as 53 + 57 bits fit an `u128`. Larger ones go through the standard library.
pub(super) fn fixed(value: f64, decimals: u8, out: &mut Vec<u8>) {
    let exponent = ((value.to_bits() >> 52) & 0x7ff) as i32;
    let shift = 1075 - exponent.max(1);
    if shift <= 0 {
        return fixed_slow(value, decimals, out);
    }
    let mantissa = (value.to_bits() & ((1 << 52) - 1)) | (u64::from(exponent > 0) << 52);
    let scaled = u128::from(mantissa) * 10_u128.pow(u32::from(decimals));
    let digits = round_half_even(scaled, shift.unsigned_abs());
    if value.is_sign_negative() {
        out.push(b'-');
    }
    put_point(digits, usize::from(decimals), out);
}

fn fixed_slow(value: f64, decimals: u8, out: &mut Vec<u8>) {
    if value.is_finite() {
        write!(out, "{value:.*}", usize::from(decimals)).expect("writing to a Vec never fails");
    } else {
        float64(value, out);
    }
}

/// `value / 2^shift`, to the nearest integer, to the even one of two.
fn round_half_even(value: u128, shift: u32) -> u128 {
    let Some(half) = 1_u128.checked_shl(shift - 1) else { return 0 };
    let whole = value.checked_shr(shift).unwrap_or(0);
    let rest = value - whole.checked_shl(shift).unwrap_or(0);
    let up = rest > half || (rest == half && whole & 1 == 1);
    whole + u128::from(up)
}

/// A decimal: `value / 10^scale`, with exactly `scale` decimals (a negative scale appends zeros).
pub(super) fn decimal(value: i128, scale: i8, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    put_point(value.unsigned_abs(), usize::try_from(scale).unwrap_or(0), out);
    if value != 0 {
        out.extend((scale..0).map(|_| b'0'));
    }
}

/// Writes `digits` with the last `decimals` of them after the point.
fn put_point(digits: u128, decimals: usize, out: &mut Vec<u8>) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(digits).as_bytes();
    let whole = digits.len().saturating_sub(decimals);
    out.extend_from_slice(if whole == 0 { b"0" } else { &digits[..whole] });
    if decimals > 0 {
        out.push(b'.');
        out.extend((digits.len()..decimals).map(|_| b'0'));
        out.extend_from_slice(&digits[whole..]);
    }
}

/// Bytes in hexadecimal, small letters.
pub(super) fn hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// Appends the sixteen bytes of a UUID as 8-4-4-4-12 hexadecimal digits (RFC 9562).
pub(super) fn uuid(bytes: &[u8], out: &mut Vec<u8>) {
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        hex(std::slice::from_ref(byte), out);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fixed_rounds_half_to_even_on_the_exact_value() {
        // As C's printf and Python's format: 0.125 is a tie, 0.35 lies below one, 0.15 below, too.
        let cases = [
            (0.5, 0, "0"),
            (1.5, 0, "2"),
            (2.5, 0, "2"),
            (0.125, 2, "0.12"),
            (0.375, 2, "0.38"),
            (0.35, 1, "0.3"),
            (2.675, 2, "2.67"),
            (-1e-7, 6, "-0.000000"),
            (0.0, 6, "0.000000"),
            (1e22, 1, "10000000000000000000000.0"),
            (9_007_199_254_740_991.0, 17, "9007199254740991.00000000000000000"),
            (5e-324, 17, "0.00000000000000000"),
            (f64::NAN, 6, "NaN"),
            (f64::NEG_INFINITY, 6, "-inf"),
        ];
        for (value, decimals, expected) in cases {
            assert_eq!(text(|out| fixed(value, decimals, out)), expected);
        }
    }

    #[test]
    fn integers_of_every_length() {
        let powers = (0..19).map(|power| 10_i64.pow(power));
        let around = powers.flat_map(|power| [power - 1, power, power + 1, power * 7]);
        for value in around.chain([i64::MAX, 0, 9_999_999, 10_000_000]) {
            for value in [value, -value] {
                assert_eq!(text(|out| integer(value, out)), value.to_string());
            }
        }
        assert_eq!(text(|out| integer(i64::MIN, out)), i64::MIN.to_string());
    }

    #[test]
    fn small_integers_are_exact() {
        let mut out = Vec::new();
        for value in (-9_999_999..=9_999_999_i32).step_by(7) {
            out.clear();
            small(value, &mut out);
            assert_eq!(std::str::from_utf8(&out).unwrap().parse(), Ok(value));
        }
    }

    #[test]
    fn decimal_has_all_its_digits() {
        let cases = [
            (0, 0, "0"),
            (5, 2, "0.05"),
            (-5, 2, "-0.05"),
            (12_345, 2, "123.45"),
            (12, -3, "12000"),
            (0, -3, "0"),
            (i128::MIN, 38, "-1.70141183460469231731687303715884105728"),
        ];
        for (value, scale, expected) in cases {
            assert_eq!(text(|out| decimal(value, scale, out)), expected);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn fixed_is_exact_for_any_double(value in proptest::num::f64::ANY, decimals in 0_u8..=17) {
            prop_assume!(value.is_finite());
            let places = usize::from(decimals);
            prop_assert_eq!(text(|out| fixed(value, decimals, out)), format!("{value:.places$}"));
        }

        #[test]
        fn fixed_is_exact_around_one(value in -1e6..1e6_f64, decimals in 0_u8..=17) {
            let places = usize::from(decimals);
            prop_assert_eq!(text(|out| fixed(value, decimals, out)), format!("{value:.places$}"));
        }

        #[test]
        fn floats_read_back_the_same(double in proptest::num::f64::NORMAL, single: f32) {
            prop_assert_eq!(text(|out| float64(double, out)).parse(), Ok(double));
            prop_assume!(single.is_finite());
            prop_assert_eq!(text(|out| float32(single, out)).parse(), Ok(single));
        }
    }
}
