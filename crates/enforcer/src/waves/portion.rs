//! A part of something: a number, or a share of it.

use std::fmt;
use std::str::FromStr;

/// A part of a number of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Portion {
    /// So many.
    Number(usize),
    /// So many of a hundred.
    Percent(u8),
}

impl Portion {
    /// How many of so many that is, rounded up, and never more than there are.
    pub const fn of(self, all: usize) -> usize {
        match self {
            Self::Number(number) if number < all => number,
            Self::Number(_) => all,
            // In halves, so that nothing overflows.
            Self::Percent(share) => {
                let share = share as usize;
                all / 100 * share + (all % 100 * share).div_ceil(100)
            }
        }
    }

    /// The same, and one at least where there is any.
    pub const fn at_least_one_of(self, all: usize) -> usize {
        match (self.of(all), all) {
            (0, 1..) => 1,
            (number, _) => number,
        }
    }
}

impl fmt::Display for Portion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Percent(share) => write!(f, "{share}%"),
        }
    }
}

/// A text that is no portion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a whole number such as 10, or a share such as 5% (0% to 100%)")]
pub struct NotAPortion;

impl FromStr for Portion {
    type Err = NotAPortion;

    fn from_str(text: &str) -> Result<Self, NotAPortion> {
        let digits = text.strip_suffix('%').unwrap_or(text);
        // `parse` would take a sign as well.
        if !digits.bytes().all(|it| it.is_ascii_digit()) {
            return Err(NotAPortion);
        }
        if digits.len() == text.len() {
            return digits.parse().map(Self::Number).map_err(|_| NotAPortion);
        }
        let share = digits.parse().ok().filter(|it| *it <= 100);
        share.map(Self::Percent).ok_or(NotAPortion)
    }
}
