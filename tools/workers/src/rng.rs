//! Numbers from a seed: what a seed means must never depend on anything else.

/// `SplitMix64`: a counter, stirred. What it is given first is used up before.
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
    /// Choices that were made elsewhere.
    given: Vec<u8>,
    /// How many of these are used up.
    used: usize,
}

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
        Self {
            state: seed,
            given: Vec::new(),
            used: 0,
        }
    }

    /// Choices by these bytes, for whoever changes bytes and looks what comes of it: one byte for
    /// a choice among up to 256, two among up to 65,536, eight else. When they are used up, the
    /// numbers of seed 0 follow, whatever the bytes were: so a change of one changes little else.
    ///
    /// # Examples
    /// ```
    /// use mangrove_workers::Rng;
    ///
    /// let mut rng = Rng::of_bytes(&[7, 1, 1]);
    /// assert_eq!((rng.below(10), rng.below(1000)), (7, 257));
    /// assert_eq!(rng.number(), Rng::new(0).number());
    /// ```
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self {
            given: bytes.to_vec(),
            ..Self::new(0)
        }
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.next(u64::BITS / 8)
    }

    /// The next number of the seed, or of so many bytes.
    fn next(&mut self, bytes: u32) -> u64 {
        let left = &self.given[self.used..];
        if !left.is_empty() {
            let taken = &left[..left.len().min(bytes as usize)];
            self.used += taken.len();
            let place = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
            return taken.iter().rev().fold(0, place);
        }
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `count`, which is not 0.
    fn choice(&mut self, count: u64) -> u64 {
        let bytes = match count {
            ..=0x100 => 1,
            0x101..=0x1_0000 => 2,
            _ => 8,
        };
        self.next(bytes) % count
    }

    /// A number below `bound`; 0 where `bound` is.
    pub fn below(&mut self, bound: usize) -> usize {
        self.choice(bound.max(1) as u64) as usize
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
        low + self.choice(u64::from(high - low) + 1) as u32
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
