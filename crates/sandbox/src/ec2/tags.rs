//! Tags: reading them from requests, and the rules for their keys.

use std::collections::BTreeMap;

use super::filters::Filter;
use crate::error::AwsError;
use crate::params::Params;
use crate::shape::Shape;

pub(super) type Tags = BTreeMap<String, String>;

/// Reads `TagSpecification.N` and returns the tags for `kind`. Tags for the other kinds in `others`
/// are accepted: they belong to resources that come into being with it and are not simulated.
pub(super) fn read_specification(params: &Params, kind: &str, others: &[&str]) -> Result<Tags, AwsError> {
    let mut tags = Tags::new();
    for item in params.structures("TagSpecification") {
        let wanted = item.required("ResourceType")?;
        let read = read(item)?;
        if wanted == kind {
            tags.extend(read);
        } else if !others.contains(&wanted) {
            let message = format!("'{wanted}' is not a valid taggable resource type for this operation.");
            return Err(AwsError::invalid_value(message));
        }
    }
    Ok(tags)
}

/// Reads `Tag.N.Key` and `Tag.N.Value`.
pub(super) fn read(params: &Params) -> Result<Tags, AwsError> {
    let mut tags = Tags::new();
    for item in params.structures("Tag") {
        let key = item.required("Key")?;
        let value = item.text("Value").unwrap_or_default();
        check(key, value)?;
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            let message = format!("Tag keys must be unique, duplicate key: {key}");
            return Err(AwsError::invalid_value(message));
        }
    }
    Ok(tags)
}

fn check(key: &str, value: &str) -> Result<(), AwsError> {
    if key.to_ascii_lowercase().starts_with("aws:") {
        let message = "Tag keys starting with 'aws:' are reserved for internal use";
        return Err(AwsError::invalid_value(message));
    }
    if key.chars().count() > 128 {
        return Err(AwsError::invalid_value("Tag key exceeds the maximum length of 128 characters"));
    }
    if value.chars().count() > 256 {
        return Err(AwsError::invalid_value("Tag value exceeds the maximum length of 256 characters"));
    }
    Ok(())
}

/// `tagSet` of an answer, which AWS leaves out where there are no tags.
pub(super) fn shape(tags: &Tags) -> Option<Shape> {
    let tag = |(key, value): (&String, &String)| Shape::map().with("key", key).with("value", value);
    (!tags.is_empty()).then(|| Shape::list(tags.iter().map(tag)))
}

/// Whether the tags satisfy a `tag:<key>` or `tag-key` filter; `None` for filters about other
/// things.
pub(super) fn satisfy(tags: &Tags, filter: &Filter) -> Option<bool> {
    if let Some(key) = filter.tag_key() {
        return Some(tags.get(key).is_some_and(|value| filter.takes(value)));
    }
    (filter.name == "tag-key").then(|| filter.takes_any(tags.keys().map(String::as_str)))
}
