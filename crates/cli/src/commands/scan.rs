//! `scan`: what violates the policy, and why. Nothing here holds a writer but of findings, and that only where
//! `--import` asks for it.

use std::path::PathBuf;

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;
use v2only_enforcer::Record;
use v2only_enforcer::exemptions::Met;
use v2only_enforcer::scan::Kinds;
use v2only_policy::{Place, Policy};

use super::Kind;
use crate::cli::Format;
use crate::estate::{Findings, Use};
use crate::exit::Exit;
use crate::import::{Imported, import};
use crate::output::findings::{self, Background, Stream};
use crate::output::findings_v1::Run;
use crate::output::html::earlier;
use crate::output::items::Item;
use crate::output::summary::{self, Looked, Totals};
use crate::output::{self, row, sources};
use crate::problem::{Problem, Stop};
use crate::regions::Places;
use crate::survey::{self, Seen, survey};
use crate::world::{Cloud as _, World};
use crate::{Session, exemptions, launched, policy_file, regions};

const EXAMPLES: &str = "\
Examples:
  v2only scan                                   the Region of the environment or the profile
  v2only scan --region all --policy policy.yaml
  v2only scan --launched-by                     and who launched what violates it
  v2only scan --output json | jq '.findings[].id'
  v2only scan --org --region all --output asff --import > sent.json
  v2only scan --org --region all --output html --earlier last-month.json > report.html";

/// What `scan` is told.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only this kind of resource: `instance`, `notebook`, `launch-template`, `launch-configuration`, `image` or
    /// `account-default`
    #[arg(long, value_enum, value_name = "KIND", hide_possible_values = true, help_heading = "Input")]
    kind: Option<Kind>,

    /// Ask CloudTrail who launched each violating instance: two questions a second, about the last 90 days
    #[arg(long, help_heading = "Input")]
    launched_by: bool,

    /// With `--output html`: what an earlier scan printed as JSON, for the trend; may be repeated
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Input")]
    earlier: Vec<PathBuf>,

    /// With `--output asff`: send the findings to Security Hub of their accounts and Regions, and close those that a
    /// complete scan does not meet any more
    #[arg(long, help_heading = "Output")]
    import: bool,
}

/// Looks everywhere that was asked for, and tells.
pub(crate) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let wanted = regions::wanted(&session.shared.regions)?;
    if args.import && session.shared.output != Format::Asff {
        let hint = "type `v2only scan --output asff --import`";
        return Err(Problem::usage("`--import` sends findings in AWS Security Finding Format", hint).into());
    }
    if args.kind.is_some() && !args.earlier.is_empty() {
        let why = "`--earlier` compares runs that look at everything";
        return Err(Problem::usage(why, "leave out `--kind`, or `--earlier`").into());
    }
    let earlier = earlier::read(&args.earlier, session.shared.output)?;
    let loaded =
        policy_file::load_or_default(session.shared.policy.as_deref(), session.world, &mut session.talk)?;
    let aws = regions::connect(session.world, session.shared, &wanted).await?;
    let places = regions::places(&aws, wanted, session.shared).await?;
    let now = session.world.now();
    let progress = session.talk.progress();
    // Who launched what is asked about afterwards, in one go, and so everything is kept until then.
    if Stream::can(session.shared.output) && !args.launched_by {
        let look = Look { policy: &loaded.policy, places: &places, kinds: super::kinds(args.kind), now };
        return streamed(&look, &aws, session).await;
    }
    let kinds = super::kinds(args.kind);
    let mut estate = survey(&aws, &loaded.policy, &places, (kinds, now), &progress, Use::Tell).await?;
    if args.launched_by {
        launched::ask(&aws, &mut estate, now, &progress).await?;
    }

    let findings = Findings { estate: &estate, results: None };
    let seen = estate.seen.as_slice();
    let totals = Totals::of(findings)?;
    let imported =
        if args.import { Some(import(&aws, findings, kinds, now, &progress).await?) } else { None };
    let unsent = imported.as_ref().is_some_and(|it| !it.failures.is_empty());
    let unread = seen.iter().any(|it| it.failure.is_some());
    let exit = Exit::of(totals.remaining > 0, unread || unsent);
    let calls = aws.calls();
    let looked = exemptions::Looked { policy: &loaded.policy, kinds, shared: session.shared, now };
    let exempt = exemptions::of(looked, &estate)?;
    let places: Vec<Looked<'_>> = seen.iter().map(|it| (&it.place, it.failure.as_ref())).collect();
    match session.shared.output {
        Format::Table => {
            let width = session.world.terminal().width;
            if estate.len() > 0 {
                row::found(findings, width, session.out)?;
            }
            if let Some(due) = output::exemptions::due(&exempt, width) {
                let between = if estate.len() > 0 { "\n" } else { "" };
                writeln!(session.out, "{between}{}", due.text())?;
            }
        }
        _ if imported.is_some() => {
            let document = imported.as_ref().map(Imported::document);
            output::json(session.out, &document)?;
        }
        format => {
            let run = Run {
                command: "scan",
                now,
                exit,
                places: &places,
                findings,
                totals: &totals,
                calls: &calls,
                journal: None,
                rollout: None,
                exemptions: &exempt,
            };
            let background = Background { policy: &loaded.policy, kinds, earlier: &earlier };
            findings::write(format, run, background, session.out)?;
        }
    }
    session.out.flush()?;
    tell(session, seen.iter().zip(estate.counts()), &totals);
    exemptions::say(&mut session.talk, &exempt);
    if let Some(causes) = sources::causes(findings, session.talk.width())? {
        session.talk.say(&causes);
    }
    if let Some(it) = &imported {
        session.talk.say(&it.in_words());
        it.failures.iter().for_each(|failure| session.talk.error(failure));
    }
    summary::read(&mut session.talk, &places, &calls);
    summary::usage_unread(&mut session.talk, seen);
    summary::launchers_unread(&mut session.talk, seen);
    summary::incomplete(&mut session.talk, &places, &[]);
    Ok(exit)
}

/// What is looked at, and by which rules.
struct Look<'a> {
    policy: &'a Policy,
    places: &'a Places,
    kinds: Kinds,
    now: Timestamp,
}

/// The same where findings can be written as they come: none is kept, however many there are.
async fn streamed<W: World>(
    look: &Look<'_>,
    aws: &W::Aws,
    session: &mut Session<'_, W>,
) -> Result<Exit, Stop> {
    let Look { policy, places, kinds, now } = look;
    let progress = session.talk.progress();
    let all = places.known.iter().chain(places.unreadable.iter().map(|(place, _)| place));
    let mut document = Stream::begin(session.shared.output, session.out, "scan", *now, all)?;
    let (mut totals, mut causes) = (Totals::default(), sources::Causes::default());
    let mut found: BTreeMap<Place, usize> = BTreeMap::new();
    let mut met = Met::default();
    let seen = survey::stream(aws, policy, places, (*kinds, *now), &progress, |place, judged, traced| {
        *found.entry(place.clone()).or_default() += judged.len();
        for it in judged {
            met.take(&it, place, exemptions::day(*now));
            let record = Record::of(place, &it);
            let cause = it.instance().and_then(|it| traced.get(&it.id));
            totals.add(&record);
            if let Some(cause) = cause {
                causes.add(place, cause, None);
            }
            document.finding(&Item::of(&record, &it.subject, cause))?;
        }
        Ok::<(), io::Error>(())
    })
    .await?;
    let exit = Exit::of(totals.remaining > 0, seen.iter().any(|it| it.failure.is_some()));
    let calls = aws.calls();
    let looked = exemptions::Looked { policy, kinds: *kinds, shared: session.shared, now: *now };
    let exempt = exemptions::told(looked, &seen, met);
    document.end(&totals, (&seen, &exempt), &calls, exit)?;
    session.out.flush()?;
    let found = |it: &'_ Seen| found.get(&it.place).copied().unwrap_or_default();
    tell(session, seen.iter().map(|it| (it, found(it))), &totals);
    exemptions::say(&mut session.talk, &exempt);
    if let Some(causes) = sources::counted(causes, &seen, session.talk.width()) {
        session.talk.say(&causes);
    }
    let looked: Vec<Looked<'_>> = seen.iter().map(|it| (&it.place, it.failure.as_ref())).collect();
    summary::read(&mut session.talk, &looked, &calls);
    summary::usage_unread(&mut session.talk, &seen);
    summary::incomplete(&mut session.talk, &looked, &[]);
    Ok(exit)
}

/// What was found, in numbers.
fn tell<'s, W>(session: &mut Session<'_, W>, seen: impl Iterator<Item = (&'s Seen, usize)>, totals: &Totals) {
    let mut complete = true;
    for (it, found) in seen {
        let found = crate::talk::count(found, "resource");
        session.talk.detail(&format!("{}: {found} to tell of", it.place));
        complete &= it.failure.is_none();
    }
    session.talk.say(&match (totals.violations, complete) {
        (0, true) if totals.exempt == 0 && totals.remaining == 0 => "nothing violates the policy".to_owned(),
        (_, true) => totals.in_words(),
        (_, false) => format!("{} in what could be read", totals.in_words()),
    });
}
