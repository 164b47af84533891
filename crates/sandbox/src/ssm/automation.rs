//! Automation: the two runbooks of AWS that change metadata options.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartAutomationExecution.html>
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetAutomationExecution.html>
//! <https://docs.aws.amazon.com/systems-manager-automation-runbooks/latest/userguide/automation-awssupport-configureec2metadata.html>
//!
//! Not simulated: that the runbooks sleep, that their targets take turns, and what a role may. The changes are made at
//! once, as calls of the role if there is one, and the execution has ended a second later.

mod locations;
mod rate;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{jiff_seconds, only};
use crate::call::{Answer, Body, Call};
use crate::clock::later;
use crate::error::AwsError;
use crate::identity::{Place, Principal};
use crate::params::Params;
use crate::trail::Trail;
use crate::world::World;

const LASTING: Duration = Duration::from_secs(1);

/// An execution, and how it will have ended.
#[derive(Debug, Clone)]
pub(super) struct Execution {
    place: Place,
    document: String,
    started: Timestamp,
    ends: Timestamp,
    counts: (usize, usize),
    failed: bool,
    failure: Option<String>,
    /// Of an execution that another one started.
    parent: Option<String>,
    /// Of one that works on a single instance.
    target: Option<String>,
    /// Of one for several accounts and Regions.
    steps: Vec<locations::Step>,
}

impl Execution {
    /// One that starts now, whose targets came out so.
    fn of(world: &World, place: &Place, document: &str, done: usize, failures: &[String]) -> Self {
        let started = world.now();
        Self {
            place: place.clone(),
            document: document.to_owned(),
            started,
            ends: later(started, LASTING),
            counts: (done, failures.len()),
            failed: !failures.is_empty(),
            failure: (!failures.is_empty()).then(|| failures.join("; ")),
            parent: None,
            target: None,
            steps: Vec::new(),
        }
    }

    fn status(&self, now: Timestamp) -> &'static str {
        match (now < self.ends, self.failed) {
            (true, _) => "InProgress",
            (false, true) => "Failed",
            (false, false) => "Success",
        }
    }
}

/// A parameter of a runbook: its name, its default if it has one, and what it may be.
type Declared = (&'static str, Option<&'static str>, fn(&str) -> bool);

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

fn runbook(name: &str) -> Option<&'static [Declared]> {
    match name {
        "AWSSupport-ConfigureEC2Metadata" => Some(&CONFIGURE),
        "AWSConfigRemediation-EnforceEC2InstanceIMDSv2" => Some(&REQUIRE),
        _ => None,
    }
}

pub(super) fn start(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Answer, AwsError> {
    let request = call.json()?;
    let known = [
        "DocumentName",
        "Parameters",
        "TargetParameterName",
        "Targets",
        "TargetLocations",
        "MaxConcurrency",
        "MaxErrors",
    ];
    only(request, &known)?;
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    let document = text("DocumentName").to_owned();
    trail.request(json!({ "documentName": document, "parameters": request.get("Parameters") }));
    let declared = runbook(&document).ok_or_else(|| {
        AwsError::client("AutomationDefinitionNotFoundException", format!("{document} does not exist"))
    })?;
    let refuse = |why: String| AwsError::client("InvalidAutomationExecutionParametersException", why);
    let parameters = request.get("Parameters").and_then(Value::as_object);
    let given = |name: &str| parameters?.get(name)?.get(0)?.as_str();
    let names = parameters.into_iter().flatten().map(|(name, _)| name.as_str());
    if let Some(name) = names
        .into_iter()
        .find(|name| *name != "InstanceId" && !declared.iter().any(|(known, ..)| known == name))
    {
        return Err(refuse(format!("{name} is no parameter of {document}")));
    }
    let mut values = Vec::new();
    for (name, default, fits) in declared {
        let value = match (given(name), default) {
            (Some(value), _) if fits(value) => value,
            (Some(value), _) => return Err(refuse(format!("{value} is no value of {name}"))),
            (None, Some(default)) => default,
            (None, None) => return Err(refuse(format!("{name} is missing"))),
        };
        values.push((*name, value.to_owned()));
    }
    let id = if request.get("TargetLocations").is_some() {
        locations::start(world, call, &document, &values)?
    } else {
        let ids = targets(request, request.get("Targets"), given("InstanceId"))?;
        let most = rate::errors(request, "MaxErrors", "0", ids.len())?;
        let principal = match told(&values, "AutomationAssumeRole").rsplit_once(":role/") {
            Some((_, role)) => Principal::session(&call.place, role, "Automation", world.now()),
            None => call.principal.clone(),
        };
        let (mut done, mut failures) = (0, Vec::new());
        for id in &ids {
            match change(world, (&call.place, &principal), id, &values) {
                Ok(()) => done += 1,
                Err(error) => failures.push(words(id, &error)),
            }
            if failures.len() > most {
                break;
            }
        }
        let execution = Execution::of(world, &call.place, &document, done, &failures);
        let id = world.ids.uuid();
        world.ssm.executions.insert(id.clone(), execution);
        id
    };
    trail.response(json!({ "automationExecutionId": id }));
    Ok(Answer::Json(json!({ "AutomationExecutionId": id })))
}

fn words(id: &str, error: &AwsError) -> String {
    format!("{id}: {}: {}", error.code, error.message)
}

/// What a runbook is told, or else has by itself.
fn told<'a>(values: &'a [(&str, String)], name: &str) -> &'a str {
    values.iter().find(|(it, _)| *it == name).map_or("", |(_, value)| value.as_str())
}

/// The instances it is to work on: of these `Targets`, or the one of its own parameter.
fn targets(request: &Value, targets: Option<&Value>, one: Option<&str>) -> Result<Vec<String>, AwsError> {
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
fn change(
    world: &mut World,
    (place, principal): (&Place, &Principal),
    id: &str,
    values: &[(&str, String)],
) -> Result<(), AwsError> {
    let of = |name: &str| told(values, name);
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
    world.run_free(&call, |world, trail| crate::ec2::answer(world, &call, trail)).map(|_| ())
}

pub(super) fn get(world: &World, call: &Call) -> Result<Answer, AwsError> {
    let request = call.json()?;
    only(request, &["AutomationExecutionId"])?;
    let id = request.get("AutomationExecutionId").and_then(Value::as_str).unwrap_or_default();
    let found = world.ssm.executions.get(id).filter(|it| it.place == call.place);
    let it = found.ok_or_else(|| {
        AwsError::client("AutomationExecutionNotFoundException", format!("{id} does not exist"))
    })?;
    let status = it.status(world.now());
    let (done, failed) = it.counts;
    let mut execution = json!({
        "AutomationExecutionId": id, "DocumentName": it.document, "AutomationExecutionStatus": status,
        "ExecutionStartTime": jiff_seconds(it.started), "TargetParameterName": "InstanceId",
        "ProgressCounters": { "TotalSteps": done + failed, "SuccessSteps": done, "FailedSteps": failed },
    });
    let Some(members) = execution.as_object_mut() else { return Ok(Answer::Json(execution)) };
    for (name, value) in [("ParentAutomationExecutionId", &it.parent), ("Target", &it.target)] {
        if let Some(value) = value {
            members.insert(name.to_owned(), Value::from(value.as_str()));
        }
    }
    if let (Some(failure), "Failed") = (&it.failure, status) {
        members.insert("FailureMessage".to_owned(), Value::from(failure.as_str()));
    }
    if !it.steps.is_empty() {
        let ended = status != "InProgress";
        let steps = it.steps.iter().map(|it| it.describe(ended)).collect();
        members.insert("StepExecutions".to_owned(), Value::Array(steps));
    }
    Ok(Answer::Json(json!({ "AutomationExecution": execution })))
}
