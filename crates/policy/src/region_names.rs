//! The Regions that AWS had when this release was made.

use crate::Region;

/// By botocore's endpoints of September 2026.
const KNOWN: [&str; 46] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-isoe-west-1",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "us-isof-east-1",
    "us-isof-south-1",
    "us-west-1",
    "us-west-2",
];

/// What comes before the number of every Region.
const COMPASS: [&str; 9] =
    ["central", "east", "north", "northeast", "northwest", "south", "southeast", "southwest", "west"];

impl Region {
    /// The codes of the Regions that this release knows.
    pub const fn known() -> &'static [&'static str] {
        &KNOWN
    }

    /// Whether this release knows the Region. It may be newer.
    pub fn is_known(&self) -> bool {
        KNOWN.contains(&self.as_str())
    }

    /// Whether AWS could have a Region of this code: all codes end in a point of the compass and a number.
    pub fn is_possible(&self) -> bool {
        self.as_str().rsplit('-').nth(1).is_some_and(|word| COMPASS.contains(&word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_region_is_possible_and_a_misspelt_compass_is_not() {
        assert!(KNOWN.iter().all(|code| Region::parse(code).unwrap().is_possible()));
        assert!(KNOWN.is_sorted());
        let region = |code| Region::parse(code).unwrap();
        assert!(region("eu-central-9").is_possible() && !region("eu-central-9").is_known());
        assert!(!region("eu-centrall-1").is_possible());
    }
}
