//! The entry of the registry for one kind of resource.

/// What flags, JSON, journals, reports and findings call a kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AboutKind {
    /// The published word in flags, JSON, journals, logs and ids of findings.
    pub word: &'static str,
    /// The noun in text.
    pub noun: &'static str,
    /// The noun as a heading, where that is another one.
    pub title: &'static str,
    /// What `--kind` selects by the word.
    pub help: &'static str,
    /// The ARN, with `{partition}`, `{region}`, `{account}`, `{id}` and `{lower}`, which is the id in lower case. Only the id
    /// where the ARN needs what a scan does not read.
    pub arn: &'static str,
    /// The word of Security Hub for its type.
    pub security_hub_type: &'static str,
    /// The word of CloudFormation for its type.
    pub cloud_formation_type: &'static str,
}
