//! Launch templates that somebody else edits between two calls of `enforce`.

use std::sync::Mutex;

use v2only_document as document;
use v2only_enforcer::ports::*;
use v2only_enforcer::sources::apply::apply;
use v2only_enforcer::{Outcome, Record};
use v2only_policy::source::{
    Consumer, ConsumerKind, ConsumerUse, Image, LaunchConfiguration, LaunchTemplate, TemplateSlot,
    TemplateVersion, VersionChoice,
};
use v2only_policy::*;

use crate::fake::{ACCOUNT, REGION, now};
use crate::writers::add_version;

/// A call, and what somebody does at that moment.
type Interference = (&'static str, Box<dyn FnOnce(&mut LaunchTemplate) + Send>);

/// One launch template, the calls that reached it, what somebody does to it before or after one of them, and the account
/// defaults.
pub struct Account {
    state: Mutex<(LaunchTemplate, Vec<String>, Option<Interference>)>,
    pub defaults: Mutex<AccountDefaults>,
    /// Whether AWS accepts a change of the defaults and does not carry it out.
    pub ignores_changes: bool,
}

impl Account {
    pub fn of(template: LaunchTemplate) -> Self {
        let defaults = Mutex::new(AccountDefaults::UNSET);
        Self { state: Mutex::new((template, Vec::new(), None)), defaults, ignores_changes: false }
    }

    /// Somebody acts immediately before or after this call.
    fn meanwhile(self, call: &'static str, act: impl FnOnce(&mut LaunchTemplate) + Send + 'static) -> Self {
        self.state.lock().unwrap().2 = Some((call, Box::new(act)));
        self
    }

    pub fn template(&self) -> LaunchTemplate {
        self.state.lock().unwrap().0.clone()
    }

    pub fn changes(&self) -> Vec<String> {
        let calls = &self.state.lock().unwrap().1;
        calls.iter().filter(|it| !it.starts_with("describe")).cloned().collect()
    }

    fn call<T>(&self, name: String, effect: impl FnOnce(&mut LaunchTemplate) -> T) -> Answer<T> {
        let (template, calls, act) = &mut *self.state.lock().unwrap();
        let mut interfere = |template: &mut LaunchTemplate, moment: &str| {
            let due = |(call, _): &mut Interference| *call == format!("{moment} {name}");
            if let Some((_, act)) = act.take_if(due) {
                act(template);
            }
        };
        interfere(template, "before");
        let answer = effect(template);
        interfere(template, "after");
        calls.push(name);
        Ok(answer)
    }
}

fn page<T>(items: Vec<T>) -> Answer<Page<T>> {
    Ok(Page { items, next: None })
}

impl ReadDefaults for Account {
    async fn defaults(&self, _: &Place) -> Answer<AccountDefaults> {
        Ok(self.defaults.lock().unwrap().clone())
    }
}

impl ListLaunchTemplates for Account {
    async fn launch_templates(&self, _: &Place, _: Option<String>) -> Answer<Page<LaunchTemplate>> {
        page(vec![self.template()])
    }

    async fn current_versions(
        &self,
        _: &Place,
        _: Option<String>,
    ) -> Answer<Page<(LaunchTemplateId, TemplateVersion)>> {
        let it = self.template();
        page(it.versions.into_iter().map(|version| (it.id.clone(), version)).collect())
    }

    async fn launch_template(&self, _: &Place, _: &LaunchTemplateId) -> Answer<Option<LaunchTemplate>> {
        self.call("describe".to_owned(), |it| Some(it.clone()))
    }

    async fn versions_since(
        &self,
        _: &Place,
        _: &LaunchTemplateId,
        first: u64,
    ) -> Answer<Vec<TemplateVersion>> {
        Ok(self.template().versions.into_iter().filter(|it| it.number >= first).collect())
    }

    async fn template_versions(
        &self,
        _: &Place,
        _: &LaunchTemplateId,
        numbers: &[u64],
    ) -> Answer<Vec<TemplateVersion>> {
        Ok(self.template().versions.into_iter().filter(|it| numbers.contains(&it.number)).collect())
    }
}

impl ListImages for Account {
    async fn own_images(&self, _: &Place, _: Option<String>) -> Answer<Page<Image>> {
        page(Vec::new())
    }

    async fn imds_support(&self, _: &Place, _: &[ImageId]) -> Answer<Vec<(ImageId, ImdsSupport)>> {
        Ok(Vec::new())
    }
}

impl ListGroups for Account {
    async fn groups(&self, _: &Place, _: Option<String>) -> Answer<Page<Consumer>> {
        page(Vec::new())
    }

    async fn group(&self, _: &Place, _: &str) -> Answer<Option<Consumer>> {
        Ok(None)
    }

    async fn launch_configurations(&self, _: &Place, _: Option<String>) -> Answer<Page<LaunchConfiguration>> {
        page(Vec::new())
    }
}

impl ListFleets for Account {
    async fn fleets(&self, _: &Place, _: Option<String>) -> Answer<Page<Consumer>> {
        page(Vec::new())
    }

    async fn spot_fleets(&self, _: &Place, _: Option<String>) -> Answer<Page<Consumer>> {
        page(Vec::new())
    }
}

impl RepointGroup for Account {
    async fn repoint(&self, _: &Place, _: &Consumer, _: &[VersionChoice]) -> Answer<Repointed> {
        Ok(Repointed::ChangedSince)
    }
}

impl ChangeDefaults for Account {
    async fn change_defaults(&self, _: &Place, change: DefaultsChange) -> Answer<Option<String>> {
        if !self.ignores_changes {
            let mut defaults = self.defaults.lock().unwrap();
            *defaults = change.applied_to(&defaults);
        }
        self.call(format!("change defaults {change}"), |_| None)
    }
}

impl TryAgain for Account {}

impl ChangeLaunchTemplate for Account {
    type Source = ();

    async fn source(&self, _: &Place, _: &LaunchTemplateId, _: u64) -> Answer<()> {
        Ok(())
    }

    async fn new_version(
        &self,
        _: &Place,
        _: &LaunchTemplateId,
        wanted: WantedVersion,
        (): (),
    ) -> Answer<NewVersion> {
        self.call("create".to_owned(), |template| add_version(template, &wanted))
    }

    async fn made_version(
        &self,
        _: &Place,
        _: &LaunchTemplateId,
        _: WantedVersion,
        number: u64,
    ) -> Answer<NewVersion> {
        let found = self.template().versions.into_iter().find(|it| it.number == number);
        Ok(NewVersion { version: found.unwrap(), request_id: None })
    }

    async fn make_default(&self, _: &Place, _: &LaunchTemplateId, version: u64) -> Answer<Option<String>> {
        self.call("make default".to_owned(), |template| {
            template.default = version;
            Some("request-1".to_owned())
        })
    }
}

impl MarkImage for Account {
    async fn mark_v2(&self, _: &Place, id: &ImageId) -> Answer<Option<String>> {
        self.call(format!("mark {id}"), |_| None)
    }
}

pub fn version(number: u64, tokens: HttpTokens) -> TemplateVersion {
    TemplateVersion {
        number,
        options: StatedOptions { http_tokens: Some(tokens), ..StatedOptions::default() },
        instance_type: None,
        instance_tags: Tags::new(),
        image: None,
        imds_support: ImdsSupport::Unmarked,
        made: None,
        exempts: false,
    }
}

pub fn template() -> LaunchTemplate {
    LaunchTemplate {
        id: LaunchTemplateId::parse("lt-0123456789abcdef0").unwrap(),
        name: "web".to_owned(),
        default: 1,
        latest: 1,
        displaced: None,
        versions: vec![version(1, HttpTokens::Optional)],
        consumers: Vec::new(),
        managed_by: None,
        created_by: None,
        tags: Tags::new(),
    }
}

/// Somebody creates a version, which becomes the default if `default` says so.
fn theirs(template: &mut LaunchTemplate, default: bool) {
    template.latest += 1;
    template.versions.push(version(template.latest, HttpTokens::Optional));
    if default {
        template.default = template.latest;
    }
}

/// What the failure of a record says.
fn failure(record: &Record) -> String {
    match &record.outcome {
        Outcome::Failed(failure) => failure.to_string(),
        other => panic!("{other:?}"),
    }
}

/// The record of the default version of `template`, fixed in this account, with these notes on its decision.
pub async fn fixed(template: &LaunchTemplate, account: &Account, notes: Vec<Note>) -> Record {
    let policy =
        document::parse("version: 1\nmode: enforce\nlaunch_templates: { fix: new-version }\n").unwrap();
    let place = Place { account: AccountId::parse(ACCOUNT).unwrap(), region: Region::parse(REGION).unwrap() };
    let circumstances = Circumstances {
        place: &place,
        ous: None,
        now: now(),
        occasion: Occasion::Seen,
        siblings: v2only_policy::usage::Siblings::NotRead,
        usage: usage::Usage::NotRead,
        history: v2only_policy::History::NotRead,
    };
    let mut judged =
        decide_launch_template(template, &AccountDefaults::UNSET, &policy.policy, &circumstances).unwrap();
    judged[0].decision.notes.extend(notes);
    apply(account, &place, &judged[0]).await
}

#[tokio::test]
async fn a_template_that_nobody_else_edits_is_fixed() {
    let account = Account::of(template());
    let record = fixed(&template(), &account, Vec::new()).await;
    assert_eq!((record.outcome, account.template().default), (Outcome::Fixed, 2));
    assert_eq!(account.changes(), ["create", "make default"]);
}

#[tokio::test]
async fn the_default_that_somebody_chose_after_the_plan_stays_and_our_version_is_unused() {
    let account = Account::of(template()).meanwhile("after create", |it| theirs(it, true));
    let record = fixed(&template(), &account, Vec::new()).await;
    assert_eq!(record.hold(), Some(&Hold::ChangedSince));
    assert_eq!(record.outcome, Outcome::Held);
    assert_eq!((account.template().default, account.changes()), (3, vec!["create".to_owned()]));
    let reasons = record.reasons().join("; ");
    assert!(reasons.contains("version 3 stays the default, and version 2 of v2only is unused"), "{reasons}");
}

#[tokio::test]
async fn a_default_that_somebody_sets_right_after_ours_is_reported_and_not_called_fixed() {
    let account = Account::of(template()).meanwhile("after make default", |it| it.default = 1);
    let record = fixed(&template(), &account, Vec::new()).await;
    assert_eq!(record.outcome.code(), "retry");
    let reasons = failure(&record);
    assert!(reasons.contains("version 1 is the default of lt-0123456789abcdef0"), "{reasons}");
}

#[tokio::test]
async fn a_version_that_somebody_creates_between_our_look_and_our_change_is_reported() {
    let account = Account::of(template()).meanwhile("before make default", |it| theirs(it, true));
    let record = fixed(&template(), &account, Vec::new()).await;
    assert_eq!((record.outcome.code(), account.template().default), ("retry", 2));
    let reasons = failure(&record);
    assert!(reasons.contains("make version 3 the default again"), "{reasons}");
}

#[tokio::test]
async fn a_group_that_names_the_old_version_by_number_keeps_its_template_from_being_fixed() {
    let mut pinned = template();
    let group = |part, version| ConsumerUse {
        kind: ConsumerKind::AutoScalingGroup,
        consumer: "web".to_owned(),
        version,
        part,
        instances: 0,
        is_repointed: false,
    };
    pinned.consumers = vec![
        group(TemplateSlot::Mixed, VersionChoice::Number(1)),
        group(TemplateSlot::Override, VersionChoice::Number(1)),
    ];
    let account = Account::of(pinned.clone());
    let record = fixed(&pinned, &account, Vec::new()).await;
    assert_eq!((record.outcome.code(), account.template().default), ("advanced", 2));
    assert!(record.reasons().join("; ").contains("web names version 1 by number"), "{:?}", record.reasons());
    pinned.consumers = vec![group(TemplateSlot::Own, VersionChoice::Default)];
    assert_eq!(fixed(&pinned, &Account::of(pinned.clone()), Vec::new()).await.outcome.code(), "fixed");
}
