//! Runbooks. Source of every shape: AWS Systems Manager API Reference, `StartAutomationExecution` and
//! `GetAutomationExecution`.

use aws_sdk_ssm::Client;
use aws_sdk_ssm::types as sdk;
use aws_sdk_ssm::types::AutomationExecutionStatus as Status;
use v2only_enforcer::automation::Runbook;
use v2only_enforcer::ports::{Answer, Execution, RunAutomation};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::{InstanceId, Place};

use crate::call::Call;
use crate::connect::Aws;

/// How many instances a runbook works on side by side: AWS's default, said.
const AT_ONCE: &str = "10";
/// It goes on after one instance on which it failed, and stops at the second.
const ERRORS: &str = "1";

impl RunAutomation for Aws {
    async fn start_automation(&self, place: &Place, runbook: &Runbook, ids: &[InstanceId]) -> Answer<String> {
        let call = Call::StartAutomationExecution;
        let client = Client::new(&self.config(place).await?);
        self.turn(Some(place), call).await?;
        let target = sdk::Target::builder()
            .key("ParameterValues")
            .set_values(Some(ids.iter().map(|it| it.as_str().to_owned()).collect()))
            .build();
        let mut request = client
            .start_automation_execution()
            .document_name(runbook.document)
            .target_parameter_name("InstanceId")
            .targets(target)
            .max_concurrency(AT_ONCE)
            .max_errors(ERRORS);
        for (name, value) in &runbook.parameters {
            request = request.parameters(*name, vec![value.clone()]);
        }
        let answer = request.send().await.map_err(|it| self.failure(place, call, &it))?;
        let execution = answer.automation_execution_id().map(str::to_owned);
        execution
            .ok_or_else(|| Failure::new(Kind::Unknown, call.iam_action(), "AWS gave the execution no id"))
    }

    async fn automation(&self, place: &Place, execution: &str) -> Answer<Execution> {
        let call = Call::GetAutomationExecution;
        let client = Client::new(&self.config(place).await?);
        self.turn(Some(place), call).await?;
        let request = client.get_automation_execution().automation_execution_id(execution);
        let answer = request.send().await.map_err(|it| self.failure(place, call, &it))?;
        let Some(it) = answer.automation_execution() else { return Ok(Execution::Going) };
        let ended = |how: &Status| Execution::Ended {
            how: how.as_str().to_owned(),
            why: it.failure_message().unwrap_or_default().to_owned(),
        };
        Ok(match it.automation_execution_status() {
            Some(Status::Success | Status::CompletedWithSuccess) => Execution::Succeeded,
            Some(
                how @ (Status::Cancelled
                | Status::Failed
                | Status::Timedout
                | Status::Rejected
                | Status::CompletedWithFailure
                | Status::Exited
                | Status::ChangeCalendarOverrideRejected),
            ) => ended(how),
            _ => Execution::Going,
        })
    }
}
