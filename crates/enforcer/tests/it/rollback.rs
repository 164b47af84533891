//! What a rollback restores: only what v2only changed and nobody else changed since.

use std::collections::BTreeMap;

use rstest::rstest;
use v2only_enforcer::rollback::{
    Created, DefaultsStep, GroupLine, Held, Restoration, Step, TemplateLine, defaults, instance,
    named_versions, notebook, surface, template,
};
use v2only_policy::instance::{HttpTokens, InstanceState, MetadataOptions, Switch};
use v2only_policy::notebook::{MinimumVersion, NotebookStatus, Platform};
use v2only_policy::settings::HopLimit;
use v2only_policy::source::{
    Consumer, DefaultsOwner, Displaced, LaunchTemplate, Made, TemplateSlot, TemplateUse, TemplateVersion,
    Unclear, VersionChoice,
};
use v2only_policy::{
    AccountDefaults, DefaultsChange, Disabled, ImdsSupport, Instance, InstanceChange, InstanceId,
    LaunchTemplateId, Notebook, NotebookName, Preference, StatedOptions, Surface, SurfaceKind, SwitchOption,
    Switches, Tags,
};

const REQUIRE: InstanceChange =
    InstanceChange::RequireTokens { hop_limit: None, switches: Switches::all(None) };
const OPEN: MetadataOptions = MetadataOptions {
    http_tokens: HttpTokens::Optional,
    http_endpoint: Switch::Enabled,
    hop_limit: Some(1),
    switches: Switches::all(Switch::Disabled),
    pending: false,
};
const CLOSED: MetadataOptions = MetadataOptions { http_tokens: HttpTokens::Required, ..OPEN };

fn held(held: Held) -> Restoration {
    Restoration::Held(held)
}

fn with(options: MetadataOptions) -> Instance {
    Instance {
        id: InstanceId::parse("i-0123456789abcdef0").unwrap(),
        state: InstanceState::Running,
        options,
        managed_by: None,
        created_at: None,
        started_at: None,
        image: None,
        instance_type: None,
        profile: None,
        public_address: false,
        tags: Tags::new(),
    }
}

#[test]
fn an_instance_is_restored_unless_somebody_changed_it_since() {
    let restored = |now: MetadataOptions, even| instance(&OPEN, REQUIRE, Some(&with(now)), even);
    let back = Restoration::Restore(Step::Options(OPEN));
    let pending = MetadataOptions { pending: true, ..CLOSED };
    assert_eq!(restored(CLOSED, false), back);
    assert_eq!(restored(pending, false), back, "what is pending was accepted");
    assert_eq!(restored(OPEN, false), Restoration::AsBefore);
    assert_eq!(restored(OPEN, true), Restoration::AsBefore);
    let recorded_while_pending = MetadataOptions { pending: true, ..OPEN };
    let restored_from = |now| instance(&recorded_while_pending, REQUIRE, Some(&with(now)), false);
    assert_eq!((restored_from(OPEN), restored_from(CLOSED)), (Restoration::AsBefore, back.clone()));
    let edited = MetadataOptions { hop_limit: Some(3), ..CLOSED };
    assert_eq!(restored(edited, false), held(Held::ChangedSince));
    assert_eq!(restored(edited, true), back);
    let gone = Instance { state: InstanceState::Gone, ..with(CLOSED) };
    assert_eq!(instance(&OPEN, REQUIRE, Some(&gone), true), Restoration::Gone);
    assert_eq!(instance(&OPEN, REQUIRE, None, true), Restoration::Gone);
}

#[rstest]
#[case(MetadataOptions { http_tokens: HttpTokens::Unknown, ..OPEN }, "HttpTokens")]
#[case(MetadataOptions { http_endpoint: Switch::Unknown, ..OPEN }, "HttpEndpoint")]
#[case(MetadataOptions { hop_limit: None, ..OPEN }, "HttpPutResponseHopLimit")]
fn an_option_that_was_not_recorded_is_not_guessed(
    #[case] before: MetadataOptions,
    #[case] option: &'static str,
) {
    assert_eq!(instance(&before, REQUIRE, Some(&with(CLOSED)), true), held(Held::NotRecorded(option)));
}

#[test]
fn a_notebook_is_restored_while_it_is_stopped_and_the_same() {
    let then: jiff::Timestamp = "2026-11-01T10:00:00Z".parse().unwrap();
    let later: jiff::Timestamp = "2026-11-01T10:00:01Z".parse().unwrap();
    let now = |status, minimum_version, created_at| Notebook {
        name: NotebookName::parse("churn").unwrap(),
        arn: "arn:aws:sagemaker:eu-central-1:111122223333:notebook-instance/churn".to_owned(),
        status,
        minimum_version,
        platform: Platform::AmazonLinux2023,
        instance_type: "ml.t3.medium".to_owned(),
        created_at,
        failure_reason: None,
        tags: Tags::new(),
    };
    let (one, two) = (MinimumVersion::One, MinimumVersion::Two);
    let stopped = now(NotebookStatus::Stopped, two, Some(then));
    let restored = |before, created, now: &Notebook, even| notebook(before, created, Some(now), even);
    let back = Restoration::Restore(Step::Version1);
    assert_eq!(restored(one, Created::At(then), &stopped, false), back);
    assert_eq!(restored(one, Created::Before(later), &stopped, false), back);
    assert_eq!(restored(one, Created::Before(then), &stopped, false), back);
    assert_eq!(restored(one, Created::At(then), &now(NotebookStatus::Failed, two, Some(then)), false), back);
    let recreated = now(NotebookStatus::Stopped, two, Some(later));
    assert_eq!(restored(one, Created::At(then), &recreated, true), held(Held::Recreated));
    assert_eq!(restored(one, Created::Before(then), &recreated, true), held(Held::Recreated));
    let unknown = held(Held::NotRecorded("CreationTime"));
    assert_eq!(restored(one, Created::Unknown, &stopped, false), unknown);
    assert_eq!(restored(one, Created::Unknown, &stopped, true), back);
    let ageless = now(NotebookStatus::Stopped, two, None);
    assert_eq!(restored(one, Created::At(then), &ageless, false), unknown);
    assert_eq!(restored(two, Created::At(then), &stopped, false), Restoration::AsBefore);
    let open = now(NotebookStatus::Stopped, one, Some(then));
    assert_eq!(restored(one, Created::At(then), &open, false), Restoration::AsBefore);
    let running = now(NotebookStatus::InService, two, Some(then));
    let not_stopped = held(Held::NotStopped(NotebookStatus::InService));
    assert_eq!(restored(one, Created::At(then), &running, true), not_stopped);
    let gone = now(NotebookStatus::Gone, two, Some(then));
    assert_eq!(restored(one, Created::At(then), &gone, true), Restoration::Gone);
}

fn says(http_tokens: Option<HttpTokens>) -> StatedOptions {
    StatedOptions { http_tokens, ..StatedOptions::default() }
}

#[test]
fn a_surface_is_restored_unless_somebody_changed_it_since() {
    let kind = SurfaceKind::LightsailInstance;
    let created = Some("2026-11-01T10:00:00Z".parse().unwrap());
    let it = |options| Surface { options, created_at: created, ..Surface::new(kind, "shop".to_owned()) };
    let before = it(says(Some(HttpTokens::Optional)));
    let closed = it(says(Some(HttpTokens::Required)));
    let edited = it(StatedOptions { hop_limit: Some(3), ..closed.options });
    let back =
        |now: &Surface| Restoration::Restore(Step::Surface { now: now.clone(), options: before.options });
    assert_eq!(surface(&before, Some(&closed), false), back(&closed));
    assert_eq!(surface(&before, Some(&before), false), Restoration::AsBefore);
    assert_eq!(surface(&before, Some(&edited), false), held(Held::ChangedSince));
    assert_eq!(surface(&before, Some(&edited), true), back(&edited));
    let recreated = Surface { created_at: Some("2026-11-02T10:00:00Z".parse().unwrap()), ..closed };
    assert_eq!(surface(&before, Some(&recreated), true), held(Held::Recreated));
    assert_eq!(surface(&before, None, true), Restoration::Gone);
}

const OPTIONAL: Option<HttpTokens> = Some(HttpTokens::Optional);
const REQUIRED: Option<HttpTokens> = Some(HttpTokens::Required);

fn version(number: u64, tokens: Option<HttpTokens>, made: Option<Made>) -> TemplateVersion {
    TemplateVersion {
        number,
        options: says(tokens),
        instance_type: None,
        instance_tags: Tags::new(),
        image: None,
        imds_support: ImdsSupport::Unmarked,
        made,
        exempts: false,
    }
}

fn template_id() -> LaunchTemplateId {
    LaunchTemplateId::parse("lt-0123456789abcdef0").unwrap()
}

fn with_versions(default: u64, latest: u64, versions: Vec<TemplateVersion>) -> LaunchTemplate {
    LaunchTemplate {
        id: template_id(),
        name: "web".to_owned(),
        default,
        latest,
        displaced: None,
        versions,
        consumers: Vec::new(),
        managed_by: None,
        created_by: None,
        tags: Tags::new(),
    }
}

/// Version 1 was `$Default` and `$Latest`, and version 2 was made from it.
fn line() -> TemplateLine {
    TemplateLine {
        id: template_id(),
        from: 1,
        says: says(OPTIONAL),
        change: Some(REQUIRE),
        default: 1,
        latest: 1,
        made_default: true,
    }
}

fn back_to(default: Option<u64>, latest: Option<u64>) -> Restoration {
    Restoration::Restore(Step::Template { default, latest })
}

#[test]
fn a_launch_template_means_again_what_it_meant() {
    let ours = || version(2, REQUIRED, Some(Made { from: 1, latest: 1 }));
    let first = || version(1, OPTIONAL, None);
    let restored = |now: &LaunchTemplate, even| template(&line(), Some(now), even);
    assert_eq!(restored(&with_versions(2, 2, vec![first(), ours()]), false), back_to(Some(1), Some(1)));
    assert_eq!(restored(&with_versions(1, 2, vec![first(), ours()]), false), back_to(None, Some(1)));
    assert_eq!(restored(&with_versions(1, 1, vec![first()]), false), Restoration::AsBefore);
    let repeated = version(3, OPTIONAL, None);
    let only_latest = with_versions(1, 3, vec![first(), ours(), repeated]);
    assert_eq!(restored(&only_latest, false), Restoration::AsBefore, "$Latest says again what it said");
    assert_eq!(template(&line(), None, true), Restoration::Gone);
    // Somebody made another version, or another version the default.
    let theirs = with_versions(3, 3, vec![first(), ours(), version(3, REQUIRED, None)]);
    assert_eq!(restored(&theirs, false), held(Held::ChangedSince));
    assert_eq!(restored(&theirs, true), back_to(Some(1), Some(1)));
    // A version that was made from version 1 and states something else is not the recorded one.
    let other = version(2, OPTIONAL, Some(Made { from: 1, latest: 1 }));
    assert_eq!(restored(&with_versions(2, 2, vec![first(), other]), false), held(Held::ChangedSince));
    let unchanged = TemplateLine { made_default: false, ..line() };
    let now = with_versions(2, 2, vec![first(), ours()]);
    assert_eq!(
        template(&unchanged, Some(&now), false),
        back_to(None, Some(1)),
        "the default was not changed"
    );
}

#[test]
fn a_displaced_latest_is_restored_where_it_is_clear() {
    let versions = || vec![version(1, OPTIONAL, None), version(2, OPTIONAL, None)];
    let displaced = |unclear| LaunchTemplate {
        displaced: Some(Displaced { by: 3, was: 2, unclear }),
        ..with_versions(1, 2, versions())
    };
    let line = TemplateLine { latest: 2, ..line() };
    assert_eq!(template(&line, Some(&displaced(None)), false), back_to(None, Some(2)));
    let unclear = displaced(Some(Unclear::Gone));
    assert_eq!(template(&line, Some(&unclear), false), held(Held::ChangedSince));
    assert_eq!(template(&line, Some(&unclear), true), back_to(None, Some(2)));
}

#[test]
fn another_latest_is_restored_only_from_our_version() {
    let line = TemplateLine { latest: 5, ..line() };
    let versions =
        |made| vec![version(1, OPTIONAL, None), version(5, OPTIONAL, None), version(6, REQUIRED, made)];
    let ours = with_versions(6, 6, versions(Some(Made { from: 1, latest: 5 })));
    assert_eq!(template(&line, Some(&ours), false), back_to(Some(1), Some(5)));
    let theirs = with_versions(1, 6, versions(None));
    assert_eq!(template(&line, Some(&theirs), false), Restoration::AsBefore);
    let older = TemplateLine { latest: 6, ..line };
    assert_eq!(template(&older, Some(&ours), false), back_to(Some(1), None));
}

fn group(versions: &[VersionChoice]) -> Consumer {
    let templates = versions
        .iter()
        .map(|version| TemplateUse::plain("web".to_owned(), *version, TemplateSlot::Own))
        .collect();
    Consumer { templates, arn: Some("arn:1".to_owned()), ..Consumer::group("shop".to_owned()) }
}

#[test]
fn a_group_names_again_the_versions_that_it_was_moved_from() {
    use VersionChoice::{Latest, Number};
    let made = Some(Made { from: 1, latest: 1 });
    let others = vec![version(1, OPTIONAL, None), version(2, REQUIRED, made), version(3, REQUIRED, None)];
    let templates = BTreeMap::from([(template_id(), with_versions(1, 3, others))]);
    let line = GroupLine { group: group(&[Number(1), Latest]), open: vec![(template_id(), 1)] };
    let restored = |now: &Consumer, even| named_versions(&line, Some(now), &templates, even);
    let back = |now: &Consumer, versions: &[VersionChoice]| {
        Restoration::Restore(Step::Group { now: now.clone(), versions: versions.to_vec() })
    };
    let moved = group(&[Number(2), Latest]);
    assert_eq!(restored(&moved, false), back(&moved, &[Number(1), Latest]));
    assert_eq!(restored(&group(&[Number(1), Latest]), false), Restoration::AsBefore);
    let edited = group(&[Number(2), Number(3)]);
    assert_eq!(
        restored(&edited, false),
        back(&edited, &[Number(1), Number(3)]),
        "it was not moved from $Latest"
    );
    let theirs = group(&[Number(3), Latest]);
    assert_eq!(restored(&theirs, false), held(Held::ChangedSince));
    assert_eq!(restored(&theirs, true), back(&theirs, &[Number(1), Latest]));
    assert_eq!(
        restored(&group(&[Number(2)]), true),
        held(Held::ChangedSince),
        "it names other launch templates"
    );
    let recreated = Consumer { arn: Some("arn:2".to_owned()), ..moved.clone() };
    assert_eq!(restored(&recreated, true), held(Held::Recreated));
    let without_arn = GroupLine { group: Consumer { arn: None, ..line.group.clone() }, ..line.clone() };
    assert_eq!(
        named_versions(&without_arn, Some(&moved), &templates, false),
        back(&moved, &[Number(1), Latest])
    );
    assert_eq!(named_versions(&line, None, &templates, true), Restoration::Gone);
}

#[test]
fn account_defaults_are_restored_one_by_one() {
    let tags = SwitchOption::MetadataTags;
    let mut before = AccountDefaults::UNSET;
    before.options.hop_limit = Some(1);
    let two = HopLimit::new(2).unwrap();
    let change = DefaultsChange {
        require_tokens: true,
        enforce: true,
        hop_limit: Some(Preference::Set(two)),
        http_endpoint: Some(Preference::Set(Disabled)),
        metadata_tags: Some(Preference::Set(true)),
    };
    let mut after = before.clone();
    after.options.http_tokens = REQUIRED;
    after.options.hop_limit = Some(2);
    after.options.http_endpoint = Some(Switch::Disabled);
    after.options.switches = Switches::all(None).with(tags, Some(Switch::Enabled));
    after.enforced = Switch::Enabled;
    let all = DefaultsStep {
        http_tokens: Some(None),
        hop_limit: Some(Some(1)),
        http_endpoint: Some(None),
        metadata_tags: Some(None),
        stop_enforcing: true,
    };
    let restored = |now: &AccountDefaults, even| defaults(&before, change, now, even);
    assert_eq!(restored(&after, false), Restoration::Restore(Step::Defaults(all)));
    assert_eq!(restored(&before, false), Restoration::AsBefore);
    let mut partly = after.clone();
    (partly.options.http_tokens, partly.enforced) = (None, Switch::Disabled);
    let rest = DefaultsStep { http_tokens: None, stop_enforcing: false, ..all };
    assert_eq!(restored(&partly, false), Restoration::Restore(Step::Defaults(rest)));
    let mut edited = after.clone();
    edited.options.hop_limit = Some(9);
    assert_eq!(restored(&edited, false), held(Held::ChangedSince));
    assert_eq!(restored(&edited, true), Restoration::Restore(Step::Defaults(all)));
    let untouched = DefaultsChange { require_tokens: true, ..DefaultsChange::default() };
    let only_tokens = DefaultsStep { http_tokens: Some(None), ..DefaultsStep::default() };
    assert_eq!(
        defaults(&before, untouched, &edited, false),
        Restoration::Restore(Step::Defaults(only_tokens))
    );
    edited.owner = DefaultsOwner::DeclarativePolicy(None);
    assert_eq!(restored(&edited, true), held(Held::DeclarativePolicy));
}
