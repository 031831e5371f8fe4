//! Chance that falls the same way every time.

/// `SplitMix64`, written out: a later version of `rand` may roll other numbers, and the invented school would be
/// another one.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that roll the same numbers for the same seed.
    pub const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`.
    pub const fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() >> 1).cast_signed() % (high - low + 1)
    }

    /// A number from `-most` to `most`, more often near zero than far from it.
    pub const fn around_zero(&mut self, most: i64) -> i64 {
        i64::midpoint(self.between(-most, most), self.between(-most, most))
    }

    /// True in `percent` of all cases.
    pub const fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }
}
