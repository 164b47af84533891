//! An AWS with a handful of resources that notes every call.

#[path = "fake_aws/operator.rs"]
pub(crate) mod operator;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use v2only::Cloud;
use v2only_enforcer::ports::{
    Admission, Answer, ChangeDefaults, ChangeLaunchTemplate, Changed, DescribeInstances, DescribeNotebook,
    Group, ImportFindings, KnownFinding, ListGroups, ListImages, ListInstances, ListLaunchTemplates,
    ListNotebooks, Listing, MarkImage, Metric, NewVersion, OrganizationalUnits, Page, ReadDefaults,
    ReadFindings, ReadParameter, ReadUsage, RefusedFinding, RestoreDefaults, RestoreInstance,
    RestoreNotebook, StartNotebook, StopNotebook, TagInstance, TagNotebook, TightenInstance, UpdateNotebook,
};
use v2only_enforcer::ports::{
    Control, EnterAccount, Function, Mapping, Parameter, Queue, ReadControls, ReadFunctions, ReadParameterAt,
    ReadQueues, ReadRules, ReadSchedules, ReadTrails, Rule, Schedule, Selectors, Target, Trail,
};
use v2only_enforcer::record::Posture;
use v2only_enforcer::rollback::{DefaultsStep, Step};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::instance::{HttpTokens, Instance, InstanceState, MetadataOptions, Switch};
use v2only_policy::notebook::{MinimumVersion, Notebook, NotebookStatus, Platform};
use v2only_policy::source::{Image, LaunchConfiguration, LaunchTemplate, TemplateVersion};
use v2only_policy::usage::{Counted, Lately, first_day};
use v2only_policy::{
    AccountDefaults, AccountId, DefaultsChange, ImageId, ImdsSupport, InstanceChange, InstanceId,
    LaunchTemplateId, NotebookName, OuId, Place, Region, Tags,
};

use crate::fake_deployment::{Deployment, hub, selectors};

/// As many instances as AWS describes at once.
const PAGE: usize = 1000;

pub(crate) const ACCOUNT: &str = "111122223333";

/// Handed in, and kept by the test to ask about afterwards.
#[derive(Clone, Default)]
pub(crate) struct FakeAws(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    home: Option<Region>,
    enabled: BTreeSet<Region>,
    instances: BTreeMap<(Region, InstanceId), Instance>,
    notebooks: BTreeMap<(Region, NotebookName), Notebook>,
    counted: BTreeMap<(InstanceId, Metric), Counted>,
    lately: BTreeMap<InstanceId, Lately>,
    failures: Vec<(&'static str, Option<&'static str>, Failure)>,
    /// Sources, which are in every Region.
    defaults: Option<AccountDefaults>,
    templates: Vec<LaunchTemplate>,
    images: Vec<Image>,
    groups: Vec<Group>,
    configurations: Vec<LaunchConfiguration>,
    /// Records of launches, the newest first.
    launches: Vec<serde_json::Value>,
    /// What instances print when they are traced; others are not managed.
    traces: BTreeMap<InstanceId, operator::Traced>,
    slept: std::time::Duration,
    /// Whether people exempt one instance, and switch another off, while somebody waits.
    busy_people: bool,
    /// What Security Hub holds, by id.
    findings: BTreeMap<String, Value>,
    refused_findings: Vec<&'static str>,
    deployment: Deployment,
    executed: usize,
    automation_ends: Option<(String, String)>,
    deaf: bool,
    vanishing: bool,
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
            ipv6_endpoint: Switch::Disabled,
            metadata_tags: Switch::Disabled,
            pending: false,
        },
        managed_by: None,
        created_at: Some("2024-01-01T00:00:00Z".parse().unwrap()),
        image: None,
        profile: None,
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

    /// With a Region from the profile.
    pub(crate) fn at_home(self, code: &str) -> Self {
        self.state().home = Some(region(code));
        self.state().enabled.insert(region(code));
        self
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
        self.state().counted.insert(key, Counted { days, complete: true });
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

    pub(crate) fn group(self, it: Group) -> Self {
        self.state().groups.push(it);
        self
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

    /// The calls that changed something, in order.
    pub(crate) fn changes(&self) -> Vec<String> {
        let reading = ["Describe", "List", "Get"];
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

    /// An instance as somebody else left it.
    pub(crate) fn mend(&self, id: &str) {
        let mut state = self.state();
        let it = state.instances.values_mut().find(|it| it.id.as_str() == id).unwrap();
        it.options.http_tokens = HttpTokens::Required;
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
        let mut state = self.state();
        state.calls.push((action, what.into()));
        let here = |at: &Option<&str>| at.is_none_or(|it| place.is_some_and(|at| at.region.as_str() == it));
        match state.failures.iter().find(|(failing, at, _)| *failing == action && here(at)) {
            Some((_, _, failure)) => Err(failure.clone()),
            None => Ok(()),
        }
    }
}

impl Cloud for FakeAws {
    fn home_region(&self) -> Option<Region> {
        self.state().home.clone()
    }

    async fn account(&self) -> Answer<AccountId> {
        self.call("sts:GetCallerIdentity", None, "")?;
        Ok(AccountId::parse(ACCOUNT).unwrap())
    }

    async fn organization(&self) -> Answer<Vec<AccountId>> {
        self.call("organizations:ListAccounts", None, "")?;
        Ok([ACCOUNT, "444455556666"].map(|it| AccountId::parse(it).unwrap()).into())
    }

    async fn regions(&self, from: &Place) -> Answer<Vec<Region>> {
        self.call("ec2:DescribeRegions", Some(from), "")?;
        Ok(self.state().enabled.iter().cloned().collect())
    }

    fn calls(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for (action, _) in &self.state().calls {
            *counts.entry(*action).or_default() += 1;
        }
        counts
    }
}

impl Admission for FakeAws {
    async fn admit(&self, place: &Place) -> Answer<()> {
        if place.account.as_str() == ACCOUNT {
            return Ok(());
        }
        let why = format!("account {} is not our own, and no member role is set", place.account);
        Err(Failure::new(Kind::ForeignAccount, "sts:AssumeRole", why))
    }
}

impl OrganizationalUnits for FakeAws {
    async fn above(&self, _: &AccountId) -> Answer<Vec<OuId>> {
        self.call("organizations:ListParents", None, "")?;
        Ok(vec![OuId::parse("ou-ab12-sandbox1").unwrap()])
    }
}

impl ReadParameter for FakeAws {
    async fn parameter(&self, _: &str) -> Answer<String> {
        Err(Failure::new(Kind::Invalid, "ssm:GetParameter", "the command reads no parameter"))
    }
}

impl ListInstances for FakeAws {
    async fn page(&self, place: &Place, _: Listing, next: Option<String>) -> Answer<Page<Instance>> {
        self.call("ec2:DescribeInstances", Some(place), "")?;
        let state = self.state();
        let begin = next.map_or(0, |it| it.parse().unwrap());
        let here = state.instances.iter().filter(|((region, _), _)| *region == place.region);
        let mut here = here.skip(begin).map(|(_, it)| it.clone());
        let items: Vec<Instance> = here.by_ref().take(PAGE).collect();
        let next = here.next().map(|_| (begin + PAGE).to_string());
        Ok(Page { items, next })
    }
}

impl ReadUsage for FakeAws {
    async fn daily(
        &self,
        place: &Place,
        metric: Metric,
        ids: &[InstanceId],
        since: Date,
        now: Timestamp,
    ) -> Answer<BTreeMap<InstanceId, Counted>> {
        let which: Vec<&str> = ids.iter().map(InstanceId::as_str).collect();
        let what = format!("{} since {since} until {now}: {}", metric.name(), which.join(" "));
        self.call("cloudwatch:GetMetricData", Some(place), what)?;
        let state = self.state();
        let nothing = Counted { complete: true, ..Counted::default() };
        let of = |id: &InstanceId| state.counted.get(&(id.clone(), metric)).unwrap_or(&nothing).clone();
        Ok(ids.iter().map(|id| (id.clone(), of(id))).collect())
    }

    async fn lately(
        &self,
        place: &Place,
        metric: Metric,
        ids: &[InstanceId],
        since: Timestamp,
        now: Timestamp,
    ) -> Answer<BTreeMap<InstanceId, Lately>> {
        let which: Vec<&str> = ids.iter().map(InstanceId::as_str).collect();
        let what = format!("{} from {since} until {now}: {}", metric.name(), which.join(" "));
        self.call("cloudwatch:GetMetricData", Some(place), what)?;
        let state = self.state();
        let nothing = Lately { complete: true, ..Lately::default() };
        Ok(ids.iter().map(|id| (id.clone(), state.lately.get(id).copied().unwrap_or(nothing))).collect())
    }
}

impl DescribeInstances for FakeAws {
    async fn instances(&self, place: &Place, ids: &[InstanceId]) -> Answer<Vec<Instance>> {
        self.call("ec2:DescribeInstances", Some(place), "")?;
        let state = self.state();
        let one = |id: &InstanceId| state.instances.get(&(place.region.clone(), id.clone())).cloned();
        Ok(ids.iter().filter_map(one).collect())
    }

    async fn launched_with(&self, place: &Place, _: &[String]) -> Answer<Vec<(String, Instance)>> {
        self.call("ec2:DescribeInstances", Some(place), "")?;
        Ok(Vec::new())
    }
}

impl TightenInstance for FakeAws {
    async fn tighten(&self, place: &Place, id: &InstanceId, change: InstanceChange) -> Answer<Changed> {
        let what = format!("{} {id} {change}", place.region);
        self.call("ec2:ModifyInstanceMetadataOptions", Some(place), what)?;
        let mut state = self.state();
        let deaf = state.deaf;
        let it = state.instances.get_mut(&(place.region.clone(), id.clone())).unwrap();
        let mut options = it.options;
        match change {
            InstanceChange::DisableEndpoint => options.http_endpoint = Switch::Disabled,
            InstanceChange::RequireTokens { hop_limit, .. } => {
                options.http_tokens = HttpTokens::Required;
                options.hop_limit = hop_limit.map(|it| it.get()).or(options.hop_limit);
            }
        }
        if !deaf {
            it.options = options;
        }
        Ok(Changed { options, request_id: Some("request-1".to_owned()) })
    }
}

impl TagInstance for FakeAws {
    async fn tag_instance(&self, place: &Place, id: &InstanceId, key: &str, value: &str) -> Answer<()> {
        self.call("ec2:CreateTags", Some(place), format!("{} {id} {key}={value}", place.region))
    }
}

impl RestoreInstance for FakeAws {
    async fn restore_options(
        &self,
        place: &Place,
        id: &InstanceId,
        options: &MetadataOptions,
    ) -> Answer<Changed> {
        let what = format!("{} {id} back to {}", place.region, Posture::Options(*options));
        self.call("ec2:ModifyInstanceMetadataOptions", Some(place), what)?;
        let mut state = self.state();
        if !state.deaf {
            state.instances.get_mut(&(place.region.clone(), id.clone())).unwrap().options = *options;
        }
        if state.vanishing {
            state.instances.remove(&(place.region.clone(), id.clone()));
        }
        Ok(Changed { options: *options, request_id: None })
    }
}

impl RestoreNotebook for FakeAws {
    async fn allow_version_1(&self, place: &Place, name: &NotebookName) -> Answer<()> {
        self.call("sagemaker:UpdateNotebookInstance", Some(place), format!("{name} back to version 1"))?;
        let mut state = self.state();
        let it = state.notebooks.get_mut(&(place.region.clone(), name.clone())).unwrap();
        it.minimum_version = MinimumVersion::One;
        Ok(())
    }
}

impl RestoreDefaults for FakeAws {
    async fn restore_defaults(&self, place: &Place, step: DefaultsStep) -> Answer<()> {
        self.call("ec2:ModifyInstanceMetadataDefaults", Some(place), Step::Defaults(step).to_string())?;
        let mut state = self.state();
        let defaults = state.defaults.get_or_insert(AccountDefaults::UNSET);
        if let Some(tokens) = step.http_tokens {
            defaults.options.http_tokens = tokens;
        }
        if let Some(hops) = step.hop_limit {
            defaults.options.hop_limit = hops;
        }
        if step.stop_enforcing {
            defaults.enforced = Switch::Disabled;
        }
        Ok(())
    }
}

impl ReadFindings for FakeAws {
    async fn active_findings(&self, place: &Place, generators: &str) -> Answer<Vec<KnownFinding>> {
        self.call("securityhub:GetFindings", Some(place), generators)?;
        let state = self.state();
        let here = state.findings.values().filter(|it| {
            let ours = it["ProductArn"].as_str().unwrap().contains(&format!(":{}:", place.region));
            ours && it["RecordState"] == "ACTIVE"
                && it["GeneratorId"].as_str().unwrap().starts_with(generators)
        });
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        let known = |it: &Value| KnownFinding {
            id: text(&it["Id"]),
            generator: text(&it["GeneratorId"]),
            title: text(&it["Title"]),
            description: text(&it["Description"]),
            created_at: text(&it["CreatedAt"]),
            resources: vec![(text(&it["Resources"][0]["Type"]), text(&it["Resources"][0]["Id"]))],
        };
        Ok(here.map(known).collect())
    }
}

impl ImportFindings for FakeAws {
    async fn import_findings(&self, place: &Place, document: &Value) -> Answer<Vec<RefusedFinding>> {
        let findings = document["Findings"].as_array().unwrap();
        assert!((1..=100).contains(&findings.len()), "AWS takes 1 to 100");
        self.call("securityhub:BatchImportFindings", Some(place), findings.len().to_string())?;
        let mut state = self.state();
        let mut refused = Vec::new();
        for it in findings {
            let id = it["Id"].as_str().unwrap().to_owned();
            if state.refused_findings.iter().any(|part| id.contains(part)) {
                let (code, message) = ("InvalidInput".to_owned(), "no such thing".to_owned());
                refused.push(RefusedFinding { id, code, message });
            } else {
                state.findings.insert(id, it.clone());
            }
        }
        Ok(refused)
    }
}

impl ListNotebooks for FakeAws {
    async fn notebook_names(&self, place: &Place, _: Option<String>) -> Answer<Page<NotebookName>> {
        self.call("sagemaker:ListNotebookInstances", Some(place), "")?;
        let state = self.state();
        let here = state.notebooks.keys().filter(|(region, _)| *region == place.region);
        Ok(Page { items: here.map(|(_, name)| name.clone()).collect(), next: None })
    }
}

impl DescribeNotebook for FakeAws {
    async fn notebook(&self, place: &Place, name: &NotebookName) -> Answer<Option<Notebook>> {
        self.call("sagemaker:DescribeNotebookInstance", Some(place), name.as_str())?;
        Ok(self.state().notebooks.get(&(place.region.clone(), name.clone())).cloned())
    }

    async fn notebook_tags(&self, place: &Place, arn: &str) -> Answer<Tags> {
        self.call("sagemaker:ListTags", Some(place), arn)?;
        Ok(Tags::new())
    }
}

impl StopNotebook for FakeAws {
    async fn stop(&self, place: &Place, name: &NotebookName) -> Answer<Option<String>> {
        self.call("sagemaker:StopNotebookInstance", Some(place), name.as_str())?;
        Ok(None)
    }
}

impl UpdateNotebook for FakeAws {
    async fn require_version_2(&self, place: &Place, name: &NotebookName, _: bool) -> Answer<Option<String>> {
        self.call("sagemaker:UpdateNotebookInstance", Some(place), name.as_str())?;
        let mut state = self.state();
        let it = state.notebooks.get_mut(&(place.region.clone(), name.clone())).unwrap();
        it.minimum_version = MinimumVersion::Two;
        Ok(Some("request-2".to_owned()))
    }
}

impl StartNotebook for FakeAws {
    async fn start(&self, place: &Place, name: &NotebookName) -> Answer<Option<String>> {
        self.call("sagemaker:StartNotebookInstance", Some(place), name.as_str())?;
        Ok(None)
    }
}

impl TagNotebook for FakeAws {
    async fn tag_notebook(&self, place: &Place, _: &str, key: &str, value: &str) -> Answer<()> {
        self.call("sagemaker:AddTags", Some(place), format!("{key}={value}"))
    }

    async fn untag_notebook(&self, place: &Place, _: &str, key: &str) -> Answer<()> {
        self.call("sagemaker:DeleteTags", Some(place), key)
    }
}

fn all<T>(items: Vec<T>) -> Answer<Page<T>> {
    Ok(Page { items, next: None })
}

impl ReadDefaults for FakeAws {
    async fn defaults(&self, place: &Place) -> Answer<AccountDefaults> {
        self.call("ec2:GetInstanceMetadataDefaults", Some(place), "")?;
        Ok(self.state().defaults.clone().unwrap_or(AccountDefaults::UNSET))
    }
}

impl ListLaunchTemplates for FakeAws {
    async fn launch_templates(&self, place: &Place, _: Option<String>) -> Answer<Page<LaunchTemplate>> {
        self.call("ec2:DescribeLaunchTemplates", Some(place), "")?;
        let bare = |it: &LaunchTemplate| LaunchTemplate { versions: Vec::new(), ..it.clone() };
        all(self.state().templates.iter().map(bare).collect())
    }

    async fn current_versions(
        &self,
        place: &Place,
        _: Option<String>,
    ) -> Answer<Page<(LaunchTemplateId, TemplateVersion)>> {
        self.call("ec2:DescribeLaunchTemplateVersions", Some(place), "$Default $Latest")?;
        let mut found = Vec::new();
        for it in &self.state().templates {
            for number in [it.default, it.latest] {
                let version = it.versions.iter().find(|it| it.number == number).unwrap();
                found.push((it.id.clone(), version.clone()));
            }
        }
        all(found)
    }

    async fn template_versions(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        numbers: &[u64],
    ) -> Answer<Vec<TemplateVersion>> {
        self.call("ec2:DescribeLaunchTemplateVersions", Some(place), format!("{id} {numbers:?}"))?;
        let state = self.state();
        let versions = state.templates.iter().filter(|it| it.id == *id).flat_map(|it| &it.versions);
        Ok(versions.filter(|it| numbers.contains(&it.number)).cloned().collect())
    }
}

impl ListImages for FakeAws {
    async fn own_images(&self, place: &Place, _: Option<String>) -> Answer<Page<Image>> {
        self.call("ec2:DescribeImages", Some(place), "self")?;
        all(self.state().images.clone())
    }

    async fn imds_support(&self, place: &Place, ids: &[ImageId]) -> Answer<Vec<(ImageId, ImdsSupport)>> {
        self.call("ec2:DescribeImages", Some(place), format!("{ids:?}"))?;
        let state = self.state();
        let asked = state.images.iter().filter(|it| ids.contains(&it.id));
        Ok(asked.map(|it| (it.id.clone(), it.imds_support)).collect())
    }
}

impl ListGroups for FakeAws {
    async fn groups(&self, place: &Place, _: Option<String>) -> Answer<Page<Group>> {
        self.call("autoscaling:DescribeAutoScalingGroups", Some(place), "")?;
        all(self.state().groups.clone())
    }

    async fn launch_configurations(
        &self,
        place: &Place,
        _: Option<String>,
    ) -> Answer<Page<LaunchConfiguration>> {
        self.call("autoscaling:DescribeLaunchConfigurations", Some(place), "")?;
        all(self.state().configurations.clone())
    }
}

impl ChangeDefaults for FakeAws {
    async fn change_defaults(&self, place: &Place, change: DefaultsChange) -> Answer<Option<String>> {
        self.call("ec2:ModifyInstanceMetadataDefaults", Some(place), change.to_string())?;
        let mut state = self.state();
        if state.deaf {
            return Ok(None);
        }
        let defaults = state.defaults.get_or_insert(AccountDefaults::UNSET);
        if change.require_tokens {
            defaults.options.http_tokens = Some(HttpTokens::Required);
        }
        if let Some(hops) = change.hop_limit {
            defaults.options.hop_limit = Some(hops.get());
        }
        if change.enforce {
            defaults.enforced = Switch::Enabled;
        }
        Ok(Some("request-3".to_owned()))
    }
}

impl ChangeLaunchTemplate for FakeAws {
    async fn new_version(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        from: u64,
        change: Option<InstanceChange>,
    ) -> Answer<NewVersion> {
        let what = format!("{id} from {from}{}", if change.is_some() { " tightened" } else { "" });
        self.call("ec2:CreateLaunchTemplateVersion", Some(place), what)?;
        let mut state = self.state();
        let it = state.templates.iter_mut().find(|it| it.id == *id).unwrap();
        let mut version = it.versions.iter().find(|it| it.number == from).unwrap().clone();
        it.latest += 1;
        version.number = it.latest;
        if let Some(change) = change {
            version.options = version.options.tightened(change);
        }
        it.versions.push(version.clone());
        Ok(NewVersion { version, request_id: Some("request-4".to_owned()) })
    }

    async fn make_default(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        version: u64,
    ) -> Answer<Option<String>> {
        self.call("ec2:ModifyLaunchTemplate", Some(place), format!("{id} default {version}"))?;
        self.state().templates.iter_mut().find(|it| it.id == *id).unwrap().default = version;
        Ok(Some("request-5".to_owned()))
    }
}

impl MarkImage for FakeAws {
    async fn mark_v2(&self, place: &Place, id: &ImageId) -> Answer<Option<String>> {
        self.call("ec2:ModifyImageAttribute", Some(place), id.as_str())?;
        self.state().images.iter_mut().find(|it| it.id == *id).unwrap().imds_support = ImdsSupport::V2;
        Ok(Some("request-6".to_owned()))
    }
}

impl ReadTrails for FakeAws {
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
}

impl ReadRules for FakeAws {
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
}

impl ReadQueues for FakeAws {
    async fn queue(&self, place: &Place, name: &str) -> Answer<Option<Queue>> {
        self.call("sqs:GetQueueAttributes", Some(place), name)?;
        Ok(self.state().deployment.queues.get(&(place.clone(), name.to_owned())).cloned())
    }
}

impl ReadFunctions for FakeAws {
    async fn function(&self, place: &Place, name: &str) -> Answer<Option<Function>> {
        self.call("lambda:GetFunction", Some(place), name)?;
        Ok(self.state().deployment.functions.get(name).map(|it| it.0.clone()))
    }

    async fn mappings(&self, place: &Place, function: &str) -> Answer<Vec<Mapping>> {
        self.call("lambda:ListEventSourceMappings", Some(place), function)?;
        Ok(self.state().deployment.functions.get(function).map(|it| it.1.clone()).unwrap_or_default())
    }
}

impl ReadSchedules for FakeAws {
    async fn schedule(&self, place: &Place, name: &str) -> Answer<Option<Schedule>> {
        self.call("scheduler:GetSchedule", Some(place), name)?;
        Ok(self.state().deployment.schedules.get(name).cloned())
    }
}

impl ReadParameterAt for FakeAws {
    async fn parameter_at(&self, place: &Place, name: &str) -> Answer<Option<Parameter>> {
        self.call("ssm:GetParameter", Some(place), name)?;
        Ok(self.state().deployment.parameter.clone())
    }
}

impl EnterAccount for FakeAws {
    async fn enter(&self, place: &Place, role: &str, external_id: Option<&str>) -> Answer<()> {
        self.call("sts:AssumeRole", Some(place), format!("{role} {}", external_id.unwrap_or_default()))
    }
}

impl ReadControls for FakeAws {
    async fn controls(&self, account: &AccountId) -> Answer<Vec<Control>> {
        self.call("organizations:ListPoliciesForTarget", None, account.as_str())?;
        Ok(self.state().deployment.controls.clone())
    }
}
