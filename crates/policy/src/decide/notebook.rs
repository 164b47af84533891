//! Notebooks: one step per look, each followed by an event that brings the next look.
//!
//! ```text
//! InService, version 1 ─ mark, stop ─► Stopped, version 1 ─ update ─► Stopped, version 2
//!                                      ─ mark `starting`, start ─► InService ─ unmark
//! ```
//! INVARIANT (an owner's stop is final): the mark says `starting` before the start is requested. A notebook that is stopped
//! after that was stopped by its owner, or the start was never accepted: CloudTrail tells the two apart.
//!
//! Nothing is kept anywhere but on the notebook itself, so the next run (a redelivered event, the
//! sweep) goes on where the last one stopped, or was killed.

use jiff::{SignedDuration, Timestamp};

use super::{Circumstances, Decision, Drift, excuse};
use crate::Tags;
use crate::drift::Moments;
use crate::history::History;
use crate::notebook::{
    MinimumVersion, Notebook, NotebookStatus, Platform, RECORDED_AFTER_MINUTES, RESTART_TAG, RestartMark,
    SIDE_BY_SIDE_SECONDS, UPDATE_TRIES,
};
use crate::plan::{Hold, NotebookStep, Plan, Wait};
use crate::rules::minimum_version;
use crate::scope::ScopeError;
use crate::settings::{InService, Mode, NotebookRules, Policy, Rules};
use crate::verdict::{Compliance, Note, Verdict};

/// Judges one notebook and plans the next step.
///
/// A notebook that we stopped is started again whatever the policy has come to say meanwhile: observe mode
/// and exemptions hold back every step but that one, the upgrade without which AWS would refuse it, and the
/// removal of the mark.
///
/// # Errors
/// As [`super::decide_instance`].
pub fn decide_notebook(
    notebook: &Notebook,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
) -> Result<Decision, ScopeError> {
    if notebook.status == NotebookStatus::Gone {
        return Ok(Decision::nothing_to_do(Verdict::Gone));
    }
    let scope = circumstances.scope(notebook.name.as_str(), &notebook.tags);
    let rules = policy.rules_for(&scope)?;
    let (verdict, notes) = match minimum_version::judge(notebook) {
        None => (Verdict::Compliant(Compliance::MinimumVersion2), Vec::new()),
        Some(finding) => excuse(vec![finding], policy, &scope, circumstances.today())?,
    };
    let drift = Drift::of(&notebook.tags, &rules.drift, circumstances);
    let repair = match (&verdict, &drift.hold) {
        (Verdict::Violation(_), None) => drift.paused(repair(notebook, rules, circumstances)),
        (Verdict::Violation(_), Some(contested)) => Plan::Hold { why: contested.clone(), would: None },
        (Verdict::Compliant(_) | Verdict::Exempt { .. } | Verdict::Gone, _) => Plan::Nothing,
    };
    let remembers = rules.mode == Mode::Enforce && counts(&verdict, &repair);
    let mut remember = if remembers { drift.remember } else { Tags::new() };
    let contested = drift.note.filter(|_| matches!(verdict, Verdict::Violation(_)));
    if started_meanwhile(notebook, circumstances) {
        remember.insert(RESTART_TAG.to_owned(), Notebook::started_mark(circumstances.now));
    }
    let plan = finish(notebook, rules, circumstances, repair.under(rules.mode));
    let unread = match circumstances.history {
        History::Unreadable(why) => Some(Note::HistoryNotRead(why.to_owned())),
        History::NotRead | History::Read(_) => None,
    };
    let left_stopped = left_stopped(notebook, circumstances);
    let notes = notes.into_iter().chain(left_stopped).chain(contested).chain(unread).collect();
    Ok(Decision { verdict, notes, plan, remember })
}

/// Whether a flip back to version 1 counts. It does while the notebook is Updating or Stopping, because the
/// look that repairs it will not know of the flip; and when it has been repaired before the flip's own
/// record came in, because events come in any order.
const fn counts(verdict: &Verdict, repair: &Plan) -> bool {
    match (verdict, repair) {
        (Verdict::Compliant(_), _) | (_, Plan::Act(_) | Plan::Wait(_)) => true,
        (_, Plan::Hold { why, .. }) => matches!(why, Hold::Contested { .. }),
        (_, Plan::Nothing) => false,
    }
}

/// Why it is not updated once more, if it has been often enough. Updates before it was turned back are not
/// counted: it could be turned back because they had their effect.
fn exhausted(notebook: &Notebook, rules: &Rules, circumstances: &Circumstances<'_>) -> Option<Hold> {
    let remembered = Moments::read(&notebook.tags, &rules.drift, circumstances.now).last();
    // The tag lacks the flips within a pause.
    let recorded = circumstances.history.recorded().and_then(|it| it.reversions().last()).map(|it| it.at);
    let flipped_at = circumstances.flipped_at().max(remembered).max(recorded);
    let tries = notebook.updates(circumstances.now).since(flipped_at);
    let reason = notebook.failure_reason.clone().unwrap_or_default();
    (tries >= UPDATE_TRIES).then_some(Hold::UpdateHadNoEffect { tries, reason })
}

/// Whether a notebook that waits for our start was started all the same, and its mark does not say so: its owner did it. We
/// stop no notebook that requires version 2, so that one that is stopping was started before.
fn started_meanwhile(notebook: &Notebook, circumstances: &Circumstances<'_>) -> bool {
    let mark = notebook.restart_mark(circumstances.now);
    match notebook.status {
        NotebookStatus::Pending => mark == Some(RestartMark::ToStart),
        NotebookStatus::Stopping => {
            notebook.minimum_version == MinimumVersion::Two && notebook.marked_for_restart(circumstances.now)
        }
        NotebookStatus::InService
        | NotebookStatus::Stopped
        | NotebookStatus::Failed
        | NotebookStatus::Updating
        | NotebookStatus::Gone
        | NotebookStatus::Unknown => false,
    }
}

/// Starts a stopped notebook that waits for it, unless somebody started it since it was marked: then its stop is its owner's
/// (an owner's stop is final).
///
/// A mark without `starting` is so young, as a rule, that nobody can have started and stopped the notebook since.
fn restart(notebook: &Notebook, circumstances: &Circumstances<'_>) -> Plan {
    let Some((mark, marked_at)) = notebook.mark_and_moment() else { return Plan::Nothing };
    let was_starting = mark == RestartMark::Starting;
    let age = circumstances.now.duration_since(marked_at);
    let recorded_after = SignedDuration::from_mins(RECORDED_AFTER_MINUTES);
    if age < recorded_after {
        let due = marked_at.checked_add(recorded_after).ok();
        let wait = Plan::Wait(Wait::StartRecord { due });
        return if was_starting { wait } else { Plan::act(NotebookStep::Start) };
    }
    match circumstances.history {
        History::NotRead => Plan::Wait(Wait::StartRecord { due: None }),
        History::Unreadable(_) if was_starting => Plan::Wait(Wait::StartRecord { due: None }),
        // Every start of ours is written into the mark first.
        History::Unreadable(_) => Plan::act(NotebookStep::Start),
        History::Read(recorded) => {
            let earliest = SignedDuration::from_secs(if was_starting { -SIDE_BY_SIDE_SECONDS } else { 0 });
            let was_started = |at: Timestamp| at.duration_since(marked_at) >= earliest;
            let is_final = recorded.started_at().is_some_and(was_started);
            Plan::act(if is_final { NotebookStep::Unmark } else { NotebookStep::Start })
        }
    }
}

/// A notebook that ran before we stopped it, so long ago that it is not started any more.
fn left_stopped(notebook: &Notebook, circumstances: &Circumstances<'_>) -> Option<Note> {
    let stopped = matches!(notebook.status, NotebookStatus::Stopped | NotebookStatus::Failed);
    let to_start = notebook.carries_restart_mark() && !notebook.was_started_again();
    let stale = to_start && !notebook.marked_for_restart(circumstances.now);
    (stopped && stale).then_some(Note::LeftStopped)
}

/// The fix for a violating notebook, as far as this run can make it.
fn repair(notebook: &Notebook, rules: &Rules, circumstances: &Circumstances<'_>) -> Plan {
    match notebook.status {
        NotebookStatus::Gone => Plan::Nothing,
        NotebookStatus::Pending | NotebookStatus::Stopping | NotebookStatus::Updating => {
            Plan::Wait(Wait::Notebook(notebook.status))
        }
        NotebookStatus::Unknown => Plan::Hold { why: Hold::StatusUnknown, would: None },
        NotebookStatus::Stopped | NotebookStatus::Failed => match exhausted(notebook, rules, circumstances) {
            None => Plan::act(update(notebook, &rules.notebooks, circumstances)),
            Some(why) => Plan::Hold { why, would: None },
        },
        NotebookStatus::InService => match may_stop(notebook, rules, circumstances) {
            Ok(()) => Plan::act(NotebookStep::Stop),
            Err(why) => Plan::Hold { why, would: None },
        },
    }
}

/// One that we stopped is moved off Amazon Linux 2 whatever the policy has come to say since: the policy
/// opted in when we stopped it, and AWS would not start it again otherwise.
fn update(notebook: &Notebook, rules: &NotebookRules, circumstances: &Circumstances<'_>) -> NotebookStep {
    let wanted = rules.upgrade_platform || notebook.marked_for_restart(circumstances.now);
    let upgrade_platform = wanted && notebook.platform == Platform::AmazonLinux2 && notebook.can_run_al2023();
    NotebookStep::Update { upgrade_platform }
}

/// Whether a running notebook may be stopped now: it must be possible to update it and to start it again,
/// and the policy must allow the interruption.
fn may_stop(notebook: &Notebook, rules: &Rules, circumstances: &Circumstances<'_>) -> Result<(), Hold> {
    if let Some(why) = exhausted(notebook, rules, circumstances) {
        return Err(why);
    }
    let rules = &rules.notebooks;
    match &notebook.platform {
        Platform::AmazonLinux2023 => {}
        Platform::AmazonLinux2 if !rules.upgrade_platform => return Err(Hold::AmazonLinux2),
        Platform::AmazonLinux2 if !notebook.can_run_al2023() => {
            return Err(Hold::InstanceType(notebook.instance_type.clone()));
        }
        Platform::AmazonLinux2 => {}
        Platform::AmazonLinux1 => return Err(Hold::AmazonLinux1),
        Platform::Unknown(name) => return Err(Hold::PlatformUnknown(name.clone())),
    }
    if circumstances.is_fresh(notebook.created_at, rules.fresh_minutes) {
        return Ok(());
    }
    match rules.in_service {
        InService::Window(window) if window.contains(circumstances.now) => Ok(()),
        InService::Window(_) => Err(Hold::OutsideWindow),
        InService::Wait => Err(Hold::UntilStopped),
        InService::Report => Err(Hold::ReportOnly),
    }
}

const fn had_no_effect(repair: &Plan) -> bool {
    matches!(repair, Plan::Hold { why: Hold::UpdateHadNoEffect { .. }, .. })
}

/// Brings to an end what an earlier look began, where this look repairs nothing.
fn finish(notebook: &Notebook, rules: &Rules, circumstances: &Circumstances<'_>, repair: Plan) -> Plan {
    if matches!(repair, Plan::Act(_) | Plan::Wait(Wait::Notebook(_))) || !notebook.carries_restart_mark() {
        return repair;
    }
    let believable = notebook.restart_mark(circumstances.now).is_some();
    let to_start = notebook.marked_for_restart(circumstances.now);
    let announced = notebook
        .stop_may_follow_until(circumstances.now)
        .filter(|_| to_start && notebook.minimum_version != MinimumVersion::Two);
    match notebook.status {
        NotebookStatus::Stopped
            if to_start && notebook.platform == Platform::AmazonLinux2 && notebook.can_run_al2023() =>
        {
            // It cannot be started as it is, and it was stopped under a policy that opted in.
            match exhausted(notebook, rules, circumstances) {
                None => Plan::act(NotebookStep::Update { upgrade_platform: true }),
                Some(why) => Plan::Hold { why, would: None },
            }
        }
        NotebookStatus::Stopped if to_start => restart(notebook, circumstances),
        // It was the update that failed, and no start was tried.
        NotebookStatus::Failed if believable && had_no_effect(&repair) => repair,
        // Never started from Failed: that could go round for ever.
        NotebookStatus::Failed if believable => Plan::Hold {
            why: Hold::RestartFailed(notebook.failure_reason.clone().unwrap_or_default()),
            would: None,
        },
        NotebookStatus::InService | NotebookStatus::Stopped | NotebookStatus::Failed => {
            match announced.filter(|_| notebook.status == NotebookStatus::InService) {
                // Another function may be between its mark and its stop, which it would make all the same.
                Some(until) => Plan::Wait(Wait::AnnouncedStop { until }),
                None => Plan::act(NotebookStep::Unmark),
            }
        }
        NotebookStatus::Pending | NotebookStatus::Stopping | NotebookStatus::Updating => {
            Plan::Wait(Wait::Notebook(notebook.status))
        }
        NotebookStatus::Gone | NotebookStatus::Unknown => repair,
    }
}
