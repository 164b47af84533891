//! How an installation is read, for `doctor` and `uninstall-plan`. Nothing here writes, and nothing here is part
//! of a function.

mod controls;
mod functions;
mod queues;
mod rules;
mod trails;

use aws_sdk_scheduler::Client as Scheduler;
use aws_sdk_ssm::Client as Ssm;
use aws_sdk_sts::Client as Sts;
use v2only_enforcer::ports::Answer;
use v2only_enforcer::{Failure, Kind};
use v2only_installation::ports::{
    Control, Function, Mapping, Parameter, Queue, ReadInstallation, Rule, Schedule, Selectors, Target, Trail,
};
use v2only_policy::{AccountId, Place};

use crate::call::Call;
use crate::classify;
use crate::connect::Aws;

/// An answer of AWS, in which "there is no such thing" is one.
fn if_there<T>(answer: Answer<T>) -> Answer<Option<T>> {
    match answer {
        Ok(it) => Ok(Some(it)),
        Err(failure) if classify::says_absent(&failure) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// AWS answered without what the answer is about.
fn unusable(call: Call, what: &str) -> Failure {
    Failure::new(Kind::Unknown, call.iam_action(), format!("AWS answered without {what}"))
}

impl ReadInstallation for Aws {
    async fn trails(&self, place: &Place) -> Answer<Vec<Trail>> {
        self.read_trails(place).await
    }

    async fn is_logging(&self, place: &Place, arn: &str) -> Answer<bool> {
        self.read_is_logging(place, arn).await
    }

    async fn selectors(&self, place: &Place, arn: &str) -> Answer<Selectors> {
        self.read_selectors(place, arn).await
    }

    async fn rule(&self, place: &Place, bus: &str, name: &str) -> Answer<Option<Rule>> {
        self.read_rule(place, bus, name).await
    }

    async fn targets(&self, place: &Place, bus: &str, rule: &str) -> Answer<Vec<Target>> {
        self.read_targets(place, bus, rule).await
    }

    async fn bus_policy(&self, place: &Place, name: &str) -> Answer<Option<String>> {
        self.read_bus_policy(place, name).await
    }

    async fn queue(&self, place: &Place, name: &str) -> Answer<Option<Queue>> {
        self.read_queue(place, name).await
    }

    async fn function(&self, place: &Place, name: &str) -> Answer<Option<Function>> {
        self.read_function(place, name).await
    }

    async fn mappings(&self, place: &Place, function: &str) -> Answer<Vec<Mapping>> {
        self.read_mappings(place, function).await
    }

    async fn controls(&self, account: &AccountId) -> Answer<Vec<Control>> {
        self.read_controls(account).await
    }

    // Source: EventBridge Scheduler API Reference, `GetSchedule`.
    async fn schedule(&self, place: &Place, name: &str) -> Answer<Option<Schedule>> {
        let call = Call::GetSchedule;
        let client = Scheduler::new(&self.config(place).await?);
        self.turn(Some(place), call).await?;
        let answer = client.get_schedule().name(name).send().await;
        if_there(answer.map_err(|it| self.failure(place, call, &it)).map(|schedule| Schedule {
            state: schedule.state().map(|it| it.as_str().to_owned()).unwrap_or_default(),
            target: schedule.target().map(|it| it.arn().to_owned()).unwrap_or_default(),
            expression: schedule.schedule_expression().unwrap_or_default().to_owned(),
        }))
    }

    // Source: AWS Systems Manager API Reference, `GetParameter`.
    async fn parameter_at(&self, place: &Place, name: &str) -> Answer<Option<Parameter>> {
        let call = Call::GetParameter;
        let client = Ssm::new(&self.config(place).await?);
        self.turn(Some(place), call).await?;
        let request = client.get_parameter().name(name).with_decryption(true);
        let answer = request.send().await.map_err(|it| self.failure(place, call, &it));
        let Some(answer) = if_there(answer)? else { return Ok(None) };
        let found = answer.parameter().ok_or_else(|| unusable(call, "the parameter"))?;
        Ok(Some(Parameter {
            value: found.value().ok_or_else(|| unusable(call, "its value"))?.to_owned(),
            kind: found.r#type().map(|it| it.as_str().to_owned()).unwrap_or_default(),
        }))
    }

    // Source: AWS Security Token Service API Reference, `AssumeRole`.
    async fn enter(&self, place: &Place, role: &str, external_id: Option<&str>) -> Answer<()> {
        let call = Call::AssumeRole;
        self.turn(Some(place), call).await?;
        let arn = place.role_arn(role);
        let request = Sts::new(self.base())
            .assume_role()
            .role_arn(arn)
            .role_session_name("v2only-doctor")
            .set_external_id(external_id.map(str::to_owned));
        request.send().await.map(drop).map_err(|it| classify::failure(call, &it))
    }
}
