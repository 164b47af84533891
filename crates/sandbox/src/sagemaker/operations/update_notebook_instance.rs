//! `UpdateNotebookInstance`: only of what is stopped or failed; the answer is empty, and the notebook
//! is `Stopped` again afterwards, whatever it was before.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateNotebookInstance.html>

use serde_json::{Value, json};

use super::create_notebook_instance::{instance_type, role};
use super::input::Input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sagemaker::errors::{platform_change, unsupported_type, validation, wrong_status};
use crate::sagemaker::lifecycle::enter;
use crate::sagemaker::notebook::{Attributes, Status};
use crate::sagemaker::settings::{UnsupportedType, UpdateVisible};
use crate::trail::Trail;
use crate::world::World;

const FROM: &[Status] = &[Status::Stopped, Status::Failed];

pub(super) fn answer(
    world: &mut World,
    call: &Call,
    input: &Input<'_>,
    trail: &mut Trail,
) -> Result<Value, AwsError> {
    trail.request(input.trail());
    input.only(&[
        "NotebookInstanceName",
        "InstanceType",
        "IpAddressType",
        "PlatformIdentifier",
        "RoleArn",
        "LifecycleConfigName",
        "DisassociateLifecycleConfig",
        "VolumeSizeInGB",
        "DefaultCodeRepository",
        "AdditionalCodeRepositories",
        "DisassociateDefaultCodeRepository",
        "DisassociateAdditionalCodeRepositories",
        "RootAccess",
        "InstanceMetadataServiceConfiguration",
    ])?;
    let settings = world.sagemaker.settings.clone();
    let asked = input.platform()?;
    let version = input.minimum_version()?;
    let (key, notebook) = input.notebook(world, call)?;
    if !FROM.contains(&notebook.status) {
        return Err(wrong_status(notebook, FROM, Status::Updating));
    }
    let attributes = attributes(input, notebook.attributes.clone())?;
    let platform = asked.unwrap_or(notebook.platform);
    if !notebook.platform.can_become(platform) {
        return Err(platform_change(notebook.platform.id(), platform.id()));
    }
    if settings.unsupported_type == UnsupportedType::AtUpdate && !platform.runs_on(&attributes.instance_type)
    {
        return Err(unsupported_type(&attributes.instance_type, platform.id()));
    }
    let version = version.or_else(|| notebook.minimum_version.clone());
    match settings.update_visible {
        UpdateVisible::AtOnce => {
            (notebook.attributes, notebook.platform, notebook.minimum_version) =
                (attributes, platform, version);
        }
        UpdateVisible::AtTheEnd => notebook.pending = Some(Box::new((attributes, platform, version))),
    }
    enter(world, &key, Status::Updating);
    Ok(json!({}))
}

/// The attributes as they would be after the update.
fn attributes(input: &Input<'_>, mut attributes: Attributes) -> Result<Attributes, AwsError> {
    let own = |it: &str| it.to_owned();
    if let Some(kind) = instance_type(input)? {
        attributes.instance_type = own(kind);
    }
    if let Some(arn) = input.text("RoleArn")? {
        attributes.role_arn = own(role(arn)?);
    }
    if let Some(kind) = input.one_of("IpAddressType", &["ipv4", "dualstack"])? {
        attributes.ip_address_type = Some(own(kind));
    }
    if let Some(access) = input.one_of("RootAccess", &["Enabled", "Disabled"])? {
        attributes.root_access = own(access);
    }
    if let Some(size) = input.number("VolumeSizeInGB", 5..=16_384)? {
        if size < attributes.volume_gb {
            return Err(validation("The volume size of a notebook instance cannot be decreased."));
        }
        attributes.volume_gb = size;
    }
    if let Some(name) = input.text("LifecycleConfigName")? {
        attributes.lifecycle_config = Some(own(name));
    }
    if let Some(repository) = input.text("DefaultCodeRepository")? {
        attributes.default_repository = Some(own(repository));
    }
    if let Some(repositories) = input.texts("AdditionalCodeRepositories")? {
        attributes.additional_repositories = repositories;
    }
    if input.flag("DisassociateLifecycleConfig") {
        attributes.lifecycle_config = None;
    }
    if input.flag("DisassociateDefaultCodeRepository") {
        attributes.default_repository = None;
    }
    if input.flag("DisassociateAdditionalCodeRepositories") {
        attributes.additional_repositories.clear();
    }
    Ok(attributes)
}
