//! Names of things in AWS, each with one `parse` that says what was expected.

use std::fmt;
use std::str::FromStr;

/// A name that does not have the form AWS gives such names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not {expected}")]
pub struct IdError {
    /// What was given.
    pub found: String,
    /// What would have been right, as the end of "is not …".
    pub expected: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Parses ", $expected, ".\n\n# Errors\nAnything else, named in the error.")]
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError { found: text.to_owned(), expected: $expected })
                }
            }

            /// The name as AWS writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }
    };
}

/// Whether a text is this prefix and eight or more letters or digits.
fn is_prefixed(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        (8..=32).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

id!(
    /// An AWS account: twelve digits, kept as text because leading zeros count.
    AccountId,
    "an AWS account id (12 digits)",
    |text| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
);

id!(
    /// A Region code such as `eu-central-1`.
    Region,
    "an AWS Region code such as `eu-central-1`",
    |text| {
        let parts: Vec<&str> = text.split('-').collect();
        let letters = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
        match parts.split_last() {
            Some((number, words)) => {
                words.len() >= 2
                    && words.iter().all(letters)
                    && !number.is_empty()
                    && number.bytes().all(|byte| byte.is_ascii_digit())
            }
            None => false,
        }
    }
);

id!(
    /// An EC2 instance, `i-` and eight or seventeen characters.
    InstanceId,
    "an EC2 instance id such as `i-0123456789abcdef0`",
    |text| is_prefixed("i-", text)
);

id!(
    /// An EC2 launch template, `lt-` and letters or digits.
    LaunchTemplateId,
    "a launch template id such as `lt-0123456789abcdef0`",
    |text| is_prefixed("lt-", text)
);

id!(
    /// An Amazon Machine Image, `ami-` and letters or digits.
    ImageId,
    "an image id such as `ami-0123456789abcdef0`",
    |text| is_prefixed("ami-", text)
);

id!(
    /// A SageMaker notebook instance: 1 to 63 letters, digits and inner hyphens.
    NotebookName,
    "a notebook instance name (1 to 63 letters, digits and inner hyphens)",
    |text| {
        (1..=63).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
    }
);

id!(
    /// An organizational unit (`ou-…`) or a root (`r-…`) of AWS Organizations.
    OuId,
    "an organizational unit or root id such as `ou-ab12-34cd56ef`",
    |text| {
        let tail = text.strip_prefix("ou-").or_else(|| text.strip_prefix("r-"));
        tail.is_some_and(|tail| {
            !tail.is_empty()
                && tail.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        })
    }
);

impl Region {
    /// The Region of a record that is counted and not acted on. Accepts a code that this release does not know, such as one
    /// that its publisher disguised.
    ///
    /// # Errors
    /// The text is no code: empty, too long, or with other characters than letters, digits and hyphens.
    pub fn in_record(text: &str) -> Result<Self, IdError> {
        let is_code = (1..=32).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if is_code { Ok(Self(text.to_owned())) } else { Self::parse(text) }
    }
}

/// A partition of AWS. Roles, sessions and events never cross from one to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Partition {
    /// The commercial Regions.
    Aws,
    /// AWS GovCloud (US).
    AwsUsGov,
    /// The Regions in China.
    AwsCn,
}

impl Partition {
    /// The word in an ARN: `arn:aws-cn:…`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::AwsUsGov => "aws-us-gov",
            Self::AwsCn => "aws-cn",
        }
    }

    /// The ARN of a role. `account` and `name` may be patterns.
    pub fn role_arn(self, account: &str, name: &str) -> String {
        format!("arn:{}:iam::{account}:role/{name}", self.as_str())
    }
}

impl Region {
    /// The partition this Region belongs to, by the prefix of its code.
    pub fn partition(&self) -> Partition {
        if self.as_str().starts_with("us-gov-") {
            Partition::AwsUsGov
        } else if self.as_str().starts_with("cn-") {
            Partition::AwsCn
        } else {
            Partition::Aws
        }
    }
}

/// One Region of one account: the unit by which AWS isolates instances, defaults and request rates.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Place {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
}

impl Place {
    /// The ARN of the role of this name in this account.
    pub fn role_arn(&self, name: &str) -> String {
        self.region.partition().role_arn(self.account.as_str(), name)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::twelve_digits("012345678901", true)]
    #[case::eleven_digits("12345678901", false)]
    #[case::letters("12345678901a", false)]
    fn an_account_id_is_twelve_digits(#[case] text: &str, #[case] ok: bool) {
        assert_eq!(AccountId::parse(text).is_ok(), ok);
    }

    #[rstest]
    #[case("eu-central-1", Some(Partition::Aws))]
    #[case("us-gov-west-1", Some(Partition::AwsUsGov))]
    #[case("cn-northwest-1", Some(Partition::AwsCn))]
    #[case("eu-central", None)]
    #[case("EU-CENTRAL-1", None)]
    #[case("169.254.169.254/", None)]
    #[case("", None)]
    fn a_region_tells_its_partition(#[case] text: &str, #[case] partition: Option<Partition>) {
        assert_eq!(Region::parse(text).ok().map(|region| region.partition()), partition);
    }

    #[rstest]
    #[case("eu-central-1", true)]
    #[case("XX-somewhere-9", true)]
    #[case("", false)]
    #[case("eu_central_1", false)]
    #[case("eu-central-1/", false)]
    #[case("eu-central-1-eu-central-1-eu-cent", false)]
    fn a_record_may_name_a_region_that_is_unknown(#[case] text: &str, #[case] ok: bool) {
        assert_eq!(Region::in_record(text).is_ok(), ok);
    }

    #[test]
    fn a_role_is_named_in_its_partition() {
        let place = Place {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("cn-north-1").unwrap(),
        };
        assert_eq!(place.role_arn("v2only-member"), "arn:aws-cn:iam::111122223333:role/v2only-member");
    }

    #[rstest]
    #[case("i-0123456789abcdef0", true)]
    #[case("i-a2d74f12", true)]
    #[case("i-", false)]
    #[case("ami-0123456789abcdef0", false)]
    #[case("i-0123456789abcdef0,i-1", false)]
    fn an_instance_id_starts_with_i(#[case] text: &str, #[case] ok: bool) {
        assert_eq!(InstanceId::parse(text).is_ok(), ok);
    }
}
