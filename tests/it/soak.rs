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

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use v2only_sandbox::sagemaker::{Platform, Seed, Status};
use v2only_sandbox::{
    Actor, ActorCall, AwsError, Chaos, ClockMode, DEFAULT_START, Effect, Fault, HttpTokens, LaunchSpec,
    MetadataOptions, MetadataRequest, Place, Toggle,
};
use v2only_tests::in_process::isolated;
use v2only_tests::stage::v1;
use v2only_tests::wire::assert_same;
use v2only_tests::{Dice, ENFORCE, HOME, Hosting, MEMBER, People, SECOND, Setup, Stage};

use crate::fault_points::age_announced_starts;

/// What CI makes of it; `V2ONLY_SOAK` says otherwise.
const DELIVERIES: u64 = 10_000;
const SEED: u64 = 20_261_120;
/// How many rounds are compared with each other.
const EXACT_ROUNDS: usize = 12;
/// Within 365 days after the start of an exact run.
const EXACT_EXEMPTION_DAY: &str = "2027-08-28";

const ACCOUNTS: [&str; 3] = [HOME, MEMBER, "333344445555"];
/// As many as have no divisor in common with the accounts.
const REGIONS: [&str; 13] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "sa-east-1",
    "us-east-1",
    "us-west-2",
];

const RULES: &str = "instances: { usage_gate: { applies_to: none } }\nnotebooks: { upgrade_platform: true }\n\
                     overrides:\n  - match: { tag: { key: stage, value: trial } }\n    mode: observe\n";

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// What was launched, and what may become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It ends with version 2, or contested.
    Fixed,
    /// It ends as it began.
    Kept,
    /// It is held, and said to be.
    Held,
}

struct Soak {
    stage: Stage,
    dice: Dice,
    /// Where something happens in this round.
    places: Vec<Place>,
    people: Vec<(String, People)>,
    fates: BTreeMap<String, (Place, Fate)>,
    /// As they were launched: what must stay so.
    kept: BTreeMap<String, MetadataOptions>,
    notebooks: BTreeMap<String, (Place, bool)>,
    delivered: UnboundedReceiver<Value>,
    /// Instances that an event which arrived names.
    told: BTreeSet<String>,
    /// Records of version 1 turned back on that have not arrived: the event, and the instance.
    untold: BTreeMap<String, String>,
    /// What was said last of each resource.
    last: BTreeMap<String, String>,
    hosting: Hosting,
    /// The last day of an exemption.
    exemption_day: String,
    rounds: usize,
    kills: usize,
}

impl Soak {
    fn new(seed: u64, port: u16, hosting: Hosting) -> Self {
        let mut setup = Setup::policy(&format!("{ENFORCE}{RULES}"))
            .without_sdk_retries()
            .variable("V2ONLY_MEMBER_ROLE", "v2only-member")
            .variable("V2ONLY_ACCOUNTS", &ACCOUNTS[1..].join(","))
            .variable("V2ONLY_EXTERNAL_ID", v2only_tests::stage::EXTERNAL_ID);
        setup.config.seed = seed;
        setup.config.throttling = true;
        setup.config.ec2.visible_after = SECOND * 2;
        setup.concurrency = 2;
        setup.max_receives = 6;
        let mut exemption_day = v2only_tests::exemption_day();
        if hosting == Hosting::InProcess {
            // The built functions go by the machine's clock.
            setup.config.clock = ClockMode::Manual(DEFAULT_START);
            exemption_day = EXACT_EXEMPTION_DAY.to_owned();
        }
        let stage = setup.hosted(hosting, port).closed();
        stage.aws.add_role(ACCOUNTS[2], "v2only-member", Some(v2only_tests::stage::EXTERNAL_ID));
        stage.aws.notebooks().configure(|timing| {
            (timing.starting, timing.stopping, timing.updating) = (SECOND * 12, SECOND * 9, SECOND * 5);
        });
        let kill = stage.killer();
        stage.aws.on_call(move |call| {
            if call.error.as_deref() == Some("NoAnswer") {
                kill();
            }
        });
        let delivered = stage.aws.subscribe();
        stage.install();
        Self {
            stage,
            dice: Dice::new(seed),
            places: Vec::new(),
            people: Vec::new(),
            fates: BTreeMap::new(),
            kept: BTreeMap::new(),
            notebooks: BTreeMap::new(),
            delivered,
            told: BTreeSet::new(),
            untold: BTreeMap::new(),
            last: BTreeMap::new(),
            hosting,
            exemption_day,
            rounds: 0,
            kills: 0,
        }
    }

    fn deliveries(&self) -> u64 {
        let ledger = self.stage.wiring.ledger();
        ledger.delivered + ledger.failed
    }

    /// The trouble of a round. What was ordered and did not happen is taken back: an answer that is held is
    /// for a function that gets killed, and people would wait for it for ever.
    fn trouble(&self) {
        self.stage.aws.clear_faults();
        // Every fourth round events trickle in one by one; otherwise they come in batches.
        let delay = if self.rounds.is_multiple_of(4) { SECOND * 20 } else { std::time::Duration::ZERO };
        self.stage.aws.set_chaos(Chaos { drop: 0.03, duplicate: 0.1, reorder: 0.1, delay });
        let before = |code, status| Effect::ErrorBefore(AwsError::client(code, "soak").with_status(status));
        let after = |code, status| Effect::ErrorAfter(AwsError::client(code, "soak").with_status(status));
        let faults = [
            Fault::anywhere(before("InternalError", 500)).chance(0.01),
            Fault::anywhere(after("Unavailable", 503)).chance(0.01),
            Fault::anywhere(Effect::DropBefore).chance(0.005),
            Fault::anywhere(Effect::DropAfter).chance(0.01),
            Fault::anywhere(before("RequestLimitExceeded", 503)).in_service("ec2").chance(0.01),
            Fault::anywhere(before("ThrottlingException", 400)).in_service("sagemaker").chance(0.02),
            Fault::anywhere(before("UnauthorizedOperation", 403)).in_service("ec2").chance(0.003),
            Fault::anywhere(before("IncorrectInstanceState", 400)).in_service("ec2").chance(0.005),
        ];
        for fault in faults {
            self.stage.aws.inject(fault);
        }
    }

    fn place(&mut self) -> Place {
        self.dice.pick(&self.places).clone()
    }

    /// Something happens, and half a minute passes.
    fn round(&mut self) {
        self.rounds += 1;
        self.trouble();
        self.places.clear();
        for _ in 0..2 {
            let (account, region) = (*self.dice.pick(&ACCOUNTS), *self.dice.pick(&REGIONS));
            self.places.push(Place::new(account, region));
        }
        for _ in 0..4 + self.dice.below(5) {
            self.launch();
        }
        for _ in 0..self.dice.below(3) {
            self.turn_back();
        }
        if self.dice.roll(70) {
            self.notebook();
        }
        if self.dice.roll(25) {
            self.kills += 1;
            self.stage.note_kills(4);
            let nth = 1 + self.dice.below(8);
            let fault = Fault::anywhere(Effect::HoldAfter).from_call(nth.try_into().unwrap()).times(1);
            self.stage.aws.inject(fault);
        }
        self.stage.pass(SECOND * 35);
        self.listen();
    }

    fn launch(&mut self) {
        let place = self.place();
        let size = if self.dice.roll(1) { 45 } else { 1 + self.dice.below(4) };
        let spec = v1().count(size.try_into().unwrap());
        let off = MetadataRequest { http_endpoint: Some(Toggle::Disabled), ..MetadataRequest::default() };
        let hops = MetadataRequest { hop_limit: Some(3), ..MetadataRequest::default() };
        let (spec, fate) = match self.dice.below(10) {
            0 | 1 => (spec.tokens(HttpTokens::Required), Fate::Fixed),
            2 => (spec.metadata(off), Fate::Kept),
            3 => (
                spec.tag("v2only:exempt-until", &self.exemption_day).tag("v2only:exempt-reason", "soak"),
                Fate::Kept,
            ),
            4 => (spec.managed_by("eks.amazonaws.com"), Fate::Held),
            5 => (spec.tag("stage", "trial"), Fate::Held),
            6 => (spec.metadata(hops), Fate::Fixed),
            _ => (spec, Fate::Fixed),
        };
        let actor = match self.dice.below(4) {
            0 => Actor::AutoScaling("web".to_owned()),
            1 => Actor::SpotService,
            2 => Actor::Fleet("karpenter".to_owned()),
            _ => Actor::Role("developer".to_owned(), "ana".to_owned()),
        };
        self.launched(&place, &actor, spec, fate);
    }

    fn launched(&mut self, place: &Place, actor: &Actor, spec: LaunchSpec, fate: Fate) {
        let ids = self.stage.aws.launch_as(&place.account, &place.region, actor, spec).unwrap();
        for id in ids {
            if fate == Fate::Kept {
                self.stage.exempt([id.clone()]);
            }
            if fate != Fate::Fixed {
                self.kept.insert(id.clone(), self.options(place, &id));
            }
            self.fates.insert(id, (place.clone(), fate));
        }
    }

    /// Somebody turns version 1 back on, of a few instances again and again.
    fn turn_back(&mut self) {
        let all: Vec<_> = self.fates.iter().filter(|(_, (_, fate))| *fate == Fate::Fixed).collect();
        if all.is_empty() {
            return;
        }
        let few = if self.dice.roll(50) { all.len().min(5) } else { all.len() };
        let (id, (place, _)) = all[self.dice.below(few)];
        let (id, place) = (id.clone(), place.clone());
        if self.hosting == Hosting::InProcess {
            let actor = Actor::Role("developer".to_owned(), "ana".to_owned());
            let parameters =
                [("InstanceId", id.as_str()), ("HttpTokens", "optional"), ("HttpEndpoint", "enabled")];
            let call = ActorCall::new(&place.account, &place.region, actor);
            let _refused =
                self.stage.aws.call_as(&call.query("ec2", "ModifyInstanceMetadataOptions", parameters));
            return;
        }
        if self.rounds % 50 == 1 {
            // Their sessions last for an hour.
            self.people.clear();
        }
        if !self.people.iter().any(|(account, _)| *account == place.account) {
            self.people.push((place.account.clone(), People::of(&self.stage.aws, &place.account)));
        }
        let person = self.people.iter().find(|(account, _)| *account == place.account);
        let _refused = person.is_some_and(|(_, it)| it.may_turn_back(&place.region, &id));
    }

    fn notebook(&mut self) {
        // One after the other everywhere: the functions pace these calls by place, in real time, slowly.
        let (account, region) = (self.rounds % ACCOUNTS.len(), self.rounds % REGIONS.len());
        let place = Place::new(ACCOUNTS[account], REGIONS[region]);
        let name = format!("notebook-{}", self.rounds);
        let mut seed = Seed::new(&name).age(SECOND * 60).minimum_version("1");
        let exempt = self.dice.roll(20);
        if exempt {
            seed = seed.tag("v2only:exempt-until", &self.exemption_day).tag("v2only:exempt-reason", "soak");
            self.stage.exempt([name.clone()]);
        }
        seed = match self.dice.below(5) {
            0 => seed.status(Status::Stopping),
            1 => seed.status(Status::Pending).platform(Platform::Al2V2),
            _ => seed.status(Status::Pending),
        };
        self.stage.aws.notebooks().add(&place, seed);
        if self.dice.roll(5) {
            self.stage.aws.notebooks().fail_next_start(&place, &name, "no capacity");
        }
        self.notebooks.insert(name, (place, exempt));
    }

    /// Remembers what was said and what arrived, holds it against the invariants, and forgets it. Returns the
    /// calls that were made since it was last called.
    fn listen(&mut self) -> Vec<String> {
        for line in self.stage.take_lines().iter().filter(|it| it.is_record()) {
            self.last.insert(line.text("resource").to_owned(), line.brief());
        }
        for event in self.stage.published("ModifyInstanceMetadataOptions") {
            let detail = &event["detail"];
            let request = &detail["requestParameters"]["ModifyInstanceMetadataOptionsRequest"];
            if request["HttpTokens"] == "optional" && detail.get("errorCode").is_none() {
                let id = request["InstanceId"].as_str().unwrap().to_owned();
                self.untold.insert(event["id"].as_str().unwrap().to_owned(), id);
            }
        }
        while let Ok(event) = self.delivered.try_recv() {
            self.untold.remove(event["id"].as_str().unwrap());
            let detail = &event["detail"];
            let wanted = matches!(detail["state"].as_str(), None | Some("running" | "stopped"));
            self.told.extend(detail["instance-id"].as_str().filter(|_| wanted).map(str::to_owned));
            let launched = detail["responseElements"]["instancesSet"]["items"].as_array();
            let launched = launched.filter(|_| detail["eventName"] == "RunInstances");
            let ids = launched.into_iter().flatten().filter_map(|it| it["instanceId"].as_str());
            self.told.extend(ids.map(str::to_owned));
        }
        let calls = self.stage.calls();
        self.stage.audit_and_forget();
        calls
    }

    fn options(&self, place: &Place, id: &str) -> MetadataOptions {
        self.stage.aws.instance(&place.account, &place.region, id).unwrap().metadata
    }

    fn answers_version_1(&self, place: &Place, id: &str) -> bool {
        let it = self.options(place, id);
        it.http_tokens == HttpTokens::Optional && it.http_endpoint == Toggle::Enabled
    }

    /// Whether the last that was said of it holds one of these words.
    fn last_said(&self, resource: &str, words: &[&str]) -> bool {
        self.last.get(resource).is_some_and(|it| words.iter().any(|word| it.contains(word)))
    }

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

    fn open_instances(&self) -> Vec<(String, Place)> {
        let all = self
            .fates
            .iter()
            .filter(|(id, (place, fate))| *fate == Fate::Fixed && self.answers_version_1(place, id));
        all.map(|(id, (place, _))| (id.clone(), place.clone())).collect()
    }

    fn open_notebooks(&self) -> Vec<(String, Place, Status)> {
        let all = self.notebooks.iter().filter(|(_, (_, exempt))| !exempt);
        all.filter_map(|(name, (place, _))| {
            let it = self.stage.aws.notebooks().get(place, name).unwrap();
            let restart = it.tags.contains_key("v2only:restart");
            (it.minimum_version.as_deref() != Some("2") || restart)
                .then(|| (name.clone(), place.clone(), it.status))
        })
        .collect()
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
