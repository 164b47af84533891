//! Who on an instance uses IMDSv1: how long the command is followed, and what is said where it does not end well.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use v2only_enforcer::ports::{Answer, Invocation, Progress, RunTrace, TraceOrder, TraceStep};
use v2only_enforcer::trace_imds::{Trouble, Unreadable, trace_imds};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::{InstanceId, Place};

use crate::launch_sources::place;

/// What the command answers, one question after the other.
struct Command(Mutex<VecDeque<Answer<Option<Invocation>>>>);

impl RunTrace for Command {
    async fn start_trace(&self, _: &Place, _: &InstanceId, _: TraceOrder) -> Answer<String> {
        Ok("command-1".to_owned())
    }

    async fn trace_step(
        &self,
        _: &Place,
        _: &str,
        _: &InstanceId,
        _: TraceStep,
    ) -> Answer<Option<Invocation>> {
        self.0.lock().unwrap().pop_front().unwrap_or(Ok(None))
    }
}

fn failure(kind: Kind) -> Answer<Option<Invocation>> {
    Err(Failure::new(kind, "ssm:GetCommandInvocation", "as the test asked"))
}

fn ended(progress: Progress, output: &str, errors: &str) -> Answer<Option<Invocation>> {
    Ok(Some(Invocation { progress, output: output.to_owned(), errors: errors.to_owned() }))
}

/// Why the trace has no report, and for how many seconds the command was followed.
async fn trouble(answers: impl IntoIterator<Item = Answer<Option<Invocation>>>) -> (Trouble, u64) {
    let waited = Mutex::new(0);
    let wait = async |pause: Duration| *waited.lock().unwrap() += pause.as_secs();
    let command = Command(Mutex::new(answers.into_iter().collect()));
    let id = InstanceId::parse("i-00000001").unwrap();
    let trouble = trace_imds(&command, &place(), &id, 60, &wait).await.unwrap_err();
    let waited = *waited.lock().unwrap();
    (trouble, waited)
}

#[tokio::test]
async fn a_command_is_followed_through_throttling_and_not_through_a_denial() {
    let failed = |how: &str| ended(Progress::Ended(how.to_owned()), "", "line 1\n no python3 \n\n");
    for kind in [Kind::Throttled, Kind::Unavailable] {
        let (trouble, _) =
            trouble([failure(kind), Ok(None), ended(Progress::Going, "", ""), failed("Failed")]).await;
        let expected = Trouble::Ended { how: "Failed".to_owned(), said: "no python3".to_owned() };
        assert_eq!(trouble, expected, "{kind:?}");
    }
    let (trouble, waited) = trouble([failure(Kind::Denied), failed("Failed")]).await;
    assert!(matches!(&trouble, Trouble::Failed(it) if it.kind == Kind::Denied), "{trouble:?}");
    assert_eq!(waited, 0);
}

#[tokio::test]
async fn a_command_that_does_not_end_is_followed_for_its_minute_and_four_more() {
    let (trouble, waited) = trouble([]).await;
    assert!(matches!(trouble, Trouble::StillGoing { .. }));
    assert!((290..=300).contains(&waited), "{waited}");
}

#[test]
fn what_is_said_of_a_command_names_how_it_ended() {
    let ended = |said: &str| Trouble::Ended { how: "TimedOut".to_owned(), said: said.to_owned() };
    for (trouble, words) in [
        (ended(""), "the command ended as TimedOut"),
        (ended("no python3"), "the command ended as TimedOut: no python3"),
        (Trouble::Unreadable(Unreadable::Nothing), "the command ran, and said nothing that could be read"),
        (
            Trouble::Unreadable(Unreadable::Version(7)),
            "the document there prints version 7, and this release reads 1: deploy infra/ anew",
        ),
        (
            Trouble::Unreadable(Unreadable::Summary("no line".to_owned())),
            "what the command printed cannot be read: no line",
        ),
    ] {
        assert_eq!(Failure::from(trouble).message, words);
    }
}
