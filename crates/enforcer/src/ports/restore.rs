//! Writing back what was recorded: the only ports that can loosen. No function is given them.

use std::future::Future;

use v2only_policy::{InstanceId, MetadataOptions, NotebookName, Place};

use super::{Answer, Changed};
use crate::rollback::DefaultsStep;

/// `ec2:ModifyInstanceMetadataOptions`, with whatever was recorded.
pub trait RestoreInstance {
    /// Sets all five options in one call; those that were not described stay as they are. Repeating it is
    /// harmless.
    fn restore_options(
        &self,
        place: &Place,
        id: &InstanceId,
        options: &MetadataOptions,
    ) -> impl Future<Output = Answer<Changed>> + Send;
}

/// `sagemaker:UpdateNotebookInstance`, back to minimum version "1".
pub trait RestoreNotebook {
    /// Asks for minimum version "1". The notebook must be stopped.
    fn allow_version_1(&self, place: &Place, name: &NotebookName) -> impl Future<Output = Answer<()>> + Send;
}

/// `ec2:ModifyInstanceMetadataDefaults`, with whatever was recorded.
pub trait RestoreDefaults {
    /// Carries out one step in one call. Repeating it is harmless.
    fn restore_defaults(&self, place: &Place, step: DefaultsStep) -> impl Future<Output = Answer<()>> + Send;
}
