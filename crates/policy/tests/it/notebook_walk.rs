//! Notebooks walked to the end against a model of AWS: with every look repeated, killed, or overtaken.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use v2only_policy::history::Became;
use v2only_policy::notebook::{RECORDED_AFTER_MINUTES, RESTART_TAG, UPDATE_TRIES, UPDATED_TAG};
use v2only_policy::{
    Decision, MinimumVersion, Notebook, NotebookStatus, NotebookStep, Plan, Platform, Policy, Rules, Step,
    Verdict, Wait,
};

use crate::words::*;

/// One call to AWS. A step is one or two of them, and a function can be killed in between. Once one is
/// refused, those after it are not made.
#[derive(Debug, Clone, PartialEq)]
enum Call {
    Tag(String, String),
    Untag(&'static str),
    Stop,
    Update { upgrade_platform: bool },
    Start,
}

/// What comes of an update that AWS accepts.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Updates {
    Work,
    /// It is described as before.
    DoNothing,
    /// It is described as asked while it is Updating, and as before afterwards.
    AreTakenBack,
    /// It is described as before, and `Failed`.
    Fail,
    /// The version is changed, and the platform is not.
    LeaveThePlatform,
}

/// SageMaker, as far as it goes: stop from InService; start and update from Stopped or Failed; whatever is
/// refused changes nothing.
#[derive(Debug, Clone)]
struct World {
    it: Notebook,
    now: Timestamp,
    /// Starting ends in Failed.
    starts: bool,
    updates: Updates,
    /// AWS refuses updates: throttled, or not permitted.
    refuses_updates: bool,
    steps: Vec<NotebookStep>,
    /// Updates that AWS accepted.
    accepted: usize,
    /// What the notebook was before the update under way.
    before: Option<Notebook>,
    /// Starts that AWS accepted.
    started: Vec<Timestamp>,
}

impl World {
    fn new(it: Notebook) -> Self {
        Self {
            it,
            now: now(),
            starts: true,
            updates: Updates::Work,
            refuses_updates: false,
            steps: Vec::new(),
            accepted: 0,
            before: None,
            started: Vec::new(),
        }
    }

    /// CloudTrail shows a start as late as it may.
    fn look(&self, policy: &Policy) -> Decision {
        let moment = seen().on(self.now);
        let decision = self.it.decide(policy, &moment).unwrap();
        if !decision.plan.asks_for_starts() {
            return decision;
        }
        let late = SignedDuration::from_mins(RECORDED_AFTER_MINUTES);
        let shown = self.started.iter().filter(|at| self.now.duration_since(**at) >= late);
        let shown: Vec<String> = shown.map(ToString::to_string).collect();
        let shown: Vec<(&str, Became)> = shown.iter().map(|at| (at.as_str(), Became::Started)).collect();
        self.it.decide(policy, &moment.recorded(&shown)).unwrap()
    }

    /// The calls that carry a decision out, in order.
    fn calls(&self, decision: &Decision) -> Vec<Call> {
        let mut calls: Vec<Call> =
            decision.remember.iter().map(|(key, value)| Call::Tag(key.clone(), value.clone())).collect();
        match decision.plan {
            Plan::Act(Step::Notebook(NotebookStep::Stop)) => {
                calls.push(Call::Tag(RESTART_TAG.to_owned(), self.now.to_string()));
                calls.push(Call::Stop);
            }
            Plan::Act(Step::Notebook(NotebookStep::Update { upgrade_platform })) => {
                calls.push(Call::Update { upgrade_platform });
                let tried = self.it.remembering_update(self.now);
                calls.extend(tried.map(|value| Call::Tag(UPDATED_TAG.to_owned(), value)));
            }
            Plan::Act(Step::Notebook(NotebookStep::Start)) => {
                calls.push(Call::Tag(RESTART_TAG.to_owned(), Notebook::starting_mark(self.now)));
                calls.push(Call::Start);
            }
            Plan::Act(Step::Notebook(NotebookStep::Unmark)) => calls.push(Call::Untag(RESTART_TAG)),
            Plan::Nothing | Plan::Wait(_) | Plan::Hold { .. } | Plan::Act(_) => {}
        }
        calls
    }

    /// Whether AWS accepts the call.
    fn call(&mut self, call: Call) -> bool {
        let startable = matches!(self.it.status, NotebookStatus::Stopped | NotebookStatus::Failed);
        match call {
            Call::Tag(key, value) => {
                self.it.tags.insert(key, value);
            }
            Call::Untag(key) => {
                self.it.tags.remove(key);
            }
            Call::Stop if self.it.status == NotebookStatus::InService => {
                self.it.status = NotebookStatus::Stopping
            }
            Call::Update { upgrade_platform } if startable && !self.refuses_updates => {
                self.accepted += 1;
                self.before = Some(self.it.clone());
                self.it.status = NotebookStatus::Updating;
                if matches!(self.updates, Updates::DoNothing | Updates::Fail) {
                    return true;
                }
                self.it.minimum_version = MinimumVersion::Two;
                if upgrade_platform && self.updates != Updates::LeaveThePlatform {
                    self.it.platform = Platform::AmazonLinux2023;
                }
            }
            Call::Start if startable && self.it.platform == Platform::AmazonLinux2023 => {
                self.it.status = NotebookStatus::Pending;
                self.started.push(self.now);
            }
            Call::Stop | Call::Update { .. } | Call::Start => return false,
        }
        true
    }

    /// Lets what AWS is about end; whether there was anything.
    fn settle(&mut self) -> bool {
        let before = self.before.take_if(|_| self.it.status == NotebookStatus::Updating);
        self.it.status = match self.it.status {
            NotebookStatus::Updating if self.updates == Updates::Fail && before.is_some() => {
                NotebookStatus::Failed
            }
            NotebookStatus::Updating if self.updates == Updates::AreTakenBack => {
                let before = before.unwrap_or_else(|| self.it.clone());
                (self.it.minimum_version, self.it.platform) = (before.minimum_version, before.platform);
                NotebookStatus::Stopped
            }
            NotebookStatus::Stopping | NotebookStatus::Updating => NotebookStatus::Stopped,
            NotebookStatus::Pending if self.starts => NotebookStatus::InService,
            NotebookStatus::Pending => NotebookStatus::Failed,
            NotebookStatus::InService
            | NotebookStatus::Stopped
            | NotebookStatus::Failed
            | NotebookStatus::Gone
            | NotebookStatus::Unknown => return false,
        };
        true
    }

    /// Looks once and does what follows, at most `calls` calls of it. Whether AWS accepted any.
    fn turn(&mut self, policy: &Policy, calls: usize) -> bool {
        let decision = self.look(policy);
        if let Plan::Act(Step::Notebook(step)) = decision.plan {
            self.steps.push(step);
        }
        let mut accepted = false;
        for call in self.calls(&decision).into_iter().take(calls) {
            if !self.call(call) {
                break;
            }
            accepted = true;
        }
        self.now += SignedDuration::from_secs(5);
        accepted
    }

    /// Looks until nothing is left to do. Each state between two others is decided as well.
    fn walk(mut self, policy: &Policy) -> Self {
        let mut turns = 0;
        while self.turn(policy, usize::MAX) || self.settle() || self.waits(policy) {
            turns += 1;
            assert!(turns < 60, "no end: {:?} after {:?}", self.it, self.steps);
        }
        self
    }

    /// Lets the time pass until the next step is due; whether one is.
    fn waits(&mut self, policy: &Policy) -> bool {
        let due = match self.look(policy).plan {
            Plan::Wait(Wait::StartRecord { due: Some(due) } | Wait::AnnouncedStop { until: due }) => due,
            _ => return false,
        };
        self.now = self.now.max(due);
        true
    }

    fn end(&self) -> End {
        End {
            status: self.it.status,
            version: self.it.minimum_version,
            platform: self.it.platform.clone(),
            marked: self.it.carries_restart_mark(),
        }
    }
}

/// What becomes of a notebook halfway.
#[derive(Debug, Clone, Copy)]
enum Turn {
    Observed,
    Exempted,
    Contested,
}

#[derive(Debug, PartialEq)]
struct End {
    status: NotebookStatus,
    version: MinimumVersion,
    platform: Platform,
    marked: bool,
}

fn may_stop() -> Rules {
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
