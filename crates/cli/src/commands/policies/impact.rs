//! `policies impact`: what a policy would have done to recorded calls, before it is attached.

use v2only_guardrails::check::impact::Impact;
use v2only_guardrails::check::read;
use v2only_guardrails::check::recorded::{self, NoCall};

use super::args::ImpactArgs;
use super::check::{guessed, text};
use crate::args::format::Format;
use crate::commands::replay::inputs;
use crate::print::documents;
use crate::print::impact::{self as table, PolicyImpact};
use crate::print::impact_v1::ImpactV1;
use crate::run::policy_file;
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::messages::count;
use crate::term::problem::{Problem, Stop};
use crate::world::World;

/// Judges every recorded call by every policy. Asks nothing of AWS.
pub(super) fn run<W: World>(args: &ImpactArgs, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let mut policies = Vec::new();
    for path in &args.files {
        let name = policy_file::name(path);
        let policy = read::read(&text(path, session)?)
            .map_err(|invalid| Problem::usage(format!("{name}:{invalid}"), invalid.instead))?;
        let attachment = args.attachment.map_or_else(|| guessed(path), Into::into);
        policies.push((policy, PolicyImpact { file: name, attachment, impact: Impact::default() }));
    }
    let mut unreadable = 0;
    let Session { world, talk, .. } = session;
    inputs::read_each(&args.trail_files, *world, |saved| {
        let record = match saved.body {
            Ok(record) => record,
            Err(malformed) => {
                unreadable += 1;
                talk.error(&format!("{}: {malformed}", saved.file));
                return;
            }
        };
        let call = recorded::read(&record);
        unreadable += usize::from(call == Err(NoCall::Incomplete));
        for (policy, it) in &mut policies {
            match &call {
                Ok(call) => it.impact.add(policy, it.attachment, call),
                Err(why) => it.impact.leave_out(*why),
            }
        }
    })?;
    let all: Vec<PolicyImpact> = policies.into_iter().map(|(_, it)| it).collect();
    let affected = all.iter().any(|it| !it.impact.affected.is_empty());
    let exit = Exit::of(affected, unreadable > 0);
    session.exit = Some(exit);
    if session.shared.output == Format::Json {
        documents::json(session.out, &ImpactV1::new(exit, unreadable, &all))?;
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
    Ok(exit)
}
