//! What the use cases pass and get, in the words of the model, and back.

use jiff::Timestamp;
use serde_json::{Value, json};
use v2only_enforcer::ports::Page;
use v2only_policy::instance::{HttpTokens, Instance, InstanceState, MetadataOptions, Switch};
use v2only_policy::notebook::{Notebook, RESTART_TAG, UPDATED_TAG};
use v2only_policy::source::{LaunchTemplate, Made, TemplateVersion};
use v2only_policy::{
    AccountId, ImdsSupport, InstanceId, LaunchTemplateId, Place, Region, StatedOptions, Switches,
};

use crate::clock::{at, flip_at, moments, tick_of, ticks_of};
use crate::resources::{self, Mark, Number, TagValue};

/// The account.
pub const ACCOUNT: &str = "111122223333";
/// The Region.
pub const REGION: &str = "eu-central-1";
/// The launch template.
pub const TEMPLATE: &str = "lt-0123456789abcdef0";

/// Where everything happens.
pub fn place() -> Place {
    Place { account: AccountId::parse(ACCOUNT).unwrap(), region: Region::parse(REGION).unwrap() }
}

/// The name of a notebook.
pub fn notebook_name(number: Number) -> String {
    format!("notebook-{number}")
}

/// The id of an instance.
pub fn instance_id(number: Number) -> String {
    format!("i-{number:08x}")
}

/// The number at the end of a name, an id or an ARN.
pub fn number(name: &str) -> Number {
    name[name.len() - 1..].parse().unwrap()
}

/// The text of the policy document.
pub fn document(enforce: bool) -> String {
    let mode = if enforce { "enforce" } else { "observe" };
    format!(
        "version: 1\nmode: {mode}\ninstances: {{ usage_gate: {{ applies_to: none }} }}\n\
         drift: {{ contested_after: 1, window_hours: 24 }}\nlaunch_templates: {{ fix: new-version }}\n"
    )
}

/// Instances, one bit each.
pub fn bits(ids: &[InstanceId]) -> u8 {
    ids.iter().fold(0, |all, id| all | 1 << number(id.as_str()))
}

/// Tags as AWS describes them.
pub fn tags(tags: resources::Tags) -> v2only_policy::Tags {
    let mark = tags.mark.map(|mark| match mark {
        Mark::ToStart(tick) => at(tick).to_string(),
        Mark::Starting(tick) => Notebook::starting_mark(at(tick)),
        Mark::Started(tick) => Notebook::started_mark(at(tick)),
    });
    let exempt = tags.exempt;
    [
        (RESTART_TAG, mark),
        (UPDATED_TAG, moments(tags.updated, at)),
        (v2only_policy::drift::REVERTED_TAG, moments(tags.reverted, flip_at)),
        ("v2only:exempt-until", exempt.then(|| "2027-01-31".to_owned())),
        ("v2only:exempt-reason", exempt.then(|| "model".to_owned())),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key.to_owned(), value?)))
    .collect()
}

/// A tag as the model has it.
pub fn tag(key: &str, value: &str) -> TagValue {
    match (key, value.split_once(' ')) {
        (RESTART_TAG, Some(("starting", moment))) => TagValue::Starting(tick_of(moment)),
        (RESTART_TAG, Some((_, moment))) => TagValue::Started(tick_of(moment)),
        (RESTART_TAG, None) => TagValue::ToStart(tick_of(value)),
        (UPDATED_TAG, _) => TagValue::Updated(ticks_of(value)),
        _ => TagValue::Reverted(ticks_of(value)),
    }
}

/// An instance as AWS describes it.
pub fn instance(number: Number, it: resources::Options) -> Instance {
    Instance {
        id: InstanceId::parse(&instance_id(number)).unwrap(),
        state: InstanceState::Running,
        options: options(it),
        managed_by: None,
        created_at: Some(at(0)),
        started_at: Some(at(0)),
        image: None,
        instance_type: None,
        profile: None,
        public_address: false,
        tags: tags(it.tags),
    }
}

/// Its options.
pub fn options(it: resources::Options) -> MetadataOptions {
    MetadataOptions {
        http_tokens: if it.required { HttpTokens::Required } else { HttpTokens::Optional },
        http_endpoint: Switch::on(it.enabled),
        hop_limit: Some(1),
        switches: Switches::all(Switch::Disabled),
        pending: false,
    }
}

/// A version as AWS describes it.
pub fn version(it: resources::Version) -> TemplateVersion {
    TemplateVersion {
        number: it.number.into(),
        options: StatedOptions {
            http_tokens: Some(if it.required { HttpTokens::Required } else { HttpTokens::Optional }),
            ..StatedOptions::default()
        },
        instance_type: None,
        instance_tags: v2only_policy::Tags::new(),
        image: None,
        imds_support: ImdsSupport::Unmarked,
        made: it.made.map(|(from, latest)| Made { from: from.into(), latest: latest.into() }),
        exempts: false,
    }
}

/// A launch template as AWS describes it.
pub fn template(it: &resources::Template) -> LaunchTemplate {
    LaunchTemplate {
        id: LaunchTemplateId::parse(TEMPLATE).unwrap(),
        name: "web".to_owned(),
        default: it.default.into(),
        latest: it.latest.into(),
        displaced: None,
        versions: Vec::new(),
        consumers: Vec::new(),
        managed_by: None,
        created_by: None,
        tags: tags(resources::Tags { exempt: it.exempt, ..resources::Tags::default() }),
    }
}

/// The only page.
pub fn page<T>(items: Vec<T>) -> Page<T> {
    Page { items, next: None }
}

fn record(name: &str, source: &str, at: Timestamp, request: &Value) -> Value {
    json!({
        "eventVersion": "1.11", "eventSource": source, "eventName": name, "eventTime": at.to_string(),
        "awsRegion": REGION, "eventID": format!("ct-{at}"), "recipientAccountId": ACCOUNT, "eventType": "AwsApiCall",
        "userIdentity": {"type": "IAMUser", "arn": format!("arn:aws:iam::{ACCOUNT}:user/alice"), "accountId": ACCOUNT},
        "requestParameters": request, "responseElements": null,
    })
}

/// CloudTrail's record of a request for a version of a notebook.
pub fn notebook_record(number: Number, at: Timestamp, version: &str) -> Value {
    record(
        "UpdateNotebookInstance",
        "sagemaker.amazonaws.com",
        at,
        &json!({
            "notebookInstanceName": notebook_name(number),
            "instanceMetadataServiceConfiguration": { "minimumInstanceMetadataServiceVersion": version },
        }),
    )
}

/// CloudTrail's record of a start of a notebook.
pub fn start_record(number: Number, at: Timestamp) -> Value {
    let request = json!({ "notebookInstanceName": notebook_name(number) });
    record("StartNotebookInstance", "sagemaker.amazonaws.com", at, &request)
}

/// CloudTrail's record of a request for options of an instance.
pub fn instance_record(number: Number, at: Timestamp, tokens: &str) -> Value {
    let request = json!({"InstanceId": instance_id(number), "HttpEndpoint": "enabled", "HttpTokens": tokens});
    record(
        "ModifyInstanceMetadataOptions",
        "ec2.amazonaws.com",
        at,
        &json!({ "ModifyInstanceMetadataOptionsRequest": request }),
    )
}

/// The answer that belongs to a call.
macro_rules! answer_of {
    ($reply:expr, $shape:pat => $value:expr) => {
        match $reply {
            $shape => Ok($value),
            other => Err(Failure::new(Kind::Invalid, "model", format!("{other:?}"))),
        }
    };
}
pub(crate) use answer_of;
