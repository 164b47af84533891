//! What only people ask AWS for.

use jiff::Timestamp;
use serde_json::{Value, json};
use v2only_enforcer::automation::Runbook;
use v2only_enforcer::ports::{
    Answer, Execution, Invocation, Locations, LookUp, LookUpLaunches, Page, Progress, ReadHistory,
    ReadSoftware, RunAutomation, RunTrace, TraceOrder, TraceStep,
};
use v2only_enforcer::software::Application;
use v2only_enforcer::{Failure, Kind};
use v2only_policy::{HttpTokens, Instance, InstanceId, Place, Switch};

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
        let state = &mut *self.state();
        state.slept += time;
        if !std::mem::take(&mut state.busy_people) {
            return;
        }
        let open = |it: &&mut Instance| it.options.http_tokens != HttpTokens::Required;
        let mut open = state.instances.values_mut().filter(open);
        let (exempted, switched_off) = (open.next().unwrap(), open.next().unwrap());
        switched_off.options.http_endpoint = Switch::Disabled;
        for (key, value) in
            [("v2only:exempt-until", "2027-01-31"), ("v2only:exempt-reason", "just asked for")]
        {
            exempted.tags.insert(key.to_owned(), value.to_owned());
            for image in &mut state.images {
                image.tags.insert(key.to_owned(), value.to_owned());
            }
        }
    }

    /// Where people exempt one instance, and switch another off, while somebody waits.
    pub(crate) fn with_busy_people(self) -> Self {
        self.state().busy_people = true;
        self
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
        let in_time = |event: &Value| {
            let at: Timestamp = event["eventTime"].as_str().unwrap().parse().unwrap();
            until.is_none_or(|until| at <= until)
        };
        let items = self.state().launches.iter().filter(|it| names(it) && in_time(it)).cloned().collect();
        Ok(Page { items, next: None })
    }
}

impl ReadHistory for FakeAws {
    async fn history(&self, place: &Place, look_up: LookUp<'_>, next: Option<String>) -> Answer<Page<Value>> {
        assert_eq!(next, None);
        let (target, word) = match look_up {
            LookUp::Instance(id) => (id.as_str(), id.as_str()),
            LookUp::Notebook(name) => (name.as_str(), name.as_str()),
            LookUp::ModifiedOptions => ("modified options", "ModifyInstanceMetadataOptions"),
            LookUp::Launches => ("launches", "RunInstances"),
            LookUp::Action(name) => (name, name),
        };
        self.call("cloudtrail:LookupEvents", Some(place), target)?;
        let named = |it: &&Value| it.to_string().contains(word);
        Ok(Page { items: self.state().launches.iter().filter(named).cloned().collect(), next: None })
    }
}

impl ReadSoftware for FakeAws {
    async fn applications(
        &self,
        place: &Place,
        id: &InstanceId,
        next: Option<String>,
    ) -> Answer<Page<Application>> {
        self.call("ssm:ListInventoryEntries", Some(place), id.as_str())?;
        let state = self.state();
        let all = state.installed.get(id).map_or(&[][..], Vec::as_slice);
        // A page holds one application.
        let at: usize = next.map_or(0, |it| it.parse().unwrap());
        let items = all.iter().skip(at).take(1).cloned().collect();
        Ok(Page { items, next: (at + 1 < all.len()).then(|| (at + 1).to_string()) })
    }
}

impl RunTrace for FakeAws {
    async fn start_trace(&self, place: &Place, id: &InstanceId, order: TraceOrder) -> Answer<String> {
        let at_boot = order.at_boot.map(|it| format!(" at-boot {}", it.code())).unwrap_or_default();
        let what = format!("{} {id} {}{at_boot}", place.region, order.seconds);
        self.call("ssm:SendCommand", Some(place), what)?;
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

impl RunAutomation for FakeAws {
    async fn start_automation(&self, place: &Place, runbook: &Runbook, ids: &[InstanceId]) -> Answer<String> {
        let what = format!("{} {}: {}", place.region, told(runbook), named(ids));
        self.call("ssm:StartAutomationExecution", Some(place), what)?;
        Ok(self.executed(runbook, &[(place.clone(), ids.to_vec())]))
    }

    async fn start_automation_at(
        &self,
        central: &Place,
        runbook: &Runbook,
        locations: &Locations<'_>,
    ) -> Answer<String> {
        let at: Vec<String> =
            locations.at.iter().map(|(place, ids)| format!("{place} {}", named(ids))).collect();
        let may_fail = locations.may_fail.map_or_else(|| "all".to_owned(), |it| it.to_string());
        let rate = format!("{} side by side, {may_fail} may fail", locations.side_by_side);
        let roles = format!("as {}", locations.role);
        let what = format!("from {central} {roles}, {rate}, {}: {}", told(runbook), at.join(", "));
        self.call("ssm:StartAutomationExecution", Some(central), what)?;
        Ok(self.executed(runbook, &locations.at))
    }

    async fn automation(&self, place: &Place, execution: &str) -> Answer<Execution> {
        self.call("ssm:GetAutomationExecution", Some(place), execution)?;
        let state = self.state();
        let asked = state
            .calls
            .iter()
            .filter(|(action, what)| *action == "ssm:GetAutomationExecution" && what == execution);
        let missed = state.automation_missed.clone();
        Ok(match (asked.count(), &state.automation_ends) {
            (1, _) => Execution::Going,
            (_, None) => Execution::Succeeded { missed },
            (_, Some((how, why))) => Execution::Ended { how: how.clone(), why: why.clone(), missed },
        })
    }
}

fn told(runbook: &Runbook) -> String {
    let told: Vec<String> =
        runbook.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{} {}", runbook.document, told.join(" "))
}

fn named(ids: &[InstanceId]) -> String {
    ids.iter().map(InstanceId::as_str).collect::<Vec<_>>().join(" ")
}

impl FakeAws {
    /// A runbook did its work, but where it is said not to have done it.
    fn executed(&self, runbook: &Runbook, at: &[(Place, Vec<InstanceId>)]) -> String {
        let mut state = self.state();
        state.executed += 1;
        let at = at.iter().filter(|(place, _)| !state.automation_missed.contains_key(place));
        let deaf = state.deaf;
        let all: Vec<_> =
            at.flat_map(|(place, ids)| ids.iter().map(|id| (place.region.clone(), id.clone()))).collect();
        for key in all.iter().filter(|_| !deaf) {
            let it = state.instances.get_mut(key).unwrap();
            // As the runbook has it where it is not told.
            let says = runbook.parameters.get("EnforceIMDSv2").map_or("required", String::as_str);
            it.options.http_tokens =
                if says == "required" { HttpTokens::Required } else { HttpTokens::Optional };
            let hops: u8 = runbook.parameters["HttpPutResponseHopLimit"].parse().unwrap();
            it.options.hop_limit = if hops > 0 { Some(hops) } else { it.options.hop_limit };
        }
        format!("execution-{}", state.executed)
    }

    /// Executions do nothing in this Region, and say so.
    pub(crate) fn automation_missing(self, region: &str, why: &str) -> Self {
        let place = Place {
            account: v2only_policy::AccountId::parse(ACCOUNT).unwrap(),
            region: v2only_policy::Region::parse(region).unwrap(),
        };
        self.state().automation_missed.insert(place, why.to_owned());
        self
    }
}

impl FakeAws {
    /// Executions end like this.
    pub(crate) fn automation_ending(self, how: &str, why: &str) -> Self {
        self.state().automation_ends = Some((how.to_owned(), why.to_owned()));
        self
    }
}
