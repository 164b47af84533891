//! What happens in a soak: what people launch, start and turn back, under which trouble, and what was said of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use v2only_sandbox::sagemaker::{Platform, Seed, Status};
use v2only_sandbox::{
    Actor, ActorCall, AwsError, Chaos, ClockMode, DEFAULT_START, Effect, Fault, HttpTokens, LaunchSpec,
    MetadataOptions, MetadataRequest, Place, Toggle,
};
use v2only_tests::stage::v1;
use v2only_tests::{Dice, ENFORCE, HOME, Hosting, MEMBER, People, SECOND, Setup, Stage};

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

/// What was launched, and what may become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It ends with version 2, or contested.
    Fixed,
    /// It ends as it began.
    Kept,
    /// It is held, and said to be.
    Held,
}

pub struct Soak {
    pub stage: Stage,
    dice: Dice,
    /// Where something happens in this round.
    places: Vec<Place>,
    people: Vec<(String, People)>,
    pub fates: BTreeMap<String, (Place, Fate)>,
    /// As they were launched: what must stay so.
    pub kept: BTreeMap<String, MetadataOptions>,
    pub notebooks: BTreeMap<String, (Place, bool)>,
    delivered: UnboundedReceiver<Value>,
    /// Instances that an event which arrived names.
    pub told: BTreeSet<String>,
    /// Records of version 1 turned back on that have not arrived: the event, and the instance.
    pub untold: BTreeMap<String, String>,
    /// What was said last of each resource.
    pub last: BTreeMap<String, String>,
    hosting: Hosting,
    /// The last day of an exemption.
    exemption_day: String,
    rounds: usize,
    pub kills: usize,
}

impl Soak {
    pub fn new(seed: u64, port: u16, hosting: Hosting) -> Self {
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

    pub fn deliveries(&self) -> u64 {
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
    pub fn round(&mut self) {
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
    pub fn listen(&mut self) -> Vec<String> {
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

    pub fn options(&self, place: &Place, id: &str) -> MetadataOptions {
        self.stage.aws.instance(&place.account, &place.region, id).unwrap().metadata
    }

    fn answers_version_1(&self, place: &Place, id: &str) -> bool {
        let it = self.options(place, id);
        it.http_tokens == HttpTokens::Optional && it.http_endpoint == Toggle::Enabled
    }

    /// Whether the last that was said of it holds one of these words.
    pub fn last_said(&self, resource: &str, words: &[&str]) -> bool {
        self.last.get(resource).is_some_and(|it| words.iter().any(|word| it.contains(word)))
    }

    pub fn open_instances(&self) -> Vec<(String, Place)> {
        let all = self
            .fates
            .iter()
            .filter(|(id, (place, fate))| *fate == Fate::Fixed && self.answers_version_1(place, id));
        all.map(|(id, (place, _))| (id.clone(), place.clone())).collect()
    }

    pub fn open_notebooks(&self) -> Vec<(String, Place, Status)> {
        let all = self.notebooks.iter().filter(|(_, (_, exempt))| !exempt);
        all.filter_map(|(name, (place, _))| {
            let it = self.stage.aws.notebooks().get(place, name).unwrap();
            let restart = it.tags.contains_key("v2only:restart");
            (it.minimum_version.as_deref() != Some("2") || restart)
                .then(|| (name.clone(), place.clone(), it.status))
        })
        .collect()
    }
}
