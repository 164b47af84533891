//! Queues: where events wait, and where those end that were given up or could not be delivered.

use serde_json::{Value, json};

use super::existing::existing;
use super::policies::{Lets, lets, open_to_all};
use crate::command::Command;
use crate::expected::{
    Arns, QueueKind, Shipped, UNDELIVERED, VISIBLE_AFTER, events_queue_policy, queue_attributes,
    queue_policy, redrive, redrive_allow,
};
use crate::finding::{Report, State};
use crate::ports::Queue;
use v2only_enforcer::ports::Answer;

const PIECE: &str = "queue";
const EVENTBRIDGE: &str = "events.amazonaws.com";
/// The AWS managed key for SQS, whose policy cannot be changed.
const AWS_KEY: &str = "alias/aws/sqs";

/// What was read of a queue; `None` if it was not asked for.
type QueueAnswer<'a> = Option<&'a Answer<Option<Queue>>>;
type Problems = Vec<(String, Command)>;

/// The queue of a function.
pub(super) fn of_events(
    report: &mut Report<'_>,
    it: &Shipped,
    found: QueueAnswer<'_>,
    rules: &[String],
    timeout: Option<i32>,
) {
    let (queue, dlq) = (Arns(report.place).queue(it.name), Arns(report.place).queue(&it.dlq()));
    let policy = (!rules.is_empty()).then(|| events_queue_policy(report.place, &queue, rules));
    let Some(found) = existing(report, PIECE, it.name, found) else { return };
    let Some(found) = found else {
        let make = make(
            report,
            it.name,
            &queue_attributes(QueueKind::Events { of: it, dlq: &dlq }, policy.as_ref()),
        );
        return report.problem(PIECE, it.name, "is not there: events have nowhere to wait", make);
    };
    let mut problems = Vec::new();
    let redriven: Option<Value> =
        attribute(found, "RedrivePolicy").and_then(|it| serde_json::from_str(it).ok());
    let goes_to = redriven.as_ref().and_then(|it| it.get("deadLetterTargetArn")).and_then(Value::as_str);
    let tries = redriven.as_ref().and_then(|it| it.get("maxReceiveCount")).and_then(number);
    let why = match (goes_to, tries) {
        (None, _) => Some("an event that is given up is lost: it has no DLQ".to_owned()),
        (Some(other), _) if other != dlq => Some(format!("an event that is given up goes to {other}")),
        (_, tries) if tries != Some(it.tries) => {
            let tries = tries.map_or_else(|| "?".to_owned(), |it| it.to_string());
            Some(format!("an event is given up after {tries} tries, not {}", it.tries))
        }
        _ => None,
    };
    if let Some(why) = why {
        problems.push((why, set(report, found, "RedrivePolicy", &redrive(&dlq, it.tries).to_string())));
    }
    let needed = VISIBLE_AFTER * i64::from(timeout.unwrap_or(it.timeout));
    if integer(found, "VisibilityTimeout").is_none_or(|it| it < needed) {
        let why =
            format!("an event is seen twice while it is worked on: it must stay hidden for {needed} seconds");
        problems.push((why, set(report, found, "VisibilityTimeout", &needed.to_string())));
    }
    problems.extend(unencrypted(report, found));
    if policy.is_some() {
        problems.extend(locked(report, found));
    }
    let doubts = policy.as_ref().and_then(|policy| may_send(report, found, policy, rules, &mut problems));
    tell(
        report,
        it.name,
        "its rules may send into it, and what is given up goes to its DLQ",
        problems,
        doubts,
    );
}

/// The DLQ of a function.
pub(super) fn given_up(report: &mut Report<'_>, it: &Shipped, found: QueueAnswer<'_>) {
    let (name, queue) = (it.dlq(), Arns(report.place).queue(it.name));
    let Some(found) = existing(report, PIECE, &name, found) else { return };
    let Some(found) = found else {
        let make = make(report, &name, &queue_attributes(QueueKind::GivenUp { queue: &queue }, None));
        return report.problem(PIECE, &name, "is not there: what is given up is lost", make);
    };
    let mut problems = Vec::new();
    let allowed: Option<Value> =
        attribute(found, "RedriveAllowPolicy").and_then(|it| serde_json::from_str(it).ok());
    let sources = allowed.as_ref().and_then(|it| it.get("sourceQueueArns")).and_then(Value::as_array);
    if !sources.is_some_and(|it| it.iter().any(|it| it == queue.as_str())) {
        let why = format!("{} is not said to be the queue whose events it takes", it.name);
        problems.push((why, set(report, found, "RedriveAllowPolicy", &redrive_allow(&queue).to_string())));
    }
    if let Some(waiting) = waiting(found) {
        let again = Command::aws("sqs", "start-message-move-task")
            .option("source-arn", &Arns(report.place).queue(&name))
            .at(report.place);
        problems
            .push((format!("{waiting} given up: fix the cause that the log names, then send again"), again));
    }
    problems.extend(unencrypted(report, found));
    tell(report, &name, "is empty", problems, None);
}

/// The queue of what EventBridge could not deliver.
pub(super) fn undelivered(report: &mut Report<'_>, found: QueueAnswer<'_>, rules: &[String]) {
    let policy = queue_policy(&Arns(report.place).queue(UNDELIVERED), rules);
    let Some(found) = existing(report, PIECE, UNDELIVERED, found) else { return };
    let Some(found) = found else {
        let make = make(report, UNDELIVERED, &queue_attributes(QueueKind::Undelivered, Some(&policy)));
        return report.problem(PIECE, UNDELIVERED, "is not there: what cannot be delivered is lost", make);
    };
    let mut problems = Vec::new();
    if let Some(waiting) = waiting(found) {
        let look = Command::aws("sqs", "receive-message")
            .option("queue-url", &found.url)
            .option("message-attribute-names", "All")
            .at(report.place);
        problems.push((format!("{waiting} not delivered: its attributes say why"), look));
    }
    problems.extend(unencrypted(report, found));
    problems.extend(locked(report, found));
    let doubts = may_send(report, found, &policy, rules, &mut problems);
    tell(report, UNDELIVERED, "is empty, and the rules may send into it", problems, doubts);
}

fn tell(report: &mut Report<'_>, name: &str, well: &str, problems: Problems, doubts: Option<String>) {
    match doubts {
        Some(why) if problems.is_empty() => report.say(PIECE, name, State::Unread, why, None),
        _ => report.piece(PIECE, name, well, problems),
    }
}

/// Adds the problems of a queue's policy, and returns why the policy cannot be judged.
fn may_send(
    report: &Report<'_>,
    found: &Queue,
    shipped: &Value,
    rules: &[String],
    problems: &mut Problems,
) -> Option<String> {
    let policy: Value =
        attribute(found, "Policy").and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default();
    if let Some(statement) = open_to_all(&policy, "sqs:SendMessage") {
        let why = format!("statement {statement} of its policy lets anybody send");
        problems.push((why, set(report, found, "Policy", &shipped.to_string())));
        return None;
    }
    for rule in rules {
        match lets(&policy, EVENTBRIDGE, "sqs:SendMessage", rule) {
            Lets::In => {}
            Lets::Out => {
                let why = format!("its policy does not let {rule} send");
                problems.push((why, set(report, found, "Policy", &shipped.to_string())));
                return None;
            }
            Lets::Doubtful(statement) => {
                return Some(format!(
                    "statement {statement} of its policy denies something that is not told here"
                ));
            }
        }
    }
    None
}

fn unencrypted(report: &Report<'_>, found: &Queue) -> Option<(String, Command)> {
    let own = attribute(found, "SqsManagedSseEnabled") == Some("true");
    let key = attribute(found, "KmsMasterKeyId").is_some_and(|it| !it.is_empty());
    (!own && !key)
        .then(|| ("is not encrypted".to_owned(), set(report, found, "SqsManagedSseEnabled", "true")))
}

/// Whether a key denies EventBridge. The policies of customer managed keys are not read.
fn locked(report: &Report<'_>, found: &Queue) -> Option<(String, Command)> {
    let key = attribute(found, "KmsMasterKeyId")?;
    (key == AWS_KEY || key.ends_with(&format!(":{AWS_KEY}"))).then(|| {
        let own = json!({ "KmsMasterKeyId": "", "SqsManagedSseEnabled": "true" });
        let set = Command::aws("sqs", "set-queue-attributes").option("queue-url", &found.url);
        let why = "is encrypted with AWS's own key, which EventBridge may not use: no event gets into it";
        (why.to_owned(), set.json("attributes", &own).at(report.place))
    })
}

/// How many messages wait, if any.
fn waiting(found: &Queue) -> Option<String> {
    match integer(found, "ApproximateNumberOfMessages") {
        Some(0) | None => None,
        Some(1) => Some("1 event was".to_owned()),
        Some(number) => Some(format!("{number} events were")),
    }
}

fn attribute<'a>(found: &'a Queue, name: &str) -> Option<&'a str> {
    found.attributes.get(name).map(String::as_str)
}

fn integer(found: &Queue, name: &str) -> Option<i64> {
    attribute(found, name).and_then(|it| it.parse().ok())
}

/// AWS has numbers in these documents, and takes texts.
fn number(it: &Value) -> Option<i64> {
    it.as_i64().or_else(|| it.as_str()?.parse().ok())
}

fn set(report: &Report<'_>, found: &Queue, name: &str, value: &str) -> Command {
    Command::aws("sqs", "set-queue-attributes")
        .option("queue-url", &found.url)
        .json("attributes", &json!({ name: value }))
        .at(report.place)
}

fn make(report: &Report<'_>, name: &str, attributes: &Value) -> Command {
    Command::aws("sqs", "create-queue")
        .option("queue-name", name)
        .json("attributes", attributes)
        .at(report.place)
}
