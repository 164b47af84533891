//! Commands on instances, and their inventory. Source of every shape: AWS Systems Manager API Reference, `SendCommand`,
//! `GetCommandInvocation` and `ListInventoryEntries`.

use std::collections::HashMap;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::CommandInvocationStatus as Status;
use v2only_enforcer::ports::{
    Answer, Invocation, Page, Progress, ReadSoftware, RunTrace, TraceOrder, TraceStep,
};
use v2only_enforcer::software::Application;
use v2only_enforcer::{Failure, Kind};
use v2only_policy::{InstanceId, Place};

use crate::call::Call;
use crate::connect::Aws;

/// The document that `infra/` deploys.
const DOCUMENT: &str = "v2only-TraceImdsV1";
/// For how long the agent of an instance may take to fetch the command.
const DELIVERED_WITHIN: i32 = 120;

/// The inventory type that lists applications.
const APPLICATIONS: &str = "AWS:Application";
/// The largest page Systems Manager gives.
const PAGE: i32 = 50;

impl ReadSoftware for Aws {
    async fn applications(
        &self,
        place: &Place,
        id: &InstanceId,
        next: Option<String>,
    ) -> Answer<Page<Application>> {
        let call = Call::ListInventoryEntries;
        let client = Client::new(&self.config(place).await?);
        self.turn(Some(place), call).await?;
        let request = client
            .list_inventory_entries()
            .instance_id(id.as_str())
            .type_name(APPLICATIONS)
            .max_results(PAGE)
            .set_next_token(next);
        let answer = request.send().await.map_err(|it| self.failure(place, call, &it))?;
        let text = |entry: &HashMap<String, String>, key: &str| entry.get(key).cloned().unwrap_or_default();
        let entries = answer.entries().iter();
        let items = entries
            .map(|entry| Application { name: text(entry, "Name"), version: text(entry, "Version") })
            .collect();
        Ok(Page { items, next: answer.next_token().filter(|it| !it.is_empty()).map(str::to_owned) })
    }
}

impl RunTrace for Aws {
    async fn start_trace(&self, place: &Place, id: &InstanceId, order: TraceOrder) -> Answer<String> {
        let call = Call::SendCommand;
        let client = Client::new(&self.config(place).await?);
        self.turn(Some(place), call).await?;
        let mut request = client
            .send_command()
            .document_name(DOCUMENT)
            .instance_ids(id.as_str())
            .parameters("DurationSeconds", vec![order.seconds.to_string()])
            .timeout_seconds(DELIVERED_WITHIN)
            .comment("v2only readiness --trace");
        // A document of an earlier release refuses a parameter that it does not have.
        if let Some(at_boot) = order.at_boot {
            let words = at_boot.code();
            request = request
                .parameters("AtBoot", vec![words.to_owned()])
                .comment(format!("v2only readiness --trace --at-boot {words}"));
        }
        let answer = request.send().await.map_err(|it| self.failure(place, call, &it))?;
        let command = answer.command().and_then(|it| it.command_id()).map(str::to_owned);
        command.ok_or_else(|| Failure::new(Kind::Unknown, call.iam_action(), "AWS gave the command no id"))
    }

    async fn trace_step(
        &self,
        place: &Place,
        command: &str,
        id: &InstanceId,
        step: TraceStep,
    ) -> Answer<Option<Invocation>> {
        let call = Call::GetCommandInvocation;
        let client = Client::new(&self.config(place).await?);
        self.turn(Some(place), call).await?;
        let request = client
            .get_command_invocation()
            .command_id(command)
            .instance_id(id.as_str())
            .plugin_name(step.name());
        let answer = match request.send().await {
            Ok(answer) => answer,
            // Systems Manager shows a new command a moment later only.
            Err(error) if error.as_service_error().is_some_and(|it| it.is_invocation_does_not_exist()) => {
                return Ok(None);
            }
            Err(error) => return Err(self.failure(place, call, &error)),
        };
        let text = |it: Option<&str>| it.unwrap_or_default().to_owned();
        let details = text(answer.status_details());
        let progress = match answer.status() {
            Some(Status::Success) => Progress::Succeeded,
            Some(Status::Failed | Status::Cancelled | Status::TimedOut) => Progress::Ended(details),
            // Pending, Delayed, InProgress, Cancelling, and words this release does not know.
            _ => Progress::Going,
        };
        Ok(Some(Invocation {
            progress,
            output: text(answer.standard_output_content()),
            errors: text(answer.standard_error_content()),
        }))
    }
}
