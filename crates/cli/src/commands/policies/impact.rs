//! `policies impact`: what a policy would have done to recorded calls, before it is attached.

use std::collections::BTreeMap;

use serde_json::Value;
use v2only_enforcer::Failure;
use v2only_enforcer::ports::LookUp;
use v2only_guardrails::check::impact::Impact;
use v2only_guardrails::check::recorded::{self, NoCall};
use v2only_guardrails::check::{Policy, WantedCalls, read, wanted_calls};
use v2only_policy::Place;

use super::args::ImpactArgs;
use super::check::{guessed, text};
use crate::args::format::Format;
use crate::commands::replay::inputs;
use crate::print::documents;
use crate::print::impact::{self as table, PolicyImpact};
use crate::print::impact_v1::ImpactV1;
use crate::report::totals::{self, LocationResult};
use crate::run::regions::Places;
use crate::run::session::Session;
use crate::run::{policy_file, regions, trail_lookup};
use crate::term::exit::Exit;
use crate::term::messages::count;
use crate::term::problem::{Problem, Stop};
use crate::world::{Cloud as _, World};

/// The policies, and what each would have done.
type Judged = Vec<(Policy, PolicyImpact)>;

/// What was looked up in CloudTrail.
#[derive(Default)]
struct LookedUp {
    places: Vec<(Place, Option<Failure>)>,
    /// Statements about more actions than are looked up.
    unbounded: Vec<String>,
    calls: BTreeMap<&'static str, u64>,
}

/// Judges every recorded call by every policy. Only `--from-trail` asks AWS.
pub(super) async fn run<W: World>(args: &ImpactArgs, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let mut policies = Judged::new();
    for path in &args.files {
        let name = policy_file::name(path);
        let policy = read::read(&text(path, session)?)
            .map_err(|invalid| Problem::usage(format!("{name}:{invalid}"), invalid.instead))?;
        let attachment = args.attachment.map_or_else(|| guessed(path), Into::into);
        policies.push((policy, PolicyImpact { file: name, attachment, impact: Impact::default() }));
    }
    let mut unreadable = 0;
    let looked_up = if args.from_trail {
        Some(look_up(&mut policies, &mut unreadable, session).await?)
    } else {
        saved(args, &mut policies, &mut unreadable, session)?;
        None
    };
    let looked_up = looked_up.as_ref();
    let all: Vec<PolicyImpact> = policies.into_iter().map(|(_, it)| it).collect();
    let affected = all.iter().any(|it| !it.impact.affected.is_empty());
    let places: Vec<LocationResult<'_>> =
        looked_up.iter().flat_map(|it| &it.places).map(|(place, it)| (place, it.as_ref())).collect();
    let unbounded: &[String] = looked_up.map_or(&[], |it| &it.unbounded);
    let incomplete =
        unreadable > 0 || !unbounded.is_empty() || places.iter().any(|(_, failure)| failure.is_some());
    let exit = Exit::of(affected, incomplete);
    session.exit = Some(exit);
    if session.shared.output == Format::Json {
        documents::json(session.out, &ImpactV1::new(exit, unreadable, &all, (unbounded, &places)))?;
    } else {
        for it in &all {
            writeln!(session.out, "{}", table::impact(it, session.width()))?;
        }
    }
    session.out.flush()?;
    if unreadable > 0 {
        session
            .talk
            .error(&format!("{} could not be read, and may hold more calls", count(unreadable, "record")));
    }
    for statement in unbounded {
        session.talk.error(&format!(
            "{statement} is about more actions than CloudTrail is asked for; `--trail-files` judges all of them"
        ));
    }
    if let Some(looked_up) = looked_up {
        totals::read(&mut session.talk, &places, &looked_up.calls);
        totals::incomplete(&mut session.talk, &places, &[]);
    }
    Ok(exit)
}

/// Judges the calls in files.
fn saved<W: World>(
    args: &ImpactArgs,
    policies: &mut Judged,
    unreadable: &mut usize,
    session: &mut Session<'_, W>,
) -> Result<(), Problem> {
    let Session { world, talk, .. } = session;
    inputs::read_each(&args.trail_files, *world, |saved| match saved.body {
        Ok(record) => judge(policies, unreadable, &record),
        Err(malformed) => {
            *unreadable += 1;
            talk.error(&format!("{}: {malformed}", saved.file));
        }
    })
}

/// Judges the calls that CloudTrail returns, for the actions that the policies can deny.
async fn look_up<W: World>(
    policies: &mut Judged,
    unreadable: &mut usize,
    session: &mut Session<'_, W>,
) -> Result<LookedUp, Stop> {
    let mut wanted = WantedCalls::default();
    for (policy, it) in policies.iter() {
        let WantedCalls { events, unbounded } = wanted_calls(policy, it.attachment);
        wanted.events.extend(events);
        wanted.unbounded.extend(unbounded.into_iter().map(|statement| format!("{}: {statement}", it.file)));
    }
    let regions = regions::wanted(&session.shared.regions)?;
    let aws = regions::connect(session.world, session.shared, &regions).await?;
    let Places { known, unreadable: unlisted } = regions::places(&aws, regions, session.shared).await?;
    let management = aws.management_account().map(|it| it.to_string());
    policies.iter_mut().for_each(|(_, it)| it.impact.management.clone_from(&management));
    let progress = session.talk.progress();
    let steps = progress.steps(known.len(), "accounts and Regions read");
    let mut read = Vec::new();
    for place in known {
        let mut failure = None;
        for event in &wanted.events {
            let each = |record| judge(policies, unreadable, &record);
            failure = trail_lookup::each_call(&aws, &place, LookUp::Action(event), each).await.err();
            if failure.is_some() {
                break;
            }
        }
        steps.done(1);
        read.push((place, failure));
    }
    drop(steps);
    read.extend(unlisted.into_iter().map(|(place, failure)| (place, Some(failure))));
    Ok(LookedUp { places: read, unbounded: wanted.unbounded, calls: aws.calls() })
}

/// Judges one record by every policy.
fn judge(policies: &mut Judged, unreadable: &mut usize, record: &Value) {
    let call = recorded::read(record);
    *unreadable += usize::from(call == Err(NoCall::Incomplete));
    for (policy, it) in policies {
        match &call {
            Ok(call) => it.impact.add(policy, it.attachment, call),
            Err(why) => it.impact.leave_out(*why),
        }
    }
}
