//! `readiness --trace --at-boot`: installs the trace of the next boot of instances, or removes it. The policy document must
//! allow it, and a person must agree to it.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use v2only_enforcer::Failure;
use v2only_enforcer::ports::{AtBoot, TraceOrder};
use v2only_enforcer::trace_imds::{BootState, change_at_boot};
use v2only_installation::command::Command;
use v2only_policy::scope::Scope;
use v2only_policy::{AccountId, Instance, InstanceState, OuId, Place, Policy};

use super::search::{Search, TRACES_AT_ONCE, find, tell_unreadable};
use crate::args::format::Format;
use crate::args::readiness::Args;
use crate::print::documents;
use crate::print::trace_at_boot::{self, AtBootRun, TraceAtBootV1};
use crate::report::totals;
use crate::run::policy_file;
use crate::run::session::Session;
use crate::run::traced::{BootChange, NotTraced, boot_hint};
use crate::term::exit::Exit;
use crate::term::messages::count;
use crate::term::problem::{Problem, Stop};
use crate::world::{Cloud, World};

/// Finds the instances, asks, and changes several at the same time.
pub(super) async fn run<W: World>(
    args: &Args,
    change: AtBoot,
    session: &mut Session<'_, W>,
) -> Result<Exit, Stop> {
    let policy = if change == AtBoot::Install { Some(policy(args, session)?) } else { None };
    let Search { aws, targets: _, found, ids, unreadable } = find(args, session).await?;
    let mut units = BTreeMap::new();
    let mut ready = Vec::new();
    for id in &ids {
        let group = found.group_of(id).cloned();
        let not = |place: Option<&Place>, why| BootChange {
            id: id.clone(),
            place: place.cloned(),
            group: group.clone(),
            boot: Err(why),
        };
        ready.push(match found.instances.get(id) {
            None => Err(not(None, NotTraced::NotFound)),
            Some((place, it)) if it.state != InstanceState::Running => {
                Err(not(Some(place), NotTraced::NotRunning))
            }
            Some((place, it)) => match &policy {
                Some(policy) if !allows(&aws, policy, &mut units, place, it).await? => {
                    Err(not(Some(place), NotTraced::NotAllowed))
                }
                _ => Ok((id.clone(), place.clone(), group)),
            },
        });
    }
    let targets: Vec<_> =
        ready.iter().filter_map(|it| it.as_ref().ok()).map(|(id, place, _)| (id, place)).collect();
    if change == AtBoot::Install && !targets.is_empty() {
        let text = trace_at_boot::question(&targets, args.seconds());
        if args.yes {
            session.talk.say(&text);
        } else {
            session.talk.always(&text);
            let asked =
                format!("Install the trace of the next boot on {}?", count(targets.len(), "instance"));
            if !session.talk.ask(session.world, &asked) {
                session.talk.say("nothing was installed");
                return Ok(Exit::Incomplete);
            }
        }
    }

    let progress = session.talk.progress();
    let world = session.world;
    let wait = async |time: Duration| world.sleep(time).await;
    let order = TraceOrder { seconds: args.seconds(), at_boot: Some(change) };
    let one = async |ready: Result<_, BootChange>| match ready {
        Err(not) => not,
        Ok((id, place, group)) => {
            let _shown = progress.begin(format!("sending the command to {id}"));
            let boot = change_at_boot(&aws, &place, &id, order, &wait).await.map_err(NotTraced::Trouble);
            BootChange { id, place: Some(place), group, boot }
        }
    };
    let changes: Vec<BootChange> =
        futures_util::stream::iter(ready).map(one).buffered(TRACES_AT_ONCE).collect().await;
    drop(progress);

    let incomplete =
        changes.iter().any(|it| !is_done(change, it)) || changes.is_empty() || !unreadable.is_empty();
    let exit = Exit::of(false, incomplete);
    let calls = aws.calls();
    let run = AtBootRun {
        now: session.world.now(),
        exit,
        change,
        seconds: order.seconds,
        changes: &changes,
        calls: &calls,
    };
    match session.shared.output {
        Format::Table => writeln!(session.out, "{}", trace_at_boot::table(&changes, session.width()))?,
        Format::Ndjson => documents::ndjson(session.out, TraceAtBootV1::from(run).instances.iter())?,
        _ => documents::json(session.out, &TraceAtBootV1::from(run))?,
    }
    session.out.flush()?;
    tell(session, change, &changes);
    let installed = changes.iter().filter(|it| is_done(change, it)).count();
    if change == AtBoot::Install && installed > 0 {
        let collect =
            args.trace.iter().fold(Command::ours(["readiness"]), |it, target| it.option("trace", target));
        let collect = session.shared.scope(collect).option("at-boot", "collect");
        session.talk.say(&format!(
            "{} installed; restart the instances within 7 days, then read the results: {collect}",
            count(installed, "trace")
        ));
    }
    tell_unreadable(session, &unreadable);
    totals::spent(&mut session.talk, &calls);
    Ok(exit)
}

/// The policy document, once it is sure that somebody can agree.
fn policy<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Policy, Problem> {
    let Some(path) = session.shared.policy.as_deref() else {
        return Err(Problem::usage(
            "`--at-boot install` needs a policy document that allows it; nothing was installed",
            "write `instances: { trace_at_boot: allow }` into it, and type `--policy FILE`",
        ));
    };
    let is_stdin = path == std::path::Path::new("-");
    if !args.yes && (is_stdin || !session.world.terminal().stdin) {
        return Err(Problem::usage(
            "nobody can be asked, because standard input is not a terminal; nothing was installed",
            "add `--yes` to install the trace at boot without a question",
        ));
    }
    Ok(policy_file::load(path, session.world, &mut session.talk)?.policy)
}

/// Whether the policy document allows a trace at boot of the instance.
async fn allows(
    aws: &impl Cloud,
    policy: &Policy,
    units: &mut BTreeMap<AccountId, Vec<OuId>>,
    place: &Place,
    instance: &Instance,
) -> Result<bool, Problem> {
    if policy.names_organizational_units() && !units.contains_key(&place.account) {
        units.insert(place.account.clone(), aws.above(&place.account).await?);
    }
    let ous = units.get(&place.account).map(Vec::as_slice);
    let scope = Scope { place, ous, resource: instance.id.as_str(), tags: &instance.tags };
    let rules = policy.rules_for(&scope).map_err(Failure::from)?;
    Ok(rules.instances.trace_at_boot)
}

/// Whether the instance has what was asked for.
fn is_done(change: AtBoot, it: &BootChange) -> bool {
    it.boot.as_ref().is_ok_and(|boot| match change {
        AtBoot::Install => boot.state == BootState::Installed,
        AtBoot::Remove => matches!(boot.state, BootState::Removed | BootState::None),
        AtBoot::Collect => false,
    })
}

fn tell<W: World>(session: &mut Session<'_, W>, change: AtBoot, changes: &[BootChange]) {
    let mut hints: Vec<&'static str> = Vec::new();
    for it in changes.iter().filter(|it| !is_done(change, it)) {
        let (words, hint) = match &it.boot {
            Ok(boot) => (boot.words(), boot_hint(boot.state)),
            Err(why) => (why.words(), why.hint()),
        };
        session.talk.error(&format!("{}: nothing was changed: {words}", it.id));
        hints.extend(hint.filter(|it| !hints.contains(it)));
    }
    for hint in hints {
        session.talk.hint(hint);
    }
}
