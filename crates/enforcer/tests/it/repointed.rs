//! Letting an Auto Scaling group name the fixed version of a launch template in place of the open one.

use v2only_enforcer::sources::apply::apply;
use v2only_enforcer::{Kind, Outcome, Record};
use v2only_policy::source::{AccountDefaults, Consumer, ConsumerKind, LaunchTemplate, Made, VersionChoice};
use v2only_policy::subject::OpenVersion;
use v2only_policy::{
    Decision, GroupChange, HttpTokens, ImdsSupport, InstanceChange, Judged, Note, Plan, StatedOptions,
    Subject, Verdict, effective,
};

use crate::fake::Fake;
use crate::launch_sources::{MARKED, OPTIONAL, REQUIRED, WEB, consumer, place, template};

const CREATE: &str = "ec2:CreateLaunchTemplateVersion";

/// A launch template with an open version for each of these numbers, and closed versions with what they were made from.
fn web(open: u64, made: &[(u64, Option<HttpTokens>)]) -> LaunchTemplate {
    let mut tokens = vec![OPTIONAL; usize::try_from(open).unwrap()];
    tokens.extend(made.iter().map(|(_, tokens)| *tokens));
    let mut web = template(WEB, "web", 1, &tokens, MARKED);
    for (version, (from, _)) in web.versions.iter_mut().skip(usize::try_from(open).unwrap()).zip(made) {
        version.made = Some(Made { from: *from, latest: open });
    }
    web
}

/// An earlier run made version 3 of version 1. Only these two have a hop limit.
fn with_hop_limit() -> LaunchTemplate {
    let mut web = web(2, &[(1, REQUIRED)]);
    (web.versions[0].options.hop_limit, web.versions[2].options.hop_limit) = (Some(2), Some(2));
    web
}

fn shop(versions: &[u64]) -> Consumer {
    let uses: Vec<_> = versions.iter().map(|number| ("web", VersionChoice::Number(*number))).collect();
    consumer(ConsumerKind::AutoScalingGroup, "shop", &uses)
}

fn named(fake: &Fake) -> Vec<VersionChoice> {
    fake.0.lock().unwrap().groups[0].templates.iter().map(|it| it.version).collect()
}

/// The record of this group, whose version 1 of `web` violates the policy.
async fn moved(template: &LaunchTemplate, group: &Consumer, notes: Vec<Note>, fake: &Fake) -> Record {
    {
        let mut world = fake.0.lock().unwrap();
        (world.templates, world.groups) = (vec![template.clone()], vec![group.clone()]);
    }
    let open = OpenVersion { template: template.clone(), number: 1, change: InstanceChange::TOKENS };
    let effective = effective(&StatedOptions::default(), &AccountDefaults::UNSET, ImdsSupport::Unmarked);
    let plan = Plan::Act(GroupChange::NameFixedVersions.into());
    let decision = Decision { plan, notes, ..Decision::nothing_to_do(Verdict::Violation(Vec::new())) };
    let subject = Subject::Consumer { consumer: group.clone(), open: vec![open], effective };
    apply(fake, &place(), &Judged { subject, decision }).await
}

/// What is there when the group is changed, which version it names then, and which versions are created for it.
#[tokio::test]
async fn the_fixed_version_is_one_that_an_earlier_run_made_of_the_same_version_or_a_new_one() {
    for (name, template, fixed, created) in [
        ("none is there", web(1, &[]), 2, vec!["from 1"]),
        ("none is there, and `$Latest` is another one", web(3, &[]), 4, vec!["from 1", "from 3"]),
        ("an earlier run made one", web(1, &[(1, REQUIRED)]), 2, vec![]),
        ("earlier runs made several", web(1, &[(1, REQUIRED), (1, REQUIRED)]), 3, vec![]),
        ("it repeats everything else", with_hop_limit(), 3, vec![]),
        ("one states something else", web(1, &[(1, OPTIONAL)]), 3, vec!["from 1", "from 2"]),
        ("one was made of another version", web(2, &[(2, REQUIRED)]), 4, vec!["from 1", "from 3"]),
    ] {
        let fake = Fake::default();
        let record = moved(&template, &shop(&[1, 9]), Vec::new(), &fake).await;
        assert_eq!(record.outcome, Outcome::Fixed, "{name}");
        assert_eq!(named(&fake), [VersionChoice::Number(fixed), VersionChoice::Number(9)], "{name}");
        let calls = fake.calls();
        let versions: Vec<_> = calls.iter().filter_map(|it| it.strip_prefix(CREATE)).map(str::trim).collect();
        assert_eq!(versions, created, "{name}");
        let options = fake.0.lock().unwrap().templates[0]
            .versions
            .iter()
            .find(|it| it.number == fixed)
            .unwrap()
            .options;
        assert_eq!(options.http_tokens, REQUIRED, "{name}");
    }
}

#[tokio::test]
async fn a_group_with_other_open_launches_is_not_called_fixed() {
    let note = || Note::OpenLaunches(Vec::new());
    for (notes, outcome) in [(vec![note()], Outcome::Advanced), (Vec::new(), Outcome::Fixed)] {
        let record = moved(&web(1, &[]), &shop(&[1]), notes, &Fake::default()).await;
        assert_eq!(record.outcome, outcome);
    }
}

#[tokio::test]
async fn a_group_that_aws_describes_otherwise_has_failed_with_the_id_of_the_request() {
    let fake = Fake::with(|world| world.ignores_changes = true);
    let record = moved(&web(1, &[]), &shop(&[1]), Vec::new(), &fake).await;
    assert!(matches!(&record.outcome, Outcome::Failed(it) if it.kind == Kind::Unverified), "{record:?}");
    assert_eq!(record.request_id.as_deref(), Some("req-group"));
}

/// AWS may have created the version without an answer: then it is `$Latest`, and what was is repeated.
#[tokio::test]
async fn latest_is_repeated_wherever_the_new_version_may_exist() {
    for (kind, created) in [(Kind::Unverified, 2), (Kind::Denied, 1), (Kind::Throttled, 1)] {
        let fake = Fake::with(|world| drop(world.failures.insert(CREATE, vec![kind])));
        let record = moved(&web(3, &[]), &shop(&[1]), Vec::new(), &fake).await;
        assert!(matches!(&record.outcome, Outcome::Failed(it) if it.kind == kind), "{record:?}");
        assert_eq!(fake.calls().iter().filter(|it| it.starts_with(CREATE)).count(), created, "{kind:?}");
        assert_eq!(named(&fake), [VersionChoice::Number(1)], "{kind:?}");
    }
}
