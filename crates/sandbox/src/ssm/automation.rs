//! Automation: the two runbooks of AWS that change metadata options.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartAutomationExecution.html>
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetAutomationExecution.html>
//! <https://docs.aws.amazon.com/systems-manager-automation-runbooks/latest/userguide/automation-awssupport-configureec2metadata.html>
//!
//! Not simulated: that the runbooks sleep, that their targets take turns, and what a role may. The
//! changes are made at once, as calls of the role if there is one, and the execution has ended a
//! second later.

mod locations;
mod rate;
mod runbook;

use serde_json::{Value, json};

use super::execution::Execution;
use super::json::{jiff_seconds, only};
use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::identity::Principal;
use crate::trail::Trail;
use crate::world::World;
use runbook::{change, failure_text, runbook, targets, value_of};

pub(super) fn start(world: &mut World, call: &Call, trail: &mut Trail) -> Result<Answer, AwsError> {
    let request = call.json()?;
    let known = [
        "ClientToken",
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
    let token = (call.place.clone(), text("ClientToken").to_ascii_lowercase());
    if let Some((before, id)) = world.ssm.started.get(&token) {
        if before != request {
            let why = "the client token belongs to a request with other parameters";
            return Err(AwsError::client("IdempotentParameterMismatch", why));
        }
        trail.response(json!({ "automationExecutionId": id }));
        return Ok(Answer::Json(json!({ "AutomationExecutionId": id })));
    }
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
        let principal = match value_of(&values, "AutomationAssumeRole").rsplit_once(":role/") {
            Some((_, role)) => Principal::session(&call.place, role, "Automation", world.now()),
            None => call.principal.clone(),
        };
        let (mut done, mut failures) = (0, Vec::new());
        for id in &ids {
            match change(world, (&call.place, &principal), id, &values) {
                Ok(()) => done += 1,
                Err(error) => failures.push(failure_text(id, &error)),
            }
            if failures.len() > most {
                break;
            }
        }
        let execution = Execution::of(world.now(), &call.place, &document, done, &failures);
        let id = world.ids.uuid();
        world.ssm.executions.insert(id.clone(), execution);
        id
    };
    if !token.1.is_empty() {
        world.ssm.started.insert(token, (request.clone(), id.clone()));
    }
    trail.response(json!({ "automationExecutionId": id }));
    Ok(Answer::Json(json!({ "AutomationExecutionId": id })))
}

pub(super) fn get(world: &World, call: &Call) -> Result<Answer, AwsError> {
    let request = call.json()?;
    only(request, &["AutomationExecutionId"])?;
    let id = request.get("AutomationExecutionId").and_then(Value::as_str).unwrap_or_default();
    let found = world.ssm.executions.get(id).filter(|it| it.place == call.place);
    let recorded = found.ok_or_else(|| {
        AwsError::client("AutomationExecutionNotFoundException", format!("{id} does not exist"))
    })?;
    let status = recorded.status(world.now());
    let (done, failed) = recorded.counts;
    let mut execution = json!({
        "AutomationExecutionId": id, "DocumentName": recorded.document, "AutomationExecutionStatus": status,
        "ExecutionStartTime": jiff_seconds(recorded.started), "TargetParameterName": "InstanceId",
        "ProgressCounters": { "TotalSteps": done + failed, "SuccessSteps": done, "FailedSteps": failed },
    });
    let Some(members) = execution.as_object_mut() else { return Ok(Answer::Json(execution)) };
    for (name, value) in [("ParentAutomationExecutionId", &recorded.parent), ("Target", &recorded.target)] {
        if let Some(value) = value {
            members.insert(name.to_owned(), Value::from(value.as_str()));
        }
    }
    if let (Some(failure), "Failed") = (&recorded.failure, status) {
        members.insert("FailureMessage".to_owned(), Value::from(failure.as_str()));
    }
    if !recorded.steps.is_empty() {
        let ended = status != "InProgress";
        let steps = recorded.steps.iter().map(|step| step.describe(ended)).collect();
        members.insert("StepExecutions".to_owned(), Value::Array(steps));
    }
    Ok(Answer::Json(json!({ "AutomationExecution": execution })))
}
