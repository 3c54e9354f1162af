//! Numbers from a seed: what a seed means must never depend on anything else.

/// `SplitMix64`: a counter, stirred.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The numbers of a seed.
    ///
    /// # Examples
    /// ```
    /// use mangrove_workers::Rng;
    ///
    /// assert_eq!(Rng::new(1).number(), 0x910a_2dec_8902_5cc1);
    /// ```
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 where `bound` is.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.number() % bound.max(1) as u64) as usize
    }

    /// A number in `low..=high`.
    ///
    /// # Panics
    /// If `high` is less than `low`.
    ///
    /// # Examples
    /// ```
    /// use mangrove_workers::Rng;
    ///
    /// let mut rng = Rng::new(7);
    /// assert_eq!([(); 8].map(|()| rng.range(3, 9)), [5, 6, 3, 6, 8, 9, 8, 3]);
    /// ```
    pub fn range(&mut self, low: u32, high: u32) -> u32 {
        assert!(low <= high, "an empty range");
        low + (self.number() % (u64::from(high - low) + 1)) as u32
    }

    /// True once in `n` times on average.
    pub fn one_in(&mut self, n: u32) -> bool {
        self.range(1, n) == 1
    }

    /// Whether something happens that does in `part` of `whole` cases.
    pub fn chance(&mut self, part: usize, whole: usize) -> bool {
        self.below(whole) < part
    }

    /// One of them.
    ///
    /// # Panics
    /// If there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// That many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend_from_slice(&self.number().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}
