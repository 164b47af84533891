//! What AWS documents of condition keys.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys" for Amazon EC2, Amazon
//! SageMaker AI, EC2 Image Builder and Amazon EC2 Auto Scaling.

use super::names;

/// What the values of a key are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Compared as text.
    Text,
    /// Compared as a number.
    Number,
}

/// A key about the metadata service.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The name, with the attribute for `ec2:Attribute/…`.
    pub name: &'static str,
    /// What the values are.
    pub of: Type,
    /// All possible values. Empty for numbers.
    pub values: &'static [&'static str],
    /// Whether a request that does not set the option omits the key, so that "not equal" needs a guard.
    pub only_if_asked: bool,
}

const SWITCH: &[&str] = &["enabled", "disabled"];
const TOKENS: &[&str] = &["optional", "required"];
/// The account default has a third value, which removes the default.
const ASKED_TOKENS: &[&str] = &["optional", "required", "no-preference"];
const ASKED_SWITCH: &[&str] = &["enabled", "disabled", "no-preference"];

/// The keys about the metadata service.
pub const KEYS: &[Key] = &[
    of_resource("ec2:MetadataHttpTokens", Type::Text, TOKENS),
    of_resource("ec2:MetadataHttpEndpoint", Type::Text, SWITCH),
    of_resource("ec2:MetadataHttpPutResponseHopLimit", Type::Number, &[]),
    of_resource("ec2:InstanceMetadataTags", Type::Text, SWITCH),
    of_request("ec2:Attribute/HttpTokens", ASKED_TOKENS),
    of_request("ec2:Attribute/HttpEndpoint", ASKED_SWITCH),
    of_request("ec2:Attribute/HttpPutResponseHopLimit", &[]),
    of_request("sagemaker:MinimumInstanceMetadataServiceVersion", &["1", "2"]),
    of_resource("ec2:RoleDelivery", Type::Number, &[]),
    of_resource("autoscaling:MetadataHttpTokens", Type::Text, TOKENS),
    of_resource("autoscaling:MetadataHttpEndpoint", Type::Text, SWITCH),
    of_resource("autoscaling:MetadataHttpPutResponseHopLimit", Type::Number, &[]),
    of_resource("imagebuilder:Ec2MetadataHttpTokens", Type::Text, TOKENS),
];

const fn of_resource(name: &'static str, of: Type, values: &'static [&'static str]) -> Key {
    Key { name, of, values, only_if_asked: false }
}

const fn of_request(name: &'static str, values: &'static [&'static str]) -> Key {
    Key { name, of: Type::Text, values, only_if_asked: true }
}

impl Key {
    /// The actions that carry the key, each with the resource types it is carried with; `*` stands for the
    /// action itself. Empty if every action can carry the key.
    pub fn carriers(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        match self.name.split_once('/') {
            // The attributes of other actions have other names.
            Some((family, _)) => names::carriers(&format!("{family}/"))
                .into_iter()
                .filter(|(action, _)| action.contains("InstanceMetadata"))
                .collect(),
            None => names::carriers(self.name),
        }
    }
}

/// The key of this name, in any case.
pub fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|it| it.name.eq_ignore_ascii_case(name))
}

/// Whether a key exists; `None` where the table does not contain the service.
pub fn exists(name: &str) -> Option<bool> {
    let (service, _) = name.split_once(':')?;
    let known = names::keys_of(service);
    if known.is_empty() {
        return None;
    }
    let folded = name.to_ascii_lowercase();
    Some(known.iter().any(|name| {
        let name = name.to_ascii_lowercase();
        // A key with a variable part ends in `/` here.
        if name.ends_with('/') {
            folded.starts_with(&name) && folded.len() > name.len()
        } else {
            folded == name
        }
    }))
}

/// The resource types that every launch has. IAM asks about each of them. Only an instance has metadata
/// options.
pub const LAUNCH_RESOURCES: &[&str] =
    &["instance", "image", "network-interface", "security-group", "subnet", "volume"];

/// The resource types that some launches have, with what such a launch does.
pub const OPTIONAL_LAUNCH_RESOURCES: &[(&str, &str)] = &[
    ("launch-template", "from a launch template"),
    ("key-pair", "with a key pair"),
    ("placement-group", "into a placement group"),
    ("capacity-reservation", "into a capacity reservation"),
    ("snapshot", "with a volume from a snapshot"),
];

/// The actions that create metadata options or change them.
pub const ACTIONS: &[&str] = &[
    "ec2:RunInstances",
    "ec2:ModifyInstanceMetadataOptions",
    "ec2:ModifyInstanceMetadataDefaults",
    "sagemaker:CreateNotebookInstance",
    "sagemaker:UpdateNotebookInstance",
    "autoscaling:CreateLaunchConfiguration",
    "autoscaling:CreateAutoScalingGroup",
    "autoscaling:UpdateAutoScalingGroup",
    "imagebuilder:CreateInfrastructureConfiguration",
    "imagebuilder:UpdateInfrastructureConfiguration",
];

/// Operators of conditions, without their prefix and suffix.
pub const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Null",
];
