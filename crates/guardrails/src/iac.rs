//! Infrastructure code before it is deployed: CloudFormation templates, Terraform plans and source files, Packer
//! templates, and Kubernetes objects that launch instances.
//!
//! What is required follows from the policy document. A value that is known only after the deployment is
//! never taken for right: it is said that it cannot be told.

pub mod cloudformation;
pub mod guard;
pub mod kubernetes;
pub mod source;
pub mod terraform;

use crate::Mark;
use crate::check::Level;

/// Something that would be deployed and should not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of mistake; one of [`CODES`].
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// Where it stands, if the file says.
    pub at: Option<Mark>,
    /// The resource, as its language names it.
    pub address: String,
    /// What is wrong, in one sentence.
    pub why: String,
    /// The lines to write instead, in the language of the file.
    pub instead: String,
}

/// Every code of a finding, with what it means in one sentence.
pub const CODES: &[(&str, &str)] = &[
    ("cannot-tell", "a value is known only when it is deployed"),
    ("defaults-not-required", "the account default does not require IMDSv2"),
    ("hop-limit", "the hop limit is not what the policy document asks for"),
    ("http-tokens-not-required", "HttpTokens is stated and is not required"),
    ("http-tokens-not-stated", "HttpTokens is not stated, so the account default and the AMI decide"),
    ("image-without-imds-support", "the image does not make IMDSv2 the default of its instances"),
    ("key-written-twice", "a key is written twice, and only one value counts"),
    ("malformed-property", "CloudFormation refuses the property"),
    ("notebook-version-1", "the notebook instance answers IMDSv1"),
];
