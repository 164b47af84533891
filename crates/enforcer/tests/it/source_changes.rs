//! What is read again right before and right after a launch source is changed.

use rstest::rstest;
use v2only_enforcer::record::Remark;
use v2only_enforcer::sources::apply::{apply, is_as_planned, restore_latest, without_premature_enforcement};
use v2only_enforcer::{Kind, Outcome, Record};
use v2only_policy::plan::EnforcementBar;
use v2only_policy::source::{AccountDefaults, LaunchTemplate, Made, TemplateVersion};
use v2only_policy::{
    Decision, DefaultsChange, Hold, HttpTokens, Judged, MetadataOption, Note, Plan, Preference, ResourceKind,
    Subject, Switch, Verdict,
};

use crate::launch_sources::{
    JOBS, MARKED, OPTIONAL, REQUIRED, Sources, WEB, configuration, estate, of_configuration, place, template,
};
use crate::source_scans::{ENFORCED, bar, scanned};
use crate::templates::{self, Account};

/// Somebody may have created a source after the plan.
#[tokio::test]
async fn enforcement_is_left_out_while_a_source_in_use_would_fail() {
    let closed = Sources { templates: Vec::new(), configurations: Vec::new(), ..estate() };
    let kinds = v2only_enforcer::kinds::Kinds::Only(ResourceKind::AccountDefault);
    let planned = scanned(&closed, ENFORCED, kinds).await.remove(0);
    assert!(planned.acts());
    let checked =
        async |sources: &Sources| without_premature_enforcement(sources, &place(), &planned).await.unwrap();
    assert_eq!(checked(&closed).await, planned);
    let names = ["old", "older", "other", "new"];
    let mut groups = estate().groups;
    groups.truncate(1);
    groups.extend(names.map(|name| of_configuration(&format!("group of {name}"), name)));
    let tokens = [None, OPTIONAL, None, REQUIRED];
    let used = names.into_iter().zip(tokens).map(|(name, tokens)| configuration(name, tokens));
    let open = Sources {
        // `$Default` and `$Latest` of `web`, and version 1 of `jobs`, which only the group names.
        templates: vec![
            template(WEB, "web", 1, &[OPTIONAL, REQUIRED, OPTIONAL], MARKED),
            template(JOBS, "jobs", 2, &[OPTIONAL, None], MARKED),
        ],
        groups,
        configurations: used.chain([configuration("unused", OPTIONAL)]).collect(),
        ..estate()
    };
    assert_eq!(bar(&[checked(&open).await]), Some(3 + 3));
}

#[tokio::test]
async fn a_template_is_as_planned_while_nobody_changes_what_its_plan_rests_on() {
    let sources = estate();
    let web = sources.templates[0].clone();
    let as_planned =
        async |planned: &LaunchTemplate| is_as_planned(&sources, &place(), planned).await.unwrap();
    assert!(as_planned(&web).await);
    assert!(!as_planned(&LaunchTemplate { default: 2, ..web.clone() }).await, "another default");
    assert!(!as_planned(&LaunchTemplate { latest: 2, ..web.clone() }).await, "another version");
    let tags = [("v2only:exempt-until".to_owned(), "2026-12-01".to_owned())].into();
    assert!(!as_planned(&LaunchTemplate { tags, ..web.clone() }).await, "another tag");
    let managed_by = Some("eks.amazonaws.com".to_owned());
    assert!(!as_planned(&LaunchTemplate { managed_by, ..web }).await, "another service");
    let gone = template("lt-0000000000000000c", "gone", 1, &[OPTIONAL], MARKED);
    assert!(!as_planned(&gone).await);
}

/// A version of somebody else: open, closed, or without an endpoint.
fn theirs(number: u64, tokens: HttpTokens, endpoint: Option<Switch>) -> TemplateVersion {
    let mut version = templates::version(number, tokens);
    version.options.http_endpoint = endpoint;
    version
}

fn ours(number: u64) -> TemplateVersion {
    let made = Some(Made { from: 1, latest: 1 });
    TemplateVersion { made, ..templates::version(number, HttpTokens::Required) }
}

/// A version of ours that makes another one `$Latest` again.
fn repeated(number: u64, from: u64) -> TemplateVersion {
    TemplateVersion { made: Some(Made::again(from)), ..ours(number) }
}

const OPEN: HttpTokens = HttpTokens::Optional;
const CLOSED: HttpTokens = HttpTokens::Required;

/// The template had version 1 when it was read. What somebody else created last is to be `$Latest`.
#[rstest]
#[case::nobody_created_a_version(vec![ours(2)], None)]
#[case::nothing_was_created(vec![], None)]
#[case::theirs_is_latest(vec![ours(2), theirs(3, OPEN, None)], None)]
#[case::open(vec![theirs(2, OPEN, None), ours(3)], Some((2, true)))]
#[case::closed(vec![theirs(2, CLOSED, None), ours(3)], Some((2, false)))]
#[case::without_endpoint(vec![theirs(2, OPEN, Some(Switch::Disabled)), ours(3)], Some((2, false)))]
#[case::with_endpoint(vec![theirs(2, OPEN, Some(Switch::Enabled)), ours(3)], Some((2, true)))]
#[case::open_then_closed(vec![theirs(2, OPEN, None), theirs(3, CLOSED, None), ours(4)], Some((3, false)))]
#[case::closed_then_open(vec![theirs(2, CLOSED, None), theirs(3, OPEN, None), ours(4)], Some((3, true)))]
#[case::repeated_by_another_run(vec![theirs(2, OPEN, None), ours(3), repeated(4, 2)], None)]
#[case::displaced_once_more(vec![theirs(2, OPEN, None), ours(3), repeated(4, 2), ours(5)], Some((2, true)))]
#[tokio::test]
async fn the_version_that_somebody_else_created_last_is_latest_again(
    #[case] since: Vec<TemplateVersion>,
    #[case] repeated: Option<(u64, bool)>,
) {
    let planned = templates::template();
    let mut now = planned.clone();
    now.versions.extend(since);
    now.latest = now.versions.len() as u64;
    let account = Account::of(now.clone());
    let remark = restore_latest(&account, &place(), &planned).await.unwrap();
    let by = now.latest + 1;
    assert_eq!(remark, repeated.map(|(theirs, tightened)| Remark::VersionRepeated { theirs, tightened, by }));
    let Some((number, tightened)) = repeated else {
        return assert_eq!(account.template(), now, "nothing is created");
    };
    let created = account.template().versions.pop().unwrap();
    let mut options = now.versions.iter().find(|it| it.number == number).unwrap().options;
    if tightened {
        options.http_tokens = Some(CLOSED);
    }
    assert_eq!((created.number, created.options), (by, options));
}

#[tokio::test]
async fn a_version_from_before_the_plan_is_not_made_latest_again() {
    let mut planned = templates::template();
    planned.versions.push(theirs(2, OPEN, None));
    planned.latest = 2;
    let mut now = planned.clone();
    now.versions.push(ours(3));
    now.latest = 3;
    let account = Account::of(now.clone());
    assert_eq!(restore_latest(&account, &place(), &planned).await.unwrap(), None);
    assert_eq!(account.template(), now, "nothing is created");
}

#[tokio::test]
async fn an_open_version_of_a_template_that_somebody_exempted_meanwhile_is_latest_again_as_it_was() {
    let planned = templates::template();
    let mut now = planned.clone();
    now.versions.extend([theirs(2, OPEN, None), ours(3)]);
    now.latest = 3;
    now.tags.insert("v2only:exempt-until".to_owned(), "2026-12-01".to_owned());
    let account = Account::of(now.clone());
    let remark = restore_latest(&account, &place(), &planned).await.unwrap();
    assert_eq!(remark, Some(Remark::VersionRepeated { theirs: 2, tightened: false, by: 4 }));
    assert_eq!(account.template().versions[3].options, now.versions[1].options);
}

/// The group that keeps the old version by number is a note of its own.
#[tokio::test]
async fn a_note_about_something_else_keeps_no_template_from_being_fixed() {
    let account = Account::of(templates::template());
    let note = Note::OptionUnknown(MetadataOption::HopLimit);
    let record = templates::fixed(&templates::template(), &account, vec![note]).await;
    assert_eq!(record.outcome, Outcome::Fixed);
}

const CLEAR_ENDPOINT: DefaultsChange = DefaultsChange {
    http_endpoint: Some(Preference::Clear),
    require_tokens: false,
    hop_limit: None,
    metadata_tags: None,
    enforce: false,
};
const REQUIRE_TOKENS: DefaultsChange =
    DefaultsChange { http_endpoint: None, require_tokens: true, ..CLEAR_ENDPOINT };

/// The record of this change of account defaults, with these notes on its decision.
async fn changed(account: &Account, change: DefaultsChange, notes: Vec<Note>) -> Record {
    let plan = Plan::Act(change.into());
    let decision = Decision { plan, notes, ..Decision::nothing_to_do(Verdict::Violation(Vec::new())) };
    let judged = Judged { subject: Subject::AccountDefaults(AccountDefaults::UNSET), decision };
    apply(account, &place(), &judged).await
}

fn account_with_endpoint(endpoint: Switch) -> Account {
    let account = Account::of(templates::template());
    account.defaults.lock().unwrap().options.http_endpoint = Some(endpoint);
    account
}

/// Clearing a default of `disabled` would enable the endpoint of each launch that sets nothing.
#[tokio::test]
async fn an_endpoint_that_somebody_disabled_by_default_meanwhile_stays_disabled() {
    let disabled = account_with_endpoint(Switch::Disabled);
    let record = changed(&disabled, CLEAR_ENDPOINT, Vec::new()).await;
    assert_eq!((record.hold(), &record.outcome), (Some(&Hold::ChangedSince), &Outcome::Held));
    assert!(disabled.changes().is_empty());
    let record = changed(&disabled, REQUIRE_TOKENS, Vec::new()).await;
    assert_eq!(record.outcome, Outcome::Fixed, "the endpoint is not part of the change");
    let enabled = account_with_endpoint(Switch::Enabled);
    assert_eq!(changed(&enabled, CLEAR_ENDPOINT, Vec::new()).await.outcome, Outcome::Fixed);
    assert_eq!(enabled.defaults.lock().unwrap().options.http_endpoint, None);
}

#[tokio::test]
async fn account_defaults_are_fixed_once_aws_describes_all_that_was_planned() {
    let waits = Note::EnforcementWaits(EnforcementBar::NoDefault);
    let account = Account::of(templates::template());
    assert_eq!(changed(&account, REQUIRE_TOKENS, vec![waits]).await.outcome, Outcome::Advanced);
    assert_eq!(changed(&account, REQUIRE_TOKENS, Vec::new()).await.outcome, Outcome::Fixed);
    let mut deaf = Account::of(templates::template());
    deaf.ignores_changes = true;
    let record = changed(&deaf, REQUIRE_TOKENS, Vec::new()).await;
    assert!(matches!(&record.outcome, Outcome::Failed(it) if it.kind == Kind::Unverified), "{record:?}");
}
