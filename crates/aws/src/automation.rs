//! Runbooks. Source of every shape: AWS Systems Manager API Reference, `StartAutomationExecution` and
//! `GetAutomationExecution`.

use std::collections::BTreeMap;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::operation::start_automation_execution::builders::StartAutomationExecutionFluentBuilder;
use aws_sdk_ssm::types as sdk;
use aws_sdk_ssm::types::AutomationExecutionStatus as Status;
use v2only_enforcer::automation::Runbook;
use v2only_enforcer::ports::{Answer, Execution, Locations, RunAutomation};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::{AccountId, InstanceId, Place, Region};

use crate::call::Call;
use crate::connect::Aws;

/// How many instances a runbook works on side by side: AWS's default, said.
const AT_ONCE: &str = "10";
/// It goes on after one instance on which it failed, and stops at the second.
const ERRORS: &str = "1";

/// The parameter by which a runbook is told its instance.
const INSTANCES: &str = "InstanceId";
/// All of them: it goes on whatever fails.
const ALL: &str = "100%";

impl RunAutomation for Aws {
    async fn start_automation(&self, place: &Place, runbook: &Runbook, ids: &[InstanceId]) -> Answer<String> {
        let call = Call::StartAutomationExecution;
        let client = Client::new(&self.config(place).await?);
        self.turn(Some(place), call).await?;
        let request = told(&client, runbook).targets(target(ids)).max_concurrency(AT_ONCE).max_errors(ERRORS);
        let answer = request.send().await.map_err(|it| self.failure(place, call, &it))?;
        started(answer.automation_execution_id())
    }

    async fn start_automation_at(
        &self,
        central: &Place,
        runbook: &Runbook,
        locations: &Locations<'_>,
    ) -> Answer<String> {
        let call = Call::StartAutomationExecution;
        let client = Client::new(&self.config(central).await?);
        self.turn(Some(central), call).await?;
        let may_fail = locations.may_fail.map_or_else(|| ALL.to_owned(), |it| it.to_string());
        let location = |(place, ids): &(Place, Vec<InstanceId>)| {
            sdk::TargetLocation::builder()
                .accounts(place.account.as_str())
                .regions(place.region.as_str())
                .execution_role_name(locations.role)
                .target_location_max_concurrency(locations.side_by_side.to_string())
                .target_location_max_errors(&may_fail)
                .targets(target(ids))
                .targets_max_concurrency(AT_ONCE)
                .targets_max_errors(ERRORS)
                .build()
        };
        let request =
            told(&client, runbook).set_target_locations(Some(locations.at.iter().map(location).collect()));
        let answer = request.send().await.map_err(|it| self.failure(central, call, &it))?;
        started(answer.automation_execution_id())
    }

    async fn automation(&self, place: &Place, execution: &str) -> Answer<Execution> {
        let call = Call::GetAutomationExecution;
        let client = Client::new(&self.config(place).await?);
        self.turn(Some(place), call).await?;
        let request = client.get_automation_execution().automation_execution_id(execution);
        let answer = request.send().await.map_err(|it| self.failure(place, call, &it))?;
        let Some(it) = answer.automation_execution() else { return Ok(Execution::Going) };
        let missed = missed(it.step_executions());
        Ok(match it.automation_execution_status() {
            Some(Status::Success | Status::CompletedWithSuccess) => Execution::Succeeded { missed },
            Some(how) if is_end(how) => {
                let why = it.failure_message().unwrap_or_default().to_owned();
                Execution::Ended { how: how.as_str().to_owned(), why, missed }
            }
            _ => Execution::Going,
        })
    }
}

/// A request to start a runbook with all that it is told but which instances. The SDK may repeat it: AWS starts one execution for
/// each token.
fn told(client: &Client, runbook: &Runbook) -> StartAutomationExecutionFluentBuilder {
    let mut request = client
        .start_automation_execution()
        .client_token(uuid::Uuid::new_v4().to_string())
        .document_name(runbook.document)
        .target_parameter_name(INSTANCES);
    for (name, value) in &runbook.parameters {
        request = request.parameters(*name, vec![value.clone()]);
    }
    request
}

fn target(ids: &[InstanceId]) -> sdk::Target {
    let values = ids.iter().map(|it| it.as_str().to_owned()).collect();
    sdk::Target::builder().key("ParameterValues").set_values(Some(values)).build()
}

fn started(execution: Option<&str>) -> Answer<String> {
    let action = Call::StartAutomationExecution.iam_action();
    execution
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(Kind::Unknown, action, "AWS gave the execution no id"))
}

/// Whether it is one of those that did not succeed and are final.
const fn is_end(status: &Status) -> bool {
    matches!(
        status,
        Status::Cancelled
            | Status::Failed
            | Status::Timedout
            | Status::Rejected
            | Status::CompletedWithFailure
            | Status::Exited
            | Status::ChangeCalendarOverrideRejected
    )
}

/// The places whose step ended badly: an execution for several has a step for each.
fn missed(steps: &[sdk::StepExecution]) -> BTreeMap<Place, String> {
    let mut missed = BTreeMap::new();
    for step in steps {
        let (Some(how), Some(at)) = (step.step_status().filter(|it| is_end(it)), step.target_location())
        else {
            continue;
        };
        let why = step.failure_message().unwrap_or(how.as_str());
        for account in at.accounts().iter().filter_map(|it| AccountId::parse(it).ok()) {
            for region in at.regions().iter().filter_map(|it| Region::parse(it).ok()) {
                missed.insert(Place { account: account.clone(), region }, why.to_owned());
            }
        }
    }
    missed
}
