//! Notebook platforms and their end of life.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/nbi-al2.html>,
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/nbi-al2023.html>

use jiff::Timestamp;

/// 2026-05-15: from here on a new notebook gets Amazon Linux 2023 unless it asks for something
/// else.
const AL2023_BY_DEFAULT: Timestamp = Timestamp::constant(1_778_803_200, 0);

/// 2026-07-01: from here on Amazon Linux 2 is neither created nor started.
const AL2_ENDS: Timestamp = Timestamp::constant(1_782_864_000, 0);

/// Instance families that Amazon Linux 2023 does not run on.
const NOT_ON_AL2023: [&str; 5] = ["ml.p2.", "ml.p3.", "ml.p3dn.", "ml.inf1.", "ml.g3."];

/// The runtime environment of a notebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Platform {
    /// `notebook-al1-v1`
    Al1V1,
    /// `notebook-al2-v1`
    Al2V1,
    /// `notebook-al2-v2`
    Al2V2,
    /// `notebook-al2-v3`
    Al2V3,
    /// `notebook-al2023-v1`
    Al2023V1,
}

impl Platform {
    /// Every platform there is.
    pub const ALL: [Self; 5] = [Self::Al1V1, Self::Al2V1, Self::Al2V2, Self::Al2V3, Self::Al2023V1];

    /// The identifier in the API.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Al1V1 => "notebook-al1-v1",
            Self::Al2V1 => "notebook-al2-v1",
            Self::Al2V2 => "notebook-al2-v2",
            Self::Al2V3 => "notebook-al2-v3",
            Self::Al2023V1 => "notebook-al2023-v1",
        }
    }

    pub(super) fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.id() == id)
    }

    /// What a notebook gets that does not ask.
    pub(super) fn default_at(now: Timestamp) -> Self {
        if now >= AL2023_BY_DEFAULT { Self::Al2023V1 } else { Self::Al2V3 }
    }

    /// Whether a notebook may be created on it or started again.
    pub(super) fn can_start_at(self, now: Timestamp) -> bool {
        match self {
            Self::Al1V1 => false,
            Self::Al2V1 | Self::Al2V2 | Self::Al2V3 => now < AL2_ENDS,
            Self::Al2023V1 => true,
        }
    }

    /// Whether a stopped notebook can be moved there. Nothing leads out of Amazon Linux 1 or back.
    pub(super) fn can_become(self, other: Self) -> bool {
        match self {
            Self::Al1V1 => other == Self::Al1V1,
            Self::Al2V1 | Self::Al2V2 | Self::Al2V3 => other != Self::Al1V1,
            Self::Al2023V1 => other == Self::Al2023V1,
        }
    }

    pub(super) fn runs_on(self, instance_type: &str) -> bool {
        self != Self::Al2023V1 || !NOT_ON_AL2023.iter().any(|it| instance_type.starts_with(it))
    }
}

#[cfg(test)]
mod tests {
    use super::{AL2_ENDS, AL2023_BY_DEFAULT};

    #[test]
    fn the_dates_are_the_announced_ones() {
        assert_eq!(AL2023_BY_DEFAULT.to_string(), "2026-05-15T00:00:00Z");
        assert_eq!(AL2_ENDS.to_string(), "2026-07-01T00:00:00Z");
    }
}
