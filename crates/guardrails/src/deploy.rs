//! CloudFormation templates: one creates the organization's policies and attaches none; the other is an AWS Config
//! conformance pack.

mod conformance_pack;
mod organization;

use crate::{Settings, TooLarge};

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployFile {
    /// Where it lies below `policies/`.
    pub path: String,
    /// Its YAML.
    pub text: String,
}

/// The templates, in the order of their paths.
///
/// # Errors
/// A policy does not fit into the size that AWS accepts.
pub fn files(settings: &Settings) -> Result<Vec<DeployFile>, TooLarge> {
    let organization = organization::template(&crate::render(settings)?);
    Ok(vec![
        DeployFile {
            path: "config/conformance-pack.yaml".to_owned(),
            text: conformance_pack::template(settings),
        },
        DeployFile { path: "cloudformation/organization-policies.yaml".to_owned(), text: organization },
    ])
}
