//! `rollback`: shows what a journal can restore, asks, restores it, and reports.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;
use jiff::tz::Offset;
use v2only_enforcer::rollback::{Came, Exemption, Looked, Recorded, Restoration, Told, look, restore};
use v2only_policy::Place;
use v2only_policy::exemption::parse_day;
use v2only_policy::settings::TagExemptions;

use crate::args::format::Format;
use crate::print::documents;
use crate::print::rollback;
use crate::print::rollback_v1::RollbackV1;
use crate::report::{csv, totals};
use crate::run::journal::read;
use crate::run::journal::read::Journal;
use crate::run::regions;
use crate::run::regions::LOCATIONS_AT_ONCE;
use crate::run::regions::Wanted;
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::messages::count;
use crate::term::problem::{Problem, Stop, sentence};
use crate::world::{Cloud, World};

const EXAMPLES: &str = "\
Examples:
  v2only rollback v2only-journal-20261120T101500Z.ndjson --dry-run
  v2only rollback v2only-journal-20261120T101500Z.ndjson
  v2only rollback before.ndjson --only i-0123456789abcdef0 --exempt-until 2027-01-31 --reason 'agent uses v1'";

/// The arguments of `rollback`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The journal that `enforce` wrote
    #[arg(value_name = "JOURNAL", help_heading = "Input")]
    journal: PathBuf,

    /// Only this resource, as the journal names it; may be repeated
    #[arg(long, value_name = "ID", help_heading = "Input")]
    only: Vec<String>,

    /// Restore what somebody changed since as well
    #[arg(long, help_heading = "Input")]
    force: bool,

    /// Exempt instances and notebooks through this day, by tags; otherwise the functions fix them again
    #[arg(long, value_name = "YYYY-MM-DD", requires = "reason", help_heading = "Input")]
    exempt_until: Option<String>,

    /// Why they are exempt
    #[arg(long, value_name = "TEXT", requires = "exempt_until", help_heading = "Input")]
    reason: Option<String>,

    /// Show what would be restored and change nothing
    #[arg(long, conflicts_with = "yes", help_heading = "Input")]
    dry_run: bool,

    /// Restore without asking
    #[arg(short, long, help_heading = "Input")]
    yes: bool,
}

/// Restores what a journal recorded, everywhere it was recorded.
///
/// Nothing is changed before the plan was agreed to. Interrupting it is harmless: the next run does the rest.
pub(crate) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let exemption = exemption(args, session)?;
    let recorded = recorded(args, session)?;
    if !args.yes && !args.dry_run && !session.world.terminal().stdin {
        let hint = "add `--yes` to do it without a question";
        return Err(Problem::usage(
            "nobody can be asked, because standard input is not a terminal; nothing was changed",
            hint,
        )
        .into());
    }
    let mut by_place: BTreeMap<Place, Vec<Recorded>> = BTreeMap::new();
    for it in here(recorded, session)? {
        by_place.entry(it.place.clone()).or_default().push(it);
    }
    let regions = by_place.keys().map(|it| it.region.clone()).collect();
    let accounts = by_place.keys().map(|it| it.account.clone()).collect();
    let aws = regions::connect_to(session.world, session.shared, &Wanted::These(regions), accounts).await?;
    let progress = session.talk.progress();
    let seen: Vec<(Place, Vec<Looked>)> = futures_util::stream::iter(by_place)
        .map(|(place, recorded)| {
            let (aws, progress) = (&aws, &progress);
            async move {
                let _shown = progress.begin(format!("reading {place}"));
                let looked = look(aws, &place, recorded, args.force).await;
                (place, looked)
            }
        })
        .buffered(LOCATIONS_AT_ONCE)
        .collect()
        .await;
    let acting = seen.iter().flat_map(|(_, it)| it).filter(|it| it.acts()).count();
    let mut changed = false;
    let told: Vec<Told> = if acting > 0 && agreed(args, session, &seen, acting, exemption.as_ref()) {
        changed = true;
        let restored: Vec<Vec<Told>> = futures_util::stream::iter(seen)
            .map(|(place, looked)| {
                let (aws, progress, exemption, world) = (&aws, &progress, exemption.as_ref(), session.world);
                async move {
                    let _shown = progress.begin(format!("restoring in {place}"));
                    restore(aws, &place, looked, args.force, exemption, &|| world.now()).await
                }
            })
            .buffered(LOCATIONS_AT_ONCE)
            .collect()
            .await;
        restored.into_iter().flatten().collect()
    } else {
        let left = |looked| Told { looked, came: Came::Left, after: None };
        seen.into_iter().flat_map(|(_, it)| it).map(left).collect()
    };
    tell(session, &aws, &told, acting > 0 && !changed, args.dry_run)
}

/// The exemption that is asked for, if it can excuse anything.
fn exemption<W: World>(args: &Args, session: &Session<'_, W>) -> Result<Option<Exemption>, Problem> {
    let (Some(until), Some(reason)) = (&args.exempt_until, &args.reason) else { return Ok(None) };
    let hint = "type a day such as `--exempt-until 2027-01-31`, and why: `--reason 'agent uses v1'`";
    let Some(day) = parse_day(until) else {
        return Err(Problem::usage(
            format!("--exempt-until: `{until}` is not a day written YYYY-MM-DD"),
            hint,
        ));
    };
    let today = Offset::UTC.to_datetime(session.world.now()).date();
    let max_days = TagExemptions::MAX_DAYS;
    if day.duration_since(today).as_hours() > i64::from(max_days) * 24 {
        return Err(Problem::usage(
            format!(
                "--exempt-until: {until} is more than {max_days} days away, and such a tag exempts no resource"
            ),
            "type an earlier day, or write the exemption into the policy document",
        ));
    }
    if day < today {
        return Err(Problem::usage(
            format!("--exempt-until: {until} is in the past, and would exempt no resource"),
            hint,
        ));
    }
    if reason.trim().is_empty() {
        return Err(Problem::usage("--reason: an exemption needs a reason", hint));
    }
    Ok(Some(Exemption { until: until.clone(), reason: reason.trim().to_owned() }))
}

/// What the journal holds of what is asked for.
fn recorded<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Vec<Recorded>, Problem> {
    let path = args.journal.as_path();
    let text = if path == Path::new("-") {
        session.world.read_stdin()
    } else {
        let invalid = |why| io::Error::new(io::ErrorKind::InvalidData, why);
        std::fs::read(path).and_then(|bytes| read::text(bytes).map_err(invalid))
    };
    let text =
        text.map_err(|it| Problem::unreadable(path, &it, "name the journal that `v2only enforce` wrote"))?;
    let name = path.display();
    let Journal { recorded, cut_off } = read::read(&text).map_err(|error| {
        let hint = "name the journal that `v2only enforce` wrote, as it wrote it; nothing was changed";
        Problem::usage(format!("{name}:{}: {}", error.line, error.why), hint)
    })?;
    if cut_off {
        session.talk.note(&format!("the last line of {name} is cut off, and was never acted on"));
    }
    for wanted in &args.only {
        if !recorded.iter().any(|it| read::is_named(&it.resource(), wanted)) {
            let hint = "the journal names resources as `id`; nothing was changed";
            return Err(Problem::usage(format!("--only: {name} records no change of `{wanted}`"), hint));
        }
    }
    let wanted = |change: &Recorded| {
        args.only.is_empty() || args.only.iter().any(|name| read::is_named(&change.resource(), name))
    };
    let recorded: Vec<Recorded> = recorded.into_iter().filter(wanted).collect();
    if recorded.is_empty() {
        let hint = "name the journal of a run that changed something";
        return Err(Problem::usage(format!("{name} records nothing that could be restored"), hint));
    }
    Ok(recorded)
}

/// What lies in the Regions that were named, if any were.
fn here<W: World>(recorded: Vec<Recorded>, session: &Session<'_, W>) -> Result<Vec<Recorded>, Problem> {
    let Wanted::These(regions) = regions::wanted(&session.shared.regions)? else { return Ok(recorded) };
    let here: Vec<Recorded> = recorded.into_iter().filter(|it| regions.contains(&it.place.region)).collect();
    if here.is_empty() {
        let hint = "leave `--region` out to restore wherever something was changed";
        return Err(Problem::usage("the journal records nothing in the Regions that are named", hint));
    }
    Ok(here)
}

/// Shows the plan and asks, or only shows it.
fn agreed<W: World>(
    args: &Args,
    session: &mut Session<'_, W>,
    seen: &[(Place, Vec<Looked>)],
    acting: usize,
    exemption: Option<&Exemption>,
) -> bool {
    let text = rollback::plan(seen.iter().flat_map(|(_, it)| it), session.talk.width());
    let after = match exemption {
        Some(it) => format!("instances and notebooks are exempt through {} then: {}", it.until, it.reason),
        None => "nothing exempts them: where the functions are deployed they fix them again; \
                 `--exempt-until DAY --reason TEXT` keeps them from it"
            .to_owned(),
    };
    if args.yes {
        session.talk.say(&text);
        session.talk.say(&after);
        return true;
    }
    if args.dry_run {
        session.talk.always(&text);
        return false;
    }
    session.talk.always(&text);
    session.talk.always(&after);
    session
        .talk
        .ask(session.world, &format!("Restore {}? This may open version 1 again.", count(acting, "resource")))
}

fn tell<W: World>(
    session: &mut Session<'_, W>,
    aws: &W::Aws,
    told: &[Told],
    refused: bool,
    dry_run: bool,
) -> Result<Exit, Stop> {
    let open = told.iter().filter(|it| it.is_open()).count();
    let exit = Exit::of(false, !dry_run && (open > 0 || refused));
    session.exit = Some(exit);
    match session.shared.output {
        format @ (Format::Json | Format::Ndjson | Format::Csv) => {
            let calls = aws.calls();
            let document = RollbackV1::new(session.world.now(), exit, told, &calls);
            match format {
                Format::Ndjson => documents::ndjson(session.out, document.resources.iter())?,
                Format::Csv => documents::csv(session.out, csv::ROLLBACK, document.resources.iter())?,
                _ => documents::json(session.out, &document)?,
            }
        }
        _ if refused => {}
        _ => {
            writeln!(session.out, "{}", rollback::done(told, session.width()))?;
        }
    }
    session.out.flush()?;
    if refused {
        session.talk.say("nothing was changed");
        return Ok(exit);
    }
    let number = |wanted: fn(&Told) -> bool| told.iter().filter(|it| wanted(it)).count();
    let restored = number(|it| it.came == Came::Restored);
    let before = number(|it| matches!(it.looked.restoration, Ok(Restoration::AsBefore)));
    let gone = number(|it| matches!(it.looked.restoration, Ok(Restoration::Gone)));
    session.talk.say(&format!(
        "{} recorded: {restored} restored, {before} as before, {gone} gone, {open} left open",
        count(told.len(), "change")
    ));
    totals::spent(&mut session.talk, &aws.calls());
    // AWS often refuses all of an account and Region for one reason.
    let mut failed: BTreeMap<(&Place, String), Vec<&Told>> = BTreeMap::new();
    for it in told {
        if let (Came::Failed(failure), _) | (_, Err(failure)) = (&it.came, &it.looked.restoration) {
            failed.entry((&it.looked.recorded.place, sentence(failure))).or_default().push(it);
        }
    }
    for ((place, why), told) in failed {
        let what = match told.as_slice() {
            [one] => one.looked.recorded.resource().to_string(),
            several => count(several.len(), "resource"),
        };
        session.talk.error(&format!("{what} in {place}: {why}"));
    }
    Ok(exit)
}
