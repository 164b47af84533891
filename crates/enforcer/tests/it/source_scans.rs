//! What a scan says of the sources of launches, and which of them keep `HttpTokensEnforced` from being switched on.

use v2only_document as document;
use v2only_enforcer::kinds::Kinds;
use v2only_enforcer::readiness::{Failing, would_fail};
use v2only_enforcer::sources::scan;
use v2only_policy::plan::EnforcementBar;
use v2only_policy::source::{ConsumerKind, VersionChoice};
use v2only_policy::{
    AccountDefaults, Circumstances, History, Hold, Judged, Occasion, ResourceKind, Subject, usage,
};

use crate::fake::now;
use crate::launch_sources::{JOBS, MARKED, OPTIONAL, Sources, consumer, estate, place, template};

pub const ENFORCED: &str = "version: 1
mode: enforce
launch_templates: { fix: new-version }
account_defaults: { http_tokens: required, enforced: enabled }
";

pub async fn scanned(sources: &Sources, policy: &str, kinds: Kinds) -> Vec<Judged> {
    let policy = document::parse(policy).unwrap().policy;
    let circumstances = Circumstances {
        place: &place(),
        ous: None,
        now: now(),
        occasion: Occasion::Seen,
        siblings: usage::Siblings::NotRead,
        usage: usage::Usage::NotRead,
        history: History::NotRead,
    };
    let mut found = Vec::new();
    scan(sources, &policy, &circumstances, kinds, &mut |it| found.push(it)).await.unwrap();
    found
}

/// How many sources keep `HttpTokensEnforced` from being switched on.
pub fn bar(found: &[Judged]) -> Option<usize> {
    let defaults = found.iter().find(|it| matches!(it.subject, Subject::AccountDefaults(_)))?;
    match defaults.decision.plan.hold() {
        Some(Hold::Enforcement(EnforcementBar::Failing { sources })) => Some(*sources),
        None => Some(0),
        other => panic!("{other:?}"),
    }
}

/// Version 1 of each template, and the configuration of two groups. Version 2 of `web` and the unused configuration do not count,
/// and a version that sets nothing takes the default.
#[tokio::test]
async fn enforcement_waits_for_each_source_in_use_whose_launches_would_fail() {
    for kinds in [Kinds::All, Kinds::LaunchSources, Kinds::Only(ResourceKind::AccountDefault)] {
        assert_eq!(bar(&scanned(&estate(), ENFORCED, kinds).await), Some(3), "{kinds:?}");
    }
    let closed = Sources { templates: Vec::new(), configurations: Vec::new(), ..estate() };
    assert_eq!(bar(&scanned(&closed, ENFORCED, Kinds::All).await), Some(0));
    let found = would_fail(&estate(), &place()).await.unwrap();
    let names = found.iter().map(|failing| match failing {
        Failing::Version(it, number) => format!("{} {number}", it.name),
        Failing::Configuration(it) => it.name.clone(),
        Failing::Defaults(_) => "defaults".to_owned(),
        Failing::NotDescribed(it, _) => format!("not described {}", it.id),
    });
    assert_eq!(names.collect::<Vec<_>>(), ["web 1", "jobs 1", "old"]);
}

#[tokio::test]
async fn a_version_that_is_not_described_or_a_default_that_is_open_may_let_launches_fail() {
    let unknown = [
        ("web", VersionChoice::Unknown),
        ("web", VersionChoice::Number(7)),
        ("gone", VersionChoice::Default),
    ];
    let sources = Sources {
        groups: vec![consumer(ConsumerKind::AutoScalingGroup, "shop", &unknown)],
        configurations: Vec::new(),
        defaults: AccountDefaults::UNSET,
        ..estate()
    };
    let found = would_fail(&sources, &place()).await.unwrap();
    assert!(matches!(found.first(), Some(Failing::Defaults(_))), "{found:?}");
    let uses = found.iter().filter_map(|failing| match failing {
        Failing::NotDescribed(_, it) => Some((it.template.as_str(), it.version)),
        _ => None,
    });
    assert_eq!(uses.collect::<Vec<_>>(), unknown);
}

/// What a scan of one kind reads. Only a document that asks for enforcement makes the defaults depend on other sources.
#[tokio::test]
async fn a_scan_of_one_kind_reads_no_other() {
    let report = "version: 1\nmode: enforce\naccount_defaults: { http_tokens: required }\n";
    let listed = async |policy: &str, kind| {
        let sources = estate();
        scanned(&sources, policy, Kinds::Only(kind)).await;
        let mut calls: Vec<String> = sources.calls("");
        calls.retain(|call| {
            ["own images", "defaults", "groups", "fleets", "templates", "configurations"]
                .contains(&call.as_str())
        });
        calls.dedup();
        calls.join(", ")
    };
    assert_eq!(listed(report, ResourceKind::Image).await, "own images");
    assert_eq!(listed(report, ResourceKind::AccountDefault).await, "defaults");
    assert_eq!(listed(report, ResourceKind::LaunchConfiguration).await, "defaults, groups, configurations");
    assert_eq!(listed(report, ResourceKind::LaunchTemplate).await, "defaults, groups, fleets, templates");
    assert_eq!(listed(report, ResourceKind::Instance).await, "");
    let all = "defaults, groups, fleets, templates, configurations";
    assert_eq!(listed(ENFORCED, ResourceKind::AccountDefault).await, all);
}

#[tokio::test]
async fn a_version_that_only_a_group_names_is_left_once_the_group_is_to_name_another() {
    let named = |judged: &Judged| match &judged.subject {
        Subject::TemplateVersion { template, number, .. } => format!("{} {number}", template.name),
        Subject::Consumer { consumer, .. } => consumer.id.clone(),
        other => panic!("{other:?}"),
    };
    for (repoint, expected) in [(true, vec!["jobs 2", "shop"]), (false, vec!["jobs 1", "jobs 2", "shop"])] {
        let policy = format!(
            "version: 1\nmode: enforce\nlaunch_templates: {{ fix: new-version, repoint_groups: {repoint} }}\n"
        );
        let sources = Sources {
            templates: vec![template(JOBS, "jobs", 2, &[OPTIONAL, OPTIONAL], MARKED)],
            fleets: Vec::new(),
            spot_fleets: Vec::new(),
            groups: vec![consumer(
                ConsumerKind::AutoScalingGroup,
                "shop",
                &[("jobs", VersionChoice::Number(1))],
            )],
            ..estate()
        };
        let found = scanned(&sources, &policy, Kinds::Only(ResourceKind::LaunchTemplate)).await;
        let mut found: Vec<String> = found.iter().map(named).collect();
        found.sort();
        assert_eq!(found, expected, "repoint_groups: {repoint}");
    }
}
