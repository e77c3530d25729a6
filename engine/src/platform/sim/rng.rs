/// `SplitMix64` (Steele, Lea, Flood 2014): enough for delays, and the same on every machine.
pub(super) struct Rng(pub(super) u64);

impl Rng {
    /// A number below `bound`, 0 if that is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound.max(1)
    }

    /// True `per_mille` times in a thousand.
    pub(super) fn strikes(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }
}

/// Spreads a number over all 64 bits.
pub(super) fn mix(number: u64) -> u64 {
    Rng(number).below(u64::MAX)
}
