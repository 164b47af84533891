//! Which steps are possible in a state, and how a step reads.

use crate::behaviour::Behaviour;
use crate::call::Fault;
use crate::resources::{Message, Status, Template};
use crate::state::State;
use crate::step::Move;

impl State {
    /// Every step that is possible.
    pub fn moves(&self, behaviour: &Behaviour, moves: &mut Vec<Move>) {
        let left = &self.left;
        for (slot, actor) in (0_u8..).zip(&self.actors) {
            let Some(actor) = actor else { continue };
            for (id, _) in &behaviour.node(actor.node).asked {
                moves.push(Move::Answer(slot, *id));
                let faults = [
                    (left.throttles, Fault::Throttled),
                    (left.denials, Fault::Denied),
                    (left.losses, Fault::Lost),
                ];
                let faults = faults.into_iter().filter(|(left, _)| *left > 0);
                moves.extend(faults.map(|(_, fault)| Move::Fail(slot, *id, fault)));
            }
            if left.kills > 0 {
                moves.push(Move::Kill(slot));
            }
        }
        self.moves_of_the_queue(moves);
        self.moves_of_notebooks(moves);
        self.moves_of_instances(moves);
        if let Some(template) = &self.world.template {
            self.moves_of_the_template(template, moves);
        }
        if left.modes > 0 {
            moves.push(Move::Mode);
        }
        if left.ticks > 0 && self.actors.iter().all(Option::is_none) {
            moves.push(Move::Tick);
        }
    }

    fn idle(&self) -> bool {
        self.actors.iter().any(Option::is_none)
    }

    fn moves_of_the_queue(&self, moves: &mut Vec<Move>) {
        let left = &self.left;
        let messages = &self.world.messages;
        for (at, message) in messages.iter().enumerate() {
            if at > 0 && messages[at - 1] == *message {
                continue;
            }
            let place = u8::try_from(at).unwrap();
            if self.idle() {
                moves.push(Move::Deliver(place));
                if left.duplicates > 0 {
                    moves.push(Move::Duplicate(place));
                }
            }
            if left.drops > 0 && !matches!(message, Message::Task(_)) {
                moves.push(Move::Drop(place));
            }
        }
        if self.idle() {
            if left.sweeps > 0 && !self.world.notebooks.is_empty() {
                moves.push(Move::Sweep(false));
            }
            if left.sweeps > 0 && !self.world.instances.is_empty() {
                moves.push(Move::Sweep(true));
            }
            if left.enforces > 0 {
                moves.push(Move::Enforce(false));
            }
            if left.waves > 0 {
                moves.push(Move::Enforce(true));
            }
        }
    }

    fn moves_of_notebooks(&self, moves: &mut Vec<Move>) {
        let left = &self.left;
        for (number, it) in (0_u8..).zip(&self.world.notebooks) {
            if matches!(it.status, Status::Pending | Status::Stopping | Status::Updating) {
                moves.push(Move::Settle(number));
            }
            if it.status == Status::Pending && left.failed_starts > 0 {
                moves.push(Move::FailStart(number));
            }
            let stopped = matches!(it.status, Status::Stopped | Status::Failed);
            if left.owner > 0 && it.status == Status::InService {
                moves.push(Move::OwnerStops(number));
            }
            if left.owner > 0 && stopped {
                moves.push(Move::OwnerStarts(number));
            }
            if left.flips > 0 && stopped && it.recorded.flips >> self.world.tick & 1 == 0 {
                moves.push(Move::FlipNotebook(number));
            }
            if left.exemptions > 0 && !it.tags.exempt {
                moves.push(Move::ExemptNotebook(number));
            }
        }
    }

    fn moves_of_instances(&self, moves: &mut Vec<Move>) {
        let left = &self.left;
        for (number, it) in (0_u8..).zip(&self.world.instances) {
            let flipped = it.recorded.flips >> self.world.tick & 1 == 1;
            if left.flips > 0 && it.options.required && !flipped {
                moves.push(Move::FlipInstance(number));
            }
            if left.exemptions > 0 && !it.options.tags.exempt {
                moves.push(Move::ExemptInstance(number));
            }
            if left.switches > 0 && it.options.enabled {
                moves.push(Move::SwitchOff(number));
            }
        }
    }

    fn moves_of_the_template(&self, template: &Template, moves: &mut Vec<Move>) {
        if self.left.edits > 0 {
            moves.push(Move::Edit);
        }
        if self.left.exemptions > 0 && !template.exempt {
            moves.push(Move::ExemptTemplate);
        }
        let theirs = template.versions.iter().flatten().filter(|it| it.made.is_none());
        let others = theirs.filter(|it| self.left.choices > 0 && it.number != template.default);
        moves.extend(others.map(|it| Move::Choose(it.number)));
    }
}

impl Move {
    /// The step in words.
    pub fn say(self, state: &State, behaviour: &Behaviour) -> String {
        let actor = |slot: u8, id: u32| {
            let node = state.actors[usize::from(slot)].unwrap().node;
            let call = behaviour.node(node).asked.iter().find(|it| it.0 == id).unwrap().1;
            format!("{:?} (history {node}): {call:?}", behaviour.start_of(node))
        };
        match self {
            Self::Answer(slot, id) => actor(slot, id),
            Self::Fail(slot, id, fault) => format!("{} fails: {fault:?}", actor(slot, id)),
            Self::Deliver(at) | Self::Duplicate(at) | Self::Drop(at) => {
                format!("{self:?}: {:?}", state.world.messages[usize::from(at)])
            }
            other => format!("{other:?}"),
        }
    }
}
