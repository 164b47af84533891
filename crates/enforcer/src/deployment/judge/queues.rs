//! Queues: where events wait, and where those end that were given up or could not be delivered.

use serde_json::{Value, json};

use super::super::command::Command;
use super::super::expected::{
    Arns, QueueKind, Shipped, UNDELIVERED, VISIBLE_AFTER, queue_attributes, queue_policy, redrive,
    redrive_allow,
};
use super::super::{Desk, State};
use super::policies::{Lets, lets, open_to_all};
use super::there;
use crate::ports::{Answer, Queue};

const PIECE: &str = "queue";
const EVENTBRIDGE: &str = "events.amazonaws.com";
/// The key that AWS has in every account for SQS, and whose policy nobody can change.
const AWS_KEY: &str = "alias/aws/sqs";

type Found<'a> = Option<&'a Answer<Option<Queue>>>;
type Problems = Vec<(String, Command)>;

/// The queue of a function.
pub(super) fn of_events(
    desk: &mut Desk<'_>,
    it: &Shipped,
    found: Found<'_>,
    rules: &[String],
    timeout: Option<i32>,
) {
    let (queue, dlq) = (Arns(desk.place).queue(it.name), Arns(desk.place).queue(&it.dlq()));
    let policy = (!rules.is_empty()).then(|| queue_policy(&queue, rules));
    let Some(found) = there(desk, PIECE, it.name, found) else { return };
    let Some(found) = found else {
        let make =
            make(desk, it.name, &queue_attributes(QueueKind::Events { of: it, dlq: &dlq }, policy.as_ref()));
        return desk.problem(PIECE, it.name, "is not there: events have nowhere to wait", make);
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
        problems.push((why, set(desk, found, "RedrivePolicy", &redrive(&dlq, it.tries).to_string())));
    }
    let needed = VISIBLE_AFTER * i64::from(timeout.unwrap_or(it.timeout));
    if integer(found, "VisibilityTimeout").is_none_or(|it| it < needed) {
        let why =
            format!("an event is seen twice while it is worked on: it must stay hidden for {needed} seconds");
        problems.push((why, set(desk, found, "VisibilityTimeout", &needed.to_string())));
    }
    problems.extend(unencrypted(desk, found));
    if policy.is_some() {
        problems.extend(locked(desk, found));
    }
    let doubts = policy.as_ref().and_then(|policy| may_send(desk, found, policy, rules, &mut problems));
    tell(desk, it.name, "its rules may send into it, and what is given up goes to its DLQ", problems, doubts);
}

/// The DLQ of a function.
pub(super) fn given_up(desk: &mut Desk<'_>, it: &Shipped, found: Found<'_>) {
    let (name, queue) = (it.dlq(), Arns(desk.place).queue(it.name));
    let Some(found) = there(desk, PIECE, &name, found) else { return };
    let Some(found) = found else {
        let make = make(desk, &name, &queue_attributes(QueueKind::GivenUp { queue: &queue }, None));
        return desk.problem(PIECE, &name, "is not there: what is given up is lost", make);
    };
    let mut problems = Vec::new();
    let allowed: Option<Value> =
        attribute(found, "RedriveAllowPolicy").and_then(|it| serde_json::from_str(it).ok());
    let sources = allowed.as_ref().and_then(|it| it.get("sourceQueueArns")).and_then(Value::as_array);
    if !sources.is_some_and(|it| it.iter().any(|it| it == queue.as_str())) {
        let why = format!("{} is not said to be the queue whose events it takes", it.name);
        problems.push((why, set(desk, found, "RedriveAllowPolicy", &redrive_allow(&queue).to_string())));
    }
    if let Some(waiting) = waiting(found) {
        let again = Command::aws("sqs", "start-message-move-task")
            .option("source-arn", &Arns(desk.place).queue(&name))
            .at(desk.place);
        problems
            .push((format!("{waiting} given up: mend the cause that the log names, then send again"), again));
    }
    problems.extend(unencrypted(desk, found));
    tell(desk, &name, "is empty", problems, None);
}

/// The queue of what EventBridge could not deliver.
pub(super) fn undelivered(desk: &mut Desk<'_>, found: Found<'_>, rules: &[String]) {
    let policy = queue_policy(&Arns(desk.place).queue(UNDELIVERED), rules);
    let Some(found) = there(desk, PIECE, UNDELIVERED, found) else { return };
    let Some(found) = found else {
        let make = make(desk, UNDELIVERED, &queue_attributes(QueueKind::Undelivered, Some(&policy)));
        return desk.problem(PIECE, UNDELIVERED, "is not there: what cannot be delivered is lost", make);
    };
    let mut problems = Vec::new();
    if let Some(waiting) = waiting(found) {
        let look = Command::aws("sqs", "receive-message")
            .option("queue-url", &found.url)
            .option("message-attribute-names", "All")
            .at(desk.place);
        problems.push((format!("{waiting} not delivered: its attributes say why"), look));
    }
    problems.extend(unencrypted(desk, found));
    problems.extend(locked(desk, found));
    let doubts = may_send(desk, found, &policy, rules, &mut problems);
    tell(desk, UNDELIVERED, "is empty, and the rules may send into it", problems, doubts);
}

fn tell(desk: &mut Desk<'_>, name: &str, well: &str, problems: Problems, doubts: Option<String>) {
    match doubts {
        Some(why) if problems.is_empty() => desk.say(PIECE, name, State::Unread, why, None),
        _ => desk.piece(PIECE, name, well, problems),
    }
}

/// Adds what is wrong with the policy of a queue; the answer is what cannot be told.
fn may_send(
    desk: &Desk<'_>,
    found: &Queue,
    shipped: &Value,
    rules: &[String],
    problems: &mut Problems,
) -> Option<String> {
    let policy: Value =
        attribute(found, "Policy").and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default();
    if let Some(statement) = open_to_all(&policy, "sqs:SendMessage") {
        let why = format!("statement {statement} of its policy lets anybody send");
        problems.push((why, set(desk, found, "Policy", &shipped.to_string())));
        return None;
    }
    for rule in rules {
        match lets(&policy, EVENTBRIDGE, "sqs:SendMessage", rule) {
            Lets::In => {}
            Lets::Out => {
                let why = format!("its policy does not let {rule} send");
                problems.push((why, set(desk, found, "Policy", &shipped.to_string())));
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

fn unencrypted(desk: &Desk<'_>, found: &Queue) -> Option<(String, Command)> {
    let own = attribute(found, "SqsManagedSseEnabled") == Some("true");
    let key = attribute(found, "KmsMasterKeyId").is_some_and(|it| !it.is_empty());
    (!own && !key).then(|| ("is not encrypted".to_owned(), set(desk, found, "SqsManagedSseEnabled", "true")))
}

/// Whether EventBridge is kept out by a key. What the policy of a key of one's own says is not looked at.
fn locked(desk: &Desk<'_>, found: &Queue) -> Option<(String, Command)> {
    let key = attribute(found, "KmsMasterKeyId")?;
    (key == AWS_KEY || key.ends_with(&format!(":{AWS_KEY}"))).then(|| {
        let own = json!({ "KmsMasterKeyId": "", "SqsManagedSseEnabled": "true" });
        let set = Command::aws("sqs", "set-queue-attributes").option("queue-url", &found.url);
        let why = "is encrypted with AWS's own key, which EventBridge may not use: no event gets into it";
        (why.to_owned(), set.json("attributes", &own).at(desk.place))
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

fn set(desk: &Desk<'_>, found: &Queue, name: &str, value: &str) -> Command {
    Command::aws("sqs", "set-queue-attributes")
        .option("queue-url", &found.url)
        .json("attributes", &json!({ name: value }))
        .at(desk.place)
}

fn make(desk: &Desk<'_>, name: &str, attributes: &Value) -> Command {
    Command::aws("sqs", "create-queue")
        .option("queue-name", name)
        .json("attributes", attributes)
        .at(desk.place)
}
