//! `readiness --trace`: who on an instance calls version 1. Starts a command on the instances that are named, which
//! looks on and changes nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use v2only_enforcer::Failure;
use v2only_enforcer::trace_imds::{Report, trace_imds};
use v2only_policy::{Instance, InstanceId, InstanceState, Place};

use crate::args::format::Format;
use crate::args::readiness::Args;
use crate::print::documents;
use crate::print::trace as tables;
use crate::print::trace_v1::{TraceRun, TraceV1};
use crate::report::totals;
use crate::run::regions;
use crate::run::session::Session;
use crate::run::traced::{NotTraced, Traced};
use crate::term::exit::Exit;
use crate::term::messages::count;
use crate::term::problem::{Problem, Stop};
use crate::world::{Cloud, World};

/// How many instances are traced at the same time.
const TRACES_AT_ONCE: usize = 8;

/// Finds the instances, traces several at the same time, and prints what was found.
pub(super) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let ids = ids(&args.trace)?;
    if session.shared.output == Format::Csv {
        let why = "`--output csv` is not for `--trace`, whose callers do not fit into one line";
        return Err(Problem::usage(why, "type `--output json` or `--output ndjson`").into());
    }
    let seconds = args.trace_seconds;
    let wanted = regions::wanted(&session.shared.regions)?;
    let aws = regions::connect(session.world, session.shared, &wanted).await?;
    let places = regions::places(&aws, wanted, session.shared).await?;
    let mut unreadable = places.unreadable;
    let mut found: BTreeMap<InstanceId, (Place, Instance)> = BTreeMap::new();
    for place in places.known {
        match find(&aws, &place, &ids).await {
            Ok(here) => found.extend(here.into_iter().map(|it| (it.id.clone(), (place.clone(), it)))),
            Err(failure) => unreadable.push((place, failure)),
        }
    }

    let running = found.values().filter(|(_, it)| it.state == InstanceState::Running).count();
    if running > 0 {
        let (instances, time) = (count(running, "instance"), count(usize::from(seconds), "second"));
        session.talk.say(&format!("looking on {instances} for {time}, by the command v2only-TraceImdsV1"));
    }
    let progress = session.talk.progress();
    let world = session.world;
    let wait = async |time: Duration| world.sleep(time).await;
    let one = async |id: &InstanceId| {
        let Some((place, instance)) = found.get(id) else {
            return Traced { id: id.clone(), place: None, came: Err(NotTraced::NotFound) };
        };
        let came = if instance.state == InstanceState::Running {
            let _shown = progress.begin(format!("looking on {id}"));
            trace_imds(&aws, place, id, seconds, &wait).await.map_err(NotTraced::Trouble)
        } else {
            Err(NotTraced::NotRunning)
        };
        Traced { id: id.clone(), place: Some(place.clone()), came }
    };
    let traced: Vec<Traced> =
        futures_util::stream::iter(&ids).map(one).buffered(TRACES_AT_ONCE).collect().await;

    let exit = Exit::of(traced.iter().any(may_call), traced.iter().any(|it| it.came.is_err()));
    let calls = aws.calls();
    match session.shared.output {
        Format::Table => {
            if let Some(text) = tables::callers(&traced, session.width()) {
                writeln!(session.out, "{text}")?;
            }
        }
        // Formats of findings are refused before; a spreadsheet below.
        format => {
            let run = TraceRun { now: session.world.now(), exit, seconds, traced: &traced, calls: &calls };
            let document = TraceV1::from(run);
            match format {
                Format::Ndjson => documents::ndjson(session.out, document.instances.iter())?,
                _ => documents::json(session.out, &document)?,
            }
        }
    }
    session.out.flush()?;
    tell(session, &traced);
    for (place, failure) in &unreadable {
        session
            .talk
            .error(&format!("{place} could not be read: {}", crate::term::problem::sentence(failure)));
    }
    totals::spent(&mut session.talk, &calls);
    Ok(exit)
}

fn ids(texts: &[String]) -> Result<Vec<InstanceId>, Problem> {
    let mut ids = Vec::new();
    for text in texts {
        let id = InstanceId::parse(text).map_err(|it| {
            Problem::usage(format!("--trace: {it}"), "type `v2only readiness --trace i-0123456789abcdef0`")
        })?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

async fn find(aws: &impl Cloud, place: &Place, ids: &[InstanceId]) -> Result<Vec<Instance>, Failure> {
    aws.admit(place).await?;
    aws.instances(place, ids).await
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
