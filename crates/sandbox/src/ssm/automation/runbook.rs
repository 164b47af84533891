//! The runbooks: their parameters, their targets and the one call they make.

use serde_json::Value;

use crate::call::{Body, Call};
use crate::error::AwsError;
use crate::identity::{Place, Principal};
use crate::params::Params;
use crate::world::World;

/// A parameter of a runbook: its name, its default if it has one, and what it may be.
pub(super) type Declared = (&'static str, Option<&'static str>, fn(&str) -> bool);

fn hops(text: &str) -> bool {
    text.parse::<u8>().is_ok_and(|it| it <= 64)
}

fn role(text: &str) -> bool {
    text.starts_with("arn:") && text.contains(":role/")
}

const CONFIGURE: [Declared; 4] = [
    // This default re-opens version 1.
    ("EnforceIMDSv2", Some("optional"), |it| ["required", "optional"].contains(&it)),
    ("HttpPutResponseHopLimit", Some("0"), hops),
    ("MetadataAccess", Some("enabled"), |it| ["enabled", "disabled"].contains(&it)),
    ("AutomationAssumeRole", Some(""), role),
];

const REQUIRE: [Declared; 2] =
    [("HttpPutResponseHopLimit", Some("0"), hops), ("AutomationAssumeRole", None, role)];

pub(super) fn runbook(name: &str) -> Option<&'static [Declared]> {
    match name {
        "AWSSupport-ConfigureEC2Metadata" => Some(&CONFIGURE),
        "AWSConfigRemediation-EnforceEC2InstanceIMDSv2" => Some(&REQUIRE),
        _ => None,
    }
}

pub(super) fn failure_text(id: &str, error: &AwsError) -> String {
    format!("{id}: {}: {}", error.code, error.message)
}

/// The value of a parameter: the given one, else its default.
pub(super) fn value_of<'a>(values: &'a [(&str, String)], name: &str) -> &'a str {
    values.iter().find(|(it, _)| *it == name).map_or("", |(_, value)| value.as_str())
}

/// The instances it is to work on: of these `Targets`, or the one of its own parameter.
pub(super) fn targets(
    request: &Value,
    targets: Option<&Value>,
    one: Option<&str>,
) -> Result<Vec<String>, AwsError> {
    let invalid = |why: &str| AwsError::client("InvalidTarget", why);
    let Some(targets) = targets.and_then(Value::as_array) else {
        return one.map(|it| vec![it.to_owned()]).ok_or_else(|| invalid("no target"));
    };
    let [target] = targets.as_slice() else { return Err(invalid("one target is simulated")) };
    let says = |of: &Value, name: &str, word: &str| of.get(name).is_some_and(|it| it == word);
    if !says(request, "TargetParameterName", "InstanceId") || !says(target, "Key", "ParameterValues") {
        return Err(invalid("TargetParameterName=InstanceId and Key=ParameterValues are simulated"));
    }
    let values = target.get("Values").and_then(Value::as_array).into_iter().flatten();
    let ids: Vec<String> = values.filter_map(Value::as_str).map(str::to_owned).collect();
    if (1..=50).contains(&ids.len()) { Ok(ids) } else { Err(invalid("1 to 50 values are expected")) }
}

/// The one call that both runbooks make.
pub(super) fn change(
    world: &mut World,
    (place, principal): (&Place, &Principal),
    id: &str,
    values: &[(&str, String)],
) -> Result<(), AwsError> {
    let of = |name: &str| value_of(values, name);
    let words =
        |text: &str, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text.to_owned() };
    let mut pairs = vec![
        ("InstanceId", id.to_owned()),
        ("HttpTokens", words(of("EnforceIMDSv2"), "required")),
        ("HttpEndpoint", words(of("MetadataAccess"), "enabled")),
    ];
    if of("HttpPutResponseHopLimit") != "0" {
        pairs.push(("HttpPutResponseHopLimit", of("HttpPutResponseHopLimit").to_owned()));
    }
    let call = Call {
        service: "ec2".to_owned(),
        action: "ModifyInstanceMetadataOptions".to_owned(),
        place: place.clone(),
        principal: principal.clone().invoked_by("ssm.amazonaws.com"),
        access_key: None,
        request_id: world.ids.uuid(),
        at: world.now(),
        user_agent: "ssm.amazonaws.com".to_owned(),
        source_ip: "ssm.amazonaws.com".to_owned(),
        body: Body::Query(Params::from_pairs(pairs)),
    };
    world.run(&call, |world, trail| crate::ec2::answer(world, &call, trail)).map(|_| ())
}
