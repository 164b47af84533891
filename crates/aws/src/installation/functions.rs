//! Functions and what feeds them. Source: AWS Lambda API Reference, `GetFunction`, `ListEventSourceMappings`.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::types::{EventSourceMappingConfiguration, FunctionResponseType};
use v2only_enforcer::ports::Answer;
use v2only_installation::ports::{Function, Mapping};
use v2only_policy::Place;

use super::{if_there, unusable};
use crate::call::Call;
use crate::connect::Aws;

/// How CloudFormation marks what a stack made.
const STACK_TAG: &str = "aws:cloudformation:stack-name";

impl Aws {
    pub(super) async fn read_function(&self, place: &Place, name: &str) -> Answer<Option<Function>> {
        let call = Call::GetFunction;
        let client = Client::new(&self.config(place).await?);
        self.turn(Some(place), call).await?;
        let answer = client.get_function().function_name(name).send().await;
        let Some(found) = if_there(answer.map_err(|it| self.failure(place, call, &it)))? else {
            return Ok(None);
        };
        function(&found).ok_or_else(|| unusable(call, "the configuration of the function")).map(Some)
    }

    pub(super) async fn read_mappings(&self, place: &Place, function: &str) -> Answer<Vec<Mapping>> {
        let call = Call::ListEventSourceMappings;
        let client = Client::new(&self.config(place).await?);
        let (mut all, mut next) = (Vec::new(), None);
        loop {
            self.turn(Some(place), call).await?;
            let request = client.list_event_source_mappings().function_name(function).set_marker(next.take());
            let page = request.send().await.map_err(|it| self.failure(place, call, &it))?;
            all.extend(page.event_source_mappings().iter().map(mapping));
            next = page.next_marker.filter(|it| !it.is_empty());
            if next.is_none() {
                return Ok(all);
            }
        }
    }
}

fn function(found: &GetFunctionOutput) -> Option<Function> {
    let it = found.configuration()?;
    let text = |it: Option<&str>| it.unwrap_or_default().to_owned();
    let environment = match it.environment() {
        None => Some(std::collections::BTreeMap::new()),
        Some(it) if it.error().is_some() => None,
        Some(it) => Some(it.variables().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect()),
    };
    Some(Function {
        arn: text(it.function_arn()),
        runtime: text(it.runtime().map(|it| it.as_str())),
        architecture: text(it.architectures().first().map(|it| it.as_str())),
        timeout: it.timeout().unwrap_or_default(),
        role: text(it.role()),
        code_sha256: text(it.code_sha256()),
        state: text(it.state().map(|it| it.as_str())),
        state_reason: it.state_reason().or(it.last_update_status_reason()).map(str::to_owned),
        last_update: text(it.last_update_status().map(|it| it.as_str())),
        environment,
        reserved: found.concurrency().and_then(|it| it.reserved_concurrent_executions()),
        stack: found.tags().and_then(|it| it.get(STACK_TAG)).cloned(),
    })
}

fn mapping(it: &EventSourceMappingConfiguration) -> Mapping {
    Mapping {
        uuid: it.uuid().unwrap_or_default().to_owned(),
        source: it.event_source_arn().unwrap_or_default().to_owned(),
        state: it.state().unwrap_or_default().to_owned(),
        reports_failures: it
            .function_response_types()
            .contains(&FunctionResponseType::ReportBatchItemFailures),
        filters: it.filter_criteria().is_some_and(|it| !it.filters().is_empty()),
    }
}
