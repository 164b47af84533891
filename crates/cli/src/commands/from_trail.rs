//! `readiness --from-trail`: what each enforcement switch would have done to the launches that CloudTrail recorded.
//! Nothing here holds a writer.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures_util::StreamExt as _;
use v2only_enforcer::Failure;
use v2only_enforcer::ports::{LookUp, Readable};
use v2only_policy::{LaunchTemplateId, Mode, Place, Policy, Rules};
use v2only_trail::{EnforcementSwitch, GroupState, Recording, TemplateOptions, read_records};

use crate::args::format::Format;
use crate::args::readiness::Args;
use crate::print::documents;
use crate::print::recorded::{self, SwitchTotal};
use crate::print::recorded_html;
use crate::print::recorded_v1::{RecordedRun, RecordedV1};
use crate::report::totals::{self, LocationResult};
use crate::run::accounts::AccountNames;
use crate::run::event_files::{self, HINT};
use crate::run::policy_file;
use crate::run::regions::{self, LOCATIONS_AT_ONCE};
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::messages::Progress;
use crate::term::problem::{Problem, Stop};
use crate::world::{Cloud as _, World};

/// The hop limit of the account default, where the policy document sets none. Containers need two hops.
const HOP_LIMIT: u8 = 2;

/// What was read, from files or from AWS.
#[derive(Default)]
struct Evidence {
    recording: Recording,
    templates: TemplateOptions,
    places: Vec<(Place, Option<Failure>)>,
    calls: BTreeMap<&'static str, u64>,
    accounts: AccountNames,
}

/// Reads the records, and reports.
pub(crate) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let policy = match session.shared.policy.as_deref() {
        Some(path) => policy_file::load(path, session.world, &mut session.talk)?.policy,
        None => Policy::plain(Rules::new(Mode::Observe)),
    };
    let evidence = if args.trail_files.is_empty() {
        looked_up(session).await?
    } else {
        Evidence { recording: saved(args, session.world)?, ..Evidence::default() }
    };
    let Evidence { recording, templates, places, calls, accounts } = &evidence;
    let hop_limit = policy.rules.account_defaults.hop_limit.value().map_or(HOP_LIMIT, |it| it.get());
    let switches = EnforcementSwitch::all(hop_limit);
    let totals: Vec<SwitchTotal> =
        switches.iter().map(|it| SwitchTotal::of(*it, &recording.groups, templates)).collect();
    let is_open = |state| matches!(state, GroupState::Open | GroupState::Unknown);
    let open = recording.groups.values().any(|it| is_open(it.state()))
        || recording.deliveries.values().any(|it| it.v1_calls > 0 && !it.is_fixed());
    let incomplete = recording.unreadable > 0 || places.iter().any(|(_, failure)| failure.is_some());
    let exit = args.selection.fail_on.exit(Exit::of(open, incomplete));
    let places: Vec<LocationResult<'_>> = places.iter().map(|(place, it)| (place, it.as_ref())).collect();
    let grids = [
        recorded::groups(&recording.groups, accounts),
        recorded::switches(&totals),
        recorded::deliveries(&recording.deliveries, accounts),
    ];
    match session.shared.output {
        Format::Html => recorded_html::write(session.out, session.world.now(), recording, grids)?,
        format @ (Format::Json | Format::Ndjson) => {
            let now = session.world.now();
            let document = RecordedV1::from(RecordedRun {
                now,
                exit,
                recording,
                templates,
                switches: &switches,
                totals: &totals,
                places: &places,
                calls,
            });
            match format {
                Format::Ndjson => documents::ndjson(session.out, document.groups.iter())?,
                _ => documents::json(session.out, &document)?,
            }
        }
        _ => {
            let width = session.width();
            let parts: Vec<String> = grids.into_iter().filter_map(|grid| grid.text(width)).collect();
            writeln!(session.out, "{}", parts.join("\n\n"))?;
        }
    }
    session.out.flush()?;
    session.talk.say(&recorded::in_words(recording));
    for reason in &recording.reasons {
        session.talk.error(&format!("a record cannot be read: {reason}"));
    }
    if places.is_empty() {
        if totals.iter().any(|it| it.recorded.missing.contains_key(&v2only_trail::Missing::Template)) {
            session.talk.say(
                "without `--trail-files`, launch template versions are read too, which decides more launches",
            );
        }
    } else {
        session.talk.say(
            "`LookupEvents` shows who launched. Calls with credentials delivered to IMDSv1 calls are in log files: `--trail-files`",
        );
        totals::read(&mut session.talk, &places, calls);
        totals::incomplete(&mut session.talk, &places, &[]);
    }
    Ok(exit)
}

/// Counts the records in files, one file after the other.
fn saved(args: &Args, world: &impl World) -> Result<Recording, Problem> {
    let mut recording = Recording::default();
    for path in &args.trail_files {
        for file in event_files::files(path)? {
            if file == Path::new("-") {
                let text = world.read_stdin().map_err(|it| Problem::unreadable(&file, &it, HINT))?;
                read_records(text.as_bytes(), &mut recording);
            } else {
                let reader = event_files::open(&file).map_err(|it| Problem::unreadable(&file, &it, HINT))?;
                read_records(reader, &mut recording);
            }
        }
    }
    Ok(recording)
}

/// Asks CloudTrail's event history in every account and Region, and AWS for the template versions that launches used.
async fn looked_up<W: World>(session: &mut Session<'_, W>) -> Result<Evidence, Stop> {
    let wanted = regions::wanted(&session.shared.regions)?;
    let aws = regions::connect(session.world, session.shared, &wanted).await?;
    let places = regions::places(&aws, wanted, session.shared).await?;
    let progress = session.talk.progress();
    let steps = progress.steps(places.known.len(), "accounts and Regions read");
    let mut evidence = Evidence::default();
    let mut read = futures_util::stream::iter(&places.known)
        .map(|place| location(&aws, place, &progress))
        .buffered(LOCATIONS_AT_ONCE);
    while let Some((place, recording, templates, failure)) = read.next().await {
        steps.done(1);
        evidence.recording.absorb(recording);
        evidence.templates.absorb(templates);
        evidence.places.push((place, failure));
    }
    drop(read);
    evidence.places.extend(places.unreadable.into_iter().map(|(place, failure)| (place, Some(failure))));
    evidence.accounts = AccountNames::of(&aws, evidence.places.iter().map(|(place, _)| place));
    evidence.calls = aws.calls();
    Ok(evidence)
}

/// Reads one account and Region as far as AWS answers.
async fn location(
    aws: &impl Readable,
    place: &Place,
    progress: &Progress,
) -> (Place, Recording, TemplateOptions, Option<Failure>) {
    let _shown = progress.begin(format!("reading {place}"));
    let (mut recording, mut templates) = (Recording::default(), TemplateOptions::default());
    let failure = match launches(aws, place, &mut recording).await {
        Ok(()) => template_versions(aws, place, &recording, &mut templates).await.err(),
        Err(failure) => Some(failure),
    };
    (place.clone(), recording, templates, failure)
}

async fn launches(aws: &impl Readable, place: &Place, recording: &mut Recording) -> Result<(), Failure> {
    aws.admit(place).await?;
    let mut next = None;
    loop {
        let page = aws.history(place, LookUp::Launches, next).await?;
        page.items.into_iter().for_each(|record| recording.add(record));
        next = page.next;
        if next.is_none() {
            return Ok(());
        }
    }
}

/// Reads the versions that launches used. A version that is deleted meanwhile stays unknown.
async fn template_versions(
    aws: &impl Readable,
    place: &Place,
    recording: &Recording,
    templates: &mut TemplateOptions,
) -> Result<(), Failure> {
    let mut used: BTreeMap<LaunchTemplateId, BTreeSet<u64>> = BTreeMap::new();
    for template in
        recording.groups.values().flat_map(|it| it.launched.keys()).filter_map(|it| it.template.as_ref())
    {
        let number = template.version.as_deref().and_then(|it| it.parse().ok());
        if let (Ok(id), Some(number)) = (LaunchTemplateId::parse(&template.id), number) {
            used.entry(id).or_default().insert(number);
        }
    }
    for (id, numbers) in used {
        let numbers: Vec<u64> = numbers.into_iter().collect();
        for version in aws.template_versions(place, &id, &numbers).await? {
            templates.add(place, id.as_str(), &version.number.to_string(), version.options);
        }
    }
    Ok(())
}
