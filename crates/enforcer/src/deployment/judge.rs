//! What is there, compared with what is shipped.

mod functions;
mod policies;
mod queues;
mod rules;
mod surroundings;
mod trails;

use std::collections::BTreeMap;

use v2only_policy::{Place, Policy};

use super::expected::{Arns, BUS, DEFAULT_BUS, FUNCTIONS, Shipped, UNDELIVERED, bus_policy, forwarder};
use super::seen::{Membership, Seen};
use super::{Desk, Finding, Site};
use crate::failure::Failure;
use crate::ports::Answer;

pub use surroundings::{Control, Refusal, controls, entered};

/// What the installation is compared with besides what is shipped.
#[derive(Debug, Clone, Default)]
pub struct Against<'a> {
    /// SHA-256 of released zips in base 64, by folder of the function and architecture; an empty architecture stands
    /// for zips that do not say theirs.
    pub zips: BTreeMap<(String, String), Zip>,
    /// The policy document that should be in force, with the name of its file.
    pub policy: Option<(&'a str, &'a Policy)>,
    /// What the functions are told of other accounts.
    pub membership: Option<Membership>,
}

/// A zip on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zip {
    /// Where it is.
    pub path: String,
    /// SHA-256 in base 64, as Lambda says it.
    pub sha256: String,
}

/// Everything there is to say of one place, in the order in which an event travels.
pub fn judge(seen: &Seen, against: &Against<'_>) -> Vec<Finding> {
    let mut desk = Desk::at(&seen.place);
    if let Some(failure) = shut(seen) {
        desk.unread("account", seen.place.account.as_str(), failure);
        return desk.findings;
    }
    trails::judge(&mut desk, &seen.trails);
    match &seen.site {
        Site::Member { hub } => member(&mut desk, seen, hub),
        Site::Alone | Site::Hub => home(&mut desk, seen, against),
    }
    surroundings::defaults(&mut desk, &seen.defaults);
    desk.findings
}

/// Why an account could not be entered at all, if so: that is one finding, and not one for each piece.
fn shut(seen: &Seen) -> Option<&Failure> {
    let failure = seen.trails.as_ref().err()?;
    let same = seen.defaults.as_ref().err().is_some_and(|it| it.action == failure.action);
    (failure.action == "sts:AssumeRole" && same).then_some(failure)
}

fn member(desk: &mut Desk<'_>, seen: &Seen, hub: &Place) {
    let arns = Arns(&seen.place);
    let bus = Arns(hub).bus(BUS);
    let role = arns.role(&forwarder(&seen.place));
    let fed: Vec<&Shipped> = FUNCTIONS.iter().filter(|it| it.pattern.is_some()).collect();
    for it in &fed {
        let want = rules::Want {
            bus: DEFAULT_BUS,
            shipped: it,
            id: "bus",
            to: bus.clone(),
            role: Some(role.clone()),
        };
        rules::judge(desk, &want, seen.rules.get(&(DEFAULT_BUS, it.name)));
    }
    let senders: Vec<String> = fed.iter().map(|it| arns.rule(DEFAULT_BUS, it.name)).collect();
    queues::undelivered(desk, seen.queues.get(UNDELIVERED), &senders);
}

fn home(desk: &mut Desk<'_>, seen: &Seen, against: &Against<'_>) {
    let arns = Arns(&seen.place);
    let in_organization = seen.site == Site::Hub;
    let buses: &[&'static str] = if in_organization { &[DEFAULT_BUS, BUS] } else { &[DEFAULT_BUS] };
    if in_organization {
        let named = against.membership.as_ref().and_then(|it| it.organization.as_deref());
        let shipped = named.map(|it| bus_policy(&arns.bus(BUS), it));
        rules::bus(desk, &seen.bus, shipped.as_ref());
    }
    let mut senders = Vec::new();
    for it in &FUNCTIONS {
        let mut its_rules = Vec::new();
        for bus in buses.iter().filter(|_| it.pattern.is_some()) {
            let want = rules::Want { bus, shipped: it, id: "queue", to: arns.queue(it.name), role: None };
            rules::judge(desk, &want, seen.rules.get(&(*bus, it.name)));
            its_rules.push(arns.rule(bus, it.name));
        }
        let function = seen.functions.get(it.name);
        let timeout = function.and_then(|it| it.function.as_ref().ok()?.as_ref()).map(|it| it.timeout);
        queues::of_events(desk, it, seen.queues.get(it.name), &its_rules, timeout);
        queues::given_up(desk, it, seen.queues.get(&it.dlq()));
        if let Some(function) = function {
            functions::mapping(desk, it, function);
            functions::judge(desk, it, &function.function, in_organization, against);
        }
        for name in it.schedules {
            functions::schedule(desk, it, name, seen.schedules.get(name));
        }
        senders.extend(its_rules);
    }
    queues::undelivered(desk, seen.queues.get(UNDELIVERED), &senders);
    surroundings::parameter(desk, &seen.parameter, against);
}

/// What was not asked for has nothing said of it; the rest is there, is not, or could not be read.
fn there<'a, T>(
    desk: &mut Desk<'_>,
    piece: &'static str,
    name: &str,
    answer: Option<&'a Answer<Option<T>>>,
) -> Option<Option<&'a T>> {
    match answer? {
        Ok(found) => Some(found.as_ref()),
        Err(failure) => {
            desk.unread(piece, name, failure);
            None
        }
    }
}
