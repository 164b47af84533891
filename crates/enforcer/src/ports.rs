//! All that AWS is asked for: one trait per permission, so that a signature shows what a use case can do.
//! A scan takes no writer, and so it cannot change anything.
//!
//! Every method names the place it acts in; adapters choose credentials and endpoint by it. All may be
//! called again after any failure.

/// One name for several ports: a type that has them all has it.
macro_rules! together {
    ($(#[$doc:meta])* pub trait $name:ident: $($port:path),+) => {
        $(#[$doc])*
        pub trait $name: $($port +)+ {}
        impl<T: $($port +)+> $name for T {}
    };
}
pub(crate) use together;

mod answer;
mod automation;
mod estate;
mod findings;
mod history;
mod inventory;
mod launches;
mod restore;
mod roles;
mod sources;
mod surfaces;
mod trace;
mod usage;

use std::future::Future;

use v2only_policy::instance::Instance;
use v2only_policy::notebook::Notebook;
use v2only_policy::usage::Kinship;
use v2only_policy::{AccountId, InstanceChange, InstanceId, NotebookName, OuId, Place, ResourceKind, Tags};

use crate::failure::Failure;

pub use answer::{Answer, Changed, Page, TryAgain};
pub use automation::{Execution, Locations, RunAutomation};
pub use estate::{ListAccounts, ListRegions, PostponeMessages, Postponed, SendTasks};
pub use findings::{
    ControlFinding, ImportFindings, KnownFinding, ReadControls, ReadFindings, RefusedFinding, UpdateFindings,
};
pub use history::{LookUp, ReadHistory};
pub use inventory::ReadInventory;
pub use launches::LookUpLaunches;
pub use restore::{RestoreDefaults, RestoreInstance, RestoreNotebook};
pub use roles::{ReadRoles, Role, RoleDetail};
pub use sources::{
    ChangeDefaults, ChangeLaunchTemplate, ListFleets, ListGroups, ListImages, ListLaunchTemplates, MarkImage,
    NewVersion, ReadDefaults, RepointGroup, Repointed, SourceReader, SourceWriter, WantedVersion,
};
pub use surfaces::{ReadSurfaces, RestoreSurface, TightenSurface};
pub use trace::{AtBoot, Invocation, Progress, ReadSoftware, RunTrace, TraceOrder, TraceStep};
pub use usage::{DeliveredByV1, Metric, ReadUsage};
/// The caller of a recorded call.
pub use v2only_events::Actor;

/// Whether an account may be acted in at all (`organizations:DescribeAccount` for accounts other than our
/// own).
pub trait Admission {
    /// # Errors
    /// [`crate::Kind::ForeignAccount`] if it may not; other kinds if that could not be found out.
    fn admit(&self, place: &Place) -> impl Future<Output = Answer<()>> + Send;
}

/// `organizations:ListParents`.
pub trait OrganizationalUnits {
    /// The organizational units above an account and the root, nearest first.
    fn above(&self, account: &AccountId) -> impl Future<Output = Answer<Vec<OuId>>> + Send;
}

/// `ssm:GetParameter`.
pub trait ReadParameter {
    /// The text of a parameter in our own account and Region.
    fn parameter(&self, name: &str) -> impl Future<Output = Answer<String>> + Send;
}

/// `ec2:DescribeInstances` for known instances. One call per 200 of them.
pub trait DescribeInstances {
    /// Those of the instances that AWS shows. One that it does not show (yet, or any more) is left out and
    /// is no error.
    fn instances(
        &self,
        place: &Place,
        ids: &[InstanceId],
    ) -> impl Future<Output = Answer<Vec<Instance>>> + Send;

    /// Those launched with one of these client tokens.
    fn launched_with(
        &self,
        place: &Place,
        tokens: &[String],
    ) -> impl Future<Output = Answer<Vec<(String, Instance)>>> + Send;
}

/// Which instances a listing is after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing<'a> {
    /// Those that answer version 1, filtered on AWS's side.
    AnsweringVersion1,
    /// All.
    All,
    /// Running ones of one group, launch template or image, filtered on AWS's side.
    Siblings(&'a Kinship),
}

/// `ec2:DescribeInstances` for listings. One call per page of 1000.
pub trait ListInstances {
    /// One page of the instances that are not terminated.
    fn page(
        &self,
        place: &Place,
        listing: Listing<'_>,
        next: Option<String>,
    ) -> impl Future<Output = Answer<Page<Instance>>> + Send;
}

/// `ec2:ModifyInstanceMetadataOptions`, tightening only.
pub trait TightenInstance {
    /// Carries out one change. Repeating it is harmless.
    fn tighten(
        &self,
        place: &Place,
        id: &InstanceId,
        change: InstanceChange,
    ) -> impl Future<Output = Answer<Changed>> + Send;
}

/// The turns of changes. AWS lets an account make only so many in a second, and pacing makes the others wait.
///
/// A caller that waits for its turn first, and describes the resource then, changes what it described. Without turns, every change is
/// made at once.
pub trait Turns {
    /// Waits until a change of this kind of resource can be sent at once, and keeps that turn for the next such change.
    ///
    /// It returns at once where there are no turns, and where none will come in time: then the change fails.
    fn turn(&self, _place: &Place, _kind: ResourceKind) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Leaves a turn that will not be used to the next caller of [`Self::turn`].
    fn pass(&self, _place: &Place, _kind: ResourceKind) {}

    /// Whether a change of this kind that failed so is worth another turn: AWS refused it for now, and a person waits.
    fn insists(&self, _kind: ResourceKind, _failure: &Failure) -> bool {
        false
    }
}

/// `ec2:CreateTags` on instances, for the tags of this product.
pub trait TagInstance {
    /// Sets one tag. Repeating it is harmless.
    fn tag_instance(
        &self,
        place: &Place,
        id: &InstanceId,
        key: &str,
        value: &str,
    ) -> impl Future<Output = Answer<()>> + Send;
}

/// `sagemaker:DescribeNotebookInstance` and `sagemaker:ListTags`.
pub trait DescribeNotebook {
    /// The notebook without its tags; `None` if there is none of that name.
    fn notebook(
        &self,
        place: &Place,
        name: &NotebookName,
    ) -> impl Future<Output = Answer<Option<Notebook>>> + Send;

    /// The tags of a notebook.
    fn notebook_tags(&self, place: &Place, arn: &str) -> impl Future<Output = Answer<Tags>> + Send;
}

/// `sagemaker:ListNotebookInstances`.
pub trait ListNotebooks {
    /// One page of names.
    fn notebook_names(
        &self,
        place: &Place,
        next: Option<String>,
    ) -> impl Future<Output = Answer<Page<NotebookName>>> + Send;
}

/// `sagemaker:StopNotebookInstance`.
pub trait StopNotebook {
    /// Asks for a stop; an event tells when it has happened.
    fn stop(&self, place: &Place, name: &NotebookName)
    -> impl Future<Output = Answer<Option<String>>> + Send;
}

/// `sagemaker:UpdateNotebookInstance`, to minimum version "2" only.
pub trait UpdateNotebook {
    /// Asks for minimum version "2" and, if wanted, for Amazon Linux 2023.
    fn require_version_2(
        &self,
        place: &Place,
        name: &NotebookName,
        upgrade_platform: bool,
    ) -> impl Future<Output = Answer<Option<String>>> + Send;
}

/// `sagemaker:StartNotebookInstance`.
pub trait StartNotebook {
    /// Asks for a start; an event tells when it has happened.
    fn start(
        &self,
        place: &Place,
        name: &NotebookName,
    ) -> impl Future<Output = Answer<Option<String>>> + Send;
}

/// `sagemaker:AddTags` and `sagemaker:DeleteTags`, for the tags of this product.
pub trait TagNotebook {
    /// Sets one tag. Repeating it is harmless.
    fn tag_notebook(
        &self,
        place: &Place,
        arn: &str,
        key: &str,
        value: &str,
    ) -> impl Future<Output = Answer<()>> + Send;

    /// Takes one tag off. Repeating it is harmless.
    fn untag_notebook(&self, place: &Place, arn: &str, key: &str) -> impl Future<Output = Answer<()>> + Send;
}

/// All that instances are changed with.
pub trait InstanceWriter: TightenInstance + TagInstance + TryAgain {}
impl<T: TightenInstance + TagInstance + TryAgain> InstanceWriter for T {}

/// All that notebooks are changed with.
pub trait NotebookWriter: StopNotebook + UpdateNotebook + StartNotebook + TagNotebook {}
impl<T: StopNotebook + UpdateNotebook + StartNotebook + TagNotebook> NotebookWriter for T {}

together! {
    /// All that the function for instances needs.
    pub trait Ec2:
        Admission, OrganizationalUnits, DescribeInstances, ListInstances, ReadUsage, ReadHistory, InstanceWriter,
        PostponeMessages
}

together! {
    /// All that the function for notebooks needs.
    pub trait SageMaker:
        Admission, OrganizationalUnits, DescribeNotebook, ReadHistory, NotebookWriter, PostponeMessages
}

together! {
    /// What a scan takes: no writer, and so nothing that is given only this can change anything.
    pub trait Readable:
        Admission, OrganizationalUnits, ListInstances, ReadUsage, ReadHistory, ListNotebooks, DescribeNotebook,
        SourceReader, Sync
}

together! {
    /// All that the sweeper reads: what a scan does, and which accounts and Regions there are.
    pub trait Estate: Readable, ListAccounts, ListRegions
}

/// All that the sweeper needs. It changes instances and notebooks; what they take their options from it only
/// reads.
pub trait Sweeper: Estate + DescribeInstances + InstanceWriter + NotebookWriter + SendTasks + Turns {}
impl<T: Estate + DescribeInstances + InstanceWriter + NotebookWriter + SendTasks + Turns> Sweeper for T {}
