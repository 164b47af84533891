//! How often AWS lets each call be made.

use super::Call;

/// A token bucket: how many calls at once, and how many a second in the long run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Tokens in a full bucket.
    pub size: u32,
    /// Tokens added a second.
    pub per_second: u32,
}

const fn bucket(size: u32, per_second: u32) -> Bucket {
    Bucket { size, per_second }
}

impl Call {
    /// The bucket AWS gives this call, for each account and Region.
    ///
    /// Sources: Amazon EC2 Developer Guide, "Request throttling for the Amazon EC2 API"; AWS Organizations
    /// User Guide, "Quotas for AWS Organizations"; AWS Security Hub API Reference, "Welcome". SageMaker publishes none for notebooks, nor does Auto Scaling:
    /// two and five a second are ours. For `GetMetricData` the Amazon CloudWatch User Guide has said 50 and says 500:
    /// it is kept to 50. The rest are far above what this product does.
    pub const fn bucket(self) -> Bucket {
        match self {
            Self::DescribeInstances
            | Self::DescribeRegions
            | Self::DescribeLaunchTemplates
            | Self::DescribeLaunchTemplateVersions
            | Self::DescribeFleets
            | Self::DescribeSpotFleetRequests
            | Self::DescribeImages
            | Self::GetInstanceMetadataDefaults => bucket(100, 20),
            Self::ModifyInstanceMetadataOptions
            | Self::CreateLaunchTemplateVersion
            | Self::ModifyLaunchTemplate
            | Self::ModifyImageAttribute => bucket(100, 5),
            Self::ModifyInstanceMetadataDefaults => bucket(2, 2),
            Self::DescribeAutoScalingGroups
            | Self::DescribeLaunchConfigurations
            | Self::UpdateAutoScalingGroup => bucket(20, 5),
            Self::CreateTags => bucket(100, 10),
            Self::DescribeNotebookInstance
            | Self::ListNotebookInstances
            | Self::ListNotebookTags
            | Self::AddNotebookTags
            | Self::DeleteNotebookTags
            | Self::StopNotebookInstance
            | Self::UpdateNotebookInstance
            | Self::StartNotebookInstance => bucket(10, 2),
            Self::GetMetricData => bucket(50, 50),
            Self::GetParameter
            | Self::AssumeRole
            | Self::GetCallerIdentity
            | Self::SendMessageBatch
            | Self::ChangeMessageVisibilityBatch => bucket(40, 40),
            Self::DescribeAccount => bucket(30, 20),
            Self::ListParents | Self::ListAccounts | Self::ListPoliciesForTarget | Self::DescribePolicy => {
                bucket(8, 5)
            }
            Self::DescribeTrails | Self::GetTrailStatus | Self::GetEventSelectors => bucket(10, 5),
            Self::DescribeRule
            | Self::ListTargetsByRule
            | Self::DescribeEventBus
            | Self::GetQueueUrl
            | Self::GetQueueAttributes
            | Self::GetFunction
            | Self::ListEventSourceMappings
            | Self::GetSchedule => bucket(20, 10),
            // AWS CloudTrail API Reference, `LookupEvents`: two a second for each account and Region.
            Self::LookupEvents => bucket(2, 2),
            // AWS General Reference, "AWS Systems Manager endpoints and quotas".
            Self::StartAutomationExecution => bucket(1, 1),
            Self::GetAutomationExecution => bucket(3, 3),
            // None is published; ours.
            Self::SendCommand | Self::GetCommandInvocation | Self::ListInventoryEntries => bucket(5, 5),
            // None is published for these services; ours.
            Self::GetLightsailInstances
            | Self::GetLightsailInstance
            | Self::GetLightsailMetricData
            | Self::ListInfrastructureConfigurations
            | Self::GetInfrastructureConfiguration
            | Self::DescribeEnvironments
            | Self::DescribeConfigurationSettings
            | Self::ListEnvironmentTags => bucket(10, 5),
            Self::UpdateLightsailMetadataOptions
            | Self::UpdateInfrastructureConfiguration
            | Self::ListSecurityConfigurations
            | Self::DescribeSecurityConfiguration
            | Self::ListClusters
            | Self::DescribeCluster
            | Self::SelectAggregateResourceConfig
            | Self::GetAccountAuthorizationDetails => bucket(5, 2),
            Self::GetFindings => bucket(6, 3),
            Self::BatchImportFindings | Self::BatchUpdateFindings => bucket(30, 10),
        }
    }
}
