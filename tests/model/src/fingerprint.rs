//! Fingerprints of states. Two states with the same 128 bits would count as one: with 10^8 states the chance of any such pair is
//! below 10^-22.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

/// The fingerprint of a value.
pub fn fingerprint(value: &impl Hash) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        value.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

/// Takes a part of a fingerprint for its hash.
#[derive(Debug, Default)]
struct Taken(u64);

impl Hasher for Taken {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, value: u128) {
        self.0 = (value >> 64) as u64;
    }
}

/// A set of fingerprints.
#[derive(Debug, Default)]
pub struct Fingerprints(HashSet<u128, BuildHasherDefault<Taken>>);

impl Fingerprints {
    /// Adds a fingerprint; whether it is new.
    pub fn insert(&mut self, it: u128) -> bool {
        self.0.insert(it)
    }

    /// Adds fingerprints.
    pub fn extend(&mut self, all: impl IntoIterator<Item = u128>) {
        self.0.extend(all);
    }

    /// Whether it was added.
    pub fn contains(&self, it: u128) -> bool {
        self.0.contains(&it)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
