//! `readiness`: who still uses version 1, and what would fail without it. Nothing here holds a writer of settings.

use futures_util::StreamExt as _;
use jiff::Timestamp;
use v2only_enforcer::Failure;
use v2only_enforcer::readiness::{By, Failing, Readiness, RollUp, State, readiness, roll_up, would_fail};
use v2only_enforcer::scan::Kinds;
use v2only_policy::{Mode, Place, Policy, ResourceKind, Rules, Subject};

use crate::args::format::Format;
use crate::args::readiness::Args;
use crate::args::selection::Filter;
use crate::print::documents;
use crate::print::readiness as tables;
use crate::print::readiness_v1::{ReadinessRun, ReadinessV1};
use crate::print::recorded;
use crate::report::csv;
use crate::report::totals;
use crate::report::totals::LocationResult;
use crate::run::accounts::AccountNames;
use crate::run::regions::LOCATIONS_AT_ONCE;
use crate::run::regions::Places;
use crate::run::session::Session;
use crate::run::{absent, policy_file, regions, trail_evidence};
use crate::term::exit::Exit;
use crate::term::messages::{Progress, count};
use crate::term::problem::Stop;
use crate::term::text::plain;
use crate::world::{Cloud as _, Readable, World};

/// What is known of one account and Region.
struct LocationReadiness {
    place: Place,
    instances: Vec<Readiness>,
    failing: Vec<Failing>,
    failure: Option<Failure>,
}

/// Reads every account and Region that was asked for, and reports.
pub(crate) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    if !args.trace.is_empty() {
        return super::trace::run(args, session).await;
    }
    if args.from_trail {
        return super::from_trail::run(args, session).await;
    }
    let wanted = regions::wanted(&session.shared.regions)?;
    let policy = match session.shared.policy.as_deref() {
        Some(path) => policy_file::load(path, session.world, &mut session.talk)?.policy,
        None => Policy::plain(Rules::new(Mode::Observe)),
    };
    let files = &args.trail_files;
    let recording = if files.is_empty() { None } else { Some(trail_evidence::read(files, session.world)?) };
    let mut aws = regions::connect(session.world, session.shared, &wanted).await?;
    let places = regions::places(&aws, wanted, session.shared).await?;
    trail_evidence::inform(&mut aws, recording.as_ref(), session.world.now(), &mut session.talk);
    let (now, filter) = (session.world.now(), args.selection.filter(&args.tag));
    let found = look(&aws, &policy, &places, (args.days, &filter), now, &session.talk.progress()).await;

    let seen: Vec<(&Place, &Readiness)> =
        found.iter().flat_map(|it| it.instances.iter().map(|one| (&it.place, one))).collect();
    let failing: Vec<(&Place, &Failing)> =
        found.iter().flat_map(|it| it.failing.iter().map(|one| (&it.place, one))).collect();
    let roll_ups = roll_ups(&found, args.grouped_by());
    let may_fail = |it: &Readiness| matches!(it.state, State::Busy | State::Unknown);
    let mut unmatched = filter.unmatched();
    if !filter.is_empty() {
        seen.iter().for_each(|(_, it)| unmatched.meet(&Subject::Instance(it.instance.clone())));
    }
    let absent = absent::absent(&aws, &places, Kinds::Only(ResourceKind::Instance), unmatched).await;
    let whole = found.iter().all(|it| it.failure.is_none()) && absent.is_empty();
    let exit = args
        .selection
        .fail_on
        .exit(Exit::of(!failing.is_empty() || seen.iter().any(|(_, it)| may_fail(it)), !whole));
    let calls = aws.calls();
    let places: Vec<LocationResult<'_>> = found.iter().map(|it| (&it.place, it.failure.as_ref())).collect();
    match session.shared.output {
        format @ (Format::Json | Format::Ndjson | Format::Csv) => {
            let tag = args.grouped_by();
            let run = ReadinessRun {
                now,
                exit,
                places: &places,
                tag,
                instances: &seen,
                roll_ups: &roll_ups,
                failing: &failing,
                calls: &calls,
            };
            let document = ReadinessV1::from(run);
            match format {
                Format::Ndjson => documents::ndjson(session.out, document.instances.iter())?,
                Format::Csv => documents::csv(session.out, csv::READINESS, document.instances.iter())?,
                _ => documents::json(session.out, &document)?,
            }
        }
        _ => {
            let width = session.width();
            let accounts = AccountNames::of(&aws, found.iter().map(|it| &it.place));
            let mut parts: Vec<String> = tables::instances(&seen, &accounts, width).into_iter().collect();
            parts.extend(tables::roll_ups(&roll_ups, &accounts, width));
            if filter.is_empty() {
                parts.push(plain(&tables::if_enforced(&seen, &failing, whole)));
            }
            writeln!(session.out, "{}", parts.join("\n\n"))?;
        }
    }
    session.out.flush()?;
    session.talk.say(&tables::in_words(&seen));
    if let Some(words) = recording.as_ref().and_then(recorded::denied_by_role_delivery) {
        session.talk.note(&words);
    }
    report_refused(session, &seen);
    if let Some((_, it)) = seen.iter().find(|(_, it)| it.state == State::Busy) {
        let id = &it.instance.id;
        session
            .talk
            .say(&format!("`v2only readiness --trace {id}` finds out which of its processes call IMDSv1"));
        session.talk.say(SDKS);
    }
    totals::read(&mut session.talk, &places, &calls);
    totals::incomplete(&mut session.talk, &places, &[]);
    absent::say(&mut session.talk, &absent);
    Ok(exit)
}

/// What to do about software that uses IMDSv1. The page has the versions of every SDK.
const SDKS: &str = "\
SDKs older than boto3 1.12.6, AWS CLI 1.16.289, Java 1.11.678 and 2.10.21, Go 1.25.38, Node.js 2.722.0, .NET 3.3.634.1, PHP \
3.147.7, Ruby 3.79.0 and C++ 1.7.229 know only IMDSv1: update them. Newer SDKs fall back to IMDSv1; with \
AWS_EC2_METADATA_V1_DISABLED=true in the environment of a process they do not (docs/src/readiness.md)";

/// Reads every account and Region. A failure in one does not stop the others.
async fn look(
    aws: &impl Readable,
    policy: &Policy,
    places: &Places,
    (days, filter): (Option<u16>, &Filter),
    now: Timestamp,
    progress: &Progress,
) -> Vec<LocationReadiness> {
    let one = async |place: &Place| {
        let _shown = progress.begin(format!("reading {place}"));
        let mut instances = Vec::new();
        let ended = readiness(aws, policy, place, days, now, &mut |it| instances.push(it)).await;
        instances.retain(|it| filter.matches(&Subject::Instance(it.instance.clone())));
        instances.sort_by(|one, other| (one.state, &one.instance.id).cmp(&(other.state, &other.instance.id)));
        let (failing, unread) = if filter.is_empty() {
            match would_fail(aws, place).await {
                Ok(failing) => (failing, None),
                Err(failure) => (Vec::new(), Some(failure)),
            }
        } else {
            // Enforcement is for all of an account and Region, not for a part of it.
            (Vec::new(), None)
        };
        LocationReadiness { place: place.clone(), instances, failing, failure: ended.err().or(unread) }
    };
    let steps = progress.steps(places.known.len(), "accounts and Regions read");
    let mut found: Vec<LocationReadiness> = futures_util::stream::iter(&places.known)
        .map(one)
        .buffered(LOCATIONS_AT_ONCE)
        .inspect(|_| steps.done(1))
        .collect()
        .await;
    found.extend(places.unreadable.iter().cloned().map(|(place, failure)| LocationReadiness {
        place,
        instances: Vec::new(),
        failing: Vec::new(),
        failure: Some(failure),
    }));
    found
}

fn roll_ups(found: &[LocationReadiness], tag: Option<&str>) -> Vec<RollUp> {
    let ways = [By::Group, By::Template].into_iter().chain(tag.map(|it| By::Tag(it.to_owned())));
    ways.flat_map(|by| {
        let here = move |it: &LocationReadiness| roll_up(&it.place, &by, &it.instances);
        found.iter().flat_map(here).collect::<Vec<RollUp>>()
    })
    .collect()
}

/// Software that has not noticed is software that may be broken.
fn report_refused<W>(session: &mut Session<'_, W>, seen: &[(&Place, &Readiness)]) {
    let refused = seen.iter().filter(|(_, it)| it.state == State::Required && it.rejected > 0).count();
    if refused > 0 {
        session.talk.note(&format!(
            "software on {} that requires tokens already still tries IMDSv1, and is refused",
            count(refused, "instance")
        ));
    }
}
