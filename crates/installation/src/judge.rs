//! Compares what exists with what is shipped.

mod against;
mod existing;
mod functions;
mod policies;
mod queues;
mod rules;
mod surroundings;
mod trails;
mod windows;

use v2only_policy::Place;

use crate::expected::{
    Arns, BUS, DEFAULT_BUS, FUNCTIONS, PREFIX, Shipped, UNDELIVERED, bus_policy, forwarder,
};
use crate::finding::{DoctorFinding, Report, Site, State};
use crate::snapshot::Snapshot;
use v2only_enforcer::Failure;

pub use against::{Against, Zip};
pub use surroundings::{Control, Refusal, controls, entered};

/// All findings about one account and Region, in the order in which an event travels.
pub fn judge(seen: &Snapshot, against: &Against<'_>) -> Vec<DoctorFinding> {
    let mut report = Report::at(&seen.place);
    if let Some(failure) = shut(seen) {
        report.unread("account", seen.place.account.as_str(), failure);
        return report.findings;
    }
    trails::judge(&mut report, &seen.trails);
    match &seen.site {
        Site::Member { hub } => member(&mut report, seen, hub),
        Site::Alone | Site::Hub => home(&mut report, seen, against),
    }
    surroundings::defaults(&mut report, &seen.defaults);
    report.findings
}

/// The findings where v2only is not installed: the account and Region of the functions, the first of `seen`, have no
/// piece of it, and no other was found. `None` where something of v2only exists or could not be ruled out.
///
/// Findings about each missing piece would print a command for each, and what those commands create collides with a
/// later deployment.
pub fn not_installed(seen: &[Snapshot], against: &Against<'_>) -> Option<Vec<DoctorFinding>> {
    let (hub, members) = seen.split_first()?;
    if hub.has_pieces() != Some(false) || members.iter().any(|it| it.has_pieces() == Some(true)) {
        return None;
    }
    let mut report = Report::at(&hub.place);
    let why = "is not installed: no function, queue, rule, schedule or parameter of it exists here. If it is installed elsewhere, \
               use credentials of that account and name that Region first";
    report.problem("installation", PREFIX, why, functions::deploy(hub.site == Site::Hub));
    let unread = members.iter().filter(|it| it.has_pieces().is_none()).flat_map(|it| judge(it, against));
    report.findings.extend(unread.filter(|it| it.state == State::Unread));
    Some(report.findings)
}

/// The failure to enter the account at all, if so: one finding instead of one for each piece.
fn shut(seen: &Snapshot) -> Option<&Failure> {
    let failure = seen.trails.as_ref().err()?;
    let same = seen.defaults.as_ref().err().is_some_and(|it| it.action == failure.action);
    (failure.action == "sts:AssumeRole" && same).then_some(failure)
}

fn member(report: &mut Report<'_>, seen: &Snapshot, hub: &Place) {
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
        rules::judge(report, &want, seen.rules.get(&(DEFAULT_BUS, it.name)));
    }
    let senders: Vec<String> = fed.iter().map(|it| arns.rule(DEFAULT_BUS, it.name)).collect();
    queues::undelivered(report, seen.queues.get(UNDELIVERED), &senders);
}

fn home(report: &mut Report<'_>, seen: &Snapshot, against: &Against<'_>) {
    let arns = Arns(&seen.place);
    let in_organization = seen.site == Site::Hub;
    let buses: &[&'static str] = if in_organization { &[DEFAULT_BUS, BUS] } else { &[DEFAULT_BUS] };
    if in_organization {
        let named = against.membership.as_ref().and_then(|it| it.organization.as_deref());
        let shipped = named.map(|it| bus_policy(&arns.bus(BUS), it));
        rules::bus(report, &seen.bus, shipped.as_ref());
    }
    let mut senders = Vec::new();
    for it in &FUNCTIONS {
        let mut its_rules = Vec::new();
        for bus in buses.iter().filter(|_| it.pattern.is_some()) {
            let want = rules::Want { bus, shipped: it, id: "queue", to: arns.queue(it.name), role: None };
            rules::judge(report, &want, seen.rules.get(&(*bus, it.name)));
            its_rules.push(arns.rule(bus, it.name));
        }
        let function = seen.functions.get(it.name);
        let timeout = function.and_then(|it| it.function.as_ref().ok()?.as_ref()).map(|it| it.timeout);
        queues::of_events(report, it, seen.queues.get(it.name), &its_rules, timeout);
        queues::given_up(report, it, seen.queues.get(&it.dlq()));
        if let Some(function) = function {
            functions::mapping(report, it, function);
            functions::judge(report, it, &function.function, in_organization, against);
        }
        for name in it.schedules {
            functions::schedule(report, it, name, seen.schedules.get(name), in_organization);
        }
        senders.extend(its_rules);
    }
    queues::undelivered(report, seen.queues.get(UNDELIVERED), &senders);
    surroundings::parameter(report, &seen.parameter, against);
    windows::judge(report, &seen.parameter, seen.schedules.get("v2only-sweep"));
}
