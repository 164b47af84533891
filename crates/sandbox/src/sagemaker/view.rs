//! A notebook as the API shows it: times are seconds since 1970, with a fraction.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::notebook::Notebook;

/// What `DescribeNotebookInstance` shows.
pub(super) fn description(notebook: &Notebook) -> Value {
    let attributes = &notebook.attributes;
    let mut all = summary_members(notebook);
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            all.insert(name.to_owned(), value);
        }
    };
    let text = |it: &Option<String>| it.as_deref().map(Value::from);
    put("FailureReason", text(&notebook.failure_reason));
    put("SubnetId", text(&attributes.subnet));
    put("SecurityGroups", Some(json!(attributes.security_groups)));
    put("IpAddressType", text(&attributes.ip_address_type));
    put("RoleArn", Some(attributes.role_arn.as_str().into()));
    put("KmsKeyId", text(&attributes.kms_key));
    put("NetworkInterfaceId", text(&notebook.network_interface));
    put("DirectInternetAccess", Some(attributes.direct_internet.as_str().into()));
    put("VolumeSizeInGB", Some(attributes.volume_gb.into()));
    put("RootAccess", Some(attributes.root_access.as_str().into()));
    put("PlatformIdentifier", Some(notebook.platform.id().into()));
    let version = notebook.minimum_version.as_deref();
    let block = version.map(|it| json!({"MinimumInstanceMetadataServiceVersion": it}));
    put("InstanceMetadataServiceConfiguration", block);
    Value::Object(all)
}

/// What `ListNotebookInstances` shows: neither the platform nor the IMDS version.
pub(super) fn summary(notebook: &Notebook) -> Value {
    Value::Object(summary_members(notebook))
}

fn summary_members(notebook: &Notebook) -> Map<String, Value> {
    let attributes = &notebook.attributes;
    let region = &notebook.place.region;
    let mut all = Map::new();
    let mut put = |name: &str, value: Value| drop(all.insert(name.to_owned(), value));
    put("NotebookInstanceName", notebook.name.as_str().into());
    put("NotebookInstanceArn", notebook.arn().into());
    put("NotebookInstanceStatus", notebook.status.id().into());
    put("Url", format!("{}.notebook.{region}.sagemaker.aws", notebook.name.to_lowercase()).into());
    put("InstanceType", attributes.instance_type.as_str().into());
    put("CreationTime", epoch(notebook.created));
    put("LastModifiedTime", epoch(notebook.modified));
    if let Some(name) = &attributes.lifecycle_config {
        put("NotebookInstanceLifecycleConfigName", name.as_str().into());
    }
    if let Some(repository) = &attributes.default_repository {
        put("DefaultCodeRepository", repository.as_str().into());
    }
    if !attributes.additional_repositories.is_empty() {
        put("AdditionalCodeRepositories", json!(attributes.additional_repositories));
    }
    all
}

fn epoch(time: Timestamp) -> Value {
    let whole = time.as_millisecond().div_euclid(1_000);
    let fraction = i32::try_from(time.as_millisecond().rem_euclid(1_000)).unwrap_or_default();
    // Seconds since 1970 fit a float without loss for as long as the sandbox will live.
    let whole = i32::try_from(whole).map_or(f64::from(u32::MAX), f64::from);
    Value::from(whole + f64::from(fraction) / 1_000.0)
}
