//! `readiness --trace`: who on an instance calls version 1. Starts a command on the instances that are named, which
//! looks on and changes nothing, or reads what a trace at boot found.

mod at_boot;
mod search;

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt as _;
use v2only_enforcer::ports::AtBoot;
use v2only_enforcer::software::{Outdated, outdated_of};
use v2only_enforcer::trace_imds::{Report, collect_at_boot, trace_imds};
use v2only_policy::{InstanceId, InstanceState, Place};

use crate::args::format::Format;
use crate::args::readiness::Args;
use crate::print::documents;
use crate::print::trace as tables;
use crate::print::trace_v1::{TraceRun, TraceV1};
use crate::report::totals;
use crate::run::session::Session;
use crate::run::traced::{Inventory, NotTraced, Traced, boot_hint};
use crate::run::traced_group::GroupTrace;
use crate::term::exit::Exit;
use crate::term::messages::count;
use crate::term::problem::{Stop, sentence};
use crate::world::{Cloud, World};
use search::{Search, TRACES_AT_ONCE, find, tell_unreadable};

/// Finds the instances, traces several at the same time, and prints what was found.
pub(super) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let collects = match args.at_boot() {
        Some(change @ (AtBoot::Install | AtBoot::Remove)) => {
            return at_boot::run(args, change, session).await;
        }
        Some(AtBoot::Collect) => true,
        None => false,
    };
    let Search { aws, targets, found, ids, unreadable } = find(args, session).await?;
    let seconds = args.seconds();
    let running = found.instances.values().filter(|(_, it)| it.state == InstanceState::Running).count();
    if running > 0 {
        let (instances, time) = (count(running, "instance"), count(usize::from(seconds), "second"));
        let what = if collects {
            format!("reading the traces at boot of {instances}")
        } else {
            format!("looking on {instances} for {time}")
        };
        session.talk.say(&format!("{what}, by the command v2only-TraceImdsV1"));
    }
    let progress = session.talk.progress();
    let world = session.world;
    let wait = async |time: Duration| world.sleep(time).await;
    let one = async |id: &InstanceId| {
        let group = found.group_of(id).cloned();
        let Some((place, instance)) = found.instances.get(id) else {
            return Traced::not(id, None, group, NotTraced::NotFound);
        };
        let came = if instance.state == InstanceState::Running {
            let _shown = progress.begin(format!("looking on {id}"));
            let report = if collects {
                collect_at_boot(&aws, place, id, &wait).await
            } else {
                trace_imds(&aws, place, id, seconds, &wait).await
            };
            report.map_err(NotTraced::Trouble)
        } else {
            Err(NotTraced::NotRunning)
        };
        match came {
            Ok(report) => {
                let (inventory, outdated) = software(&aws, place, id, &report).await;
                let place = Some(place.clone());
                Traced { id: id.clone(), place, came: Ok(report), group, outdated, inventory }
            }
            Err(why) => Traced::not(id, Some(place.clone()), group, why),
        }
    };
    let traced: Vec<Traced> =
        futures_util::stream::iter(&ids).map(one).buffered(TRACES_AT_ONCE).collect().await;

    let groups: Vec<GroupTrace> = targets
        .groups
        .iter()
        .map(|group| GroupTrace::of(group, found.running.get(group).copied().unwrap_or_default(), &traced))
        .collect();
    let incomplete = traced.iter().any(|it| it.came.is_err()) || groups.iter().any(|it| it.running == 0);
    let exit = Exit::of(traced.iter().any(may_call), incomplete);
    let calls = aws.calls();
    match session.shared.output {
        Format::Table => {
            let width = session.width();
            let parts: Vec<String> = [tables::groups(&groups, width), tables::callers(&traced, width)]
                .into_iter()
                .flatten()
                .collect();
            if !parts.is_empty() {
                writeln!(session.out, "{}", parts.join("\n\n"))?;
            }
        }
        // Formats of findings are refused before; a spreadsheet below.
        format => {
            let run = TraceRun {
                now: session.world.now(),
                exit,
                seconds,
                traced: &traced,
                groups: &groups,
                calls: &calls,
            };
            let document = TraceV1::from(run);
            match format {
                Format::Ndjson => documents::ndjson(session.out, document.instances.iter())?,
                _ => documents::json(session.out, &document)?,
            }
        }
    }
    session.out.flush()?;
    tell(session, &traced);
    tell_groups(session, &groups);
    tell_unreadable(session, &unreadable);
    totals::spent(&mut session.talk, &calls);
    Ok(exit)
}

/// The products that callers of IMDSv1 may use and that are too old for IMDSv2, as the inventory of Systems Manager lists them.
async fn software(
    aws: &impl Cloud,
    place: &Place,
    id: &InstanceId,
    report: &Report,
) -> (Inventory, Vec<(String, Outdated)>) {
    let callers = report.callers.iter().filter(|caller| caller.without_token != Some(0));
    let processes: BTreeSet<&String> = callers.filter_map(|caller| caller.process.as_ref()).collect();
    if processes.is_empty() {
        return (Inventory::NotNeeded, Vec::new());
    }
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        match aws.applications(place, id, next).await {
            Ok(page) => {
                all.extend(page.items);
                next = page.next;
            }
            Err(failure) => return (Inventory::NotRead(failure), Vec::new()),
        }
        if next.is_none() {
            break;
        }
    }
    if all.is_empty() {
        return (Inventory::Empty, Vec::new());
    }
    let outdated = processes.into_iter().flat_map(|process| {
        outdated_of(process, &all).into_iter().map(move |outdated| (process.clone(), outdated))
    });
    (Inventory::Read, outdated.collect())
}

fn may_call(it: &Traced) -> bool {
    it.came.as_ref().is_ok_and(Report::may_call_version_1)
}

fn tell<W: World>(session: &mut Session<'_, W>, traced: &[Traced]) {
    let mut hints: Vec<&'static str> = Vec::new();
    for it in traced {
        match &it.came {
            Ok(report) => {
                session.talk.say(&tables::in_words(&it.id, report));
                if let Some(boot) = &report.at_boot {
                    session.talk.note(&format!("{}: {}", it.id, boot.words()));
                    hints.extend(boot_hint(boot.state).filter(|it| !hints.contains(it)));
                }
                for (process, outdated) in it.outdated.iter().filter(|_| it.group.is_none()) {
                    session.talk.say(&tables::outdated(process, outdated, &format!("on {}", it.id)));
                }
                match &it.inventory {
                    Inventory::Empty => session.talk.note(&format!(
                        "{}: Systems Manager has no inventory of its applications; an association with \
                         `AWS-GatherSoftwareInventory` collects it",
                        it.id
                    )),
                    Inventory::NotRead(failure) => session.talk.note(&format!(
                        "{}: its inventory could not be read: {}",
                        it.id,
                        sentence(failure)
                    )),
                    Inventory::Read | Inventory::NotNeeded => {}
                }
                for what in &report.not_seen {
                    session.talk.note(&format!("{}: not seen: {what}", it.id));
                }
            }
            Err(why) => {
                session.talk.error(&format!("{} was not traced: {}", it.id, why.words()));
                hints.extend(why.hint().filter(|it| !hints.contains(it)));
            }
        }
    }
    for hint in hints {
        session.talk.hint(hint);
    }
}

fn tell_groups<W: World>(session: &mut Session<'_, W>, groups: &[GroupTrace]) {
    for it in groups {
        if it.running == 0 {
            session.talk.error(&format!("no running instance of {} was found", it.group));
            continue;
        }
        session.talk.say(&tables::group_in_words(it));
        for caller in &it.callers {
            let process = caller.process.as_deref().unwrap_or_default();
            for outdated in &caller.outdated {
                session.talk.say(&tables::outdated(process, outdated, &format!("in {}", it.group)));
            }
        }
    }
}
