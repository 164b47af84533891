//! Changes that AWS refuses for now: each is made again on another description, a few times or for a few hours.

use std::sync::Arc;

use jiff::SignedDuration;
use rstest::rstest;
use serde_json::Value;
use v2only_enforcer::enforce::{Bound, enforce_within};
use v2only_enforcer::{Kind, Outcome};
use v2only_policy::exemption::{REASON_TAG, UNTIL_TAG};
use v2only_policy::instance::HttpTokens;
use v2only_policy::settings::HopLimit;
use v2only_policy::{InstanceChange, MetadataOption, Plan, Subject, SurfaceChange, SwitchOption, Switches};

use crate::enforced::{
    CREATE, MODIFY, Paper, enforced, exempt, instances, open_shop, shop, template_to_fix, to_be_changed,
};
use crate::fake::{Fake, NOW, World, now};
use crate::instances::{ENFORCE, again, app, batch, handle, launch, modified};
use crate::launch_sources::{OPTIONAL, place};

/// How many changes of an instance were tried.
fn attempts(fake: &Fake) -> usize {
    fake.calls().iter().filter(|it| it.starts_with(MODIFY)).count()
}

#[tokio::test]
async fn a_throttled_change_is_not_made_again_once_the_run_ended_during_the_wait() {
    let bound = Arc::new(Bound::default());
    let ended = Arc::clone(&bound);
    let fake = Fake::with(|world| {
        world.insists = true;
        world.failures.insert(MODIFY, vec![Kind::Throttled]);
        // The turns before the description and before the first attempt come first.
        world.meanwhile.push(("turn", 2, Box::new(move |_| ended.end())));
    });
    let carried = enforced(&fake, instances(&fake, 1), &bound).await;
    let outcomes: Vec<&Outcome> = carried.records.iter().map(|it| &it.outcome).collect();
    assert!(
        matches!(outcomes[..], [Outcome::Failed(failure)] if failure.kind == Kind::Throttled),
        "{outcomes:?}"
    );
    assert_eq!(attempts(&fake), 1);
}

#[rstest]
#[case::at_the_first_attempt(1)]
#[case::at_the_last_attempt(3)]
#[tokio::test]
async fn a_change_that_took_effect_without_an_answer_is_fixed(#[case] attempt: usize) {
    let fake = Fake::with(|world| {
        world.insists = true;
        world.failures.insert(MODIFY, vec![Kind::Unavailable; 3]);
        let takes_effect = |world: &mut World| {
            let options = &mut world.instance("i-00000001").options;
            (options.http_tokens, options.hop_limit) = (HttpTokens::Required, Some(2));
        };
        world.meanwhile.push((MODIFY, attempt - 1, Box::new(takes_effect)));
    });
    let carried = enforced(&fake, instances(&fake, 1), &Bound::default()).await;
    let outcomes: Vec<Outcome> = carried.records.into_iter().map(|it| it.outcome).collect();
    assert_eq!((outcomes, attempts(&fake)), (vec![Outcome::Fixed], attempt));
}

/// Each attempt takes so many hours.
#[rstest]
#[case::within_six_hours(3, 3, true)]
#[case::after_six_hours(4, 2, false)]
#[tokio::test]
async fn a_throttled_change_is_made_again_for_six_hours(
    #[case] hours: i64,
    #[case] tried: usize,
    #[case] fixed: bool,
) {
    let fake = Fake::with(|world| {
        world.insists = true;
        world.failures.insert(MODIFY, vec![Kind::Throttled; 2]);
        for attempt in 0..2 {
            let pass = move |world: &mut World| world.passed += hours * 3_600_000;
            world.meanwhile.push((MODIFY, attempt, Box::new(pass)));
        }
    });
    let clock = || now() + SignedDuration::from_millis(fake.0.lock().unwrap().passed);
    let judged = instances(&fake, 1);
    let carried = enforce_within(&fake, &Paper, &place(), judged, &clock, &Bound::default()).await;
    assert_eq!((attempts(&fake), carried.records[0].outcome == Outcome::Fixed), (tried, fixed));
}

#[tokio::test]
async fn a_change_is_made_three_times_where_aws_is_unavailable() {
    let fake = Fake::with(|world| {
        world.insists = true;
        world.failures.insert(MODIFY, vec![Kind::Unavailable; 5]);
    });
    let record = enforced(&fake, instances(&fake, 1), &Bound::default()).await.records.remove(0);
    assert!(matches!(&record.outcome, Outcome::Failed(it) if it.kind == Kind::Unavailable), "{record:?}");
    assert_eq!(attempts(&fake), 3);
}

/// The end is noticed before the change waits for another turn.
#[tokio::test]
async fn no_turn_is_taken_for_a_change_that_fails_after_the_end_of_its_run() {
    let bound = Arc::new(Bound::default());
    let ended = Arc::clone(&bound);
    let fake = Fake::with(|world| {
        world.insists = true;
        world.failures.insert(MODIFY, vec![Kind::Throttled]);
        world.meanwhile.push((MODIFY, 0, Box::new(move |_| ended.end())));
    });
    enforced(&fake, instances(&fake, 1), &bound).await;
    let turns = fake.calls().iter().filter(|it| *it == "turn").count();
    assert_eq!((turns, attempts(&fake)), (2, 1), "before the description, and before the change");
}

/// Together, the tokens alone, and each of the two options alone. The last one is throttled.
#[tokio::test]
async fn a_closed_instance_is_not_changed_again_for_an_option_that_is_throttled() {
    let fake = Fake::with(|world| {
        world.insists = true;
        world.refuses = Some((MetadataOption::HopLimit, "The hop limit is invalid"));
        let throttle = |world: &mut World| drop(world.failures.insert(MODIFY, vec![Kind::Throttled]));
        world.meanwhile.push((MODIFY, 3, Box::new(throttle)));
    });
    let mut judged = instances(&fake, 1);
    let mut switches = Switches::all(None);
    switches[SwitchOption::MetadataTags] = Some(false);
    let change = InstanceChange::RequireTokens { hop_limit: Some(HopLimit::new(2).unwrap()), switches };
    judged[0].decision.plan = Plan::Act(change.into());
    let record = enforced(&fake, judged, &Bound::default()).await.records.remove(0);
    assert!(matches!(&record.outcome, Outcome::Failed(it) if it.kind == Kind::Throttled), "{record:?}");
    assert_eq!((attempts(&fake), fake.tokens("i-00000001")), (4, HttpTokens::Required));
}

#[tokio::test]
async fn a_surface_whose_change_took_effect_without_an_answer_is_fixed() {
    let fake = Fake::with(|world| {
        world.insists = true;
        open_shop(world);
        world.failures.insert("tighten", vec![Kind::Unavailable]);
        let takes_effect = |world: &mut World| world.surfaces = vec![shop(HttpTokens::Required)];
        world.meanwhile.push(("tighten", 0, Box::new(takes_effect)));
    });
    let plan = Plan::Act(SurfaceChange::RequireTokens.into());
    let judged = to_be_changed(Subject::Surface(shop(HttpTokens::Optional)), plan);
    let record = enforced(&fake, vec![judged], &Bound::default()).await.records.remove(0);
    assert_eq!(record.outcome, Outcome::Fixed);
}

/// What the function for instances says of a launch or a change, how often it tried a change, and its reply.
async fn invoked(event: Value, build: impl FnOnce(&mut World)) -> (Vec<String>, usize, Vec<String>) {
    let app = app(ENFORCE, |world| {
        world.instance("i-00000001");
        world.attempts = 3;
        build(world);
    });
    let (said, reply) = handle(&app, batch(&[event])).await;
    (said, attempts(&app.ports), again(&reply))
}

fn takes_effect(world: &mut World) {
    world.instance("i-00000001").options.http_tokens = HttpTokens::Required;
}

#[tokio::test]
async fn a_function_makes_a_refused_change_three_times_and_leaves_it_to_the_queue_then() {
    let refused =
        |times| move |world: &mut World| drop(world.failures.insert(MODIFY, vec![Kind::Throttled; times]));
    let event = || launch(&["i-00000001"], "optional");
    let (said, tried, again) = invoked(event(), refused(2)).await;
    assert_eq!((said, tried, again.len()), (vec!["i-00000001 fixed".to_owned()], 3, 0));
    let (said, tried, again) = invoked(event(), refused(5)).await;
    assert_eq!((said, tried, again.len()), (vec!["i-00000001 retry".to_owned()], 3, 1));
}

#[tokio::test]
async fn a_function_calls_only_what_it_changed_itself_fixed() {
    let event = || launch(&["i-00000001"], "optional");
    let meanwhile = |kind, deed: fn(&mut World)| {
        move |world: &mut World| {
            world.failures.insert(MODIFY, vec![kind]);
            world.meanwhile.push((MODIFY, 0, Box::new(deed)));
        }
    };
    let (said, tried, _) = invoked(event(), meanwhile(Kind::Unavailable, takes_effect)).await;
    assert_eq!((said, tried), (vec!["i-00000001 fixed".to_owned()], 1), "the answer was lost");
    let exempt = |world: &mut World| {
        let tags = &mut world.instance("i-00000001").tags;
        tags.insert(UNTIL_TAG.to_owned(), "2026-12-31".to_owned());
        tags.insert(REASON_TAG.to_owned(), "vendor agent".to_owned());
    };
    let (said, tried, _) = invoked(event(), meanwhile(Kind::Throttled, exempt)).await;
    assert_eq!((said, tried), (vec!["i-00000001 left".to_owned()], 1), "it is exempt");
}

#[tokio::test]
async fn a_flip_that_could_not_be_remembered_after_a_lost_answer_brings_its_event_back() {
    let event = modified("i-00000001", Some("optional"), NOW);
    let (said, tried, again) = invoked(event, |world| {
        world.failures.insert(MODIFY, vec![Kind::Unavailable]);
        world.failures.insert("ec2:CreateTags", vec![Kind::Throttled]);
        world.meanwhile.push((MODIFY, 0, Box::new(takes_effect)));
    })
    .await;
    assert_eq!((said, tried, again.len()), (vec!["i-00000001 fixed".to_owned()], 1, 1));
}

const DEFAULT: &str = "ec2:ModifyLaunchTemplate";

/// What becomes of a launch template whose change of the default fails so often, while somebody acts right before the first call of
/// an action: the outcome, the default, and how often the change was tried.
async fn default_changed(
    (kind, times): (Kind, usize),
    action: &'static str,
    deed: fn(&mut World),
) -> (&'static str, u64, usize) {
    let (fake, judged) = template_to_fix(&[OPTIONAL]).await;
    fake.fails(DEFAULT, kind, times);
    fake.0.lock().unwrap().attempts = 3;
    fake.0.lock().unwrap().meanwhile.push((action, 0, Box::new(deed)));
    let outcome = enforced(&fake, judged, &Bound::default()).await.records[0].outcome.code();
    let tried = fake.calls().iter().filter(|it| it.starts_with(DEFAULT)).count();
    (outcome, fake.0.lock().unwrap().templates[0].default, tried)
}

#[tokio::test]
async fn a_change_of_a_default_that_is_refused_for_now_is_made_up_to_three_times() {
    let throttled = |times| (Kind::Throttled, times);
    assert_eq!(default_changed(throttled(2), DEFAULT, |_| ()).await, ("fixed", 2, 3));
    assert_eq!(default_changed(throttled(5), DEFAULT, |_| ()).await, ("retry", 1, 3));
    assert_eq!(default_changed(throttled(1), DEFAULT, exempt).await, ("held", 1, 1));
}

#[tokio::test]
async fn a_version_that_became_the_default_is_fixed_only_if_our_change_may_have_done_it() {
    let is_default = |world: &mut World| world.templates[0].default = 2;
    let lost = (Kind::Unavailable, 1);
    assert_eq!(default_changed(lost, DEFAULT, is_default).await, ("fixed", 2, 1));
    assert_eq!(default_changed(lost, CREATE, is_default).await, ("held", 2, 0));
}
