//! An installation in memory, as the fake AWS shows it.

use std::collections::BTreeMap;

use v2only_installation::expected::{
    Arns, BUS, DEFAULT_BUS, FUNCTIONS, PARAMETER, QueueKind, UNDELIVERED, bus_policy, forwarder,
    queue_attributes, queue_policy,
};
use v2only_installation::ports::{
    BasicSelector, Control, Function, Mapping, Parameter, Queue, Rule, Schedule, Selectors, Target, Trail,
};
use v2only_policy::{AccountId, Place};

use crate::fake_aws::{ACCOUNT, region};

pub(crate) const HERE: &str = "eu-central-1";
pub(crate) const THERE: &str = "us-east-1";
pub(crate) const MEMBER: &str = "444455556666";

/// The account and Region of the functions.
pub(crate) fn hub() -> Place {
    Place { account: AccountId::parse(ACCOUNT).unwrap(), region: region(HERE) }
}

/// A member account in another Region.
pub(crate) fn member() -> Place {
    Place { account: AccountId::parse(MEMBER).unwrap(), region: region(THERE) }
}

/// What is there, for a test to break.
#[derive(Default, Clone)]
pub(crate) struct Deployment {
    pub(crate) trails: Vec<Trail>,
    pub(crate) logging: bool,
    pub(crate) rules: BTreeMap<(Place, String, String), (Rule, Vec<Target>)>,
    pub(crate) bus: Option<String>,
    pub(crate) queues: BTreeMap<(Place, String), Queue>,
    pub(crate) functions: BTreeMap<String, (Function, Vec<Mapping>)>,
    pub(crate) schedules: BTreeMap<String, Schedule>,
    pub(crate) parameter: Option<Parameter>,
    pub(crate) controls: Vec<Control>,
}

impl Deployment {
    /// What `infra/` makes for one account.
    pub(crate) fn alone() -> Self {
        let mut it = Self { logging: true, ..Self::default() };
        it.trails.push(Trail {
            arn: format!("arn:aws:cloudtrail:{HERE}:{ACCOUNT}:trail/all"),
            home: HERE.to_owned(),
            multi_region: true,
        });
        it.home(false);
        it
    }

    /// What it makes for an organization with one member.
    pub(crate) fn organization() -> Self {
        let mut it = Self::alone();
        it.home(true);
        it.bus = Some(bus_policy(&Arns(&hub()).bus(BUS), "o-a1b2c3d4e5").to_string());
        let (member, hub) = (member(), hub());
        let arns = Arns(&member);
        let mut senders = Vec::new();
        for function in FUNCTIONS.iter().filter(|it| it.pattern.is_some()) {
            let to = Arns(&hub).bus(BUS);
            it.rule(&member, DEFAULT_BUS, function.name, to, Some(arns.role(&forwarder(&member))));
            senders.push(arns.rule(DEFAULT_BUS, function.name));
        }
        let policy = queue_policy(&arns.queue(UNDELIVERED), &senders);
        it.queue(&member, UNDELIVERED, QueueKind::Undelivered, Some(&policy));
        it
    }

    fn home(&mut self, in_organization: bool) {
        let hub = hub();
        let arns = Arns(&hub);
        let buses: &[&str] = if in_organization { &[DEFAULT_BUS, BUS] } else { &[DEFAULT_BUS] };
        let mut all = Vec::new();
        for it in &FUNCTIONS {
            let mut senders = Vec::new();
            for bus in buses.iter().filter(|_| it.pattern.is_some()) {
                self.rule(&hub, bus, it.name, arns.queue(it.name), None);
                senders.push(arns.rule(bus, it.name));
            }
            let (queue, dlq) = (arns.queue(it.name), arns.queue(&it.dlq()));
            let policy = (!senders.is_empty()).then(|| queue_policy(&queue, &senders));
            self.queue(&hub, it.name, QueueKind::Events { of: it, dlq: &dlq }, policy.as_ref());
            self.queue(&hub, &it.dlq(), QueueKind::GivenUp { queue: &queue }, None);
            all.extend(senders);
            let mut environment =
                BTreeMap::from([("V2ONLY_POLICY_PARAMETER".to_owned(), PARAMETER.to_owned())]);
            if in_organization {
                for (name, value) in [
                    ("MEMBER_ROLE", it.name),
                    ("EXTERNAL_ID", "made-up-for-a-test"),
                    ("ORGANIZATION_ID", "o-a1b2c3d4e5"),
                ] {
                    environment.insert(format!("V2ONLY_{name}"), value.to_owned());
                }
            }
            for name in it.settings {
                environment.insert(
                    (*name).to_owned(),
                    format!("https://sqs.{HERE}.amazonaws.com/{ACCOUNT}/{}", it.name),
                );
            }
            for name in it.schedules {
                let schedule = Schedule {
                    state: "ENABLED".to_owned(),
                    target: queue.clone(),
                    expression: "rate(6 hours)".to_owned(),
                };
                self.schedules.insert((*name).to_owned(), schedule);
            }
            let function = Function {
                arn: format!("arn:aws:lambda:{HERE}:{ACCOUNT}:function:{}", it.name),
                runtime: "provided.al2023".to_owned(),
                architecture: "arm64".to_owned(),
                timeout: it.timeout,
                role: arns.role(it.name),
                // Of an empty file.
                code_sha256: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".to_owned(),
                state: "Active".to_owned(),
                last_update: "Successful".to_owned(),
                environment: Some(environment),
                stack: Some("security-v2only".to_owned()),
                ..Function::default()
            };
            let mapping = Mapping {
                uuid: "0e6ba5ba-0000-4000-8000-000000000000".to_owned(),
                source: queue,
                state: "Enabled".to_owned(),
                reports_failures: true,
                filters: false,
            };
            self.functions.insert(it.name.to_owned(), (function, vec![mapping]));
        }
        let policy = queue_policy(&arns.queue(UNDELIVERED), &all);
        self.queue(&hub, UNDELIVERED, QueueKind::Undelivered, Some(&policy));
        let value = "version: 1\nmode: enforce\n".to_owned();
        self.parameter = Some(Parameter { value, kind: "String".to_owned() });
    }

    fn rule(&mut self, place: &Place, bus: &str, name: &str, to: String, role: Option<String>) {
        let shipped = FUNCTIONS.iter().find(|it| it.name == name).and_then(|it| it.pattern).unwrap();
        let rule = Rule { pattern: Some(shipped.to_owned()), state: "ENABLED".to_owned() };
        let target = Target {
            id: "one".to_owned(),
            arn: to,
            role,
            dead_letters: Some(Arns(place).queue(UNDELIVERED)),
            reshapes: false,
        };
        self.rules.insert((place.clone(), bus.to_owned(), name.to_owned()), (rule, vec![target]));
    }

    fn queue(&mut self, place: &Place, name: &str, kind: QueueKind<'_>, policy: Option<&serde_json::Value>) {
        let attributes = queue_attributes(kind, policy);
        let attributes = attributes.as_object().unwrap().iter();
        let mut attributes: BTreeMap<String, String> =
            attributes.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        attributes.insert("ApproximateNumberOfMessages".to_owned(), "0".to_owned());
        let url = format!("https://sqs.{}.amazonaws.com/{}/{name}", place.region, place.account);
        self.queues.insert((place.clone(), name.to_owned()), Queue { url, attributes });
    }

    /// A rule of the default bus where the functions are.
    pub(crate) fn ec2_rule(&mut self) -> &mut (Rule, Vec<Target>) {
        self.rules.get_mut(&(hub(), DEFAULT_BUS.to_owned(), "v2only-ec2-enforcer".to_owned())).unwrap()
    }

    /// The function for instances, with what feeds it.
    pub(crate) fn ec2_function(&mut self) -> &mut (Function, Vec<Mapping>) {
        self.functions.get_mut("v2only-ec2-enforcer").unwrap()
    }
}

/// All that records every call of the control plane.
pub(crate) fn selectors() -> Selectors {
    let all = BasicSelector { read_write: "All".to_owned(), management: true, ..BasicSelector::default() };
    Selectors::Basic(vec![all])
}
