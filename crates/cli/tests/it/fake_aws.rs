//! An AWS with a handful of resources that notes every call.

#[path = "fake_aws/cloud.rs"]
mod cloud;
#[path = "fake_aws/deployment.rs"]
mod deployment;
#[path = "fake_aws/findings.rs"]
mod findings;
#[path = "fake_aws/instances.rs"]
mod instances;
#[path = "fake_aws/notebooks.rs"]
mod notebooks;
#[path = "fake_aws/operator.rs"]
pub(crate) mod operator;
#[path = "fake_aws/others.rs"]
mod others;
#[path = "fake_aws/sources.rs"]
mod sources;
#[path = "fake_aws/surfaces.rs"]
mod surfaces;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::Value;
use v2only_enforcer::ports::{Answer, ControlFinding, DeliveredByV1, Metric, Page, RoleDetail};
use v2only_enforcer::software::Application;
use v2only_enforcer::{Failure, Kind};
use v2only_policy::instance::{HttpTokens, Instance, InstanceState, MetadataOptions, Switch};
use v2only_policy::notebook::{MinimumVersion, Notebook, NotebookStatus, Platform};
use v2only_policy::source::{Consumer, ConsumerKind, Image, LaunchConfiguration, LaunchTemplate};
use v2only_policy::usage::{Counted, Lately, first_day};
use v2only_policy::{AccountDefaults, InstanceId, NotebookName, Place, Region, Surface, Switches, Tags};

use crate::fake_deployment::Deployment;

/// As many instances as AWS describes at once.
const PAGE: usize = 1000;

pub(crate) const ACCOUNT: &str = "111122223333";

/// Handed in, and kept by the test to ask about afterwards.
#[derive(Clone, Default)]
pub(crate) struct FakeAws(Arc<Mutex<State>>);

/// What somebody else does.
type Deed = fn(&FakeAws);

#[derive(Default)]
struct State {
    home: Option<Region>,
    enabled: BTreeSet<Region>,
    call_takes: Duration,
    instances: BTreeMap<(Region, InstanceId), Instance>,
    notebooks: BTreeMap<(Region, NotebookName), Notebook>,
    counted: BTreeMap<(InstanceId, Metric), Counted>,
    lately: BTreeMap<InstanceId, Lately>,
    failures: Vec<(&'static str, Option<&'static str>, Failure)>,
    surfaces: Vec<(Place, Surface)>,
    surface_usage: BTreeMap<String, Counted>,
    inventory: (Vec<String>, Vec<String>),
    roles: Vec<RoleDetail>,
    /// Sources, which are in every Region.
    defaults: Option<AccountDefaults>,
    templates: Vec<LaunchTemplate>,
    /// Before which call somebody makes a version of every launch template.
    rival: Option<&'static str>,
    /// Whether that version allows version 1.
    rival_is_open: bool,
    images: Vec<Image>,
    /// Groups and fleets.
    consumers: Vec<Consumer>,
    configurations: Vec<LaunchConfiguration>,
    /// Records of launches, the newest first.
    launches: Vec<serde_json::Value>,
    /// What instances print when they are traced; others are not managed.
    traces: BTreeMap<InstanceId, operator::Traced>,
    /// What the inventory of Systems Manager lists.
    installed: BTreeMap<InstanceId, Vec<Application>>,
    slept: std::time::Duration,
    /// Whether people exempt one instance, and switch another off, while somebody waits.
    busy_people: bool,
    /// What Security Hub holds, by id.
    findings: BTreeMap<String, Value>,
    refused_findings: Vec<&'static str>,
    /// What AWS's own controls found.
    controls: Vec<ControlFinding>,
    deployment: Deployment,
    /// The accounts of the organization that can be entered, with their names; ours and one that cannot without these.
    members: Vec<(&'static str, &'static str)>,
    /// The account that manages the organization.
    management: Option<&'static str>,
    /// Recorded calls with credentials of IMDSv1.
    delivered: DeliveredByV1,
    interrupted_after: Option<usize>,
    executed: usize,
    automation_ends: Option<(String, String)>,
    automation_missed: BTreeMap<Place, String>,
    deaf: bool,
    vanishing: bool,
    /// What somebody does before a call: the action, how many calls of it come first, and the deed.
    meanwhile: Vec<(&'static str, usize, Deed)>,
    calls: Vec<(&'static str, String)>,
}

pub(crate) fn region(code: &str) -> Region {
    Region::parse(code).unwrap()
}

/// An instance launched long ago that answers version 1.
pub(crate) fn instance(id: &str) -> Instance {
    Instance {
        id: InstanceId::parse(id).unwrap(),
        state: InstanceState::Running,
        options: MetadataOptions {
            http_tokens: HttpTokens::Optional,
            http_endpoint: Switch::Enabled,
            hop_limit: Some(1),
            switches: Switches::all(Switch::Disabled),
            pending: false,
        },
        managed_by: None,
        created_at: Some("2024-01-01T00:00:00Z".parse().unwrap()),
        started_at: Some("2026-11-12T08:30:00Z".parse().unwrap()),
        image: None,
        instance_type: None,
        profile: None,
        public_address: false,
        tags: Tags::new(),
    }
}

pub(crate) fn tagged(mut it: Instance, tags: &[(&str, &str)]) -> Instance {
    it.tags.extend(tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    it
}

/// A notebook on Amazon Linux 2023 that answers version 1.
pub(crate) fn notebook(name: &str, status: NotebookStatus) -> Notebook {
    Notebook {
        name: NotebookName::parse(name).unwrap(),
        arn: format!("arn:aws:sagemaker:eu-central-1:{ACCOUNT}:notebook-instance/{name}"),
        status,
        minimum_version: MinimumVersion::One,
        platform: Platform::AmazonLinux2023,
        instance_type: "ml.t3.medium".to_owned(),
        created_at: Some("2024-01-01T00:00:00Z".parse().unwrap()),
        failure_reason: None,
        tags: Tags::new(),
    }
}

impl FakeAws {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// The accounts of the organization; all have the same resources.
    pub(crate) fn members(self, members: &[(&'static str, &'static str)]) -> Self {
        self.state().members = members.to_vec();
        self
    }

    /// The inventory of an instance lists an application.
    pub(crate) fn installed(self, id: &str, name: &str, version: &str) -> Self {
        let it = Application { name: name.to_owned(), version: version.to_owned() };
        self.state().installed.entry(InstanceId::parse(id).unwrap()).or_default().push(it);
        self
    }

    /// The organization has this management account.
    pub(crate) fn managed_by(self, account: &'static str) -> Self {
        self.state().management = Some(account);
        self
    }

    /// With a Region from the profile.
    pub(crate) fn at_home(self, code: &str) -> Self {
        self.state().home = Some(region(code));
        self.state().enabled.insert(region(code));
        self
    }

    /// A person interrupts the run after so many changes.
    pub(crate) fn interrupted_after(self, changes: usize) -> Self {
        self.state().interrupted_after = Some(changes);
        self
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        let after = self.state().interrupted_after;
        after.is_some_and(|after| self.changes().len() >= after)
    }

    pub(crate) fn set_home(&self, home: Option<Region>) {
        self.state().home = home;
    }

    pub(crate) fn enabled(self, codes: &[&str]) -> Self {
        self.state().enabled.extend(codes.iter().map(|it| region(it)));
        self
    }

    pub(crate) fn instance(self, code: &str, it: Instance) -> Self {
        self.state().instances.insert((region(code), it.id.clone()), it);
        self
    }

    pub(crate) fn notebook(self, code: &str, it: Notebook) -> Self {
        self.state().notebooks.insert((region(code), it.name.clone()), it);
        self
    }

    /// What a metric of an instance was on each of the days before the tests' today, the nearest first; on those
    /// that come after there is no data.
    pub(crate) fn counted(self, id: &str, metric: Metric, daily: &[u64]) -> Self {
        let today = jiff::civil::date(2026, 11, 20);
        let days = (1..).zip(daily).map(|(ago, calls)| (first_day(today, ago), *calls)).collect();
        let key = (InstanceId::parse(id).unwrap(), metric);
        self.state().counted.insert(key, Counted { days, complete: true, ..Counted::default() });
        self
    }

    /// What `MetadataNoTokenRejected` of an instance comes to minutes after version 1 was closed; there is no data of the
    /// others.
    pub(crate) fn refused(self, id: &str, calls: u64) -> Self {
        let lately = Lately { calls, datapoints: 1, complete: true };
        self.state().lately.insert(InstanceId::parse(id).unwrap(), lately);
        self
    }

    /// Of the data of an instance only a part is given.
    pub(crate) fn in_part(self, id: &str) -> Self {
        for ((it, _), counted) in &mut self.state().counted {
            counted.complete &= it.as_str() != id;
        }
        self
    }

    pub(crate) fn defaults(self, it: AccountDefaults) -> Self {
        self.state().defaults = Some(it);
        self
    }

    pub(crate) fn deployed(self, it: Deployment) -> Self {
        self.state().deployment = it;
        self
    }

    pub(crate) fn template(self, it: LaunchTemplate) -> Self {
        self.state().templates.push(it);
        self
    }

    pub(crate) fn image(self, it: Image) -> Self {
        self.state().images.push(it);
        self
    }

    pub(crate) fn consumer(self, it: Consumer) -> Self {
        self.state().consumers.push(it);
        self
    }

    fn consumers(&self, kind: ConsumerKind) -> Answer<Page<Consumer>> {
        all(self.state().consumers.iter().filter(|it| it.kind == kind).cloned().collect())
    }

    pub(crate) fn configuration(self, it: LaunchConfiguration) -> Self {
        self.state().configurations.push(it);
        self
    }

    /// Every call of this action fails, in this Region or everywhere.
    pub(crate) fn failing(
        self,
        action: &'static str,
        region: Option<&'static str>,
        kind: Kind,
        code: &str,
        message: &str,
    ) -> Self {
        let failure = Failure {
            code: (!code.is_empty()).then(|| code.to_owned()),
            ..Failure::new(kind, action, message)
        };
        self.state().failures.push((action, region, failure));
        self
    }

    /// Accepts changes and does not make them.
    pub(crate) fn deaf(self) -> Self {
        self.state().deaf = true;
        self
    }

    /// Instances are gone as soon as they are restored.
    pub(crate) fn vanishing(self) -> Self {
        self.state().vanishing = true;
        self
    }

    /// Each call takes this long.
    pub(crate) fn taking(self, time: Duration) -> Self {
        self.state().call_takes = time;
        self
    }

    /// How long all calls took.
    pub(crate) fn took(&self) -> Duration {
        let state = self.state();
        state.call_takes * u32::try_from(state.calls.len()).unwrap()
    }

    /// The calls that changed something, in order.
    pub(crate) fn changes(&self) -> Vec<String> {
        let reading = ["Describe", "List", "Get", "Lookup"];
        let state = self.state();
        let changes = state.calls.iter().filter(|(action, _)| !reading.iter().any(|it| action.contains(it)));
        changes.map(|(action, what)| format!("{action} {what}")).collect()
    }

    /// How often an action was called.
    pub(crate) fn calls_of(&self, action: &str) -> usize {
        self.asked().into_iter().filter(|it| *it == action).count()
    }

    /// Security Hub does not take findings whose ids contain this.
    pub(crate) fn refusing_findings(self, part: &'static str) -> Self {
        self.state().refused_findings.push(part);
        self
    }

    /// What Security Hub holds.
    pub(crate) fn findings(&self) -> Vec<Value> {
        self.state().findings.values().cloned().collect()
    }

    /// Every instance.
    pub(crate) fn described(&self) -> Vec<Instance> {
        self.state().instances.values().cloned().collect()
    }

    /// All calls.
    pub(crate) fn asked(&self) -> Vec<&'static str> {
        self.state().calls.iter().map(|(action, _)| *action).collect()
    }

    /// What was asked for in each call of an action.
    pub(crate) fn asked_of(&self, action: &str) -> Vec<String> {
        let state = self.state();
        state.calls.iter().filter(|(it, _)| *it == action).map(|(_, what)| what.clone()).collect()
    }

    fn call(&self, action: &'static str, place: Option<&Place>, what: impl Into<String>) -> Answer<()> {
        self.others_act(action);
        let mut state = self.state();
        state.calls.push((action, what.into()));
        let here = |at: &Option<&str>| at.is_none_or(|it| place.is_some_and(|at| at.region.as_str() == it));
        match state.failures.iter().find(|(failing, at, _)| *failing == action && here(at)) {
            Some((_, _, failure)) => Err(failure.clone()),
            None => Ok(()),
        }
    }
}

fn all<T>(items: Vec<T>) -> Answer<Page<T>> {
    Ok(Page { items, next: None })
}
