//! Notebooks walked to the end against a model of AWS: with every look repeated, killed, or overtaken.

use jiff::SignedDuration;
use proptest::prelude::*;
use v2only_policy::notebook::UPDATE_TRIES;
use v2only_policy::{MinimumVersion, Notebook, NotebookStatus, NotebookStep, Plan, Platform, Rules};

use crate::notebook_world::{Call, Updates, World};
use crate::words::*;

/// What becomes of a notebook halfway.
#[derive(Debug, Clone, Copy)]
enum Turn {
    Observed,
    Exempted,
    Contested,
}

pub fn may_stop() -> Rules {
    enforce().contested_after(3).in_service(open_window()).upgrade_platform()
}

fn any_version() -> impl Strategy<Value = MinimumVersion> {
    prop::sample::select(vec![MinimumVersion::One, MinimumVersion::Two, MinimumVersion::Unknown])
}

/// A notebook that can be started again, in any state AWS can be found in, without a mark.
fn any_notebook() -> impl Strategy<Value = Notebook> {
    let status = prop::sample::select(vec![
        NotebookStatus::Pending,
        NotebookStatus::InService,
        NotebookStatus::Stopping,
        NotebookStatus::Stopped,
        NotebookStatus::Failed,
        NotebookStatus::Updating,
    ]);
    let platform = prop::sample::select(vec![Platform::AmazonLinux2023, Platform::AmazonLinux2]);
    (status, any_version(), platform, any::<bool>()).prop_map(|(status, version, platform, fresh)| {
        let mut it = notebook("analysis").is(status).platform(platform);
        it.minimum_version = version;
        if fresh { it.fresh() } else { it }
    })
}

/// What AWS makes of a notebook that nobody touches.
fn left_alone(it: &Notebook) -> NotebookStatus {
    match it.status {
        // Amazon Linux 2 that is starting already ends up running all the same.
        NotebookStatus::Pending => NotebookStatus::InService,
        NotebookStatus::Stopping | NotebookStatus::Updating => NotebookStatus::Stopped,
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_walk_ends_within_six_steps_on_version_2_in_the_same_running_state(it in any_notebook()) {
        let before = left_alone(&it);
        let policy = may_stop().policy();
        let end = World::new(it.clone()).walk(&policy);
        prop_assert!(end.steps.len() <= 6, "{:?}", end.steps);
        prop_assert_eq!(end.it.minimum_version, MinimumVersion::Two);
        prop_assert_eq!(end.it.status == NotebookStatus::InService, before == NotebookStatus::InService);
        prop_assert!(!end.it.carries_restart_mark());
        prop_assert_eq!(end.look(&policy).plan, Plan::Nothing);
        if it.minimum_version == MinimumVersion::Two {
            prop_assert!(end.steps.is_empty(), "nothing to fix, and yet {:?}", end.steps);
        }
    }

    /// Killed after any call of any looks, as often as you like: the next look goes on.
    #[test]
    fn killed_anywhere_the_walk_ends_the_same(
        it in any_notebook(),
        kills in prop::collection::vec((0_usize..3, any::<bool>()), 0..12),
    ) {
        let policy = may_stop().policy();
        let undisturbed = World::new(it.clone()).walk(&policy);
        let mut world = World::new(it);
        for (calls, settles) in kills {
            world.turn(&policy, calls);
            if settles {
                world.settle();
            }
        }
        prop_assert_eq!(world.walk(&policy).end(), undisturbed.end());
    }

    /// Two functions at once, each acting on what it saw some time ago, though not longer ago than their
    /// time limit: stopping, updating and starting takes AWS longer than that.
    #[test]
    fn overtaken_by_another_the_walk_ends_the_same(
        it in any_notebook(),
        turns in prop::collection::vec((0_usize..2, any::<bool>()), 0..40),
    ) {
        let policy = may_stop().policy();
        let undisturbed = World::new(it.clone()).walk(&policy);
        let mut world = World::new(it);
        let mut todo: [(Vec<Call>, u8); 2] = Default::default();
        for (who, settles) in turns {
            if settles && world.settle() {
                for (calls, states_ago) in &mut todo {
                    *states_ago += 1;
                    if *states_ago == 3 {
                        calls.clear();
                    }
                }
            }
            world.now += SignedDuration::from_secs(1);
            let (mine, states_ago) = &mut todo[who];
            if mine.is_empty() {
                (*mine, *states_ago) = (world.calls(&world.look(&policy)), 0);
            } else {
                let call = mine.remove(0);
                if !world.call(call) {
                    mine.clear();
                }
            }
        }
        for (calls, _) in todo {
            let _ = calls.into_iter().all(|call| world.call(call));
        }
        prop_assert_eq!(world.walk(&policy).end(), undisturbed.end());
    }

    /// The policy comes to say observe, or the notebook becomes exempt or contested, between any two looks:
    /// nothing more is fixed than what it takes to start it, and what ran runs again.
    #[test]
    fn observed_exempted_or_contested_halfway_what_ran_runs_again(
        version in any_version(),
        platform in prop::sample::select(vec![Platform::AmazonLinux2023, Platform::AmazonLinux2]),
        running in any::<bool>(),
        looks in 0_usize..14,
        killed_after in 0_usize..3,
        turn in prop::sample::select(vec![Turn::Observed, Turn::Exempted, Turn::Contested]),
    ) {
        let mut world = World::new(notebook("analysis").platform(platform));
        world.it.minimum_version = version;
        if !running {
            world.it.status = NotebookStatus::Stopped;
        }
        for _ in 0..looks {
            let acted = world.turn(&may_stop().policy(), usize::MAX);
            if !acted {
                world.settle();
            }
        }
        world.turn(&may_stop().policy(), killed_after);
        world.steps.clear();
        let upgrades = world.it.platform == Platform::AmazonLinux2;
        let policy = match turn {
            Turn::Observed => observe().contested_after(3).in_service(open_window()).policy(),
            Turn::Exempted => may_stop().with(&[exemption(resources("analysis"), "2026-11-20")]),
            Turn::Contested => {
                world.it = world.it.reverted(&[hours_ago(4), hours_ago(3), hours_ago(2), hours_ago(1)]);
                may_stop().policy()
            }
        };
        let end = world.walk(&policy);
        prop_assert_eq!(end.it.status == NotebookStatus::InService, running);
        prop_assert!(!end.it.carries_restart_mark());
        let allowed = |step: &NotebookStep| match step {
            NotebookStep::Start | NotebookStep::Unmark => true,
            NotebookStep::Update { upgrade_platform } => *upgrade_platform && upgrades && running,
            NotebookStep::Stop => false,
        };
        prop_assert!(end.steps.iter().all(allowed), "{:?}", end.steps);
    }

    /// The policy takes its opt-in to the platform upgrade back between any two looks: what we stopped under
    /// it is upgraded, fixed and started all the same, and nothing else is stopped.
    #[test]
    fn opted_out_halfway_what_ran_runs_again(
        version in any_version(),
        running in any::<bool>(),
        looks in 0_usize..14,
        killed_after in 0_usize..3,
    ) {
        let mut world = World::new(notebook("analysis").al2());
        world.it.minimum_version = version;
        if !running {
            world.it.status = NotebookStatus::Stopped;
        }
        for _ in 0..looks {
            let acted = world.turn(&may_stop().policy(), usize::MAX);
            if !acted {
                world.settle();
            }
        }
        world.turn(&may_stop().policy(), killed_after);
        let was_stopped = world.it.status != NotebookStatus::InService || world.steps.len() > 1;
        let policy = enforce().contested_after(3).in_service(open_window()).policy();
        let end = world.walk(&policy);
        prop_assert_eq!(end.it.status == NotebookStatus::InService, running);
        prop_assert!(!end.it.carries_restart_mark());
        prop_assert!(!was_stopped || end.it.minimum_version == MinimumVersion::Two);
    }

    /// Whatever comes of updates, whatever the policy comes to say, and wherever a look is killed: the walk
    /// ends, after no more updates than are tried, and no more interruptions than one.
    #[test]
    fn updates_without_effect_are_not_tried_for_ever(
        it in any_notebook(),
        updates in prop::sample::select(vec![
            Updates::DoNothing, Updates::AreTakenBack, Updates::Fail, Updates::LeaveThePlatform,
        ]),
        marked in any::<bool>(),
        first in 0_usize..12,
        then in prop::sample::select(vec![
            may_stop(), enforce().contested_after(3), observe().contested_after(3), enforce().contested_after(3).in_service(open_window()),
        ]),
        exempted in any::<bool>(),
    ) {
        let mut world = World::new(if marked { it.marked(minutes_ago(3)) } else { it });
        world.updates = updates;
        for _ in 0..first {
            let _ = world.turn(&may_stop().policy(), usize::MAX) || world.settle();
        }
        let exemptions = [exemption(resources("analysis"), "2026-11-20")];
        let end = world.walk(&then.with(if exempted { &exemptions } else { &[] }));
        prop_assert!(end.accepted <= UPDATE_TRIES, "{:?}", end.steps);
        let count = |step| end.steps.iter().filter(|it| **it == step).count();
        prop_assert!(count(NotebookStep::Stop) <= 1, "{:?}", end.steps);
        prop_assert!(count(NotebookStep::Start) <= 1, "{:?}", end.steps);
    }

    /// A try that was killed before it was counted is one more, and makes none of the others endless.
    #[test]
    fn killed_anywhere_updates_without_effect_are_not_tried_for_ever(
        it in any_notebook(),
        updates in prop::sample::select(vec![Updates::DoNothing, Updates::AreTakenBack, Updates::Fail]),
        kills in prop::collection::vec((0_usize..4, any::<bool>()), 0..24),
    ) {
        let policy = may_stop().policy();
        let mut world = World::new(it);
        world.updates = updates;
        for (calls, settles) in kills {
            world.turn(&policy, calls);
            if settles {
                world.settle();
            }
        }
        let before = world.accepted;
        let end = world.walk(&policy);
        prop_assert!(end.accepted - before <= UPDATE_TRIES, "{:?}", end.steps);
    }

    /// Whatever it is and whatever the policy says, the walk ends, and the notebook is never left stopped
    /// by us on a platform that cannot be started.
    #[test]
    fn every_walk_ends(
        it in any_notebook(),
        rules in prop::sample::select(vec![
            enforce().contested_after(3), observe().contested_after(3), may_stop(), enforce().contested_after(3).in_service(open_window()),
            enforce().contested_after(3).in_service(shut_window()).upgrade_platform(),
        ]),
        old_platform in prop::option::of(prop::sample::select(vec![
            Platform::AmazonLinux1, Platform::AmazonLinux2, Platform::Unknown("new".to_owned()),
        ])),
        starts in any::<bool>(),
    ) {
        let mut it = it;
        if let Some(platform) = old_platform {
            it.platform = platform;
        }
        let before = left_alone(&it);
        let mut world = World::new(it);
        world.starts = starts;
        // What is starting already, started before AWS began to refuse.
        let starting = world.it.status == NotebookStatus::Pending;
        let end = world.walk(&rules.policy());
        prop_assert!(end.steps.len() <= 6, "{:?}", end.steps);
        if starts || !starting && !end.steps.contains(&NotebookStep::Start) {
            prop_assert_eq!(
                end.it.status == NotebookStatus::InService,
                before == NotebookStatus::InService
            );
        }
    }
}
