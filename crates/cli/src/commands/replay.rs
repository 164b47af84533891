//! `replay`: saved events through the very code that the functions run.
//!
//! Without `--live` nothing but the event itself is known: what AWS would be asked is said, and launches are
//! judged by what their record says.

pub(crate) mod event_report;
pub(crate) mod inputs;
mod offline;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;
use v2only_enforcer::LogEntry;
use v2only_enforcer::invocation::{App, Invocation, InvocationError, handle_ec2, handle_notebook};
use v2only_enforcer::policy_source::{Location, PolicySource};
use v2only_enforcer::ports::{Ec2, ReadParameter, SageMaker};
use v2only_events::{Parsed, Subject, Trigger};

use crate::args::format::Format;
use crate::print::documents;
use crate::print::replay;
use crate::print::replay_v1::ReplayV1;
use crate::report::totals;
use crate::run::policy_file;
use crate::run::policy_file::Loaded;
use crate::run::regions;
use crate::run::regions::Wanted;
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::messages::{count, some};
use crate::term::problem::{Problem, Stop};
use crate::world::{Cloud as _, World};

use event_report::{EventReport, Word};
use inputs::Saved;
use offline::Offline;

const EXAMPLES: &str = "\
Examples:
  v2only replay event.json --policy policy.yaml
  aws cloudtrail lookup-events ... | v2only replay -
  v2only replay dead-letters/ --policy policy.yaml --live";

/// The arguments of `replay`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Files with EventBridge events or CloudTrail records: log files of CloudTrail (also `.json.gz`), lists, lines, or what
    /// the AWS CLI printed; a directory stands for the files in it, `-` for standard input
    #[arg(value_name = "EVENT", required = true, help_heading = "Input")]
    events: Vec<PathBuf>,

    /// Judge as of this time, such as `2026-11-20T10:15:00Z`, or `now` [default: the time of each event]
    #[arg(long, value_name = "TIME", conflicts_with = "live", value_parser = as_of, help_heading = "Input")]
    as_of: Option<AsOf>,

    /// Describe and change the resources in AWS, as the functions would
    #[arg(long, help_heading = "Input")]
    live: bool,

    /// With `--live`: do not ask
    #[arg(short, long, requires = "live", help_heading = "Input")]
    yes: bool,
}

/// The time at which events are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AsOf {
    /// That of this run.
    Now,
    /// This one.
    Time(Timestamp),
}

fn as_of(text: &str) -> Result<AsOf, String> {
    match text {
        "now" => Ok(AsOf::Now),
        text => text
            .parse()
            .map(AsOf::Time)
            .map_err(|_| "write `now`, or a time such as 2026-11-20T10:15:00Z".to_owned()),
    }
}

/// Handles every event, one after the other; one that cannot be read does not keep the others from it.
pub(crate) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let stdin = Path::new("-");
    let readers = args.events.iter().chain(&session.shared.policy).filter(|it| *it == stdin).count();
    if readers > 1 {
        let problem = Problem::usage(
            "`-` is named more than once, and standard input can be read only once",
            "name files for all but one",
        );
        return Err(problem.into());
    }
    if args.live && !args.yes && (readers > 0 || !session.world.terminal().stdin) {
        let problem = Problem::usage(
            "nobody can be asked, because standard input is not a terminal; nothing was changed",
            "leave out `--live` to see what the events are; add `--yes` to act on them without a question",
        );
        return Err(problem.into());
    }
    let wanted = regions::wanted(&session.shared.regions)?;
    let saved = inputs::read_all(&args.events, session.world)?;
    let loaded =
        policy_file::load_or_default(session.shared.policy.as_deref(), session.world, &mut session.talk)?;
    if args.live {
        live(args, session, saved, loaded, wanted).await
    } else {
        offline(args, session, saved, loaded).await
    }
}

/// Says what the events are, and what they would lead to.
async fn offline<W: World>(
    args: &Args,
    session: &mut Session<'_, W>,
    saved: Vec<Saved>,
    loaded: Loaded,
) -> Result<Exit, Stop> {
    let app = App::new(PolicySource::new(Location::Inline(loaded.text)), Offline::default());
    let mut all = Vec::new();
    for event in saved {
        let run_at = session.world.now();
        let at = match args.as_of {
            Some(AsOf::Now) => run_at,
            Some(AsOf::Time(time)) => time,
            None => event.body.as_ref().ok().and_then(time_of).unwrap_or(run_at),
        };
        let mut told = told(event, &app, &|| at, |trigger| app.ports.take(trigger)).await;
        for word in &mut told.words {
            if let Word::Record(record) = word {
                **record = app.ports.told((**record).clone());
            }
        }
        all.push(told);
    }
    let exit = print(session, &all, None)?;
    if all.iter().flat_map(EventReport::records).any(|it| event_report::verdict(it) == "not judged") {
        session.talk.say("`--live` asks AWS, and acts as the functions would");
    }
    Ok(exit)
}

/// Hands the events to the functions' code, with AWS behind it.
async fn live<W: World>(
    args: &Args,
    session: &mut Session<'_, W>,
    saved: Vec<Saved>,
    loaded: Loaded,
    wanted: Wanted,
) -> Result<Exit, Stop> {
    // Every event names its own Region; ours is only where to sign in.
    let wanted = if wanted == Wanted::Home { Wanted::Enabled } else { wanted };
    if !args.yes {
        let events = count(saved.len(), "event");
        let question = format!("Act on {events} in AWS, as the functions would under this policy?");
        if !session.talk.ask(session.world, &question) {
            session.talk.say("nothing was changed");
            return Ok(Exit::Clean);
        }
    }
    let aws = regions::connect(session.world, session.shared, &wanted).await?;
    aws.account().await.map_err(Problem::from)?;
    let app = App::new(PolicySource::new(Location::Inline(loaded.text)), aws);
    let progress = session.talk.progress();
    let mut all = Vec::new();
    for event in saved {
        let _shown = progress.begin(format!("replaying {}", event.file));
        all.push(told(event, &app, &|| session.world.now(), |_| ()).await);
    }
    let calls = app.ports.calls();
    print(session, &all, Some(&calls))
}

/// When an event was sent, or its call was made.
fn time_of(event: &Value) -> Option<Timestamp> {
    let time = event.get("time").or_else(|| event.get("eventTime"))?;
    time.as_str()?.parse().ok()
}

/// Sends one event through its entry point and keeps the log.
async fn told<P: Ec2 + SageMaker + ReadParameter + Sync>(
    saved: Saved,
    app: &App<P>,
    now: &(impl Fn() -> Timestamp + Send + Sync),
    before: impl FnOnce(&Trigger),
) -> EventReport {
    let header = event_report::header(&saved.body);
    let mut told =
        EventReport { file: saved.file, index: saved.index, header, trigger: None, words: Vec::new() };
    match saved.body {
        Err(malformed) => told.words.push(Word::Malformed(malformed)),
        Ok(event) => {
            if let Ok(Parsed::Trigger(trigger)) = v2only_events::parse(&event) {
                before(&trigger);
                told.trigger = Some(trigger);
            }
            told.words = through_its_entry_point(event, told.trigger.as_ref(), app, now).await;
        }
    }
    told
}

async fn through_its_entry_point<P: Ec2 + SageMaker + ReadParameter + Sync>(
    event: Value,
    trigger: Option<&Trigger>,
    app: &App<P>,
    now: &(impl Fn() -> Timestamp + Send + Sync),
) -> Vec<Word> {
    let mut words = Vec::new();
    let mut say = |said: LogEntry<'_>| words.extend(Word::of(&said));
    let invocation = Invocation { now, deadline: None, log: &mut say };
    let notebook = trigger.is_some_and(|it| matches!(it.subject, Subject::Notebook { .. }));
    let ended = if notebook {
        handle_notebook(event, app, invocation).await
    } else {
        handle_ec2(event, app, invocation).await
    };
    let ended = ended.map_err(|it| it.why);
    if let (true, Err(InvocationError::Malformed(malformed))) = (words.is_empty(), ended) {
        words.push(Word::Malformed(malformed));
    }
    words
}

/// How many unreadable events are named.
const NAMED: usize = 10;

type Calls = std::collections::BTreeMap<&'static str, u64>;

/// Prints everything that was said. Calls are those of a live run.
fn print<W: World>(
    session: &mut Session<'_, W>,
    all: &[EventReport],
    calls: Option<&Calls>,
) -> Result<Exit, Stop> {
    let totals = replay::Totals::of(all);
    let exit = Exit::of(totals.remaining > 0, totals.malformed + totals.failed > 0);
    session.exit = Some(exit);
    match session.shared.output {
        Format::Json => {
            let document = ReplayV1::new(session.world.now(), exit, all, &totals, calls);
            documents::json(session.out, &document)?;
        }
        _ => {
            let text = replay::text(all, calls.is_some(), session.width());
            session.out.write_all(text.as_bytes())?;
        }
    }
    session.out.flush()?;
    session.talk.say(&totals.in_words());
    if let Some(calls) = calls {
        totals::spent(&mut session.talk, calls);
        let records: Vec<_> = all.iter().flat_map(EventReport::records).cloned().collect();
        totals::incomplete(&mut session.talk, &[], &records);
    }
    name_malformed(session, all);
    Ok(exit)
}

/// Names the events that cannot be read: each is shown above with the reason, unless it is the only one.
fn name_malformed<W>(session: &mut Session<'_, W>, all: &[EventReport]) {
    let mut malformed = all.iter().flat_map(|told| {
        told.words.iter().filter_map(move |word| match word {
            Word::Malformed(why) => Some((told.source(), why)),
            Word::Record(_) | Word::Ignored { .. } => None,
        })
    });
    let Some((source, why)) = malformed.next() else { return };
    let others: Vec<String> = malformed.map(|(source, _)| source).collect();
    if others.is_empty() {
        session.talk.error(&format!("{source}: {why}"));
    } else {
        let names: Vec<String> = std::iter::once(source).chain(others).collect();
        let text = format!("{} cannot be read: {}", count(names.len(), "event"), some(&names, NAMED));
        session.talk.error(&text);
    }
    session.talk.hint(
        "an event is what EventBridge delivers (with `source`, `detail-type` and `detail`), or a CloudTrail \
         record",
    );
}
