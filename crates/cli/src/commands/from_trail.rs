//! `readiness --from-trail`: what each enforcement switch would have done to the launches that CloudTrail recorded.
//! Nothing here holds a writer.

use std::collections::BTreeMap;

use v2only_policy::{AccountId, Mode, Policy, Rules};
use v2only_trail::{EnforcementSwitch, GroupState};

use crate::args::format::Format;
use crate::args::readiness::Args;
use crate::print::documents;
use crate::print::recorded::{self, SwitchTotal};
use crate::print::recorded_html;
use crate::print::recorded_v1::{RecordedRun, RecordedV1};
use crate::report::totals::{self, LocationResult};
use crate::run::accounts::AccountNames;
use crate::run::session::Session;
use crate::run::trail_lookup::{self, RecordedLaunches};
use crate::run::{policy_file, regions, trail_evidence};
use crate::term::exit::Exit;
use crate::term::problem::Stop;
use crate::world::{Cloud as _, World};

/// The hop limit of the account default, where the policy document sets none. Containers need two hops.
const HOP_LIMIT: u8 = 2;

/// What was read, from files or from AWS.
#[derive(Default)]
struct Evidence {
    launches: RecordedLaunches,
    calls: BTreeMap<&'static str, u64>,
    accounts: AccountNames,
    /// The management account, where the organization was listed.
    management: Option<AccountId>,
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
        let recording = trail_evidence::read(&args.trail_files, session.world)?;
        let launches = RecordedLaunches { recording, ..RecordedLaunches::default() };
        Evidence { launches, ..Evidence::default() }
    };
    let Evidence { launches, calls, accounts, management } = &evidence;
    let RecordedLaunches { recording, templates, places } = launches;
    let hop_limit = policy.rules.account_defaults.hop_limit.value().map_or(HOP_LIMIT, |it| it.get());
    let switches = EnforcementSwitch::all(hop_limit);
    let totals: Vec<SwitchTotal> = switches
        .iter()
        .map(|it| SwitchTotal::of(*it, &recording.groups, templates, management.as_ref()))
        .collect();
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
                management: management.as_ref(),
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
    if let Some(words) = recorded::denied_by_role_delivery(recording) {
        session.talk.note(&words);
    }
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

/// Asks CloudTrail's event history in every account and Region, and AWS for the template versions that launches used.
async fn looked_up<W: World>(session: &mut Session<'_, W>) -> Result<Evidence, Stop> {
    let wanted = regions::wanted(&session.shared.regions)?;
    let aws = regions::connect(session.world, session.shared, &wanted).await?;
    let places = regions::places(&aws, wanted, session.shared).await?;
    let launches = trail_lookup::launches(&aws, &places, &session.talk.progress()).await;
    let accounts = AccountNames::of(&aws, launches.places.iter().map(|(place, _)| place));
    Ok(Evidence { launches, calls: aws.calls(), accounts, management: aws.management_account() })
}
