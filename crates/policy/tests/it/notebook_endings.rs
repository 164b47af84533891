//! Walks that end elsewhere: a notebook that cannot be started, one that is contested, and updates in vain.

use jiff::SignedDuration;
use v2only_policy::notebook::UPDATED_TAG;
use v2only_policy::{
    MinimumVersion, Notebook, NotebookStatus, NotebookStep, Plan, Policy, Step, Verdict, Wait,
};

use crate::notebook_walk::may_stop;
use crate::notebook_world::{Call, Updates, World};
use crate::words::*;

/// One that cannot be started again is said to have failed, and tried no further.
#[test]
fn a_notebook_that_cannot_be_started_is_not_tried_for_ever() {
    let mut world = World::new(notebook("analysis").v1_allowed());
    world.starts = false;
    let end = world.walk(&may_stop().policy());
    assert_eq!(end.it.status, NotebookStatus::Failed);
    assert_eq!(end.it.minimum_version, MinimumVersion::Two);
    assert_eq!(end.steps.iter().filter(|step| **step == NotebookStep::Start).count(), 1);
    assert_eq!(
        told(&end.look(&may_stop().policy())),
        "compliant (minimum IMDS version is 2) → hold: restart-failed"
    );
}

/// The event that reports a flip finds the notebook Updating, and the one that follows knows of no flip.
/// The memory of the first must not make the second take it for contested.
#[test]
fn a_flip_remembered_while_updating_is_still_corrected() {
    for allowed in 1..=10_u8 {
        let policy = enforce().contested_after(allowed).policy();
        let mut world = World::new(notebook("analysis").stopped());
        for flip in 1..=allowed + 2 {
            world.it.minimum_version = MinimumVersion::One;
            world.it.status = NotebookStatus::Updating;
            world.now += SignedDuration::from_mins(10);
            let reported = world.it.decide(&policy, &flipped(world.now).on(world.now)).unwrap();
            for call in world.calls(&reported) {
                world.call(call);
            }
            world.settle();
            world = world.walk(&policy);
            let corrected = world.it.minimum_version == MinimumVersion::Two;
            assert_eq!(corrected, flip <= allowed, "flip {flip}, contested after {allowed}");
        }
        world.now += SignedDuration::from_hours(24);
        let end = world.walk(&policy);
        assert_eq!(end.it.minimum_version, MinimumVersion::Two, "a day later it is no longer contested");
    }
}

/// Contested, it stays as it is, in whatever state it was found.
#[test]
fn contested_halfway_what_ran_runs_again() {
    let flips = [hours_ago(4), hours_ago(3), hours_ago(2), hours_ago(1)];
    let policy = may_stop().policy();
    let it = notebook("analysis").v1_allowed().marked(minutes_ago(3)).reverted(&flips);
    for status in [NotebookStatus::InService, NotebookStatus::Stopping, NotebookStatus::Stopped] {
        let end = World::new(it.clone().is(status)).walk(&policy);
        assert_eq!(end.it.status, NotebookStatus::InService, "{status:?}");
        assert!(!end.it.carries_restart_mark(), "{status:?}");
        assert!(matches!(end.look(&policy).verdict, Verdict::Violation(_)), "{status:?}");
    }
}

/// Another function has written the mark and is about to stop the notebook. Without the mark, nobody would start it again.
#[test]
fn a_mark_stays_while_the_stop_that_it_announces_may_follow() {
    let flips = [hours_ago(4), hours_ago(3), hours_ago(2), hours_ago(1)];
    let running = notebook("analysis").v1_allowed();
    let young = running.clone().marked(minutes_ago(1));
    for (it, policy) in [
        (young.clone().reverted(&flips), may_stop().policy()),
        (young.clone(), observe().contested_after(3).policy()),
        (young, may_stop().with(&[exemption(resources("analysis"), "2026-11-20")])),
    ] {
        let mut world = World::new(it);
        let waits = Wait::AnnouncedStop { until: minutes_ago(-1) };
        assert_eq!(world.look(&policy).plan, Plan::Wait(waits));
        assert!(world.call(Call::Stop), "by the other function");
        let end = world.walk(&policy);
        assert_eq!(end.it.status, NotebookStatus::InService);
        assert!(!end.it.carries_restart_mark());
    }
    let old = World::new(running.marked(minutes_ago(2)));
    let unmark = Plan::Act(Step::Notebook(NotebookStep::Unmark));
    assert_eq!(old.look(&observe().contested_after(3).policy()).plan, unmark);
}

/// It ends as it was found, except where AWS leaves no way back; what is wrong is said; and a day later it
/// is tried again.
#[test]
fn an_update_without_effect_is_tried_three_times_and_then_spoken_of() {
    #[track_caller]
    fn check(it: Notebook, updates: Updates, policy: &Policy, status: NotebookStatus, expected: &str) {
        let mut world = World::new(it);
        world.updates = updates;
        let mut end = world.walk(policy);
        assert_eq!(end.accepted, 3, "{:?}", end.steps);
        assert_eq!(end.it.status, status, "{:?}", end.steps);
        assert_eq!(told(&end.look(policy)), expected);
        assert!(end.it.tags[UPDATED_TAG].len() <= 256);
        // From here on AWS fixes it.
        end.updates = Updates::Work;
        end.now += SignedDuration::from_hours(24);
        let end = end.walk(policy);
        assert_eq!(end.accepted, 4, "{:?}", end.steps);
        assert_eq!(end.it.minimum_version, MinimumVersion::Two);
    }
    let (stopped, running, failed) =
        (NotebookStatus::Stopped, NotebookStatus::InService, NotebookStatus::Failed);
    let it = || notebook("analysis").v1_allowed();
    let held = "violation [minimum-version] → hold: update-had-no-effect";
    let policy = may_stop().edit(|it| it.notebooks.fresh_minutes = 60 * 24 * 2).policy();
    for updates in [Updates::DoNothing, Updates::AreTakenBack] {
        check(it().stopped(), updates, &policy, stopped, held);
        check(it().version_unknown().stopped(), updates, &policy, stopped, held);
        check(it().fresh(), updates, &policy, running, held);
        // It cannot be started, and stays marked.
        check(it().fresh().al2(), updates, &policy, stopped, held);
    }
    check(it().failed("no space"), Updates::Fail, &policy, failed, held);
    check(it().fresh(), Updates::Fail, &policy, failed, held);
}

/// The version is set and the platform is not: AWS would not start it. It is left, and said to be.
#[test]
fn an_upgrade_without_effect_is_tried_three_times_and_then_left() {
    let policy = may_stop().policy();
    let mut world = World::new(notebook("analysis").v1_allowed().al2());
    world.updates = Updates::LeaveThePlatform;
    let mut end = world.walk(&policy);
    assert_eq!((end.accepted, end.it.status), (3, NotebookStatus::Stopped), "{:?}", end.steps);
    let compliant = "compliant (minimum IMDS version is 2)";
    assert_eq!(told(&end.look(&policy)), format!("{compliant} → hold: update-had-no-effect"));
    end.now += SignedDuration::from_hours(24);
    assert_eq!(
        told(&end.look(&policy)),
        format!("{compliant} → act: remove the restart mark; left-stopped"),
        "the mark is no longer believed"
    );
    assert_eq!(end.walk(&policy).accepted, 3);
}

/// What AWS refuses is no try: as soon as it accepts, the walk goes on.
#[test]
fn refused_updates_are_not_counted() {
    for it in [notebook("analysis").v1_allowed(), notebook("analysis").v1_allowed().al2()] {
        let policy = may_stop().policy();
        let mut world = World::new(it);
        world.refuses_updates = true;
        for _ in 0..20 {
            let _ = world.turn(&policy, usize::MAX) || world.settle();
        }
        assert_eq!((world.accepted, world.it.status), (0, NotebookStatus::Stopped));
        world.refuses_updates = false;
        let end = world.walk(&policy);
        assert_eq!((end.accepted, end.it.status), (1, NotebookStatus::InService));
    }
}
