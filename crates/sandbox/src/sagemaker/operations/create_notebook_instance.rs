//! `CreateNotebookInstance`.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateNotebookInstance.html>

use serde_json::{Value, json};

use super::input::Input;
use crate::call::Call;
use crate::error::AwsError;
use crate::sagemaker::errors::{constraint, duplicate, platform_ended, unsupported_type, validation};
use crate::sagemaker::lifecycle::enter;
use crate::sagemaker::notebook::{Attributes, Notebook, Status};
use crate::sagemaker::platform::Platform;
use crate::sagemaker::settings::DefaultVersion;
use crate::trail::Trail;
use crate::world::World;

const SWITCH: [&str; 2] = ["Enabled", "Disabled"];

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
        "SubnetId",
        "SecurityGroupIds",
        "IpAddressType",
        "RoleArn",
        "KmsKeyId",
        "Tags",
        "LifecycleConfigName",
        "DirectInternetAccess",
        "VolumeSizeInGB",
        "DefaultCodeRepository",
        "AdditionalCodeRepositories",
        "RootAccess",
        "PlatformIdentifier",
        "InstanceMetadataServiceConfiguration",
    ])?;
    let name = input.notebook_name()?;
    let now = world.now();
    let attributes = attributes(input)?;
    let platform = input.platform()?.unwrap_or_else(|| Platform::default_at(now));
    if !platform.can_start_at(now) {
        return Err(platform_ended(platform.id()));
    }
    if !platform.runs_on(&attributes.instance_type) {
        return Err(unsupported_type(&attributes.instance_type, platform.id()));
    }
    let asked = input.minimum_version()?;
    let tags = input.tags()?;
    let mut notebook = Notebook::new(call.place.clone(), name, attributes, now);
    let (key, arn) = (notebook.key(), notebook.arn());
    if world.sagemaker.notebooks.contains_key(&key) {
        return Err(duplicate(&arn));
    }
    notebook.platform = platform;
    notebook.minimum_version = asked.or(match world.sagemaker.settings.default_version {
        DefaultVersion::One => Some("1".to_owned()),
        DefaultVersion::Two => Some("2".to_owned()),
        DefaultVersion::Absent => None,
    });
    notebook.tags = tags;
    world.sagemaker.notebooks.insert(key.clone(), notebook);
    enter(world, &key, Status::Pending);
    trail.response(json!({"notebookInstanceArn": arn}));
    Ok(json!({"NotebookInstanceArn": arn}))
}

fn attributes(input: &Input<'_>) -> Result<Attributes, AwsError> {
    let instance_type =
        instance_type(input)?.ok_or_else(|| crate::sagemaker::errors::missing("InstanceType"))?;
    let mut attributes = Attributes::new(instance_type, role(input.required("RoleArn")?)?);
    let text = |member: &str| input.text(member).map(|it| it.map(str::to_owned));
    attributes.subnet = text("SubnetId")?;
    attributes.security_groups = input.texts("SecurityGroupIds")?.unwrap_or_default();
    attributes.ip_address_type = input.one_of("IpAddressType", &["ipv4", "dualstack"])?.map(str::to_owned);
    attributes.kms_key = text("KmsKeyId")?;
    attributes.lifecycle_config = text("LifecycleConfigName")?;
    attributes.default_repository = text("DefaultCodeRepository")?;
    attributes.additional_repositories = input.texts("AdditionalCodeRepositories")?.unwrap_or_default();
    attributes.volume_gb = input.number("VolumeSizeInGB", 5..=16_384)?.unwrap_or(5);
    attributes.root_access = input.one_of("RootAccess", &SWITCH)?.unwrap_or("Enabled").to_owned();
    attributes.direct_internet =
        input.one_of("DirectInternetAccess", &SWITCH)?.unwrap_or("Enabled").to_owned();
    if attributes.subnet.is_none() && attributes.direct_internet == "Disabled" {
        return Err(validation("Subnet must be specified if DirectInternetAccess is Disabled."));
    }
    Ok(attributes)
}

/// The list of instance types grows every month; only the form is checked.
pub(super) fn instance_type<'a>(input: &Input<'a>) -> Result<Option<&'a str>, AwsError> {
    let member = "InstanceType";
    let text = input.text(member)?;
    match text.filter(|it| !it.starts_with("ml.") || it.split('.').count() != 3) {
        Some(wrong) => Err(constraint(wrong, member, "satisfy enum value set: [ml.t3.medium, ...]")),
        None => Ok(text),
    }
}

pub(super) fn role(arn: &str) -> Result<&str, AwsError> {
    let pattern =
        "satisfy regular expression pattern: arn:aws[a-z\\-]*:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+";
    let mut parts = arn.splitn(6, ':');
    let shape = (parts.next(), parts.nth(1), parts.nth(1), parts.next());
    match shape {
        (Some("arn"), Some("iam"), Some(account), Some(role))
            if crate::identity::is_account(account) && role.starts_with("role") =>
        {
            Ok(arn)
        }
        _ => Err(constraint(arn, "RoleArn", pattern)),
    }
}
