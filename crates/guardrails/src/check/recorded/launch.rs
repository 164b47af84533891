//! Recorded launches.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{ALWAYS, Call, Context, Readings, word};
use crate::check::evaluate::Request;
use crate::check::table::LAUNCH_RESOURCES;

/// A launch.
const LAUNCH: &[&str] = &[
    "aws:principalarn",
    "aws:principalaccount",
    "aws:requestedregion",
    "ec2:roledelivery",
    "ec2:metadata",
    "aws:requesttag/",
    "aws:tagkeys",
];

/// A launch from a template, which may add tags.
const LAUNCH_FROM_TEMPLATE: &[&str] =
    &["aws:principalarn", "aws:principalaccount", "aws:requestedregion", "ec2:roledelivery", "ec2:metadata"];

/// Options of an instance: the key, and the name of the option in a record.
const OPTIONS: [(&str, &str, &str); 3] = [
    ("ec2:metadatahttptokens", "ec2:MetadataHttpTokens", "httpTokens"),
    ("ec2:metadatahttpendpoint", "ec2:MetadataHttpEndpoint", "httpEndpoint"),
    ("ec2:metadatahttpputresponsehoplimit", "ec2:MetadataHttpPutResponseHopLimit", "httpPutResponseHopLimit"),
];

impl Call<'_> {
    /// IAM asks once for each resource of a launch. What the launch does not state itself comes from a launch template, the
    /// account default or the image. AWS does not document whether the keys hold such values: the launch is asked with
    /// them and without them.
    pub(super) fn launch(&self) -> Readings {
        let options = self.field("/requestParameters/metadataOptions");
        let answered = self.field("/responseElements/instancesSet/items/0/metadataOptions");
        let (mut stated, mut inherited) = (Vec::new(), Vec::new());
        let mut open = BTreeSet::new();
        for (key, name, field) in OPTIONS {
            let value = |it: Option<&Value>| it.and_then(|it| it.get(field)).and_then(word);
            match (value(options), value(answered)) {
                (Some(value), _) => stated.push((key.to_owned(), value)),
                (None, Some(value)) => {
                    inherited.push((key.to_owned(), value));
                    open.insert(name.to_owned());
                }
                // Without an answer nothing is known of what the launch inherits.
                (None, None) => {
                    open.insert(name.to_owned());
                }
            }
        }
        let template = self.field("/requestParameters/launchTemplate").is_some();
        let known = if template { LAUNCH_FROM_TEMPLATE } else { LAUNCH };
        let mut readings = vec![self.launch_requests(&stated, known)];
        if self.field("/responseElements").is_none() {
            readings.push(self.launch_requests(&stated, ALWAYS));
        } else if !inherited.is_empty() {
            let all = [stated, inherited].concat();
            readings.push(self.launch_requests(&all, known));
        } else {
            open.clear();
        }
        (readings, open)
    }

    fn launch_requests(&self, stated: &[(String, String)], known: &'static [&'static str]) -> Vec<Request> {
        let mut stated = stated.to_vec();
        if let Some(it) = self.text("/requestParameters/instanceType") {
            stated.push(("ec2:instancetype".to_owned(), it));
        }
        let template = self.field("/requestParameters/launchTemplate").is_some();
        let kinds = LAUNCH_RESOURCES.iter().copied().chain(template.then_some("launch-template"));
        kinds
            .map(|kind| {
                let stated = if kind == "instance" { stated.as_slice() } else { &[] };
                let context = self.tagged(self.with(stated), kind);
                let id = self.launched(kind).unwrap_or_else(|| "*".to_owned());
                self.request(self.arn("ec2", &format!("{kind}/{id}")), context, known)
            })
            .collect()
    }

    /// The id of what a launch names, where the record holds one.
    fn launched(&self, kind: &str) -> Option<String> {
        match kind {
            "image" => self.text("/requestParameters/instancesSet/items/0/imageId"),
            "subnet" => self.text("/requestParameters/subnetId"),
            "launch-template" => self.text("/requestParameters/launchTemplate/launchTemplateId"),
            _ => None,
        }
    }

    /// The tags that the call gives this kind of resource.
    fn tagged(&self, mut context: Context, kind: &str) -> Context {
        let sets = self.field("/requestParameters/tagSpecificationSet/items").and_then(Value::as_array);
        let of_kind = |it: &&Value| it.get("resourceType").and_then(Value::as_str) == Some(kind);
        for set in sets.into_iter().flatten().filter(of_kind) {
            for tag in set.get("tags").and_then(Value::as_array).into_iter().flatten() {
                let part = |name: &str| tag.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                context.insert(
                    format!("aws:requesttag/{}", part("key").to_ascii_lowercase()),
                    vec![part("value")],
                );
                context.entry("aws:tagkeys".to_owned()).or_default().push(part("key"));
            }
        }
        context
    }
}
