//! The installation that stands in it.

use v2only_enforcer::ports::Answer;
use v2only_installation::ports::{
    Control, Function, Mapping, Parameter, Queue, ReadInstallation, Rule, Schedule, Selectors, Target, Trail,
};
use v2only_policy::{AccountId, Place};

use crate::fake_deployment::{hub, selectors};

use super::FakeAws;

impl ReadInstallation for FakeAws {
    async fn trails(&self, place: &Place) -> Answer<Vec<Trail>> {
        self.call("cloudtrail:DescribeTrails", Some(place), "")?;
        Ok(self.state().deployment.trails.clone())
    }

    async fn is_logging(&self, place: &Place, arn: &str) -> Answer<bool> {
        self.call("cloudtrail:GetTrailStatus", Some(place), arn)?;
        Ok(self.state().deployment.logging)
    }

    async fn selectors(&self, place: &Place, arn: &str) -> Answer<Selectors> {
        self.call("cloudtrail:GetEventSelectors", Some(place), arn)?;
        Ok(selectors())
    }

    async fn rule(&self, place: &Place, bus: &str, name: &str) -> Answer<Option<Rule>> {
        self.call("events:DescribeRule", Some(place), name)?;
        let key = (place.clone(), bus.to_owned(), name.to_owned());
        Ok(self.state().deployment.rules.get(&key).map(|it| it.0.clone()))
    }

    async fn targets(&self, place: &Place, bus: &str, rule: &str) -> Answer<Vec<Target>> {
        self.call("events:ListTargetsByRule", Some(place), rule)?;
        let key = (place.clone(), bus.to_owned(), rule.to_owned());
        Ok(self.state().deployment.rules.get(&key).map(|it| it.1.clone()).unwrap_or_default())
    }

    async fn bus_policy(&self, place: &Place, name: &str) -> Answer<Option<String>> {
        self.call("events:DescribeEventBus", Some(place), name)?;
        Ok(self.state().deployment.bus.clone().filter(|_| *place == hub()))
    }

    async fn queue(&self, place: &Place, name: &str) -> Answer<Option<Queue>> {
        self.call("sqs:GetQueueAttributes", Some(place), name)?;
        Ok(self.state().deployment.queues.get(&(place.clone(), name.to_owned())).cloned())
    }

    async fn function(&self, place: &Place, name: &str) -> Answer<Option<Function>> {
        self.call("lambda:GetFunction", Some(place), name)?;
        Ok(self.state().deployment.functions.get(name).map(|it| it.0.clone()))
    }

    async fn mappings(&self, place: &Place, function: &str) -> Answer<Vec<Mapping>> {
        self.call("lambda:ListEventSourceMappings", Some(place), function)?;
        Ok(self.state().deployment.functions.get(function).map(|it| it.1.clone()).unwrap_or_default())
    }

    async fn schedule(&self, place: &Place, name: &str) -> Answer<Option<Schedule>> {
        self.call("scheduler:GetSchedule", Some(place), name)?;
        Ok(self.state().deployment.schedules.get(name).cloned())
    }

    async fn parameter_at(&self, place: &Place, name: &str) -> Answer<Option<Parameter>> {
        self.call("ssm:GetParameter", Some(place), name)?;
        Ok(self.state().deployment.parameter.clone())
    }

    async fn enter(&self, place: &Place, role: &str, external_id: Option<&str>) -> Answer<()> {
        self.call("sts:AssumeRole", Some(place), format!("{role} {}", external_id.unwrap_or_default()))
    }

    async fn controls(&self, account: &AccountId) -> Answer<Vec<Control>> {
        self.call("organizations:ListPoliciesForTarget", None, account.as_str())?;
        Ok(self.state().deployment.controls.clone())
    }
}
