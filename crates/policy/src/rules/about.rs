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
    /// The controls of Security Hub that check the same, one for each kind of resource.
    pub controls: &'static [Control],
}

/// A control of Security Hub, with the requirements that AWS relates it to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control {
    /// AWS's id.
    pub id: &'static str,
    /// The kind of resource that it checks, as records name it.
    pub kind: &'static str,
    /// Requirements of CIS, NIST and PCI, as AWS writes them.
    pub requirements: &'static [&'static str],
    /// The AWS page that says so.
    pub source: &'static str,
}

impl About {
    /// The control of Security Hub that checks this kind of resource.
    pub fn control(&self, kind: &str) -> Option<&'static Control> {
        self.controls.iter().find(|it| it.kind == kind)
    }
}

const EC2_CONTROLS: &str = "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html";
const AUTO_SCALING_CONTROLS: &str =
    "https://docs.aws.amazon.com/securityhub/latest/userguide/autoscaling-controls.html";

/// The controls that require IMDSv2. Security Hub has none for notebooks, images and account defaults.
pub(super) const IMDSV2_CONTROLS: &[Control] = &[
    Control {
        id: "EC2.8",
        kind: "instance",
        requirements: &[
            "CIS AWS Foundations Benchmark v5.0.0/5.7",
            "CIS AWS Foundations Benchmark v3.0.0/5.6",
            "NIST.800-53.r5 AC-3",
            "NIST.800-53.r5 AC-3(15)",
            "NIST.800-53.r5 AC-3(7)",
            "NIST.800-53.r5 AC-6",
            "PCI DSS v4.0.1/2.2.6",
        ],
        source: EC2_CONTROLS,
    },
    Control {
        id: "EC2.170",
        kind: "launch-template",
        requirements: &["PCI DSS v4.0.1/2.2.6"],
        source: EC2_CONTROLS,
    },
    Control {
        id: "AutoScaling.3",
        kind: "launch-configuration",
        requirements: &[
            "NIST.800-53.r5 AC-3",
            "NIST.800-53.r5 AC-3(15)",
            "NIST.800-53.r5 AC-3(7)",
            "NIST.800-53.r5 AC-6",
            "NIST.800-53.r5 CA-9(1)",
            "NIST.800-53.r5 CM-2",
            "PCI DSS v4.0.1/2.2.6",
        ],
        source: AUTO_SCALING_CONTROLS,
    },
];

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
