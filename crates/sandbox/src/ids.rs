//! Identifiers and dice, the same for the same seed.

/// A seeded generator (SplitMix64). Not for secrets: everything here is make-believe.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    state: u64,
}

impl Ids {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// True with probability `chance` (0 to 1).
    pub(crate) fn roll(&mut self, chance: f64) -> bool {
        self.fraction() < chance
    }

    /// A number in `0.0..1.0`.
    pub(crate) fn fraction(&mut self) -> f64 {
        let bits = u32::try_from(self.next() >> 32).unwrap_or(u32::MAX);
        f64::from(bits) / (f64::from(u32::MAX) + 1.0)
    }

    /// `digits` lower-case hexadecimal digits.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            text.push_str(&format!("{:016x}", self.next()));
        }
        text.truncate(digits);
        text
    }

    /// An EC2 style id such as `i-0123456789abcdef0`.
    pub(crate) fn resource(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{}", self.hex(16))
    }

    /// A random (version 4) UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (u128::from(self.next()), u128::from(self.next()));
        uuid::Builder::from_random_bytes((high << 64 | low).to_be_bytes()).into_uuid().to_string()
    }

    /// An IAM style unique id: four letters of kind and seventeen of base 32.
    pub(crate) fn unique(&mut self, kind: &str) -> String {
        unique_from(kind, self.next())
    }
}

/// The unique id that belongs to a name: the same name has the same id for ever.
pub(crate) fn unique_of(kind: &str, name: &str) -> String {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    unique_from(kind, hash)
}

fn unique_from(kind: &str, seed: u64) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut bits = u128::from(mix(seed)) << 64 | u128::from(mix(!seed));
    let mut text = String::from(kind);
    for _ in 0..17 {
        let index = usize::try_from(bits & 31).unwrap_or(0);
        text.push(ALPHABET.get(index).map_or('A', |letter| char::from(*letter)));
        bits >>= 5;
    }
    text
}

const fn mix(state: u64) -> u64 {
    let mut word = state;
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
