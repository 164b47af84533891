//! An installation as `infra/` makes it, and a check of it with one thing broken.

use std::collections::BTreeMap;

use serde_json::Value;
use v2only_policy::{AccountDefaults, AccountId, Place, Region};

use crate::expected::{
    Arns, BUS, DEFAULT_BUS, FUNCTIONS, PARAMETER, QueueKind, UNDELIVERED, bus_policy, events_queue_policy,
    forwarder, queue_attributes, queue_policy,
};
use crate::judge::{Against, Control, judge};
use crate::ports::{
    BasicSelector, Function, Mapping, Parameter, Queue, Rule, Schedule, Selectors, Target, Trail,
};
use crate::snapshot::{FunctionSnapshot, RuleSnapshot, Snapshot, TrailSnapshot};
use crate::{DoctorFinding, Site, State};

pub(super) const ORGANIZATION: &str = "o-a1b2c3d4e5";
pub(super) const EC2: &str = "v2only-ec2-enforcer";

pub(super) fn place(account: &str, region: &str) -> Place {
    Place { account: AccountId::parse(account).unwrap(), region: Region::parse(region).unwrap() }
}

pub(super) fn hub() -> Place {
    place("111122223333", "eu-central-1")
}

pub(super) fn member() -> Place {
    place("444455556666", "us-east-1")
}

pub(super) fn all_events() -> BasicSelector {
    BasicSelector { read_write: "All".to_owned(), management: true, ..BasicSelector::default() }
}

pub(super) fn trail(selectors: Selectors) -> TrailSnapshot {
    let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all".to_owned();
    TrailSnapshot {
        trail: Trail { arn, home: "us-east-1".to_owned(), multi_region: true },
        logging: Ok(true),
        selectors: Ok(selectors),
    }
}

pub(super) fn queue(name: &str, attributes: &Value) -> Queue {
    let attributes = attributes.as_object().unwrap().iter();
    let mut attributes: BTreeMap<String, String> =
        attributes.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
    attributes.insert("ApproximateNumberOfMessages".to_owned(), "0".to_owned());
    Queue { url: format!("https://sqs/{name}"), attributes }
}

/// What `infra/` makes, as AWS would say it.
pub(super) fn complete(site: Site) -> Snapshot {
    let (here, is_member) =
        if matches!(site, Site::Member { .. }) { (member(), true) } else { (hub(), false) };
    let arns = Arns(&here);
    let buses: &[&'static str] = if site == Site::Hub { &[DEFAULT_BUS, BUS] } else { &[DEFAULT_BUS] };
    let mut seen = Snapshot {
        place: here.clone(),
        site: site.clone(),
        trails: Ok(vec![trail(Selectors::Basic(vec![all_events()]))]),
        rules: BTreeMap::new(),
        bus: Ok((site == Site::Hub).then(|| bus_policy(&arns.bus(BUS), ORGANIZATION).to_string())),
        queues: BTreeMap::new(),
        functions: BTreeMap::new(),
        schedules: BTreeMap::new(),
        parameter: Ok(None),
        defaults: Ok(AccountDefaults::UNSET),
    };
    let mut all_rules = Vec::new();
    for it in &FUNCTIONS {
        let mut rules = Vec::new();
        for bus in buses.iter().filter(|_| it.pattern.is_some()) {
            let rule = Rule { pattern: it.pattern.map(str::to_owned), state: "ENABLED".to_owned() };
            let target = Target {
                id: "one".to_owned(),
                arn: if is_member { Arns(&hub()).bus(BUS) } else { arns.queue(it.name) },
                role: is_member.then(|| arns.role(&forwarder(&here))),
                dead_letters: Some(arns.queue(UNDELIVERED)),
                reshapes: false,
            };
            seen.rules
                .insert((*bus, it.name), RuleSnapshot { rule: Ok(Some(rule)), targets: Ok(vec![target]) });
            rules.push(arns.rule(bus, it.name));
        }
        all_rules.extend(rules.clone());
        if is_member {
            continue;
        }
        let (own, dlq) = (arns.queue(it.name), arns.queue(&it.dlq()));
        let policy = (!rules.is_empty()).then(|| events_queue_policy(arns.0, &own, &rules));
        let attributes = queue_attributes(QueueKind::Events { of: it, dlq: &dlq }, policy.as_ref());
        seen.queues.insert(it.name.to_owned(), Ok(Some(queue(it.name, &attributes))));
        let attributes = queue_attributes(QueueKind::GivenUp { queue: &own }, None);
        seen.queues.insert(it.dlq(), Ok(Some(queue(&it.dlq(), &attributes))));
        let mut environment = BTreeMap::from([("V2ONLY_POLICY_PARAMETER".to_owned(), PARAMETER.to_owned())]);
        if site == Site::Hub {
            for (name, value) in [
                ("MEMBER_ROLE", it.name),
                ("EXTERNAL_ID", "made-up-for-a-test"),
                ("ORGANIZATION_ID", ORGANIZATION),
            ] {
                environment.insert(format!("V2ONLY_{name}"), value.to_owned());
            }
        }
        for name in it.settings {
            environment.insert((*name).to_owned(), "set".to_owned());
        }
        for name in it.schedules {
            let schedule = Schedule {
                state: "ENABLED".to_owned(),
                target: own.clone(),
                expression: "rate(6 hours)".to_owned(),
            };
            seen.schedules.insert(name, Ok(Some(schedule)));
        }
        let function = Function {
            arn: format!("arn:aws:lambda:eu-central-1:111122223333:function:{}", it.name),
            runtime: "provided.al2023".to_owned(),
            architecture: "arm64".to_owned(),
            timeout: it.timeout,
            role: arns.role(it.name),
            code_sha256: "released".to_owned(),
            state: "Active".to_owned(),
            last_update: "Successful".to_owned(),
            environment: Some(environment),
            ..Function::default()
        };
        let mapping = Mapping {
            uuid: "one-of-many".to_owned(),
            source: own,
            state: "Enabled".to_owned(),
            reports_failures: true,
            filters: false,
        };
        seen.functions
            .insert(it.name, FunctionSnapshot { function: Ok(Some(function)), mappings: Ok(vec![mapping]) });
    }
    let policy = queue_policy(&arns.queue(UNDELIVERED), &all_rules);
    let attributes = queue_attributes(QueueKind::Undelivered, Some(&policy));
    seen.queues.insert(UNDELIVERED.to_owned(), Ok(Some(queue(UNDELIVERED, &attributes))));
    if !is_member {
        let value = "version: 1\nmode: observe\n".to_owned();
        seen.parameter = Ok(Some(Parameter { value, kind: "String".to_owned() }));
    }
    seen
}

/// The same account and Region before v2only is installed.
pub(super) fn empty(site: Site) -> Snapshot {
    let mut empty = complete(site);
    empty.rules.values_mut().for_each(|it| *it = RuleSnapshot { rule: Ok(None), targets: Ok(Vec::new()) });
    empty.queues.values_mut().for_each(|it| *it = Ok(None));
    empty.schedules.values_mut().for_each(|it| *it = Ok(None));
    let function = || FunctionSnapshot { function: Ok(None), mappings: Ok(Vec::new()) };
    empty.functions.values_mut().for_each(|it| *it = function());
    (empty.bus, empty.parameter) = (Ok(None), Ok(None));
    empty
}

pub(super) fn against(seen: &Snapshot) -> Against<'static> {
    Against { membership: seen.membership(), ..Against::default() }
}

pub(super) fn bad(seen: &Snapshot) -> Vec<DoctorFinding> {
    let all = judge(seen, &against(seen));
    assert!(all.iter().all(|it| it.state != State::Problem || it.command.is_some()), "{all:?}");
    all.into_iter().filter(|it| it.state != State::Ok).collect()
}

/// Breaks one thing, and expects one finding.
#[track_caller]
pub(super) fn check(
    site: Site,
    harm: impl FnOnce(&mut Snapshot),
    piece: &str,
    name: &str,
    why: &str,
    command: &str,
) {
    let mut seen = complete(site);
    harm(&mut seen);
    let all = bad(&seen);
    let [found] = all.as_slice() else { panic!("expected one finding: {all:#?}") };
    assert_eq!((found.piece, found.name.as_str(), found.state), (piece, name, State::Problem));
    assert!(found.why.contains(why), "{}", found.why);
    let fix = found.command.as_ref().unwrap().as_str();
    assert!(fix.starts_with(command), "{fix}");
    assert!(!command.starts_with("aws") || fix.contains(" --region "), "{fix}");
}

pub(super) fn rule<'a>(seen: &'a mut Snapshot, bus: &'static str) -> &'a mut RuleSnapshot {
    seen.rules.get_mut(&(bus, EC2)).unwrap()
}

pub(super) fn target(seen: &mut Snapshot) -> &mut Target {
    rule(seen, DEFAULT_BUS).targets.as_mut().unwrap().first_mut().unwrap()
}

pub(super) fn attributes<'a>(seen: &'a mut Snapshot, name: &str) -> &'a mut BTreeMap<String, String> {
    &mut seen.queues.get_mut(name).unwrap().as_mut().unwrap().as_mut().unwrap().attributes
}

pub(super) fn function(seen: &mut Snapshot) -> &mut Function {
    seen.functions.get_mut(EC2).unwrap().function.as_mut().unwrap().as_mut().unwrap()
}

pub(super) fn environment(seen: &mut Snapshot) -> &mut BTreeMap<String, String> {
    function(seen).environment.as_mut().unwrap()
}

pub(super) fn mapping(seen: &mut Snapshot) -> &mut Mapping {
    seen.functions.get_mut(EC2).unwrap().mappings.as_mut().unwrap().first_mut().unwrap()
}

pub(super) fn control(name: &str) -> Control {
    Control {
        id: format!("p-{name}"),
        name: name.to_owned(),
        target: "r-ab12".to_owned(),
        refuses: Some(Vec::new()),
        protects: false,
        keeps_v1_out: false,
        names_roles: false,
    }
}
