//! Everything at once, by seed: events lost, doubled, late and out of order, records cut short, calls
//! refused, throttled, answered and not carried out, carried out and not answered, and functions killed in
//! the middle, while people launch, and turn version 1 back on.
//!
//! Two soaks run the built functions. There the seed decides what happens, and not what the two processes of a function do side by
//! side, so that a fault may meet another call. A third one runs the functions in the process of the test, two of each: there the
//! seed decides the order of the calls too, and the same seed gives the same calls byte for byte.
//!
//! The SDK's own tries are off, so that the queue has to retry everything. When the trouble has ended, the process of the test runs
//! the functions on the sandbox's clock in all of them, so that every pause ends, and every instance has to be closed.

mod world;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use v2only_sandbox::sagemaker::Status;
use v2only_sandbox::{Chaos, Place};
use v2only_tests::in_process::isolated;
use v2only_tests::wire::assert_same;
use v2only_tests::{Hosting, SECOND};

use crate::fault_points::age_announced_starts;

use world::{Fate, Soak};

/// What CI makes of it; `V2ONLY_SOAK` says otherwise.
const DELIVERIES: u64 = 10_000;
const SEED: u64 = 20_261_120;
/// How many rounds are compared with each other.
const EXACT_ROUNDS: usize = 12;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

impl Soak {
    /// Those that are open although a function received an event about them, and that nobody has in hand: neither said to
    /// be left or to have failed, nor in these messages.
    fn forgotten(&self, in_hand: &[Vec<String>]) -> Vec<String> {
        let in_hand = in_hand.concat().concat();
        let lost: BTreeSet<&String> = self.untold.values().collect();
        let instances = self.open_instances().into_iter().filter(|(id, _)| {
            let reported = self.last_said(id, &["held", "failed"]);
            self.told.contains(id) && !lost.contains(id) && !reported
        });
        let notebooks = self.open_notebooks().into_iter().filter(|(name, place, _)| {
            let it = self.stage.aws.notebooks().get(place, name).unwrap();
            it.minimum_version.as_deref() != Some("2") && self.last_said(name, &["fixed", "left"])
        });
        let all = instances.map(|(id, _)| id).chain(notebooks.map(|(name, ..)| name));
        all.filter(|it| !in_hand.contains(it.as_str())).collect()
    }

    /// The trouble ends, and what was held back arrives.
    fn calm(&mut self) {
        self.stage.aws.clear_faults();
        self.stage.aws.set_chaos(Chaos::default());
        self.stage.aws.set_throttling(false);
        self.stage.aws.bus().flush();
        self.stage.pass(SECOND * 1800);
        self.listen();
    }

    /// The pauses of contested instances end, on the sandbox's clock. SQS hides a message for 12 hours at most.
    fn end_pauses(&mut self) {
        self.stage.leave_binaries();
        self.stage.pass(SECOND * 12 * 3600);
        self.listen();
    }

    /// Sends events about everything that is still open, as AWS does at the next change of its state.
    fn tell_again(&mut self) {
        let instances = self.open_instances();
        let notebooks = self.open_notebooks();
        self.send_events_about(instances, notebooks);
    }

    /// Sends events about everything there is, fixed, kept and held. Returns the calls that follow.
    fn send_events_about_all(&mut self) -> Vec<String> {
        let instances = self.fates.iter().map(|(id, (place, _))| (id.clone(), place.clone())).collect();
        let notebooks = self.notebooks.iter().map(|(name, (place, _))| {
            let status = self.stage.aws.notebooks().get(place, name).unwrap().status;
            (name.clone(), place.clone(), status)
        });
        let notebooks = notebooks.collect();
        self.send_events_about(instances, notebooks)
    }

    fn send_events_about(
        &mut self,
        instances: Vec<(String, Place)>,
        notebooks: Vec<(String, Place, Status)>,
    ) -> Vec<String> {
        let now = self.stage.aws.now().to_string();
        let event = |place: &Place, source: &str, kind: &str, detail: Value| {
            json!({
                "version": "0", "id": "00000000-0000-4000-8000-000000000002", "detail-type": kind,
                "source": source, "account": place.account, "time": now, "region": place.region,
                "resources": [], "detail": detail,
            })
        };
        for (id, place) in instances {
            let detail = json!({"instance-id": id, "state": "running"});
            let kind = "EC2 Instance State-change Notification";
            self.stage.aws.bus().deliver(event(&place, "aws.ec2", kind, detail));
        }
        for (name, place, status) in notebooks {
            let detail = json!({
                "NotebookInstanceName": name, "NotebookInstanceStatus": status.id(),
                "NotebookInstanceArn": v2only_sandbox::sagemaker::Notebooks::arn(&place, &name),
            });
            let kind = "SageMaker Notebook Instance State Change";
            self.stage.aws.bus().deliver(event(&place, "aws.sagemaker", kind, detail));
        }
        self.stage.pass(SECOND * 600);
        self.listen()
    }
}

/// Says which soak it was when it fails.
struct Name(u64, u64);

impl Drop for Name {
    #[expect(clippy::print_stderr, reason = "for the person who has to play it again")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("this was seed {} with {} deliveries; V2ONLY_SOAK_SEED plays it again", self.0, self.1);
        }
    }
}

/// Two of them, so that both cores have something to do.
#[test]
fn nothing_is_broken_and_nothing_is_forgotten() {
    isolated("soak::nothing_is_broken_and_nothing_is_forgotten", |port| {
        soak(number("V2ONLY_SOAK_SEED", SEED), port, Hosting::BinariesFirst);
    });
}

#[test]
fn nothing_is_broken_and_nothing_is_forgotten_by_another_seed() {
    isolated("soak::nothing_is_broken_and_nothing_is_forgotten_by_another_seed", |port| {
        soak(number("V2ONLY_SOAK_SEED", SEED) + 1, port, Hosting::BinariesFirst);
    });
}

#[test]
fn nothing_is_broken_and_nothing_is_forgotten_in_an_exact_run() {
    isolated("soak::nothing_is_broken_and_nothing_is_forgotten_in_an_exact_run", |port| {
        soak(number("V2ONLY_SOAK_SEED", SEED) + 1, port, Hosting::InProcess);
    });
}

/// A short soak with its trouble and its calm, every call of the functions byte for byte.
#[test]
fn the_same_seed_gives_the_same_calls() {
    isolated("soak::the_same_seed_gives_the_same_calls", |port| {
        let seed = number("V2ONLY_SOAK_SEED", SEED);
        let [first, second, other] = [seed, seed, seed + 1].map(|seed| {
            let mut soak = Soak::new(seed, port, Hosting::InProcess);
            (0..EXACT_ROUNDS).for_each(|_| soak.round());
            soak.calm();
            soak.stage.wire().unwrap().record()
        });
        assert_same(&first, &second);
        assert_ne!(first, other, "the seed decides nothing");
    });
}

fn soak(seed: u64, port: u16, hosting: Hosting) {
    // One thread does all of an exact run.
    let share = if hosting == Hosting::InProcess { 10 } else { 2 };
    let deliveries = number("V2ONLY_SOAK", DELIVERIES) / share;
    let _name = Name(seed, deliveries);
    let mut soak = Soak::new(seed, port, hosting);
    while soak.deliveries() < deliveries {
        (0..5).for_each(|_| soak.round());
    }
    soak.calm();

    let words = |soak: &Soak, all: &[String]| {
        format!("{:#?}", all.iter().map(|it| soak.last.get(it)).collect::<Vec<_>>())
    };
    let forgotten = soak.forgotten(&[soak.stage.dead(), soak.stage.queued()]);
    assert!(forgotten.is_empty(), "neither fixed, nor reported, nor queued: {}", words(&soak, &forgotten));

    // What was lost comes back with the next change of state. A notebook is restarted only while it is new.
    (0..3).for_each(|_| soak.tell_again());
    if hosting != Hosting::InProcess {
        age_announced_starts(&soak.stage);
    }
    (0..3).for_each(|_| soak.tell_again());
    let names = soak.open_notebooks().into_iter().map(|(name, ..)| name);
    // On the sandbox's clock, a notebook whose first events were lost is no longer new when the trouble ends, and stays on hold.
    let is_old = |it: &str| hosting == Hosting::InProcess && soak.last_said(it, &["hold in-service"]);
    let left: Vec<String> = names
        .filter(|it| !soak.last_said(it, &["restart-failed", "update-had-no-effect"]) && !is_old(it))
        .collect();
    assert!(left.is_empty(), "{}", words(&soak, &left));

    soak.end_pauses();
    let forgotten = soak.forgotten(&[soak.stage.dead()]);
    assert!(forgotten.is_empty(), "neither fixed nor reported: {}", words(&soak, &forgotten));
    for _ in 0..6 {
        soak.tell_again();
    }
    let left: Vec<String> = soak.open_instances().into_iter().map(|(id, _)| id).collect();
    assert!(left.is_empty(), "{}", words(&soak, &left));

    // Exempt, switched off, managed and observed ones are as they were; the last two were said to be held.
    for (id, before) in &soak.kept {
        let (place, fate) = &soak.fates[id];
        assert_eq!(soak.options(place, id), *before, "{id} {fate:?}");
        if *fate == Fate::Held && soak.last.contains_key(id) {
            assert!(soak.last_said(id, &["held", "retry", "failed"]), "{id}: {:?}", soak.last[id]);
        }
    }
    for (name, (place, exempt)) in &soak.notebooks {
        let it = soak.stage.aws.notebooks().get(place, name).unwrap();
        assert!(!exempt || it.minimum_version.as_deref() == Some("1"), "{name}");
    }

    // A second run changes nothing.
    let calls = soak.send_events_about_all();
    assert!(!calls.is_empty(), "nobody looked");
    // A message is postponed where the request rate has no token left within the patience of a function.
    let no_changes = [
        "DescribeInstances",
        "DescribeNotebookInstance",
        "ListTags",
        "AssumeRole",
        "ChangeMessageVisibilityBatch",
    ];
    let changes = calls.into_iter().filter(|it| !no_changes.iter().any(|word| it.ends_with(word)));
    assert_eq!(changes.collect::<Vec<_>>(), [] as [String; 0]);

    assert_eq!(soak.stage.queued(), [] as [String; 0]);
    let starts = soak.stage.ec2.starts();
    assert!(soak.kills > 0 && (starts > 2 || hosting == Hosting::InProcess), "nobody was killed");
    assert!(soak.fates.len() > 100 && soak.notebooks.len() > 5, "little happened");
}
