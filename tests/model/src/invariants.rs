//! What must hold before each change, and at each end.
//!
//! AWS has no call that changes a notebook or an instance only if its tags are as described, and no conditional
//! `ModifyLaunchTemplate`. Between the last description and the change lies a window that nobody can close. The invariants state
//! how wide it may be, in calls of the same actor: what a person wrote before the window counts.

use crate::actor::{RecordSummary, Start};
use crate::behaviour::{Behaviour, NodeId};
use crate::call::{Call, Reply};
use crate::clock::{at, flip_at};
use crate::resources::{Mark, Message, Notebook, Number, Status, TagValue, Wants};
use crate::world::World;

/// A property that does not hold, in words.
pub type Broken = String;

/// How many calls lie at most between a description and the change that follows: the mark, and the look into CloudTrail that a
/// function takes in between.
const WINDOW: usize = 3;
/// The same in a sweep, which describes once more after it has decided.
const WINDOW_OF_SWEEP: usize = 2;

fn window(start: Start) -> usize {
    match start {
        Start::Function(Message::Task(_)) | Start::Waves => WINDOW_OF_SWEEP,
        Start::Function(_) | Start::Enforce => WINDOW,
    }
}

/// Holds a change of ours against the world.
pub fn before_change(
    world: &mut World,
    behaviour: &Behaviour,
    node: NodeId,
    call: Call,
) -> Result<(), Broken> {
    match call {
        Call::Stop(it) | Call::Update(it) => {
            notebook_may_change(world, behaviour, node, it, matches!(call, Call::Update(_)))
        }
        Call::Start(number) => {
            let it = world.notebook(number);
            if (it.wants, it.status) == (Wants::Stopped, Status::Stopped) {
                return Err(format!("notebook {number} is started, although its owner stopped it"));
            }
            Ok(())
        }
        Call::TagNotebook(it, TagValue::Started(_)) | Call::Unmark(it) => {
            mark_changed_since(world, behaviour, node, it);
            Ok(())
        }
        Call::Tighten(it) => instance_may_change(world, behaviour, node, it),
        // A version that is not tightened is one of the owner's, made `$Latest` again.
        Call::CreateVersion { tighten: true, .. } => template_may_change(world, behaviour, node),
        Call::MakeDefault(number) => default_may_change(world, behaviour, node, number),
        _ => Ok(()),
    }
}

fn mode_may_change(world: &World, behaviour: &Behaviour, node: NodeId) -> Result<(), Broken> {
    let read = behaviour.history(node).find_map(|(_, reply)| match reply {
        Reply::Policy(enforce) => Some(enforce),
        _ => None,
    });
    if world.enforce || read == Some(true) {
        return Ok(());
    }
    Err("a change in mode: observe".to_owned())
}

fn notebook_may_change(
    world: &mut World,
    behaviour: &Behaviour,
    node: NodeId,
    number: Number,
    is_update: bool,
) -> Result<(), Broken> {
    mode_may_change(world, behaviour, node)?;
    if !is_update {
        stop_follows_its_mark(world, behaviour, node, number);
    }
    let it = *world.notebook(number);
    if is_update && it.closed {
        // A repeated update changes nothing.
        return Ok(());
    }
    if !it.tags.exempt {
        return Ok(());
    }
    let looks = behaviour.history(node).take(window(behaviour.start_of(node)));
    let seen =
        looks.filter(|(call, _)| *call == Call::NotebookTags(number)).find_map(|(_, reply)| match reply {
            Reply::Tags(tags) => Some(tags.exempt),
            _ => None,
        });
    match seen {
        Some(false) => Ok(()),
        Some(true) => Err(format!("notebook {number} is changed, although its exemption was described")),
        None => Err(format!("notebook {number} is exempt, and was not described right before the change")),
    }
}

/// AWS changes tags whatever they are. An actor that read the mark, and changes it after another actor has, undoes that.
fn mark_changed_since(world: &mut World, behaviour: &Behaviour, node: NodeId, number: Number) {
    let read = behaviour.history(node).find_map(|(call, reply)| match (call, reply) {
        (Call::NotebookTags(of), Reply::Tags(tags)) if of == number => Some(tags.mark),
        _ => None,
    });
    let it = world.notebook(number);
    if read.is_some_and(|read| read != it.tags.mark) && it.wants == Wants::Running {
        it.wants = Wants::Either;
    }
}

/// Another actor may change the mark in the moment between our mark and our stop.
fn stop_follows_its_mark(world: &mut World, behaviour: &Behaviour, node: NodeId, number: Number) {
    let marked = matches!(
        behaviour.history(node).next(),
        Some((Call::TagNotebook(of, TagValue::ToStart(_)), Reply::Done)) if of == number
    );
    let it = world.notebook(number);
    if marked && !matches!(it.tags.mark, Some(Mark::ToStart(_))) && it.wants == Wants::Running {
        it.wants = Wants::Either;
    }
}

fn instance_may_change(
    world: &World,
    behaviour: &Behaviour,
    node: NodeId,
    number: Number,
) -> Result<(), Broken> {
    mode_may_change(world, behaviour, node)?;
    let it = world.instances[usize::from(number)];
    let start = behaviour.start_of(node);
    // Instances are changed side by side after one description: changes of others do not widen the window.
    let looks = behaviour.history(node).filter(|(call, _)| !call.writes()).take(window(start) - 1);
    let seen = looks.filter_map(|(_, reply)| match reply {
        Reply::Instances(all) => all[usize::from(number)],
        _ => None,
    });
    let seen = seen.into_iter().next();
    let touched = it.options.tags.exempt || !it.options.enabled;
    match seen {
        _ if !touched => {}
        None => return Err(format!("instance {number} was not described right before the change")),
        Some(seen) if seen.tags.exempt => {
            return Err(format!("instance {number} is changed, although its exemption was described"));
        }
        Some(seen) if !seen.enabled => {
            return Err(format!(
                "the endpoint of instance {number} is enabled, although it was described as off"
            ));
        }
        Some(_) => {}
    }
    if start == Start::Waves {
        let calling = behaviour.history(node).any(|(_, reply)| matches!(reply, Reply::Rejections(1..)));
        if calling {
            return Err("another wave began, although software still called IMDSv1".to_owned());
        }
    }
    contested_waits(world, behaviour, node, number)
}

/// With `contested_after: 1`, the second correction waits for a minute.
fn contested_waits(world: &World, behaviour: &Behaviour, node: NodeId, number: Number) -> Result<(), Broken> {
    let Start::Function(Message::InstanceFlipped(..)) = behaviour.start_of(node) else { return Ok(()) };
    let it = world.instances[usize::from(number)];
    let first = it.recorded.flips.trailing_zeros();
    let others = it.recorded.flips & it.recorded.flips.wrapping_sub(1);
    if others == 0 || it.corrections == 0 || it.options.required {
        return Ok(());
    }
    let second = u8::try_from(others.trailing_zeros()).unwrap();
    // Without CloudTrail, the tag alone says how often it was opened: closing matters more. A flip after the look into CloudTrail
    // lies in the window.
    let unknown = |(call, reply)| match (call, reply) {
        (Call::InstanceHistory(_), Reply::Failed(_)) => true,
        (Call::InstanceHistory(_), Reply::History(known)) => known.flips >> second & 1 == 0,
        _ => false,
    };
    if behaviour.history(node).any(unknown) {
        return Ok(());
    }
    let closed = it.recorded.before | it.recorded.after;
    let between = (first..=u32::from(second)).any(|tick| closed >> tick & 1 == 1);
    let passed = at(world.tick).duration_since(flip_at(second)).as_secs();
    if between && passed < 60 {
        return Err(format!("instance {number} is contested, and was corrected after {passed} s"));
    }
    Ok(())
}

/// The call before the change of a launch template that is exempt is its description, without the exemption.
fn template_may_change(world: &World, behaviour: &Behaviour, node: NodeId) -> Result<(), Broken> {
    if !world.template.unwrap().exempt {
        return Ok(());
    }
    match behaviour.history(node).next() {
        Some((Call::DescribeTemplate, Reply::Template(it))) if it.exempt => {
            Err("the launch template is changed, although its exemption was described".to_owned())
        }
        Some((Call::DescribeTemplate, Reply::Template(_))) => Ok(()),
        _ => Err("the launch template is exempt, and was not described right before the change".to_owned()),
    }
}

fn default_may_change(
    world: &mut World,
    behaviour: &Behaviour,
    node: NodeId,
    number: u8,
) -> Result<(), Broken> {
    mode_may_change(world, behaviour, node)?;
    template_may_change(world, behaviour, node)?;
    let template = world.template.unwrap();
    if !template.version(number).required {
        return Err(format!("version {number} allows IMDSv1, and becomes the default"));
    }
    let planned = behaviour.history(node).filter_map(|(_, reply)| match reply {
        Reply::Template(it) => Some(it.default),
        _ => None,
    });
    let planned = planned.last();
    if planned == Some(template.default) {
        return Ok(());
    }
    match behaviour.history(node).next() {
        Some((Call::DescribeTemplate, Reply::Template(it))) if Some(it.default) == planned => {
            world.wanted_default = None;
            Ok(())
        }
        _ => Err(format!("version {number} replaces a default that a person chose")),
    }
}

/// What must hold once nothing is under way and no message waits: no violation is open that no event will bring back and no
/// record explains.
pub fn at_rest(world: &World) -> Result<(), Broken> {
    if !world.enforce {
        return Ok(());
    }
    for (number, it) in (0_u8..).zip(&world.notebooks) {
        if !it.closed && !it.tags.exempt && world.excused >> number & 1 == 0 {
            return Err(format!(
                "notebook {number} is open, no event brings it back, and no record says why"
            ));
        }
    }
    for (number, it) in (0_u8..).zip(&world.instances) {
        let open = it.options.enabled && !it.options.required && !it.options.tags.exempt;
        if open && world.excused >> (4 + number) & 1 == 0 {
            return Err(format!(
                "instance {number} is open, no event brings it back, and no record says why"
            ));
        }
    }
    Ok(())
}

/// What must hold at the end, after sweeps that had nothing left to do; `said` are the records of the last ones. Returns the kinds
/// of ends.
pub fn at_end(world: &World, said: &[RecordSummary]) -> Result<Vec<String>, Broken> {
    let record = |number: u8| said.iter().rev().find(|it| it.resource == number);
    let mut ends = Vec::new();
    for (number, it) in (0_u8..).zip(&world.notebooks) {
        let record = record(number);
        ends.push(notebook_end(number, it, record)?);
    }
    for (number, it) in (0_u8..).zip(&world.instances) {
        let record = record(4 + number);
        let open = it.options.enabled && !it.options.required;
        let end = match record {
            _ if !open && !it.options.enabled => "off".to_owned(),
            _ if !open => "closed".to_owned(),
            _ if it.options.tags.exempt => "exempt".to_owned(),
            Some(record) if matches!(record.outcome, "held" | "failed") => {
                format!("{} {}", record.outcome, record.hold.unwrap_or_default())
            }
            other => return Err(format!("instance {number} is open at the end, with the record {other:?}")),
        };
        ends.push(format!("instance {end}"));
    }
    if let Some(template) = &world.template {
        let held = said.iter().filter(|it| it.resource == 8).find_map(|it| it.hold);
        let (default, latest) = (template.version(template.default), template.version(template.latest));
        if template.exempt {
            ends.push("template exempt".to_owned());
        } else if let Some(held) = held {
            ends.push(format!("template held {held}"));
        } else if world.wanted_default.is_some_and(|wanted| wanted != default.body) {
            return Err("the default launches another edit than the one that a person chose".to_owned());
        } else if latest.body != world.wanted_latest {
            return Err("$Latest launches another edit than the newest".to_owned());
        } else if world.enforce && !(default.required && latest.required) {
            return Err("a version in use allows IMDSv1 at the end".to_owned());
        } else {
            ends.push(format!(
                "template closed{}",
                if world.wanted_default.is_none() { " in the window" } else { "" }
            ));
        }
    }
    Ok(ends)
}

fn notebook_end(number: Number, it: &Notebook, record: Option<&RecordSummary>) -> Result<String, Broken> {
    let held = record.and_then(|it| it.hold);
    let reported = matches!(held, Some("restart-failed" | "update-had-no-effect"))
        || record.is_some_and(|it| it.notes.contains(&"left-stopped"));
    if !it.closed && !it.tags.exempt && !record.is_some_and(|it| matches!(it.outcome, "held" | "failed")) {
        return Err(format!("notebook {number} is open at the end, with the record {record:?}"));
    }
    if it.wants == Wants::Running && it.status != Status::InService && !reported {
        return Err(format!("notebook {number} is {:?} at the end, and is to run: {record:?}", it.status));
    }
    if it.wants == Wants::Stopped && it.status == Status::InService {
        return Err(format!("notebook {number} runs at the end, although its owner stopped it"));
    }
    if matches!(it.tags.mark, Some(Mark::ToStart(_) | Mark::Starting(_))) && !reported {
        return Err(format!("notebook {number} is marked for a restart at the end: {record:?}"));
    }
    let options = match (it.closed, it.tags.exempt) {
        (true, _) => "closed",
        (false, true) => "exempt",
        (false, false) => "open",
    };
    let wants = if it.wants == Wants::Either { " in the window" } else { "" };
    Ok(format!("notebook {:?} {options}{wants} {}", it.status, held.unwrap_or_default()).trim().to_owned())
}
