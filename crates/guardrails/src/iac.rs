//! Infrastructure code before it is deployed: CloudFormation templates, Terraform plans and source files, Packer
//! templates, and Kubernetes objects that launch instances.
//!
//! What is required follows from the policy document. A value that is known only after the
//! deployment is never taken for right: it is said that it cannot be told.

pub mod cloudformation;
pub mod guard;
pub mod kubernetes;
pub mod source;
pub mod suppression;
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

/// The address of findings about a file, and not about one of its resources.
pub const FILE: &str = "template";

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
    ("suppression-expired", "a suppression in the file has expired"),
    ("suppression-invalid", "a suppression in the file has no rule, no reason or no valid last day"),
    ("suppression-unused", "a suppression in the file matches no finding"),
];

/// How many resources of a file are judged, only named, or of types without a metadata switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Resources whose switch is compared with the requirement.
    pub judged: usize,
    /// Resources that something outside of the file decides.
    pub named: usize,
    /// Resources of types without a metadata switch.
    pub other: usize,
}

impl Counts {
    /// Counts resources by the state of their types: judged, named, or neither.
    fn of(states: impl Iterator<Item = Option<bool>>) -> Self {
        let mut counts = Self::default();
        for judged in states {
            match judged {
                Some(true) => counts.judged += 1,
                Some(false) => counts.named += 1,
                None => counts.other += 1,
            }
        }
        counts
    }
}

/// A resource type with a metadata switch, or one that launches instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownType {
    /// The language: `cloudformation`, `kubernetes`, `packer`, or `terraform-plan` for plans and source files.
    pub language: &'static str,
    /// The name of the type.
    pub name: &'static str,
    /// The path of the switch; `None` if the type has no switch of its own.
    pub switch: Option<String>,
    /// Why the type is only named; `None` if it is judged.
    pub named: Option<&'static str>,
}

/// Every type that is judged or named.
pub fn types() -> Vec<KnownType> {
    use cloudformation::kinds as templates;
    use terraform::kinds as plans;
    const BY_TEMPLATE: &str = "a launch template decides";
    let cloudformation =
        |name, switch: Option<String>, named| KnownType { language: "cloudformation", name, switch, named };
    let judged = templates::KINDS.iter().map(|kind| {
        let named = match kind.switch {
            templates::Switch::None("") => Some(BY_TEMPLATE),
            templates::Switch::None(why) => Some(why),
            _ => None,
        };
        cloudformation(kind.name, kind.switch.path(), named)
    });
    let elsewhere = templates::ELSEWHERE.iter().map(|(name, why)| cloudformation(name, None, Some(why)));
    let planned = plans::KINDS.iter().map(|(name, switch)| KnownType {
        language: "terraform-plan",
        name,
        switch: switch.path(),
        named: match switch {
            plans::Switch::Named(why) => Some(why),
            plans::Switch::Templates => Some(BY_TEMPLATE),
            _ => None,
        },
    });
    let own =
        |language, name, switch: String| KnownType { language, name, switch: Some(switch), named: None };
    let objects = kubernetes::kinds::KINDS.iter().map(|it| own("kubernetes", it.name, it.switch.path()));
    let builders = source::builders::switches().map(|(name, switch)| own("packer", name, switch.to_owned()));
    let mut types: Vec<KnownType> =
        judged.chain(elsewhere).chain(planned).chain(objects).chain(builders).collect();
    types.sort_by_key(|it| (it.language, it.name));
    // A kind of Crossplane has two groups.
    types.dedup_by_key(|it| (it.language, it.name));
    types
}
