//! What AWS documents of condition keys. A test compares it with the tables of a tool that others keep.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys" for Amazon EC2, Amazon
//! SageMaker AI and Amazon EC2 Auto Scaling; IAM User Guide, "AWS global condition context keys".

use super::names::{AUTOSCALING_KEYS, EC2_KEYS, GLOBAL_KEYS, SAGEMAKER_KEYS};

/// What the values of a key are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Compared as text.
    Text,
    /// Compared as a number.
    Number,
}

/// A key that this product is about.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name; an attribute's has the attribute in it.
    pub name: &'static str,
    /// What its values are.
    pub of: Type,
    /// The values it can have; none where they are numbers.
    pub values: &'static [&'static str],
    /// Whether requests that do not speak of it leave it out, so that "not equal" needs a guard.
    pub only_if_asked: bool,
    /// The actions that carry it, each with the resource types that do; `*` where it has none.
    pub on: &'static [(&'static str, &'static [&'static str])],
}

const INSTANCE_OPTIONS: &[(&str, &[&str])] =
    &[("ec2:RunInstances", &["instance"]), ("ec2:ModifyInstanceMetadataOptions", &["instance"])];
const ATTRIBUTES: &[(&str, &[&str])] =
    &[("ec2:ModifyInstanceMetadataOptions", &["instance"]), ("ec2:ModifyInstanceMetadataDefaults", &["*"])];
const SWITCH: &[&str] = &["enabled", "disabled"];

/// The keys that this product is about.
pub const KEYS: &[Key] = &[
    option("ec2:MetadataHttpTokens", Type::Text, &["optional", "required"]),
    option("ec2:MetadataHttpEndpoint", Type::Text, SWITCH),
    option("ec2:MetadataHttpPutResponseHopLimit", Type::Number, &[]),
    option("ec2:InstanceMetadataTags", Type::Text, SWITCH),
    attribute("ec2:Attribute/HttpTokens", &["optional", "required"]),
    attribute("ec2:Attribute/HttpEndpoint", SWITCH),
    attribute("ec2:Attribute/HttpPutResponseHopLimit", &[]),
    Key {
        name: "sagemaker:MinimumInstanceMetadataServiceVersion",
        of: Type::Text,
        values: &["1", "2"],
        only_if_asked: true,
        on: &[
            ("sagemaker:CreateNotebookInstance", &["notebook-instance", "*"]),
            ("sagemaker:UpdateNotebookInstance", &["notebook-instance", "*"]),
        ],
    },
    Key { name: "ec2:RoleDelivery", of: Type::Number, values: &[], only_if_asked: false, on: &[] },
];

const fn option(name: &'static str, of: Type, values: &'static [&'static str]) -> Key {
    Key { name, of, values, only_if_asked: false, on: INSTANCE_OPTIONS }
}

const fn attribute(name: &'static str, values: &'static [&'static str]) -> Key {
    Key { name, of: Type::Text, values, only_if_asked: true, on: ATTRIBUTES }
}

/// The key of this name, however it is written.
pub fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|it| it.name.eq_ignore_ascii_case(name))
}

/// Whether a key exists; `None` where this table knows nothing of its service.
pub fn exists(name: &str) -> Option<bool> {
    let (service, _) = name.split_once(':')?;
    let known = keys_of(service)?;
    let folded = name.to_ascii_lowercase();
    Some(known.iter().any(|it| {
        let it = it.to_ascii_lowercase();
        // A key with a variable part ends in `/` here.
        if it.ends_with('/') { folded.starts_with(&it) && folded.len() > it.len() } else { folded == it }
    }))
}

/// The keys of a service.
pub fn keys_of(service: &str) -> Option<&'static [&'static str]> {
    match service.to_ascii_lowercase().as_str() {
        "aws" => Some(GLOBAL_KEYS),
        "ec2" => Some(EC2_KEYS),
        "sagemaker" => Some(SAGEMAKER_KEYS),
        "autoscaling" => Some(AUTOSCALING_KEYS),
        _ => None,
    }
}

/// The resource types of `RunInstances`, which is asked once for each that a launch has. All but the first
/// know nothing of metadata options.
pub const LAUNCH_RESOURCES: &[&str] = &[
    "instance",
    "image",
    "launch-template",
    "network-interface",
    "security-group",
    "subnet",
    "volume",
    "key-pair",
    "placement-group",
    "capacity-reservation",
    "snapshot",
];

/// The actions that this product is about.
pub const ACTIONS: &[&str] = &[
    "ec2:RunInstances",
    "ec2:ModifyInstanceMetadataOptions",
    "ec2:ModifyInstanceMetadataDefaults",
    "sagemaker:CreateNotebookInstance",
    "sagemaker:UpdateNotebookInstance",
    "autoscaling:CreateLaunchConfiguration",
    "autoscaling:CreateAutoScalingGroup",
    "autoscaling:UpdateAutoScalingGroup",
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
