//! What a sweep does, however its function is treated.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use v2only_enforcer::Counts;
use v2only_enforcer::LogEntry;
use v2only_enforcer::invocation::{App, Invocation};
use v2only_enforcer::policy_source::{Location, PolicySource};
use v2only_enforcer::{Kind, sweep};
use v2only_lambda::log_line::line;
use v2only_policy::instance::{HttpTokens, Switch};
use v2only_policy::notebook::{MinimumVersion, NotebookStatus};

use crate::fake::{ACCOUNT, Fake, REGION, World, now};

pub const ENFORCE: &str = "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\n";
pub const SWEEP: &str = r#"{"task": "sweep"}"#;

/// The output of all invocations of a sweep.
#[derive(Default)]
pub struct SweepOutput {
    pub lines: Vec<Value>,
    pub counts: Vec<Counts>,
    pub invocations: usize,
    /// Texts of messages that were received too often.
    pub dead: Vec<String>,
}

impl SweepOutput {
    pub fn outcomes(&self, outcome: &str) -> Vec<&Value> {
        self.lines.iter().filter(|it| it["outcome"] == outcome).collect()
    }

    pub fn resources(&self, outcome: &str) -> Vec<String> {
        let mut found: Vec<String> = self
            .outcomes(outcome)
            .iter()
            .filter_map(|it| it["resource"].as_str())
            .map(str::to_owned)
            .collect();
        found.sort();
        found
    }
}

/// An account whose sweep goes through the queue of the sweeper.
pub struct Deployed {
    pub app: App<Fake>,
    /// How long Lambda lets the function run.
    pub timeout: SignedDuration,
}

impl Deployed {
    pub fn new(policy: &str, build: impl FnOnce(&mut World)) -> Self {
        Self::under(Location::Inline(policy.to_owned()), build)
    }

    pub fn under(policy: Location, build: impl FnOnce(&mut World)) -> Self {
        let app = App::new(PolicySource::new(policy), Fake::with(build));
        Self { app, timeout: SignedDuration::from_secs(900) }
    }

    pub fn world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.app.ports.0.lock().unwrap())
    }

    pub fn calls(&self, action: &str) -> usize {
        self.app.ports.calls().iter().filter(|it| it.starts_with(action)).count()
    }

    pub fn clock(&self) -> Timestamp {
        now() + SignedDuration::from_millis(self.world(|it| it.passed))
    }

    /// One invocation with one message; whether SQS may delete it.
    async fn receive(&self, text: &str, told: &mut SweepOutput) -> bool {
        told.invocations += 1;
        let mut lines = Vec::new();
        let mut say = |it: LogEntry<'_>| lines.push(line(&it, "sweeper", now()));
        let clock = || self.clock();
        let invocation =
            Invocation { now: &clock, deadline: Some(self.clock() + self.timeout), log: &mut say };
        let payload = json!({"Records": [{
            "messageId": "m-1", "receiptHandle": "r", "body": text, "attributes": {}, "messageAttributes": {},
            "md5OfBody": "", "eventSource": "aws:sqs", "awsRegion": "eu-central-1",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:111122223333:v2only-sweeper",
        }]});
        let (reply, counts) = sweep::handle(payload, &self.app, invocation).await.unwrap();
        told.lines.extend(lines);
        told.counts.push(counts);
        reply["batchItemFailures"].as_array().unwrap().is_empty()
    }

    /// Receives messages until there are none; each of them five times at most.
    pub async fn drain(&self, first: &str, told: &mut SweepOutput) {
        self.world(|it| it.queue.push((first.to_owned(), 0)));
        let mut received: BTreeMap<String, usize> = BTreeMap::new();
        while let Some((text, delay)) = self.world(|it| (!it.queue.is_empty()).then(|| it.queue.remove(0))) {
            self.world(|it| it.passed += i64::try_from(delay).unwrap() * 1000);
            if self.receive(&text, told).await {
                continue;
            }
            let times = received.entry(text.clone()).or_default();
            *times += 1;
            if *times < 5 {
                self.world(|it| it.queue.push((text, 0)));
            } else {
                told.dead.push(text);
            }
            assert!(told.invocations < 2000, "the sweep does not come to an end");
        }
    }

    pub async fn sweep(&self) -> SweepOutput {
        let mut told = SweepOutput::default();
        self.drain(SWEEP, &mut told).await;
        told
    }

    pub fn left(&self) -> usize {
        self.world(|world| {
            let open = world.instances.values().filter(|instance| {
                instance.options.http_tokens != HttpTokens::Required
                    && instance.options.http_endpoint == Switch::Enabled
            });
            open.count()
        })
    }
}

pub fn violating(count: usize) -> impl FnOnce(&mut World) {
    move |world| {
        for n in 0..count {
            world.instance(&format!("i-{n:08x}"));
        }
    }
}

#[tokio::test]
async fn a_schedule_leads_to_every_region_of_every_account() {
    let deployed = Deployed::new(ENFORCE, |world| {
        violating(3)(world);
        world.other_accounts = vec!["444455556666".to_owned()];
        world.notebook("analysis", NotebookStatus::Stopped);
    });
    let told = deployed.sweep().await;
    assert_eq!(told.resources("fixed"), ["analysis", "i-00000000", "i-00000001", "i-00000002"]);
    assert_eq!(deployed.left(), 0);
    assert_eq!(deployed.world(|it| it.notebooks["analysis"].minimum_version), MinimumVersion::Two);
    // One for the estate, one for each account, one for each of two Regions in both.
    assert_eq!(told.invocations, 1 + 2 + 4);
    assert_eq!(told.outcomes("swept").len(), 4 * 3);
    assert_eq!(deployed.calls("ec2:ModifyInstanceMetadataOptions"), 3);
    // One listing for each account and Region, and one second read of a chunk of 40.
    assert_eq!(deployed.calls("ec2:DescribeInstances"), 4 + 1);
}

/// What a schedule inside the maintenance window sends.
#[tokio::test]
async fn a_sweep_of_notebooks_alone_reads_nothing_else() {
    let deployed = Deployed::new(ENFORCE, |world| {
        violating(3)(world);
        world.notebook("analysis", NotebookStatus::Stopped);
    });
    let mut told = SweepOutput::default();
    deployed.drain(r#"{"task": "sweep", "only": "notebooks"}"#, &mut told).await;
    assert_eq!(told.resources("fixed"), ["analysis"]);
    assert!(told.outcomes("swept").iter().all(|it| it["stage"] == "notebooks"));
    assert_eq!(deployed.calls("ec2:DescribeInstances") + deployed.calls("ec2:DescribeImages"), 0);
    deployed.drain(r#"{"task": "sweep", "only": "volumes"}"#, &mut told).await;
    assert_eq!(told.dead.len(), 1);
}

#[tokio::test]
async fn a_second_sweep_changes_nothing() {
    let deployed = Deployed::new(ENFORCE, violating(5));
    deployed.sweep().await;
    let before = deployed.calls("ec2:ModifyInstanceMetadataOptions");
    let told = deployed.sweep().await;
    assert_eq!(told.resources("fixed"), Vec::<String>::new());
    assert_eq!(deployed.calls("ec2:ModifyInstanceMetadataOptions"), before);
}

#[tokio::test]
async fn nothing_is_missed_where_the_listing_moves_under_its_pages() {
    let deployed = Deployed::new(ENFORCE, |world| {
        violating(100)(world);
        world.page_size = 10;
    });
    let told = deployed.sweep().await;
    assert_eq!(deployed.left(), 0);
    assert_eq!(told.resources("fixed").len(), 100);
    assert_eq!(deployed.calls("ec2:ModifyInstanceMetadataOptions"), 100);
}

#[tokio::test]
async fn a_place_that_takes_longer_than_a_function_may_is_handed_on() {
    let deployed = Deployed::new(ENFORCE, |world| {
        violating(1000)(world);
        world.page_size = 250;
        world.call_takes = 200;
    });
    let told = Deployed { timeout: SignedDuration::from_secs(120), ..deployed };
    let deployed = told;
    let told = deployed.sweep().await;
    assert_eq!(deployed.left(), 0);
    assert_eq!(deployed.calls("ec2:ModifyInstanceMetadataOptions"), 1000);
    assert!(told.invocations > 5, "{}", told.invocations);
    assert!(told.dead.is_empty());
    let handed_on = deployed.calls("sqs:SendMessage") - 1 - 2;
    assert!(handed_on >= 3, "{handed_on} messages of its own");
}

#[tokio::test]
async fn a_page_that_aws_has_forgotten_begins_the_stage_again() {
    let deployed = Deployed::new(ENFORCE, violating(3));
    let task = json!({
        "task": "place", "began": now(), "account": ACCOUNT, "region": "eu-central-1", "stage": "instances",
        "page": "a token of yesterday",
    });
    let mut told = SweepOutput::default();
    deployed.drain(&task.to_string(), &mut told).await;
    assert_eq!(deployed.left(), 0);
    assert!(told.dead.is_empty());
}

#[tokio::test]
async fn pages_that_aws_never_knows_do_not_send_a_sweep_round_for_ever() {
    // Observed only, so that the first page is full each time.
    let deployed = Deployed::new("version: 1\nmode: observe\n", |world| {
        violating(9)(world);
        world.notebook("analysis", NotebookStatus::Stopped);
        (world.page_size, world.forgets_pages) = (3, true);
    });
    let told = deployed.sweep().await;
    assert!(deployed.calls("ec2:DescribeInstances") < 20, "{}", deployed.calls("ec2:DescribeInstances"));
    let subjects: Vec<&str> =
        told.outcomes("unswept").iter().filter_map(|it| it["subject"].as_str()).collect();
    assert!(subjects.iter().any(|it| it.starts_with("instances of ")), "{subjects:?}");
    assert_eq!(told.resources("held").iter().filter(|it| *it == "analysis").count(), 1, "the rest is swept");
}

/// Whatever a function was doing when it died, its message is received again.
#[tokio::test]
async fn a_function_killed_at_any_call_loses_nothing() {
    let build = |world: &mut World| {
        violating(12)(world);
        world.page_size = 5;
        world.notebook("analysis", NotebookStatus::Stopped);
        world.other_accounts = vec!["444455556666".to_owned()];
    };
    let whole = Deployed::new(ENFORCE, build);
    whole.sweep().await;
    let calls = whole.app.ports.calls().len();
    assert!(calls > 40, "{calls} calls are too few for a test");
    for survives in 0..calls {
        let deployed = Deployed::new(ENFORCE, build);
        let mut told = SweepOutput::default();
        deployed.world(|it| it.dies_after = Some(survives));
        // The message in hand is the one that SQS shows again; another invocation finds AWS answering.
        deployed.world(|it| it.queue.push((SWEEP.to_owned(), 0)));
        while let Some((text, _)) = deployed.world(|it| (!it.queue.is_empty()).then(|| it.queue.remove(0))) {
            if !deployed.receive(&text, &mut told).await {
                deployed.world(|world| {
                    world.dies_after = None;
                    world.queue.push((text.clone(), 0));
                });
            }
        }
        assert_eq!(deployed.left(), 0, "killed after {survives} calls");
        assert_eq!(
            deployed.world(|it| it.notebooks["analysis"].minimum_version),
            MinimumVersion::Two,
            "killed after {survives} calls"
        );
        let changes = deployed.calls("ec2:ModifyInstanceMetadataOptions");
        assert_eq!(changes, 12, "killed after {survives} calls");
    }
}

#[tokio::test]
async fn messages_that_come_twice_change_nothing_twice() {
    let deployed = Deployed::new(ENFORCE, |world| {
        violating(8)(world);
        world.page_size = 3;
    });
    let mut told = SweepOutput::default();
    deployed.world(|it| it.queue.push((SWEEP.to_owned(), 0)));
    while let Some((text, _)) = deployed.world(|it| (!it.queue.is_empty()).then(|| it.queue.remove(0))) {
        assert!(deployed.receive(&text, &mut told).await);
        // The second delivery of what does not send more of itself.
        if text.contains("place") {
            assert!(deployed.receive(&text, &mut told).await);
        }
    }
    assert_eq!(deployed.left(), 0);
    assert_eq!(deployed.calls("ec2:ModifyInstanceMetadataOptions"), 8);
}

#[tokio::test]
async fn a_launch_source_is_reported_once_however_often_it_is_read() {
    let policy = format!("{ENFORCE}account_defaults: {{ http_tokens: required }}\n");
    for (failures, reported) in [(1, 1), (3, 1), (1000, 0)] {
        let deployed = Deployed::new(&policy, |world| {
            world.images = 2;
            // After the images, and before the defaults.
            world.failures.insert("ec2:GetInstanceMetadataDefaults", vec![Kind::Throttled; failures]);
        });
        let told = deployed.sweep().await;
        let times = |id: &str| {
            let here = |it: &&Value| it["resource"] == id && it["region"] == REGION;
            told.outcomes("held").into_iter().filter(here).count()
        };
        assert_eq!((times("ami-00000000"), times("ami-00000001")), (1, 1), "{failures} failures");
        assert_eq!(times("account-default"), reported, "{failures} failures");
    }
}

#[tokio::test]
async fn no_function_changes_what_launches_start_from() {
    let policy = format!("{ENFORCE}account_defaults: {{ http_tokens: required }}\n");
    let deployed = Deployed::new(&policy, |_| {});
    let told = deployed.sweep().await;
    let defaults: Vec<_> = told.lines.iter().filter(|it| it["kind"] == "account-default").collect();
    assert_eq!(defaults.len(), 2, "{:?}", told.lines);
    assert!(defaults.iter().all(|it| it["outcome"] == "held"));
    assert!(defaults[0]["reasons"].to_string().contains("v2only enforce"), "{}", defaults[0]);
    assert_eq!(deployed.calls("ec2:ModifyInstanceMetadataDefaults"), 0);
}

#[tokio::test]
async fn an_observing_policy_changes_nothing_and_says_how_old_the_oldest_violation_is() {
    let deployed = Deployed::new("version: 1\nmode: observe\n", |world| {
        violating(2)(world);
        world.instance("i-00000001").created_at = Some(now() - SignedDuration::from_hours(500));
    });
    let told = deployed.sweep().await;
    assert_eq!(deployed.left(), 2);
    assert_eq!(told.resources("held"), ["i-00000000", "i-00000001"]);
    let oldest = told.counts.iter().filter_map(|it| it.sweep).map(|it| it.oldest_violation_hours).max();
    assert_eq!(oldest, Some(500));
}
