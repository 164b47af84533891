//! A state of the exploration: the world, the actors under way, and how much may still happen.

use crate::actor::Start;
use crate::behaviour::{Behaviour, NodeId};
use crate::call::{Fault, Reply};
use crate::invariants::{self, Broken};
use crate::resources::{Message, Number, Started, Status, Wants};
use crate::step::Move;
use crate::world::World;

/// How often each of these may still happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Left {
    /// An actor is killed between two calls.
    pub kills: u8,
    /// A call is throttled.
    pub throttles: u8,
    /// A call is denied.
    pub denials: u8,
    /// A call takes effect, and its answer is lost.
    pub losses: u8,
    /// An event is lost.
    pub drops: u8,
    /// A message is delivered twice.
    pub duplicates: u8,
    /// An owner stops or starts a notebook.
    pub owner: u8,
    /// A person opens a resource again.
    pub flips: u8,
    /// A person exempts a resource.
    pub exemptions: u8,
    /// A person switches an instance's endpoint off.
    pub switches: u8,
    /// A person changes the mode of the policy.
    pub modes: u8,
    /// A person creates a version of the launch template.
    pub edits: u8,
    /// A person chooses another default version.
    pub choices: u8,
    /// The start of a notebook fails.
    pub failed_starts: u8,
    /// The schedule begins a sweep.
    pub sweeps: u8,
    /// A person runs `enforce` on launch templates.
    pub enforces: u8,
    /// A person runs `enforce` in waves.
    pub waves: u8,
    /// The clock moves to the next tick. No actor runs meanwhile: an invocation is shorter than a tick.
    pub ticks: u8,
}

/// An actor under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Actor {
    /// Its history.
    pub node: NodeId,
    /// The message that it has received.
    pub message: Option<Message>,
    /// How often AWS ended a change of a notebook since it started.
    pub age: u8,
}

/// How often AWS may end the change of a notebook while an actor is under way. Each change takes minutes, and a function for events
/// has one minute; an actor that is still under way then is killed.
const PATIENCE: u8 = 1;

/// How many actors run side by side.
pub const SLOTS: usize = 2;

/// A state of the exploration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// The world.
    pub world: World,
    /// Actors under way, in order: which slot one has makes no difference.
    pub actors: [Option<Actor>; SLOTS],
    /// What may still happen.
    pub left: Left,
}

impl State {
    /// The state after a step.
    ///
    /// # Errors
    /// The step breaks an invariant.
    pub fn after(&self, step: Move, behaviour: &mut Behaviour) -> Result<Self, Broken> {
        let mut next = self.clone();
        let tick = self.world.tick;
        match step {
            Move::Answer(slot, id) => next.answer(slot, id, None, behaviour)?,
            Move::Fail(slot, id, fault) => {
                match fault {
                    Fault::Throttled => next.left.throttles -= 1,
                    Fault::Denied => next.left.denials -= 1,
                    Fault::Lost => next.left.losses -= 1,
                    Fault::WrongState => {}
                }
                next.answer(slot, id, Some(fault), behaviour)?;
            }
            Move::Kill(slot) => {
                next.left.kills -= 1;
                next.end(slot);
            }
            Move::Settle(number) => {
                let after = match next.world.notebook(number).status {
                    Status::Pending => Status::InService,
                    _ => Status::Stopped,
                };
                next.settle(number, after);
            }
            Move::FailStart(number) => {
                next.left.failed_starts -= 1;
                let it = next.world.notebook(number);
                if it.started == Started::ByOwner {
                    // Its owner has seen it fail.
                    it.wants = Wants::Either;
                }
                next.settle(number, Status::Failed);
            }
            Move::Deliver(at) => {
                let message = next.world.messages.remove(usize::from(at));
                next.begin(Start::Function(message), Some(message), behaviour);
            }
            Move::Duplicate(at) => {
                next.left.duplicates -= 1;
                let message = next.world.messages[usize::from(at)];
                next.begin(Start::Function(message), Some(message), behaviour);
            }
            Move::Drop(at) => {
                next.left.drops -= 1;
                let message = next.world.messages.remove(usize::from(at));
                next.world.excused |= World::bit(message).unwrap_or_default();
            }
            Move::Sweep(instances) => {
                next.left.sweeps -= 1;
                let message = Message::Task(Behaviour::sweep(tick, instances));
                next.begin(Start::Function(message), Some(message), behaviour);
            }
            Move::Enforce(waves) => {
                if waves {
                    next.left.waves -= 1;
                } else {
                    next.left.enforces -= 1;
                }
                next.begin(if waves { Start::Waves } else { Start::Enforce }, None, behaviour);
            }
            Move::OwnerStops(number) => {
                next.left.owner -= 1;
                let changed = Message::NotebookChanged(number);
                let waits = self.world.messages.contains(&changed);
                let late = waits || self.actors.iter().flatten().any(|it| it.message == Some(changed));
                next.world.owner_stops(number, late);
            }
            Move::OwnerStarts(number) => {
                next.left.owner -= 1;
                let it = next.world.notebook(number);
                (it.wants, it.started) = (Wants::Running, Started::ByOwner);
                it.recorded.starts |= 1 << tick;
                next.world.turn(number, Status::Pending);
            }
            Move::FlipNotebook(number) => {
                next.left.flips -= 1;
                let it = next.world.notebook(number);
                it.closed = false;
                it.recorded.flips |= 1 << tick;
                next.world.turn(number, Status::Updating);
                next.world.send(Message::NotebookFlipped(number, tick));
            }
            Move::ExemptNotebook(number) => {
                next.left.exemptions -= 1;
                next.world.notebook(number).tags.exempt = true;
            }
            Move::FlipInstance(number) => {
                next.left.flips -= 1;
                let it = &mut next.world.instances[usize::from(number)];
                it.options.required = false;
                it.recorded.flips |= 1 << tick;
                next.world.send(Message::InstanceFlipped(number, tick));
            }
            Move::ExemptInstance(number) => {
                next.left.exemptions -= 1;
                next.world.instances[usize::from(number)].options.tags.exempt = true;
            }
            Move::SwitchOff(number) => {
                next.left.switches -= 1;
                next.world.instances[usize::from(number)].options.enabled = false;
            }
            Move::Mode => {
                next.left.modes -= 1;
                next.world.enforce = !next.world.enforce;
            }
            Move::Edit => {
                next.left.edits -= 1;
                next.world.edit();
            }
            Move::Choose(number) => {
                next.left.choices -= 1;
                next.world.choose(number);
            }
            Move::ExemptTemplate => {
                next.left.exemptions -= 1;
                next.world.template.as_mut().unwrap().exempt = true;
            }
            Move::Tick => {
                next.left.ticks -= 1;
                next.world.tick += 1;
            }
        }
        next.actors.sort_unstable();
        Ok(next)
    }

    /// Starts an actor in a free slot.
    pub fn begin(&mut self, start: Start, message: Option<Message>, behaviour: &mut Behaviour) {
        let node = behaviour.root(start, self.world.tick);
        let slot = self.actors.iter_mut().find(|it| it.is_none()).unwrap();
        *slot = Some(Actor { node, message, age: 0 });
    }

    /// An actor ends without an end: its message comes back.
    fn end(&mut self, slot: u8) {
        let actor = self.actors[usize::from(slot)].take();
        if let Some(message) = actor.and_then(|it| it.message) {
            self.world.send(message);
        }
    }

    fn settle(&mut self, number: Number, after: Status) {
        self.world.turn(number, after);
        for slot in 0..SLOTS {
            let Some(actor) = &mut self.actors[slot] else { continue };
            actor.age += 1;
            if actor.age > PATIENCE {
                self.end(u8::try_from(slot).unwrap());
            }
        }
    }

    /// Answers a call of an actor; the actor goes on to its next call, or ends.
    fn answer(
        &mut self,
        slot: u8,
        id: u32,
        fault: Option<Fault>,
        behaviour: &mut Behaviour,
    ) -> Result<(), Broken> {
        let actor = self.actors[usize::from(slot)].unwrap();
        let call = behaviour.node(actor.node).asked.iter().find(|it| it.0 == id).unwrap().1;
        let takes_effect = matches!(fault, None | Some(Fault::Lost));
        let mut reply = Reply::Done;
        if takes_effect {
            if call.writes() {
                invariants::before_change(&mut self.world, behaviour, actor.node, call)?;
            }
            reply = self.world.answer(call);
        }
        if let Some(fault) = fault {
            reply = Reply::Failed(fault);
        }
        let node = behaviour.answered(actor.node, id, reply);
        let Some(done) = &behaviour.node(node).done else {
            self.actors[usize::from(slot)] = Some(Actor { node, ..actor });
            return Ok(());
        };
        self.actors[usize::from(slot)] = None;
        for said in done.said.iter().filter(|it| matches!(it.outcome, "held" | "failed" | "unmarked")) {
            self.world.excused |= 1_u8.checked_shl(said.resource.into()).unwrap_or_default();
        }
        if let (true, Some(message)) = (done.again, actor.message) {
            self.world.send(message);
        }
        Ok(())
    }
}
