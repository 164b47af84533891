//! What instances take their options from.

use std::future::Future;

use v2only_policy::source::{
    AccountDefaults, Consumer, Image, LaunchConfiguration, LaunchTemplate, TemplateVersion, VersionChoice,
};
use v2only_policy::{DefaultsChange, ImageId, ImdsSupport, InstanceChange, LaunchTemplateId, Place};

use super::{Answer, Page, TryAgain};

/// `ec2:GetInstanceMetadataDefaults`.
pub trait ReadDefaults {
    /// The defaults of the account in this Region.
    fn defaults(&self, place: &Place) -> impl Future<Output = Answer<AccountDefaults>> + Send;
}

/// `ec2:DescribeLaunchTemplates` and `ec2:DescribeLaunchTemplateVersions`. One call per page of 200.
pub trait ListLaunchTemplates {
    /// One page of the launch templates, without versions and consumers.
    fn launch_templates(
        &self,
        place: &Place,
        next: Option<String>,
    ) -> impl Future<Output = Answer<Page<LaunchTemplate>>> + Send;

    /// One page of the `$Default` and `$Latest` versions of all launch templates.
    fn current_versions(
        &self,
        place: &Place,
        next: Option<String>,
    ) -> impl Future<Output = Answer<Page<(LaunchTemplateId, TemplateVersion)>>> + Send;

    /// One launch template, without versions and consumers; `None` if it is gone.
    fn launch_template(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
    ) -> impl Future<Output = Answer<Option<LaunchTemplate>>> + Send;

    /// All versions of one launch template from this number on that AWS shows; none if the template is gone.
    fn versions_since(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        first: u64,
    ) -> impl Future<Output = Answer<Vec<TemplateVersion>>> + Send;

    /// Those of the versions of one launch template that AWS shows; none if the template is gone.
    fn template_versions(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        numbers: &[u64],
    ) -> impl Future<Output = Answer<Vec<TemplateVersion>>> + Send;
}

/// `ec2:DescribeImages`.
pub trait ListImages {
    /// One page of the images that the account owns.
    fn own_images(
        &self,
        place: &Place,
        next: Option<String>,
    ) -> impl Future<Output = Answer<Page<Image>>> + Send;

    /// What images say of the metadata service, regardless of their owner. One that AWS does not show is left out.
    fn imds_support(
        &self,
        place: &Place,
        ids: &[ImageId],
    ) -> impl Future<Output = Answer<Vec<(ImageId, ImdsSupport)>>> + Send;
}

/// `autoscaling:DescribeAutoScalingGroups` and `autoscaling:DescribeLaunchConfigurations`. One call per page
/// of 100.
pub trait ListGroups {
    /// One page of the groups.
    fn groups(
        &self,
        place: &Place,
        next: Option<String>,
    ) -> impl Future<Output = Answer<Page<Consumer>>> + Send;

    /// One group; `None` if it is gone.
    fn group(&self, place: &Place, name: &str) -> impl Future<Output = Answer<Option<Consumer>>> + Send;

    /// One page of the launch configurations, without their groups.
    fn launch_configurations(
        &self,
        place: &Place,
        next: Option<String>,
    ) -> impl Future<Output = Answer<Page<LaunchConfiguration>>> + Send;
}

/// `ec2:DescribeFleets` and `ec2:DescribeSpotFleetRequests`, of those that may still launch. AWS leaves out EC2 Fleets of type
/// `instant`, which launch once and never again.
pub trait ListFleets {
    /// One page of the EC2 Fleets.
    fn fleets(
        &self,
        place: &Place,
        next: Option<String>,
    ) -> impl Future<Output = Answer<Page<Consumer>>> + Send;

    /// One page of the Spot Fleet requests.
    fn spot_fleets(
        &self,
        place: &Place,
        next: Option<String>,
    ) -> impl Future<Output = Answer<Page<Consumer>>> + Send;
}

/// `ec2:ModifyInstanceMetadataDefaults`, tightening only.
pub trait ChangeDefaults {
    /// Carries out one change in one call. Repeating it is harmless.
    fn change_defaults(
        &self,
        place: &Place,
        change: DefaultsChange,
    ) -> impl Future<Output = Answer<Option<String>>> + Send;
}

/// What a new version of a launch template is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedVersion {
    /// The version that it repeats.
    pub from: u64,
    /// What its metadata options say otherwise; `None` repeats them, too.
    pub change: Option<InstanceChange>,
    /// What `$Latest` is meanwhile; the new version says so of itself.
    pub latest: u64,
}

impl WantedVersion {
    /// A version again as it is.
    pub const fn again(from: u64) -> Self {
        Self { from, change: None, latest: from }
    }
}

/// A new version of a launch template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVersion {
    /// What AWS made of it.
    pub version: TemplateVersion,
    /// AWS's id of the request.
    pub request_id: Option<String>,
}

/// `ec2:CreateLaunchTemplateVersion` and `ec2:ModifyLaunchTemplate`.
pub trait ChangeLaunchTemplate {
    /// What a version is made from.
    type Source: Send;

    /// Reads the version that a new one will repeat. Changes nothing.
    fn source(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        number: u64,
    ) -> impl Future<Output = Answer<Self::Source>> + Send;

    /// Makes a version that repeats `source`, which was read by the number `wanted.from`, but for the change of its metadata options.
    ///
    /// Fails as [`crate::Kind::Unverified`] if AWS made a version that differs in anything else.
    fn new_version(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        wanted: WantedVersion,
        source: Self::Source,
    ) -> impl Future<Output = Answer<NewVersion>> + Send;

    /// The version that an earlier run made as it is wanted now. Changes nothing.
    ///
    /// Fails as [`crate::Kind::Unverified`] if it differs in anything else.
    fn made_version(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        wanted: WantedVersion,
        number: u64,
    ) -> impl Future<Output = Answer<NewVersion>> + Send;

    /// Makes a version `$Default`. Repeating it is harmless.
    fn make_default(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        version: u64,
    ) -> impl Future<Output = Answer<Option<String>>> + Send;
}

/// What became of a group that was to name other versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repointed {
    /// The group names the versions.
    Changed {
        /// AWS's id of the request.
        request_id: Option<String>,
    },
    /// The group does not launch as planned any more, or is gone. It stays as it is.
    ChangedSince,
}

/// `autoscaling:UpdateAutoScalingGroup`, for the versions of launch templates only.
pub trait RepointGroup {
    /// Lets a group name these versions: one for each of the templates that `planned` names, in their order.
    ///
    /// Reads the group immediately before, and repeats everything else of its launch template or mixed instances policy as
    /// it was read. Repeating it is harmless.
    fn repoint(
        &self,
        place: &Place,
        planned: &Consumer,
        versions: &[VersionChoice],
    ) -> impl Future<Output = Answer<Repointed>> + Send;
}

/// `ec2:ModifyImageAttribute`, for `ImdsSupport` only.
pub trait MarkImage {
    /// Sets `ImdsSupport` to `v2.0`, which nobody can undo. Repeating it is harmless.
    fn mark_v2(&self, place: &Place, id: &ImageId) -> impl Future<Output = Answer<Option<String>>> + Send;
}

/// All that sources are read with.
pub trait SourceReader: ReadDefaults + ListLaunchTemplates + ListImages + ListGroups + ListFleets {}
impl<T: ReadDefaults + ListLaunchTemplates + ListImages + ListGroups + ListFleets> SourceReader for T {}

/// All that sources are changed with.
pub trait SourceWriter: ChangeDefaults + ChangeLaunchTemplate + MarkImage + RepointGroup + TryAgain {}
impl<T: ChangeDefaults + ChangeLaunchTemplate + MarkImage + RepointGroup + TryAgain> SourceWriter for T {}
