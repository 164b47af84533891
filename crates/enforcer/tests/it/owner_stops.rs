//! An owner's stop of a notebook is final, whatever becomes of the function that started it and of the events about it.

use jiff::SignedDuration;
use serde_json::json;
use v2only_enforcer::invocation::{App, Invocation, InvocationError, handle_notebook};
use v2only_enforcer::policy_source::{Location, PolicySource};
use v2only_enforcer::{Kind, LogEntry};
use v2only_policy::Notebook;
use v2only_policy::notebook::{MinimumVersion, NotebookStatus, RESTART_TAG};

use crate::fake::{Fake, NOW, World, now};
use crate::notebooks::state_change;
use crate::sweep::{Deployed, SweepOutput};

const ENFORCE: &str = "version: 1\nmode: enforce\n";
const OBSERVE: &str = "version: 1\nmode: observe\n";

/// A notebook that v2only stopped and updated, with a mark of this value, in this status. CloudTrail is as late as it may be.
fn ours(status: NotebookStatus, mark: &str) -> impl FnOnce(&mut World) {
    move |world| {
        let it = world.notebook("churn", status);
        it.minimum_version = MinimumVersion::Two;
        it.tags.insert(RESTART_TAG.to_owned(), mark.to_owned());
        world.recorded_late = SignedDuration::from_mins(15);
    }
}

struct Deployment(App<Fake>);

impl Deployment {
    fn new(policy: &str, build: impl FnOnce(&mut World)) -> Self {
        Self(App::new(PolicySource::new(Location::Inline(policy.to_owned())), Fake::with(build)))
    }

    fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.0.ports.0.lock().unwrap())
    }

    fn notebook(&self) -> Notebook {
        self.world(|it| it.notebook("churn", NotebookStatus::Pending).clone())
    }

    fn calls(&self, action: &str) -> usize {
        self.0.ports.calls().iter().filter(|it| it.starts_with(action)).count()
    }

    fn starts(&self) -> usize {
        self.calls("sagemaker:StartNotebookInstance")
    }

    fn minutes_later(&self, minutes: i64) {
        self.world(|it| it.passed += minutes * 60_000);
    }

    /// An event about the notebook is received; the outcome, or `Err` if the event comes back.
    async fn receive(&self, status: &str) -> Result<String, InvocationError> {
        let mut outcome = String::new();
        let mut say = |entry: LogEntry<'_>| {
            if let LogEntry::Record(record) = entry {
                outcome = record.outcome.code().to_owned();
            }
        };
        let clock = || now() + SignedDuration::from_millis(self.world(|it| it.passed));
        let invocation = Invocation { now: &clock, deadline: None, log: &mut say };
        let done = handle_notebook(state_change("churn", status), &self.0, invocation).await;
        done.map(|_| outcome).map_err(|it| it.why)
    }

    /// The notebook reaches a status, and its event is received if it is among `seen`.
    async fn reaches(&self, status: NotebookStatus, seen: &[NotebookStatus]) {
        self.minutes_later(1);
        self.world(|it| it.notebook("churn", status).status = status);
        if seen.contains(&status) {
            let _again = self.receive(&status.to_string()).await;
        }
    }

    /// Events are received, each twice and again after each quarter of an hour in which it came back.
    async fn receive_all(&self, events: &[&str]) {
        for event in events {
            for _ in 0..2 {
                let mut tries = 0;
                while self.receive(event).await.is_err() {
                    tries += 1;
                    assert!(tries < 3, "{event} comes back for ever: {:?}", self.notebook());
                    self.minutes_later(15);
                }
            }
        }
    }
}

/// The function is killed at any call of the start, or at none. Some events about the start and the stop of the owner are received
/// in time, and all of them afterwards, in either order and twice.
#[tokio::test]
async fn an_owner_who_stops_a_notebook_after_our_start_has_the_last_word() {
    use NotebookStatus::{InService, Pending, Stopped, Stopping};
    for survives in 0..=4 {
        for seen in
            [vec![], vec![Pending], vec![InService], vec![Stopping], vec![Pending, InService, Stopping]]
        {
            for late in [["Pending", "InService", "Stopped"], ["Stopped", "InService", "Pending"]] {
                let case = format!("killed after {survives} calls, {seen:?} seen, then {late:?}");
                let aws = Deployment::new(ENFORCE, ours(Stopped, NOW));
                aws.world(|it| it.dies_after = Some(survives));
                let killed = aws.receive("Stopped").await.is_err();
                aws.world(|it| it.dies_after = None);
                if aws.starts() == 0 {
                    aws.receive_all(&["Stopped"]).await;
                }
                assert_eq!((killed, aws.starts()), (survives < 4, 1), "{case}");
                for status in [Pending, InService, Stopping, Stopped] {
                    aws.reaches(status, &seen).await;
                }
                aws.receive_all(&late).await;
                assert_eq!((aws.notebook().status, aws.starts()), (Stopped, 1), "{case}");
                assert!(!aws.notebook().tags.contains_key(RESTART_TAG), "{case}");
            }
        }
    }
}

/// A release before this one wrote no start into the mark; its owner may have started it as well.
#[tokio::test]
async fn a_stop_of_a_notebook_that_requires_version_2_already_is_its_owners() {
    use NotebookStatus::{InService, Stopped, Stopping};
    for seen in [vec![Stopping], vec![]] {
        let aws = Deployment::new(ENFORCE, ours(InService, NOW));
        aws.world(|it| it.record_start("churn", "assumed-role/owner/alice"));
        for status in [InService, Stopping, Stopped] {
            aws.reaches(status, &seen).await;
        }
        if seen.is_empty() {
            aws.minutes_later(15);
        }
        aws.receive_all(&["Stopped"]).await;
        assert_eq!((aws.notebook().status, aws.starts()), (Stopped, 0), "{seen:?}");
        assert!(!aws.notebook().tags.contains_key(RESTART_TAG), "{seen:?}");
    }
}

/// A start that AWS turned away for now is made by the next try, without a question to CloudTrail.
#[tokio::test]
async fn a_start_that_was_turned_away_does_not_wait_for_cloudtrail() {
    for (kind, comes_back) in [(Kind::Throttled, true), (Kind::Denied, false)] {
        let aws = Deployment::new(ENFORCE, ours(NotebookStatus::Stopped, NOW));
        aws.world(|it| it.failures.insert("sagemaker:StartNotebookInstance", vec![kind]));
        assert_eq!(aws.receive("Stopped").await.is_err(), comes_back, "{kind:?}");
        assert_eq!(aws.notebook().tags[RESTART_TAG], NOW, "{kind:?}");
        assert_eq!(aws.receive("Stopped").await.unwrap(), "advanced", "{kind:?}");
        assert_eq!(aws.notebook().status, NotebookStatus::InService, "{kind:?}");
        assert_eq!(aws.calls("cloudtrail"), 0, "{kind:?}");
    }
}

/// Nobody knows whether AWS accepted a start without an answer.
#[tokio::test]
async fn a_start_without_an_answer_waits_until_cloudtrail_knows() {
    let aws = Deployment::new(ENFORCE, ours(NotebookStatus::Stopped, NOW));
    aws.world(|it| it.failures.insert("sagemaker:StartNotebookInstance", vec![Kind::Unavailable]));
    for minutes in [0, 1, 13] {
        aws.minutes_later(minutes);
        assert!(aws.receive("Stopped").await.is_err());
    }
    assert_eq!((aws.starts(), aws.calls("cloudtrail")), (1, 0));
    aws.minutes_later(1);
    assert_eq!(aws.receive("Stopped").await.unwrap(), "advanced");
    assert_eq!((aws.starts(), aws.calls("cloudtrail")), (2, 1));
}

/// Without the announcement, an owner's stop could not be told from ours.
#[tokio::test]
async fn a_start_that_cannot_be_announced_is_not_made() {
    for kind in [Kind::Refused, Kind::Denied, Kind::Throttled] {
        let aws = Deployment::new(ENFORCE, ours(NotebookStatus::Stopped, NOW));
        aws.world(|it| it.failures.insert("sagemaker:AddTags", vec![kind]));
        assert_eq!(aws.receive("Stopped").await.is_err(), kind == Kind::Throttled, "{kind:?}");
        assert_eq!(aws.starts(), 0, "{kind:?}");
        assert_eq!(aws.receive("Stopped").await.unwrap(), "advanced", "{kind:?}");
    }
}

/// A sweep finds a notebook that may have been started after it was marked, and CloudTrail knows, or does not answer.
#[tokio::test]
async fn a_sweep_asks_cloudtrail_who_stopped_a_notebook() {
    let announced = Notebook::starting_mark(now());
    for (is_recorded, failure, outcome, runs) in [
        (true, None, "fixed", false),
        (false, None, "advanced", true),
        (false, Some(Kind::Denied), "waiting", false),
    ] {
        let aws = Deployed::new(ENFORCE, ours(NotebookStatus::Stopped, &announced));
        aws.world(|it| {
            if is_recorded {
                it.record_start("churn", "assumed-role/owner/alice");
            }
            it.passed = 31 * 60_000;
            it.failures.insert("cloudtrail:LookupEvents", failure.into_iter().collect());
        });
        let mut told = SweepOutput::default();
        aws.drain(r#"{"task": "sweep", "only": "notebooks"}"#, &mut told).await;
        assert_eq!(told.resources(outcome), ["churn"], "{:?}", told.lines);
        let status = aws.world(|it| it.notebook("churn", NotebookStatus::Pending).status);
        assert_eq!(status == NotebookStatus::InService, runs, "{:?}", told.lines);
    }
}

/// A function was killed between its mark and its stop. No event follows the removal of the mark.
#[tokio::test]
async fn a_mark_whose_stop_did_not_follow_is_removed_without_a_sweep() {
    let exempt = |world: &mut World| {
        let tags = &mut world.notebook("churn", NotebookStatus::InService).tags;
        tags.insert("v2only:exempt-until".to_owned(), "2026-12-31".to_owned());
        tags.insert("v2only:exempt-reason".to_owned(), "vendor agent".to_owned());
    };
    for (policy, is_exempt) in [(ENFORCE, true), (OBSERVE, false)] {
        let aws = Deployment::new(policy, ours(NotebookStatus::InService, NOW));
        aws.world(|it| {
            it.notebook("churn", NotebookStatus::InService).minimum_version = MinimumVersion::One;
            if is_exempt {
                exempt(it);
            }
        });
        for minutes in [0, 1] {
            aws.minutes_later(minutes);
            assert!(aws.receive("InService").await.is_err(), "another function may still stop it");
        }
        let before = aws.notebook();
        aws.minutes_later(1);
        assert_eq!(aws.receive("InService").await.unwrap(), "unmarked");
        let mut expected = before;
        expected.tags.remove(RESTART_TAG);
        assert_eq!(aws.notebook(), expected, "nothing but the mark changes");
        let writes = |it: &&String| !it.contains("Describe") && !it.contains("ListTags");
        assert_eq!(aws.0.ports.calls().iter().filter(writes).collect::<Vec<_>>(), ["sagemaker:DeleteTags"]);
    }
}

#[test]
fn the_record_of_a_removed_mark_is_a_violation_only_where_the_notebook_is_one() {
    use v2only_enforcer::{Outcome, Record, ResourceId};
    use v2only_policy::{AccountId, NotebookName, Place, Region};
    let place = Place {
        account: AccountId::parse(crate::fake::ACCOUNT).unwrap(),
        region: Region::parse(crate::fake::REGION).unwrap(),
    };
    let resource = ResourceId::Notebook(NotebookName::parse("churn").unwrap());
    let record = Record::unjudged(place, resource, Outcome::Unmarked);
    assert!(!record.leaves_violation());
    assert_eq!(json!(record.outcome.code()), "unmarked");
}
