//! What `infra/` ships, under the names its templates and modules give. A test in `tests/infra` holds the two together.

use serde_json::{Value, json};
use v2only_policy::Place;

/// The prefix of all names.
pub const PREFIX: &str = "v2only";
/// The bus that the accounts of an organization send to.
pub const BUS: &str = "v2only-events";
/// The bus of AWS's own events.
pub const DEFAULT_BUS: &str = "default";
/// The queue of events that EventBridge could not deliver.
pub const UNDELIVERED: &str = "v2only-undelivered";
/// The parameter with the policy document.
pub const PARAMETER: &str = "/v2only/policy";
/// The runtime of the functions.
pub const RUNTIME: &str = "provided.al2023";
/// The visibility timeout of a queue, as a multiple of the function's timeout.
pub const VISIBLE_AFTER: i64 = 6;

/// Four days, and fourteen for what was given up.
const KEPT: i64 = 345_600;
const GIVEN_UP_KEPT: i64 = 1_209_600;

/// A function with what feeds it. A new one is a new line of [`FUNCTIONS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// Its folder, and its zip.
    pub folder: &'static str,
    /// Its name in AWS, which its queue, its role and its rules have too.
    pub name: &'static str,
    /// The pattern of its rules; `None` if no event feeds it.
    pub pattern: Option<&'static str>,
    /// The schedules that put tasks into its queue.
    pub schedules: &'static [&'static str],
    /// Seconds that an invocation may take.
    pub timeout: i32,
    /// Messages of one invocation.
    pub batch: i32,
    /// Seconds that a message rests before it is received.
    pub delay: i64,
    /// Tries before a message is given up.
    pub tries: i64,
    /// Variables of its environment besides those that all have, whatever they say.
    pub settings: &'static [&'static str],
}

/// The functions.
pub const FUNCTIONS: [Shipped; 3] = [
    Shipped {
        folder: "ec2-enforcer",
        name: "v2only-ec2-enforcer",
        pattern: Some(include_str!("../../../infra/event-patterns/ec2-enforcer.json")),
        schedules: &[],
        timeout: 60,
        batch: 10,
        delay: 5,
        tries: 10,
        settings: &[],
    },
    Shipped {
        folder: "notebook-enforcer",
        name: "v2only-notebook-enforcer",
        pattern: Some(include_str!("../../../infra/event-patterns/notebook-enforcer.json")),
        schedules: &[],
        timeout: 60,
        batch: 10,
        delay: 5,
        tries: 10,
        settings: &[],
    },
    Shipped {
        folder: "sweeper",
        name: "v2only-sweeper",
        pattern: None,
        schedules: &["v2only-sweep", "v2only-review-exemptions"],
        timeout: 900,
        batch: 1,
        delay: 0,
        tries: 5,
        settings: &["V2ONLY_SWEEP_QUEUE"],
    },
];

impl Shipped {
    /// The queue of what was given up.
    pub fn dlq(&self) -> String {
        format!("{}-dlq", self.name)
    }

    /// Its pattern without white space, as EventBridge keeps it.
    pub fn pattern(&self) -> Option<Value> {
        self.pattern.and_then(|it| serde_json::from_str(it).ok())
    }
}

/// Names in full.
#[derive(Debug, Clone, Copy)]
pub struct Arns<'a>(pub &'a Place);

impl Arns<'_> {
    fn of(&self, service: &str, rest: &str) -> String {
        let Place { account, region } = self.0;
        format!("arn:{}:{service}:{region}:{account}:{rest}", region.partition().as_str())
    }

    /// A queue.
    pub fn queue(&self, name: &str) -> String {
        self.of("sqs", name)
    }

    /// A bus.
    pub fn bus(&self, name: &str) -> String {
        self.of("events", &format!("event-bus/{name}"))
    }

    /// A rule. Those of the default bus do not name it.
    pub fn rule(&self, bus: &str, name: &str) -> String {
        let path = if bus == DEFAULT_BUS { String::new() } else { format!("{bus}/") };
        self.of("events", &format!("rule/{path}{name}"))
    }

    /// A role, which has no Region.
    pub fn role(&self, name: &str) -> String {
        self.0.role_arn(name)
    }
}

/// The role that sends the events of a member Region.
pub fn forwarder(place: &Place) -> String {
    format!("{PREFIX}-forwarder-{}", place.region)
}

/// The policy of a queue: only these rules may send, and only over TLS.
pub fn queue_policy(queue: &str, rules: &[String]) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "RulesSend",
                "Effect": "Allow",
                "Principal": { "Service": "events.amazonaws.com" },
                "Action": "sqs:SendMessage",
                "Resource": queue,
                "Condition": { "ArnEquals": { "aws:SourceArn": rules } },
            },
            {
                "Sid": "OnlyOverTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sqs:*",
                "Resource": queue,
                "Condition": { "Bool": { "aws:SecureTransport": "false" } },
            },
        ],
    })
}

/// The role that may put messages into the queues by hand, unless a parameter names another.
const OPERATOR: &str = "v2only-owner";

/// The policy of the queue of events. Its denial stops all other principals in the account that may send
/// messages.
pub fn events_queue_policy(place: &Place, queue: &str, rules: &[String]) -> Value {
    let mut policy = queue_policy(queue, rules);
    let denial = json!({
        "Sid": "OnlyRulesSend",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {
            "ArnNotEquals": { "aws:SourceArn": rules },
            "ArnNotLike": { "aws:PrincipalArn": Arns(place).role(OPERATOR) },
        },
    });
    if let Some(statements) = policy.get_mut("Statement").and_then(Value::as_array_mut) {
        statements.insert(1, denial);
    }
    policy
}

/// Who may send to the central bus: the accounts of the organization.
pub fn bus_policy(bus: &str, organization: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "AccountsOfTheOrganizationSend",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "events:PutEvents",
            "Resource": bus,
            "Condition": { "StringEquals": { "aws:PrincipalOrgID": organization } },
        }],
    })
}

/// Where messages go after so many tries.
pub fn redrive(dlq: &str, tries: i64) -> Value {
    json!({ "deadLetterTargetArn": dlq, "maxReceiveCount": tries })
}

/// Which queue may send its messages to a DLQ.
pub fn redrive_allow(queue: &str) -> Value {
    json!({ "redrivePermission": "byQueue", "sourceQueueArns": [queue] })
}

/// Attributes of a queue as shipped, in the form that SQS takes: everything is text.
pub fn queue_attributes(of: QueueKind<'_>, policy: Option<&Value>) -> Value {
    let mut all = serde_json::Map::new();
    let mut set = |name: &str, value: String| {
        all.insert(name.to_owned(), Value::String(value));
    };
    set("SqsManagedSseEnabled", "true".to_owned());
    match of {
        QueueKind::Events { of, dlq } => {
            set("DelaySeconds", of.delay.to_string());
            set("VisibilityTimeout", (VISIBLE_AFTER * i64::from(of.timeout)).to_string());
            set("MessageRetentionPeriod", KEPT.to_string());
            set("RedrivePolicy", redrive(dlq, of.tries).to_string());
        }
        QueueKind::GivenUp { queue } => {
            set("MessageRetentionPeriod", GIVEN_UP_KEPT.to_string());
            set("RedriveAllowPolicy", redrive_allow(queue).to_string());
        }
        QueueKind::Undelivered => set("MessageRetentionPeriod", GIVEN_UP_KEPT.to_string()),
    }
    if let Some(policy) = policy {
        set("Policy", policy.to_string());
    }
    Value::Object(all)
}

/// What a queue is for.
#[derive(Debug, Clone, Copy)]
pub enum QueueKind<'a> {
    /// Events or tasks on their way to a function.
    Events {
        /// The function.
        of: &'a Shipped,
        /// The ARN of its DLQ.
        dlq: &'a str,
    },
    /// Events given up.
    GivenUp {
        /// The ARN of the queue they come from.
        queue: &'a str,
    },
    /// Events that EventBridge could not deliver.
    Undelivered,
}
