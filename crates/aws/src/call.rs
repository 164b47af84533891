//! Every call this product makes, with the permission it takes and the rate AWS lets it have.
//!
//! The shipped roles grant exactly [`Call::iam_action`] of these, no more and no less.

mod bucket;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

pub use self::bucket::Bucket;

/// A call of an AWS API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// `DescribeInstances`, always filtered and paged.
    DescribeInstances,
    /// `ModifyInstanceMetadataOptions`, tightening but for a rollback.
    ModifyInstanceMetadataOptions,
    /// `CreateTags`, for the tags of this product.
    CreateTags,
    /// `DescribeRegions`.
    DescribeRegions,
    /// `GetInstanceMetadataDefaults`.
    GetInstanceMetadataDefaults,
    /// `ModifyInstanceMetadataDefaults`, tightening but for a rollback.
    ModifyInstanceMetadataDefaults,
    /// `DescribeLaunchTemplates`, always paged.
    DescribeLaunchTemplates,
    /// `DescribeLaunchTemplateVersions`, always paged.
    DescribeLaunchTemplateVersions,
    /// `CreateLaunchTemplateVersion`, from a version and tightening only.
    CreateLaunchTemplateVersion,
    /// `ModifyLaunchTemplate`, for its default version.
    ModifyLaunchTemplate,
    /// `DescribeFleets`, always paged.
    DescribeFleets,
    /// `DescribeSpotFleetRequests`, always paged.
    DescribeSpotFleetRequests,
    /// `DescribeImages`, always paged.
    DescribeImages,
    /// `ModifyImageAttribute`, for `ImdsSupport`.
    ModifyImageAttribute,
    /// `DescribeAutoScalingGroups`, always paged.
    DescribeAutoScalingGroups,
    /// `DescribeLaunchConfigurations`, always paged.
    DescribeLaunchConfigurations,
    /// `UpdateAutoScalingGroup`, for the versions of launch templates that a group names.
    UpdateAutoScalingGroup,
    /// `GetMetricData`, for counts of version-1 calls.
    GetMetricData,
    /// `DescribeNotebookInstance`.
    DescribeNotebookInstance,
    /// `ListNotebookInstances`.
    ListNotebookInstances,
    /// `ListTags` of SageMaker.
    ListNotebookTags,
    /// `AddTags` of SageMaker, for the tags of this product.
    AddNotebookTags,
    /// `DeleteTags` of SageMaker, for the tags of this product.
    DeleteNotebookTags,
    /// `StopNotebookInstance`.
    StopNotebookInstance,
    /// `UpdateNotebookInstance`, to minimum version 2 but for a rollback.
    UpdateNotebookInstance,
    /// `StartNotebookInstance`.
    StartNotebookInstance,
    /// `GetParameter`, for the policy document.
    GetParameter,
    /// `AssumeRole` into a member account.
    AssumeRole,
    /// `GetCallerIdentity`, which needs no permission.
    GetCallerIdentity,
    /// `DescribeAccount`.
    DescribeAccount,
    /// `ListParents`.
    ListParents,
    /// `ListAccounts` of the organization, always paged.
    ListAccounts,
    /// `SendMessageBatch`, to the sweeper's own queue. It takes the permission of `SendMessage`.
    SendMessageBatch,
    /// `ChangeMessageVisibilityBatch`, of messages that the function received. It takes the permission of
    /// `ChangeMessageVisibility`.
    ChangeMessageVisibilityBatch,
    /// `LookupEvents` of CloudTrail, for who launched an instance and for what it answered earlier.
    LookupEvents,
    /// `SendCommand` of Systems Manager, with our own document.
    SendCommand,
    /// `GetCommandInvocation`, until it has ended.
    GetCommandInvocation,
    /// `ListInventoryEntries` of Systems Manager, for the applications of an instance.
    ListInventoryEntries,
    /// `GetFindings` of Security Hub, for findings of this product and of AWS's own controls, always paged.
    GetFindings,
    /// `BatchImportFindings` of Security Hub.
    BatchImportFindings,
    /// `BatchUpdateFindings` of Security Hub, for findings of AWS's own controls.
    BatchUpdateFindings,
    /// `DescribeTrails`, those of other Regions included.
    DescribeTrails,
    /// `GetTrailStatus`.
    GetTrailStatus,
    /// `GetEventSelectors`.
    GetEventSelectors,
    /// `DescribeRule` of EventBridge.
    DescribeRule,
    /// `ListTargetsByRule`, always paged.
    ListTargetsByRule,
    /// `DescribeEventBus`.
    DescribeEventBus,
    /// `GetQueueUrl`.
    GetQueueUrl,
    /// `GetQueueAttributes`.
    GetQueueAttributes,
    /// `GetFunction`.
    GetFunction,
    /// `ListEventSourceMappings`, always paged.
    ListEventSourceMappings,
    /// `GetSchedule`.
    GetSchedule,
    /// `ListPoliciesForTarget`, always paged.
    ListPoliciesForTarget,
    /// `DescribePolicy`.
    DescribePolicy,
    /// `StartAutomationExecution`, with runbooks of AWS that are told to tighten.
    StartAutomationExecution,
    /// `GetAutomationExecution`, until it has ended.
    GetAutomationExecution,
    /// `GetInstances` of Lightsail, always paged.
    GetLightsailInstances,
    /// `GetInstance` of Lightsail, before and after a change.
    GetLightsailInstance,
    /// `GetInstanceMetricData` of Lightsail, for counts of version-1 calls.
    GetLightsailMetricData,
    /// `UpdateInstanceMetadataOptions` of Lightsail, tightening but for a rollback.
    UpdateLightsailMetadataOptions,
    /// `ListInfrastructureConfigurations`, always paged.
    ListInfrastructureConfigurations,
    /// `GetInfrastructureConfiguration`.
    GetInfrastructureConfiguration,
    /// `UpdateInfrastructureConfiguration`, tightening but for a rollback.
    UpdateInfrastructureConfiguration,
    /// `DescribeEnvironments`, always paged.
    DescribeEnvironments,
    /// `DescribeConfigurationSettings` of an environment.
    DescribeConfigurationSettings,
    /// `ListTagsForResource` of Elastic Beanstalk.
    ListEnvironmentTags,
    /// `ListSecurityConfigurations`, always paged.
    ListSecurityConfigurations,
    /// `DescribeSecurityConfiguration`.
    DescribeSecurityConfiguration,
    /// `ListClusters`, for those that use a security configuration.
    ListClusters,
    /// `DescribeCluster`.
    DescribeCluster,
    /// `SelectAggregateResourceConfig` of AWS Config, always paged.
    SelectAggregateResourceConfig,
    /// `GetAccountAuthorizationDetails` for roles and customer managed policies, always paged.
    GetAccountAuthorizationDetails,
}

impl Call {
    /// Every call there is.
    pub const ALL: [Self; 72] = [
        Self::DescribeInstances,
        Self::ModifyInstanceMetadataOptions,
        Self::CreateTags,
        Self::DescribeRegions,
        Self::GetInstanceMetadataDefaults,
        Self::ModifyInstanceMetadataDefaults,
        Self::DescribeLaunchTemplates,
        Self::DescribeLaunchTemplateVersions,
        Self::CreateLaunchTemplateVersion,
        Self::ModifyLaunchTemplate,
        Self::DescribeFleets,
        Self::DescribeSpotFleetRequests,
        Self::DescribeImages,
        Self::ModifyImageAttribute,
        Self::DescribeAutoScalingGroups,
        Self::DescribeLaunchConfigurations,
        Self::UpdateAutoScalingGroup,
        Self::GetMetricData,
        Self::DescribeNotebookInstance,
        Self::ListNotebookInstances,
        Self::ListNotebookTags,
        Self::AddNotebookTags,
        Self::DeleteNotebookTags,
        Self::StopNotebookInstance,
        Self::UpdateNotebookInstance,
        Self::StartNotebookInstance,
        Self::GetParameter,
        Self::AssumeRole,
        Self::GetCallerIdentity,
        Self::DescribeAccount,
        Self::ListParents,
        Self::ListAccounts,
        Self::SendMessageBatch,
        Self::ChangeMessageVisibilityBatch,
        Self::LookupEvents,
        Self::SendCommand,
        Self::GetCommandInvocation,
        Self::ListInventoryEntries,
        Self::GetFindings,
        Self::BatchImportFindings,
        Self::BatchUpdateFindings,
        Self::DescribeTrails,
        Self::GetTrailStatus,
        Self::GetEventSelectors,
        Self::DescribeRule,
        Self::ListTargetsByRule,
        Self::DescribeEventBus,
        Self::GetQueueUrl,
        Self::GetQueueAttributes,
        Self::GetFunction,
        Self::ListEventSourceMappings,
        Self::GetSchedule,
        Self::ListPoliciesForTarget,
        Self::DescribePolicy,
        Self::StartAutomationExecution,
        Self::GetAutomationExecution,
        Self::GetLightsailInstances,
        Self::GetLightsailInstance,
        Self::GetLightsailMetricData,
        Self::UpdateLightsailMetadataOptions,
        Self::ListInfrastructureConfigurations,
        Self::GetInfrastructureConfiguration,
        Self::UpdateInfrastructureConfiguration,
        Self::DescribeEnvironments,
        Self::DescribeConfigurationSettings,
        Self::ListEnvironmentTags,
        Self::ListSecurityConfigurations,
        Self::DescribeSecurityConfiguration,
        Self::ListClusters,
        Self::DescribeCluster,
        Self::SelectAggregateResourceConfig,
        Self::GetAccountAuthorizationDetails,
    ];

    /// The IAM action.
    pub const fn iam_action(self) -> &'static str {
        match self {
            Self::DescribeInstances => "ec2:DescribeInstances",
            Self::ModifyInstanceMetadataOptions => "ec2:ModifyInstanceMetadataOptions",
            Self::CreateTags => "ec2:CreateTags",
            Self::DescribeRegions => "ec2:DescribeRegions",
            Self::GetInstanceMetadataDefaults => "ec2:GetInstanceMetadataDefaults",
            Self::ModifyInstanceMetadataDefaults => "ec2:ModifyInstanceMetadataDefaults",
            Self::DescribeLaunchTemplates => "ec2:DescribeLaunchTemplates",
            Self::DescribeLaunchTemplateVersions => "ec2:DescribeLaunchTemplateVersions",
            Self::CreateLaunchTemplateVersion => "ec2:CreateLaunchTemplateVersion",
            Self::ModifyLaunchTemplate => "ec2:ModifyLaunchTemplate",
            Self::DescribeFleets => "ec2:DescribeFleets",
            Self::DescribeSpotFleetRequests => "ec2:DescribeSpotFleetRequests",
            Self::DescribeImages => "ec2:DescribeImages",
            Self::ModifyImageAttribute => "ec2:ModifyImageAttribute",
            Self::DescribeAutoScalingGroups => "autoscaling:DescribeAutoScalingGroups",
            Self::DescribeLaunchConfigurations => "autoscaling:DescribeLaunchConfigurations",
            Self::UpdateAutoScalingGroup => "autoscaling:UpdateAutoScalingGroup",
            Self::GetMetricData => "cloudwatch:GetMetricData",
            Self::DescribeNotebookInstance => "sagemaker:DescribeNotebookInstance",
            Self::ListNotebookInstances => "sagemaker:ListNotebookInstances",
            Self::ListNotebookTags => "sagemaker:ListTags",
            Self::AddNotebookTags => "sagemaker:AddTags",
            Self::DeleteNotebookTags => "sagemaker:DeleteTags",
            Self::StopNotebookInstance => "sagemaker:StopNotebookInstance",
            Self::UpdateNotebookInstance => "sagemaker:UpdateNotebookInstance",
            Self::StartNotebookInstance => "sagemaker:StartNotebookInstance",
            Self::GetParameter => "ssm:GetParameter",
            Self::AssumeRole => "sts:AssumeRole",
            Self::GetCallerIdentity => "sts:GetCallerIdentity",
            Self::DescribeAccount => "organizations:DescribeAccount",
            Self::ListParents => "organizations:ListParents",
            Self::ListAccounts => "organizations:ListAccounts",
            Self::SendMessageBatch => "sqs:SendMessage",
            Self::ChangeMessageVisibilityBatch => "sqs:ChangeMessageVisibility",
            Self::LookupEvents => "cloudtrail:LookupEvents",
            Self::SendCommand => "ssm:SendCommand",
            Self::GetCommandInvocation => "ssm:GetCommandInvocation",
            Self::ListInventoryEntries => "ssm:ListInventoryEntries",
            Self::GetFindings => "securityhub:GetFindings",
            Self::BatchImportFindings => "securityhub:BatchImportFindings",
            Self::BatchUpdateFindings => "securityhub:BatchUpdateFindings",
            Self::DescribeTrails => "cloudtrail:DescribeTrails",
            Self::GetTrailStatus => "cloudtrail:GetTrailStatus",
            Self::GetEventSelectors => "cloudtrail:GetEventSelectors",
            Self::DescribeRule => "events:DescribeRule",
            Self::ListTargetsByRule => "events:ListTargetsByRule",
            Self::DescribeEventBus => "events:DescribeEventBus",
            Self::GetQueueUrl => "sqs:GetQueueUrl",
            Self::GetQueueAttributes => "sqs:GetQueueAttributes",
            Self::GetFunction => "lambda:GetFunction",
            Self::ListEventSourceMappings => "lambda:ListEventSourceMappings",
            Self::GetSchedule => "scheduler:GetSchedule",
            Self::ListPoliciesForTarget => "organizations:ListPoliciesForTarget",
            Self::DescribePolicy => "organizations:DescribePolicy",
            Self::StartAutomationExecution => "ssm:StartAutomationExecution",
            Self::GetAutomationExecution => "ssm:GetAutomationExecution",
            Self::GetLightsailInstances => "lightsail:GetInstances",
            Self::GetLightsailInstance => "lightsail:GetInstance",
            Self::GetLightsailMetricData => "lightsail:GetInstanceMetricData",
            Self::UpdateLightsailMetadataOptions => "lightsail:UpdateInstanceMetadataOptions",
            Self::ListInfrastructureConfigurations => "imagebuilder:ListInfrastructureConfigurations",
            Self::GetInfrastructureConfiguration => "imagebuilder:GetInfrastructureConfiguration",
            Self::UpdateInfrastructureConfiguration => "imagebuilder:UpdateInfrastructureConfiguration",
            Self::DescribeEnvironments => "elasticbeanstalk:DescribeEnvironments",
            Self::DescribeConfigurationSettings => "elasticbeanstalk:DescribeConfigurationSettings",
            Self::ListEnvironmentTags => "elasticbeanstalk:ListTagsForResource",
            Self::ListSecurityConfigurations => "elasticmapreduce:ListSecurityConfigurations",
            Self::DescribeSecurityConfiguration => "elasticmapreduce:DescribeSecurityConfiguration",
            Self::ListClusters => "elasticmapreduce:ListClusters",
            Self::DescribeCluster => "elasticmapreduce:DescribeCluster",
            Self::SelectAggregateResourceConfig => "config:SelectAggregateResourceConfig",
            Self::GetAccountAuthorizationDetails => "iam:GetAccountAuthorizationDetails",
        }
    }
}

/// How often each call was made: what a run is reported and compared by.
#[derive(Debug, Default)]
pub struct CallLog(Mutex<BTreeMap<Call, u64>>);

impl CallLog {
    /// Counts one call.
    pub fn count(&self, call: Call) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(call).or_default() += 1;
    }

    /// The counts so far.
    pub fn counts(&self) -> BTreeMap<Call, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
