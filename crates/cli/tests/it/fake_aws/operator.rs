//! What only people ask AWS for.

use jiff::Timestamp;
use serde_json::{Value, json};
use v2only_enforcer::ports::{Answer, Invocation, LookUpLaunches, Page, Progress, RunTrace, TraceStep};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::{InstanceId, Place};

use super::{ACCOUNT, FakeAws};

/// The record of a launch of these instances by a session of a role, or by a service that took the role on.
pub(crate) fn launch(at: &str, role: &str, session: &str, service: Option<&str>, ids: &[&str]) -> Value {
    let items: Vec<Value> = ids.iter().map(|id| json!({ "instanceId": id })).collect();
    let mut record = json!({
        "eventVersion": "1.11", "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances",
        "eventTime": at, "eventID": format!("launch of {}", ids.join(" ")), "awsRegion": "eu-central-1",
        "sourceIPAddress": "203.0.113.10", "recipientAccountId": ACCOUNT,
        "userIdentity": {
            "type": "AssumedRole", "accountId": ACCOUNT, "accessKeyId": "ASIAEXAMPLE000000000",
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"),
        },
        "requestParameters": {}, "responseElements": { "instancesSet": { "items": items } },
    });
    if let Some(service) = service {
        record["userIdentity"]["invokedBy"] = json!(service);
        record["sourceIPAddress"] = json!(service);
    }
    record
}

/// What a traced instance does.
#[derive(Clone)]
pub(crate) struct Traced {
    step: TraceStep,
    progress: Progress,
    output: String,
    errors: String,
    /// How often it says that it is not there yet, and that it goes on.
    looks: (usize, usize),
}

impl Traced {
    pub(crate) fn printing(step: TraceStep, output: &str) -> Self {
        let (progress, output) = (Progress::Succeeded, output.to_owned());
        Self { step, progress, output, errors: String::new(), looks: (1, 2) }
    }

    pub(crate) fn ending(how: &str, errors: &str) -> Self {
        let progress = Progress::Ended(how.to_owned());
        Self { progress, errors: errors.to_owned(), ..Self::printing(TraceStep::Linux, "") }
    }

    pub(crate) fn never_ending(self) -> Self {
        Self { looks: (0, usize::MAX), ..self }
    }
}

impl FakeAws {
    /// An instance that Systems Manager manages.
    pub(crate) fn traced(self, id: &str, it: Traced) -> Self {
        self.state().traces.insert(InstanceId::parse(id).unwrap(), it);
        self
    }

    pub(crate) fn slept(&self, time: std::time::Duration) {
        self.state().slept += time;
    }

    /// For how long was waited.
    pub(crate) fn waited(&self) -> std::time::Duration {
        self.state().slept
    }

    /// With the record of a launch in its CloudTrail.
    pub(crate) fn launched(self, record: Value) -> Self {
        self.state().launches.insert(0, record);
        self
    }
}

impl LookUpLaunches for FakeAws {
    async fn launches(
        &self,
        place: &Place,
        id: &InstanceId,
        until: Option<Timestamp>,
        next: Option<String>,
    ) -> Answer<Page<Value>> {
        assert_eq!(next, None);
        self.call("cloudtrail:LookupEvents", Some(place), id.as_str())?;
        let names = |it: &Value| it["responseElements"].to_string().contains(id.as_str());
        let in_time = |it: &Value| {
            let at: Timestamp = it["eventTime"].as_str().unwrap().parse().unwrap();
            until.is_none_or(|until| at <= until)
        };
        let items = self.state().launches.iter().filter(|it| names(it) && in_time(it)).cloned().collect();
        Ok(Page { items, next: None })
    }
}

impl RunTrace for FakeAws {
    async fn start_trace(&self, place: &Place, id: &InstanceId, seconds: u16) -> Answer<String> {
        self.call("ssm:SendCommand", Some(place), format!("{} {id} {seconds}", place.region))?;
        if self.state().traces.contains_key(id) {
            return Ok(format!("command of {id}"));
        }
        let why = "Instances not in a valid state for account";
        let failure = Failure::new(Kind::Invalid, "ssm:SendCommand", why);
        Err(Failure { code: Some("InvalidInstanceId".to_owned()), ..failure })
    }

    async fn trace_step(
        &self,
        place: &Place,
        command: &str,
        id: &InstanceId,
        step: TraceStep,
    ) -> Answer<Option<Invocation>> {
        self.call("ssm:GetCommandInvocation", Some(place), format!("{command} {}", step.name()))?;
        let mut state = self.state();
        let it = state.traces.get_mut(id).unwrap();
        if it.looks.0 > 0 {
            it.looks.0 -= 1;
            return Ok(None);
        }
        if step != it.step {
            let output =
                format!("Step execution skipped due to incompatible platform. Step name: {}", step.name());
            return Ok(Some(Invocation { progress: Progress::Succeeded, output, errors: String::new() }));
        }
        let progress = if it.looks.1 > 0 { Progress::Going } else { it.progress.clone() };
        it.looks.1 = it.looks.1.saturating_sub(1);
        Ok(Some(Invocation { progress, output: it.output.clone(), errors: it.errors.clone() }))
    }
}
