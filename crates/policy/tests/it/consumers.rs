//! What launches from launch templates: judged by what it will launch, and moved to the fixed version.

use v2only_policy::plan::{Hold, OpenLaunch};
use v2only_policy::settings::{LaunchTemplateFix, OwnedTemplates};
use v2only_policy::source::{
    AccountDefaults, Consumer, ConsumerKind, LaunchTemplate, Made, NamedImage, TemplateSlot, TemplateUse,
    TemplateVersion, VersionChoice,
};
use v2only_policy::subject::OpenVersion;
use v2only_policy::verdict::Note;
use v2only_policy::{
    Finding, HttpTokens, ImdsSupport, Judged, OptionFinding, Plan, Policy, Rules, Subject, decide_consumer,
};

use crate::sources::{account, template, version};
use crate::words::*;

const OPTIONAL: Option<HttpTokens> = Some(HttpTokens::Optional);
const REQUIRED: Option<HttpTokens> = Some(HttpTokens::Required);
const WEB: &str = "web";

fn group(choice: VersionChoice) -> Consumer {
    let templates = vec![TemplateUse::plain(WEB.to_owned(), choice, TemplateSlot::Own)];
    Consumer { templates, ..Consumer::group("shop".to_owned()) }
}

fn fleet(choice: VersionChoice) -> Consumer {
    Consumer { kind: ConsumerKind::Fleet, ..group(choice) }
}

/// Groups may be moved, and new versions made.
fn repoint() -> Rules {
    enforce().edit(|rules| {
        rules.launch_templates.fix = LaunchTemplateFix::NewVersion;
        rules.launch_templates.repoint_groups = true;
    })
}

fn judge(
    consumer: &Consumer,
    templates: &[LaunchTemplate],
    defaults: &AccountDefaults,
    rules: Rules,
) -> Option<Judged> {
    decide_consumer(consumer, templates, defaults, &Policy::plain(rules), &seen().circumstances()).unwrap()
}

/// The plan as one line, with the launches that a group keeps.
fn planned(
    consumer: &Consumer,
    templates: &[LaunchTemplate],
    defaults: &AccountDefaults,
    rules: Rules,
) -> String {
    let Some(judged) = judge(consumer, templates, defaults, rules) else { return "nothing".to_owned() };
    let Subject::Consumer { open, .. } = &judged.subject else { return "no consumer".to_owned() };
    let versions: Vec<String> = open.iter().map(|it| it.number.to_string()).collect();
    let kept = judged.decision.notes.iter().any(|note| matches!(note, Note::OpenLaunches(_)));
    let plan = match &judged.decision.plan {
        Plan::Hold { why: Hold::OpenLaunches { launches, .. }, .. } => {
            launches.iter().map(OpenLaunch::code).collect::<Vec<_>>().join(" ")
        }
        Plan::Hold { why, would } => {
            format!("{}{}", why.code(), if would.is_some() { ", would act" } else { "" })
        }
        other => other.code().to_owned(),
    };
    format!("{plan} [{}]{}", versions.join(" "), if kept { " others stay" } else { "" })
}

/// `$Default` is version 2 and fixed; version 1 is open.
fn fixed_default() -> LaunchTemplate {
    template(2, 2, vec![version(1, OPTIONAL), version(2, REQUIRED)])
}

#[test]
fn a_consumer_is_judged_by_the_version_that_it_names() {
    let silent = account(None);
    let its = [fixed_default()];
    for (choice, expected) in [
        (VersionChoice::Number(1), "pinned [1]"),
        (VersionChoice::Number(2), "nothing"),
        (VersionChoice::Default, "nothing"),
        (VersionChoice::Latest, "nothing"),
        (VersionChoice::Number(9), "version-not-described []"),
        (VersionChoice::Unknown, "version-not-described []"),
    ] {
        assert_eq!(planned(&group(choice), &its, &silent, enforce()), expected, "{choice}");
        assert_eq!(planned(&fleet(choice), &its, &silent, repoint()), expected, "{choice}");
    }
    // An open `$Default` is a finding of the launch template.
    let open = [template(1, 1, vec![version(1, OPTIONAL)])];
    assert_eq!(planned(&group(VersionChoice::Default), &open, &silent, repoint()), "nothing");
    assert_eq!(
        planned(&group(VersionChoice::Number(1)), &[], &silent, repoint()),
        "version-not-described []"
    );
    // The account default does not decide what a version states that AWS does not show.
    let not_shown = judge(&group(VersionChoice::Number(9)), &its, &account(REQUIRED), enforce()).unwrap();
    assert_eq!(not_shown.decision.verdict.findings(), [Finding::Option(OptionFinding::TokensUnknown)]);
    // A version counts once, however often the group names it.
    let mut twice = group(VersionChoice::Number(1));
    twice.templates.push(TemplateUse { part: TemplateSlot::Override, ..twice.templates[0].clone() });
    assert_eq!(planned(&twice, &its, &silent, enforce()), "pinned [1]");
    // The id names a template as well as its name does.
    let by_id = TemplateUse::plain(its[0].id.to_string(), VersionChoice::Number(1), TemplateSlot::Own);
    let by_id = Consumer { templates: vec![by_id], ..group(VersionChoice::Default) };
    assert_eq!(planned(&by_id, &its, &silent, enforce()), "pinned [1]");
    let other = TemplateUse::plain("other".to_owned(), VersionChoice::Number(1), TemplateSlot::Own);
    let other = Consumer { templates: vec![other], ..by_id };
    assert_eq!(planned(&other, &its, &silent, enforce()), "version-not-described []");
}

#[test]
fn a_group_is_moved_where_the_document_allows_it() {
    let silent = account(None);
    let its = [fixed_default()];
    let pinned = group(VersionChoice::Number(1));
    assert_eq!(planned(&pinned, &its, &silent, repoint()), "act [1]");
    let report = repoint().edit(|rules| rules.launch_templates.fix = LaunchTemplateFix::Report);
    assert_eq!(planned(&pinned, &its, &silent, report), "source-report-only, would act [1]");
    let observed = Rules { mode: v2only_policy::Mode::Observe, ..repoint() };
    assert_eq!(planned(&pinned, &its, &silent, observed), "observe-mode, would act [1]");
    // A group with a version that AWS does not show has no version to be moved from.
    assert_eq!(
        planned(&group(VersionChoice::Number(7)), &its, &silent, repoint()),
        "version-not-described []"
    );
    // An overridden image stays, and is said.
    let image = NamedImage { name: Some("ami-1".to_owned()), imds_support: ImdsSupport::Unmarked };
    let silent_version = TemplateVersion { imds_support: ImdsSupport::V2, ..version(3, None) };
    let its = [template(2, 2, vec![version(1, OPTIONAL), version(2, REQUIRED), silent_version])];
    let overridden = TemplateUse {
        images: vec![image],
        ..TemplateUse::plain(WEB.to_owned(), VersionChoice::Number(3), TemplateSlot::Own)
    };
    let mut both = pinned.clone();
    both.templates.push(overridden.clone());
    assert_eq!(planned(&both, &its, &silent, repoint()), "act [1] others stay");
    both.templates = vec![overridden];
    assert_eq!(planned(&both, &its, &silent, repoint()), "override-image []");
    assert_eq!(planned(&both, &its, &account(REQUIRED), repoint()), "nothing");
}

#[test]
fn a_group_waits_where_the_fixed_version_would_be_latest_for_others() {
    let silent = account(None);
    let with = |latest: u64, versions: Vec<TemplateVersion>, follower: VersionChoice| {
        let mut it = template(1, latest, versions);
        it.consumers = vec![v2only_policy::source::ConsumerUse {
            kind: ConsumerKind::AutoScalingGroup,
            consumer: "follower".to_owned(),
            version: follower,
            part: TemplateSlot::Own,
            instances: 0,
            is_repointed: false,
        }];
        it
    };
    let versions = || vec![version(1, OPTIONAL), version(2, REQUIRED)];
    let pinned = group(VersionChoice::Number(1));
    let plan = |it: LaunchTemplate| planned(&pinned, &[it], &silent, repoint());
    assert_eq!(plan(with(2, versions(), VersionChoice::Latest)), "latest-in-use [1]");
    assert_eq!(plan(with(2, versions(), VersionChoice::Default)), "act [1]");
    assert_eq!(plan(with(1, vec![version(1, OPTIONAL)], VersionChoice::Latest)), "act [1]");
    // The fixed version exists, so none is made.
    let fixed = TemplateVersion { made: Some(Made { from: 1, latest: 2 }), ..version(3, REQUIRED) };
    let mut exists = versions();
    exists.push(fixed);
    assert_eq!(plan(with(2, exists, VersionChoice::Latest)), "act [1]");
}

#[test]
fn the_owner_of_a_group_or_its_template_changes_it() {
    let silent = account(None);
    let pinned = group(VersionChoice::Number(1));
    let tagged = |key: &str, value: &str| {
        let mut it = pinned.clone();
        it.tags.insert(key.to_owned(), value.to_owned());
        it
    };
    let stack = tagged("aws:cloudformation:stack-name", "shop");
    assert_eq!(planned(&stack, &[fixed_default()], &silent, repoint()), "owned [1]");
    let fix = repoint().edit(|rules| rules.launch_templates.owned = OwnedTemplates::Fix);
    assert_eq!(planned(&stack, &[fixed_default()], &silent, fix.clone()), "act [1]");
    let node_group = tagged("eks:nodegroup-name", "workers");
    assert_eq!(planned(&node_group, &[fixed_default()], &silent, fix.clone()), "owned [1]");
    let managed = LaunchTemplate { managed_by: Some("ec2.amazonaws.com".to_owned()), ..fixed_default() };
    assert_eq!(planned(&pinned, &[managed], &silent, fix.clone()), "managed [1]");
    let mut owned = fixed_default();
    owned.tags.insert("aws:cloudformation:stack-name".to_owned(), "shop".to_owned());
    assert_eq!(planned(&pinned, &[owned.clone()], &silent, repoint()), "owned [1]");
    assert_eq!(planned(&pinned, &[owned], &silent, fix), "act [1]");
}

#[test]
fn an_exempt_launch_template_exempts_what_is_launched_from_it() {
    let mut it = fixed_default();
    it.tags.insert(v2only_policy::exemption::UNTIL_TAG.to_owned(), "2026-12-31".to_owned());
    it.tags.insert(v2only_policy::exemption::REASON_TAG.to_owned(), "vendor agent".to_owned());
    assert_eq!(planned(&group(VersionChoice::Number(1)), &[it], &account(None), repoint()), "nothing");
}

#[test]
fn a_launch_specification_of_a_spot_fleet_takes_the_defaults() {
    let inline = |imds_support| Consumer {
        inline: vec![NamedImage { name: Some("ami-1".to_owned()), imds_support }],
        ..Consumer::new(ConsumerKind::SpotFleet, "sfr-1".to_owned())
    };
    let code = "inline-launch-specification []";
    assert_eq!(planned(&inline(ImdsSupport::Unmarked), &[], &account(None), repoint()), code);
    assert_eq!(planned(&inline(ImdsSupport::V2), &[], &account(None), repoint()), "nothing");
    assert_eq!(planned(&inline(ImdsSupport::Unmarked), &[], &account(REQUIRED), repoint()), "nothing");
    // The same image twice is one launch.
    let mut twice = inline(ImdsSupport::Unmarked);
    twice.inline.push(twice.inline[0].clone());
    assert_eq!(planned(&twice, &[], &account(None), repoint()), code);
}

#[test]
fn the_fixed_version_is_the_newest_of_ours_with_the_same_options() {
    let ours = |number, from, tokens| TemplateVersion {
        made: Some(Made { from, latest: from }),
        ..version(number, tokens)
    };
    // Whose options count is seen by a hop limit that only this version states.
    let mut other = version(2, REQUIRED);
    other.options.hop_limit = Some(5);
    let it = template(
        1,
        7,
        vec![
            version(1, OPTIONAL),
            other,
            ours(3, 1, REQUIRED),
            ours(4, 1, REQUIRED),
            ours(5, 1, OPTIONAL),
            ours(6, 2, REQUIRED),
        ],
    );
    let required = version(1, REQUIRED).options;
    assert_eq!(it.fixed_version(1, &required), Some(4));
    assert_eq!(it.fixed_version(2, &required), Some(6));
    assert_eq!(it.fixed_version(3, &required), None);
    assert_eq!(template(1, 1, vec![ours(1, 1, REQUIRED)]).fixed_version(1, &required), None, "itself");
    let pinned = judge(&group(VersionChoice::Number(1)), &[it], &account(None), repoint()).unwrap();
    let Subject::Consumer { open, .. } = pinned.subject else { panic!("no consumer") };
    // Ours states the endpoint as well, so another change fixes nothing here.
    assert_eq!(open.iter().map(OpenVersion::fixed).collect::<Vec<_>>(), [Some(4)]);
    assert_eq!(OpenVersion { number: 8, ..open[0].clone() }.fixed(), None);
}

#[test]
fn a_moved_consumer_no_longer_uses_the_version() {
    let of = |kind, consumer: &str, version| v2only_policy::source::ConsumerUse {
        kind,
        consumer: consumer.to_owned(),
        version,
        part: TemplateSlot::Own,
        instances: 0,
        is_repointed: false,
    };
    let (group_kind, number) = (ConsumerKind::AutoScalingGroup, VersionChoice::Number(1));
    let mut it = fixed_default();
    it.consumers = vec![
        of(group_kind, "shop", number),
        of(ConsumerKind::Fleet, "shop", number),
        of(group_kind, "other", number),
        of(group_kind, "shop", VersionChoice::Number(2)),
        of(group_kind, "latest", VersionChoice::Latest),
    ];
    assert!(it.is_in_use(1));
    assert_eq!(it.followers_of_latest(), ["latest"]);
    it.repoint(&group(number), 1);
    let moved: Vec<bool> = it.consumers.iter().map(|one| one.is_repointed).collect();
    assert_eq!(moved, [true, false, false, false, false]);
    it.repoint(&fleet(number), 1);
    it.repoint(&Consumer::group("other".to_owned()), 1);
    assert!(!it.is_in_use(1));
    assert_eq!(it.users(2).map(|one| one.consumer.as_str()).collect::<Vec<_>>(), ["shop", "latest"]);
}

#[test]
fn a_consumer_is_the_same_as_long_as_it_launches_the_same() {
    let it = || {
        let image = NamedImage::named(Some("ami-1".to_owned()));
        let mut it = group(VersionChoice::Number(1));
        it.templates[0].images.push(image);
        it
    };
    assert!(it().launches_as(&it()));
    let mut known = it();
    known.images_mut().for_each(|image| image.imds_support = ImdsSupport::V2);
    assert_eq!(known.templates[0].images[0].imds_support, ImdsSupport::V2);
    assert!(known.launches_as(&it()), "what is known of an image does not count");
    let changed: [fn(&mut Consumer); 10] = [
        |it| it.kind = ConsumerKind::Fleet,
        |it| it.id = "other".to_owned(),
        |it| it.arn = Some("arn".to_owned()),
        |it| it.configuration = Some("old".to_owned()),
        |it| it.templates.clear(),
        |it| it.templates[0].template = "other".to_owned(),
        |it| it.templates[0].version = VersionChoice::Latest,
        |it| it.templates[0].part = TemplateSlot::Mixed,
        |it| it.templates[0].images.clear(),
        |it| it.templates[0].images[0].name = None,
    ];
    for (index, change) in changed.iter().enumerate() {
        let mut other = it();
        change(&mut other);
        assert!(!it().launches_as(&other), "change {index}");
    }
}

#[test]
fn a_judged_resource_shows_what_it_is_about() {
    let pinned =
        judge(&group(VersionChoice::Number(1)), &[fixed_default()], &account(None), repoint()).unwrap();
    assert!(pinned.acts() && !pinned.is_clean());
    assert!(pinned.template().is_none() && pinned.instance().is_none() && pinned.image().is_none());
    let rules = Policy::plain(enforce());
    let moment = seen();
    let of_template = v2only_policy::decide_launch_template(
        &fixed_default(),
        &account(None),
        &rules,
        &moment.circumstances(),
    )
    .unwrap();
    let [judged] = &of_template[..] else { panic!("{of_template:?}") };
    assert_eq!(judged.template().map(|it| it.name.as_str()), Some(WEB));
    assert!(judged.is_clean() && !judged.acts());
    assert!(judged.subject.is_launch_source());
}
