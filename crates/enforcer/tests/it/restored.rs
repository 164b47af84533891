//! Carrying a rollback out: nothing is restored that somebody changed after the plan, and AWS's answer is checked.

use jiff::SignedDuration;
use v2only_enforcer::Kind;
use v2only_enforcer::rollback::{
    Came, DefaultsStep, Exemption, GroupLine, Held, Looked, Recorded, Restoration, Step, TemplateLine, Told,
    What, look, restore,
};
use v2only_policy::instance::{HttpTokens, MetadataOptions, Switch};
use v2only_policy::settings::HopLimit;
use v2only_policy::source::{AccountDefaults, ConsumerKind, LaunchTemplate, Made, VersionChoice};
use v2only_policy::{
    DefaultsChange, Disabled, InstanceChange, InstanceId, Preference, StatedOptions, Surface, SurfaceKind,
    SwitchOption,
};

use crate::fake::{Fake, World, now};
use crate::launch_sources::{MARKED, OPTIONAL, REQUIRED, WEB, consumer, place, template};

const ID: &str = "i-00000001";
const MODIFY: &str = "ec2:ModifyInstanceMetadataOptions";
const READ_DEFAULTS: &str = "ec2:GetInstanceMetadataDefaults";

async fn looked(fake: &Fake, what: Vec<What>, even_if_changed: bool) -> Vec<Looked> {
    let recorded = what.into_iter().map(|what| Recorded { place: place(), what }).collect();
    look(fake, &place(), recorded, even_if_changed).await
}

async fn restored(fake: &Fake, looked: Vec<Looked>, even_if_changed: bool) -> Vec<Told> {
    restore(fake, &place(), looked, even_if_changed, None, &now).await
}

/// How restoring one change ends.
async fn one(fake: &Fake, what: What) -> Came {
    let looked = looked(fake, vec![what], false).await;
    restored(fake, looked, false).await.remove(0).came
}

fn failed(came: &Came) -> Option<Kind> {
    match came {
        Came::Failed(failure) => Some(failure.kind),
        Came::Left | Came::Restored => None,
    }
}

fn calls(fake: &Fake, action: &str) -> usize {
    fake.calls().iter().filter(|it| it.starts_with(action)).count()
}

/// An instance that v2only closed, and its line in the journal.
fn closed_instance() -> (Fake, What) {
    let mut before = MetadataOptions::UNKNOWN;
    let fake = Fake::with(|world| {
        let options = &mut world.instance(ID).options;
        before = *options;
        options.http_tokens = HttpTokens::Required;
    });
    (fake, What::Instance { id: InstanceId::parse(ID).unwrap(), before, change: InstanceChange::TOKENS })
}

#[tokio::test]
async fn an_instance_is_restored_although_aws_still_applies_the_change() {
    let (fake, what) = closed_instance();
    assert_eq!(one(&fake, what).await, Came::Restored);
    assert_eq!(fake.tokens(ID), HttpTokens::Optional);
}

/// The person has seen another state, whatever may be overwritten.
#[tokio::test]
async fn what_somebody_changed_after_the_plan_was_shown_is_left() {
    let (fake, what) = closed_instance();
    let looked = looked(&fake, vec![what], true).await;
    fake.0.lock().unwrap().instance(ID).options.hop_limit = Some(3);
    let told = restored(&fake, looked, true).await.remove(0);
    assert_eq!((told.came, told.looked.restoration), (Came::Left, Ok(Restoration::Held(Held::ChangedSince))));
    assert_eq!((fake.tokens(ID), calls(&fake, MODIFY)), (HttpTokens::Required, 0));
}

#[tokio::test]
async fn what_somebody_changes_while_the_tags_of_the_exemption_are_written_is_left() {
    for (millis, came, tokens) in
        [(0, Came::Restored, HttpTokens::Optional), (1000, Came::Left, HttpTokens::Required)]
    {
        let (fake, what) = closed_instance();
        let looked = looked(&fake, vec![what], false).await;
        let theirs = move |world: &mut World| {
            world.passed += millis;
            world.instance(ID).options.hop_limit = Some(3);
        };
        fake.0.lock().unwrap().meanwhile.push(("ec2:CreateTags", 0, Box::new(theirs)));
        let exemption = Exemption { until: "2027-01-31".to_owned(), reason: "migration".to_owned() };
        let clock = || now() + SignedDuration::from_millis(fake.0.lock().unwrap().passed);
        let told = restore(&fake, &place(), looked, false, Some(&exemption), &clock).await.remove(0);
        assert_eq!((told.came, fake.tokens(ID)), (came, tokens), "{millis}");
    }
}

/// The launch template `web`. Version 3 was made from version 1 by a run that was killed before it repeated version 2.
fn killed_run(default: u64) -> LaunchTemplate {
    let mut web = template(WEB, "web", default, &[OPTIONAL, OPTIONAL, REQUIRED], MARKED);
    web.versions[2].made = Some(Made { from: 1, latest: 2 });
    web
}

fn line(from: u64, latest: u64, made_default: bool) -> What {
    What::Template(TemplateLine {
        id: v2only_policy::LaunchTemplateId::parse(WEB).unwrap(),
        from,
        says: StatedOptions { http_tokens: OPTIONAL, ..StatedOptions::default() },
        change: Some(InstanceChange::TOKENS),
        default: 1,
        latest,
        made_default,
    })
}

#[tokio::test]
async fn latest_of_a_template_is_repeated_once_however_many_of_its_versions_were_changed() {
    for (default, first) in [
        (3, Restoration::Restore(Step::Template { default: Some(1), latest: None })),
        (1, Restoration::AsBefore),
    ] {
        let fake = Fake::with(|world| world.templates = vec![killed_run(default)]);
        let looked = looked(&fake, vec![line(1, 2, true), line(2, 2, false)], false).await;
        let plans: Vec<_> = looked.iter().map(|it| it.restoration.clone().unwrap()).collect();
        let last = Restoration::Restore(Step::Template { default: None, latest: Some(2) });
        assert_eq!(plans, [first, last]);
        let told = restored(&fake, looked, false).await;
        assert!(told.iter().all(|it| !it.is_open()), "{told:?}");
        let template = fake.0.lock().unwrap().templates[0].clone();
        assert_eq!((template.default, template.latest), (1, 4));
        assert_eq!(template.versions[3].options.http_tokens, OPTIONAL);
    }
}

#[tokio::test]
async fn a_template_whose_default_somebody_changed_after_the_plan_is_left() {
    let mut web = template(WEB, "web", 2, &[OPTIONAL, REQUIRED], MARKED);
    web.versions[1].made = Some(Made { from: 1, latest: 1 });
    let fake = Fake::with(|world| world.templates = vec![web]);
    let looked = looked(&fake, vec![line(1, 1, true)], false).await;
    assert!(looked[0].acts());
    fake.0.lock().unwrap().templates[0].default = 1;
    let told = restored(&fake, looked, false).await.remove(0);
    assert_eq!((told.came, told.looked.restoration), (Came::Left, Ok(Restoration::Held(Held::ChangedSince))));
    assert_eq!(calls(&fake, "ec2:CreateLaunchTemplateVersion") + calls(&fake, "ec2:ModifyLaunchTemplate"), 0);
}

/// A group that v2only let name version 2 in place of version 1, and its line in the journal.
fn moved_group() -> (Fake, What) {
    let fake = Fake::with(|world| {
        let mut web = template(WEB, "web", 1, &[OPTIONAL, REQUIRED], MARKED);
        web.versions[1].made = Some(Made { from: 1, latest: 1 });
        let uses = [("web", VersionChoice::Number(2))];
        world.groups = vec![consumer(ConsumerKind::AutoScalingGroup, "shop", &uses)];
        world.templates = vec![web];
    });
    let then = consumer(ConsumerKind::AutoScalingGroup, "shop", &[("web", VersionChoice::Number(1))]);
    let open = vec![(v2only_policy::LaunchTemplateId::parse(WEB).unwrap(), 1)];
    (fake, What::Group(GroupLine { group: then, open }))
}

#[tokio::test]
async fn a_group_names_the_version_before_again() {
    let version = |fake: &Fake| fake.0.lock().unwrap().groups[0].templates[0].version;
    let (fake, what) = moved_group();
    assert_eq!(one(&fake, what.clone()).await, Came::Restored);
    assert_eq!(version(&fake), VersionChoice::Number(1));
    assert_eq!(one(&fake, what).await, Came::Left, "repeating it is harmless");
    let (fake, what) = moved_group();
    fake.0.lock().unwrap().ignores_changes = true;
    assert_eq!(failed(&one(&fake, what).await), Some(Kind::Unverified));
    // Somebody changes the group between its description and the change.
    let (fake, what) = moved_group();
    let theirs = |world: &mut World| world.groups[0].templates[0].version = VersionChoice::Latest;
    fake.0.lock().unwrap().meanwhile.push(("autoscaling:UpdateAutoScalingGroup", 0, Box::new(theirs)));
    assert_eq!(failed(&one(&fake, what).await), Some(Kind::Refused));
    assert_eq!(version(&fake), VersionChoice::Latest);
}

/// Account defaults whose options v2only set, and their line in the journal.
fn tightened_defaults(enforce: bool) -> (Fake, What) {
    let mut before = AccountDefaults::UNSET;
    before.options.hop_limit = Some(1);
    let change = DefaultsChange {
        require_tokens: true,
        enforce,
        hop_limit: Some(Preference::Set(HopLimit::new(2).unwrap())),
        http_endpoint: Some(Preference::Set(Disabled)),
        metadata_tags: Some(Preference::Set(true)),
    };
    let fake = Fake::with(|world| {
        world.defaults = Some(AccountDefaults { enforced: Switch::Enabled, ..change.applied_to(&before) });
    });
    (fake, What::Defaults { before, change })
}

#[tokio::test]
async fn account_defaults_are_restored_but_for_what_v2only_did_not_change() {
    for (enforce, enforced) in [(true, Switch::Disabled), (false, Switch::Enabled)] {
        let (fake, what) = tightened_defaults(enforce);
        let What::Defaults { before, .. } = what.clone() else { panic!("{what:?}") };
        assert_eq!(one(&fake, what).await, Came::Restored);
        assert_eq!(fake.0.lock().unwrap().defaults, Some(AccountDefaults { enforced, ..before }));
    }
}

/// Each default alone is not as it was after AWS accepted the change.
#[tokio::test]
async fn account_defaults_that_aws_describes_otherwise_are_not_restored() {
    let deeds: [fn(&mut AccountDefaults); 5] = [
        |now| now.options.http_tokens = Some(HttpTokens::Required),
        |now| now.options.hop_limit = Some(9),
        |now| now.options.http_endpoint = Some(Switch::Disabled),
        |now| {
            now.options.switches =
                now.options.switches.with(SwitchOption::MetadataTags, Some(Switch::Enabled));
        },
        |now| now.enforced = Switch::Enabled,
    ];
    for (number, theirs) in deeds.into_iter().enumerate() {
        let (fake, what) = tightened_defaults(true);
        // The plan and the second look read the defaults before.
        let deed = move |world: &mut World| theirs(world.defaults.as_mut().unwrap());
        fake.0.lock().unwrap().meanwhile.push((READ_DEFAULTS, 2, Box::new(deed)));
        assert_eq!(failed(&one(&fake, what).await), Some(Kind::Unverified), "{number}");
        assert_eq!(calls(&fake, READ_DEFAULTS), 3, "{number}");
    }
}

/// What a person is asked to agree to.
#[test]
fn a_step_is_named_in_words() {
    let surface = |http_tokens| Step::Surface {
        now: Surface::new(SurfaceKind::LightsailInstance, "shop".to_owned()),
        options: StatedOptions { http_tokens, ..StatedOptions::default() },
    };
    let uses = |number| [("web", VersionChoice::Number(number)), ("jobs", VersionChoice::Number(7))];
    let group = consumer(ConsumerKind::AutoScalingGroup, "shop", &uses(2));
    let versions = uses(1).map(|(_, version)| version).to_vec();
    let defaults = |http_tokens| {
        Step::Defaults(DefaultsStep { http_tokens: Some(http_tokens), ..DefaultsStep::default() })
    };
    let all = Step::Defaults(DefaultsStep {
        http_tokens: None,
        hop_limit: Some(Some(1)),
        http_endpoint: Some(Some(Switch::Enabled)),
        metadata_tags: Some(None),
        stop_enforcing: true,
    });
    for (step, words) in [
        (surface(None), "HttpTokens not set"),
        (surface(OPTIONAL), "optional"),
        (Step::Group { now: group, versions }, "version 1 of web named again"),
        (defaults(None), "HttpTokens=no-preference"),
        (defaults(REQUIRED), "HttpTokens=required"),
        (defaults(OPTIONAL), "HttpTokens=optional"),
        (
            all,
            "HttpPutResponseHopLimit=1 HttpEndpoint=enabled InstanceMetadataTags=no-preference \
             HttpTokensEnforced=disabled",
        ),
    ] {
        assert_eq!(step.to_string(), words);
    }
}
