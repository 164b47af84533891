//! The calls of the use cases and their answers, small enough to be compared and hashed.

use v2only_enforcer::Kind;

use crate::resources::{Description, Number, Options, Recorded, TagValue, Tags, Template, Version};

/// One call of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// `ssm:GetParameter` of the policy document.
    Policy,
    /// `sqs:SendMessage` of the task with this number.
    SendTask(u16),
    /// `cloudtrail:LookupEvents` about a notebook.
    NotebookHistory(Number),
    /// `cloudtrail:LookupEvents` about an instance.
    InstanceHistory(Number),
    /// `sagemaker:ListNotebookInstances`.
    ListNotebooks,
    /// `sagemaker:DescribeNotebookInstance`.
    DescribeNotebook(Number),
    /// `sagemaker:ListTags`.
    NotebookTags(Number),
    /// `sagemaker:AddTags`.
    TagNotebook(Number, TagValue),
    /// `sagemaker:DeleteTags` of `v2only:restart`.
    Unmark(Number),
    /// `sagemaker:StopNotebookInstance`.
    Stop(Number),
    /// `sagemaker:UpdateNotebookInstance` to minimum version 2.
    Update(Number),
    /// `sagemaker:StartNotebookInstance`.
    Start(Number),
    /// `ec2:DescribeInstances` that lists all instances.
    ListInstances,
    /// `ec2:DescribeInstances` of known instances, one bit each.
    DescribeInstances(u8),
    /// `ec2:ModifyInstanceMetadataOptions` that requires tokens and enables the endpoint.
    Tighten(Number),
    /// `ec2:CreateTags` on an instance.
    TagInstance(Number, TagValue),
    /// `cloudwatch:GetMetricData`: which instances still call IMDSv1, of these (one bit each).
    Rejections(u8),
    /// `ec2:DescribeLaunchTemplates`.
    DescribeTemplate,
    /// `ec2:DescribeLaunchTemplateVersions`.
    DescribeVersions,
    /// `ec2:CreateLaunchTemplateVersion`.
    CreateVersion {
        /// The version that the new version repeats.
        from: u8,
        /// Whether the new version requires tokens; otherwise its options are those of `from`.
        tighten: bool,
        /// `$Latest` that the description of the new version names.
        latest: u8,
    },
    /// `ec2:ModifyLaunchTemplate` of `$Default`.
    MakeDefault(u8),
}

impl Call {
    /// Whether the call changes a resource.
    pub const fn writes(self) -> bool {
        matches!(
            self,
            Self::TagNotebook(..)
                | Self::Unmark(_)
                | Self::Stop(_)
                | Self::Update(_)
                | Self::Start(_)
                | Self::Tighten(_)
                | Self::TagInstance(..)
                | Self::CreateVersion { .. }
                | Self::MakeDefault(_)
        )
    }
}

/// The answer to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    /// The call succeeded and has no answer of its own.
    Done,
    /// The call failed.
    Failed(Fault),
    /// Whether the document says `mode: enforce`.
    Policy(bool),
    /// How many resources the listing has.
    Names(u8),
    /// One notebook without its tags.
    Notebook(Description),
    /// The tags of one notebook.
    Tags(Tags),
    /// What CloudTrail recorded.
    History(Recorded),
    /// The instances that AWS shows.
    Instances([Option<Options>; 3]),
    /// The options of a changed instance.
    Changed(Options),
    /// Instances that still call IMDSv1, one bit each.
    Rejections(u8),
    /// The launch template with its versions.
    Template(Template),
    /// A new version.
    Version(Version),
}

/// A failure of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// AWS refused the call because of the request rate. Nothing happened.
    Throttled,
    /// IAM denied the call. Nothing happened.
    Denied,
    /// The call took effect, and its answer was lost.
    Lost,
    /// The resource is in a state in which AWS refuses the call. Nothing happened.
    WrongState,
}

impl Fault {
    /// The kind of failure that the use case gets.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Throttled => Kind::Throttled,
            Self::Denied => Kind::Denied,
            Self::Lost => Kind::Unavailable,
            Self::WrongState => Kind::WrongState,
        }
    }
}
