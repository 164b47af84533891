//! Resource control policies: what the resources of the organization refuse, whoever asks.

use crate::pack::{self, TooLarge};
use crate::rules::credentials;
use crate::settings::Settings;
use crate::{File, Kind};

/// The files. Amazon EC2 and Amazon SageMaker do not support resource control policies, so that launches and options
/// are left to service control policies.
pub fn files(settings: &Settings) -> Result<Vec<File>, TooLarge> {
    let statement = credentials::delivered_by_v2_to_data().for_organization(settings);
    pack::files(Kind::Rcp, "credentials-delivered-by-v2", &[statement.for_every_principal()])
}
