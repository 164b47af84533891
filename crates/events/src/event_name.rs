//! The events this product acts on, by name.

use std::fmt;

/// Detail type of a call to an AWS API that CloudTrail recorded.
pub(crate) const API_CALL: &str = "AWS API Call via CloudTrail";

/// An event this product acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventName {
    /// Instances were launched.
    RunInstances,
    /// Stopped instances were started.
    StartInstances,
    /// The metadata options of an instance were changed.
    ModifyInstanceMetadataOptions,
    /// The metadata defaults of an account in a Region were changed.
    ModifyInstanceMetadataDefaults,
    /// A launch template was created.
    CreateLaunchTemplate,
    /// A version of a launch template was created.
    CreateLaunchTemplateVersion,
    /// Another version of a launch template became the default one.
    ModifyLaunchTemplate,
    /// An image was registered.
    RegisterImage,
    /// An image was made of an instance.
    CreateImage,
    /// An image was copied.
    CopyImage,
    /// An instance changed its life-cycle state.
    InstanceStateChange,
    /// A Spot request was fulfilled.
    SpotFulfillment,
    /// A notebook instance was created.
    CreateNotebookInstance,
    /// A notebook instance was updated.
    UpdateNotebookInstance,
    /// A notebook instance was started.
    StartNotebookInstance,
    /// A notebook instance changed its status.
    NotebookStateChange,
}

impl EventName {
    /// Every event this product acts on.
    pub const ALL: [Self; 16] = [
        Self::RunInstances,
        Self::StartInstances,
        Self::ModifyInstanceMetadataOptions,
        Self::ModifyInstanceMetadataDefaults,
        Self::CreateLaunchTemplate,
        Self::CreateLaunchTemplateVersion,
        Self::ModifyLaunchTemplate,
        Self::RegisterImage,
        Self::CreateImage,
        Self::CopyImage,
        Self::InstanceStateChange,
        Self::SpotFulfillment,
        Self::CreateNotebookInstance,
        Self::UpdateNotebookInstance,
        Self::StartNotebookInstance,
        Self::NotebookStateChange,
    ];

    /// The name AWS gives it: the action of an API call, else the detail type. Stable.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RunInstances => "RunInstances",
            Self::StartInstances => "StartInstances",
            Self::ModifyInstanceMetadataOptions => "ModifyInstanceMetadataOptions",
            Self::ModifyInstanceMetadataDefaults => "ModifyInstanceMetadataDefaults",
            Self::CreateLaunchTemplate => "CreateLaunchTemplate",
            Self::CreateLaunchTemplateVersion => "CreateLaunchTemplateVersion",
            Self::ModifyLaunchTemplate => "ModifyLaunchTemplate",
            Self::RegisterImage => "RegisterImage",
            Self::CreateImage => "CreateImage",
            Self::CopyImage => "CopyImage",
            Self::InstanceStateChange => "EC2 Instance State-change Notification",
            Self::SpotFulfillment => "EC2 Spot Instance Request Fulfillment",
            Self::CreateNotebookInstance => "CreateNotebookInstance",
            Self::UpdateNotebookInstance => "UpdateNotebookInstance",
            Self::StartNotebookInstance => "StartNotebookInstance",
            Self::NotebookStateChange => "SageMaker Notebook Instance State Change",
        }
    }

    /// The `source` of its envelope.
    pub const fn source(self) -> &'static str {
        match self {
            Self::CreateNotebookInstance
            | Self::UpdateNotebookInstance
            | Self::StartNotebookInstance
            | Self::NotebookStateChange => "aws.sagemaker",
            Self::RunInstances
            | Self::StartInstances
            | Self::ModifyInstanceMetadataOptions
            | Self::ModifyInstanceMetadataDefaults
            | Self::CreateLaunchTemplate
            | Self::CreateLaunchTemplateVersion
            | Self::ModifyLaunchTemplate
            | Self::RegisterImage
            | Self::CreateImage
            | Self::CopyImage
            | Self::InstanceStateChange
            | Self::SpotFulfillment => "aws.ec2",
        }
    }

    /// The `detail-type` of its envelope.
    pub const fn detail_type(self) -> &'static str {
        match self {
            Self::InstanceStateChange | Self::SpotFulfillment | Self::NotebookStateChange => self.as_str(),
            _ => API_CALL,
        }
    }

    /// The event of this source, detail type and, for an API call, action.
    pub(crate) fn find(source: &str, detail_type: &str, action: Option<&str>) -> Option<Self> {
        let name = action.unwrap_or(detail_type);
        Self::ALL.into_iter().find(|event| {
            event.source() == source && event.detail_type() == detail_type && event.as_str() == name
        })
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
