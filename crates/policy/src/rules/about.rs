//! What reports say about a rule, and the texts that several rules share.

/// How bad it is to violate a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The resource is exempt, or was fixed.
    Informational,
    /// The option is the document owner's choice.
    Low,
    /// IMDSv1 can come back, or credentials travel further than needed.
    Medium,
    /// IMDSv1 is answered.
    High,
}

/// What a report says about a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The published id.
    pub id: &'static str,
    /// What the rule requires, as a title.
    pub title: &'static str,
    /// Why the rule exists.
    pub why: &'static str,
    /// What to do about a finding.
    pub remediation: &'static str,
    /// How bad a violation is.
    pub severity: Severity,
    /// The AWS page about the option.
    pub aws_page: &'static str,
}

pub(super) const EXISTING_INSTANCES: &str =
    "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-existing-instances.html";
pub(super) const NEW_INSTANCES: &str =
    "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html";
pub(super) const WHY_V1: &str = "IMDSv1 hands the credentials of the instance role to everybody who can make the instance send one \
     plain HTTP request. IMDSv2 asks for a session token first.";
pub(super) const WHY_HOPS: &str = "The hop limit decides how far an answer of the metadata service travels. More hops than \
     needed let containers and proxies take credentials along.";
pub(super) const WHY_OPTION: &str = "The policy document says how this option has to be.";
pub(super) const WHY_SOURCE: &str = "What launches take their options from decides what the next instance answers. Fixing \
     instances alone leaves the cause in place.";
