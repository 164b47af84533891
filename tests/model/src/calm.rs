//! The way to the end from any state: no more faults, and nobody but v2only and AWS acts.

use std::collections::BTreeSet;

use crate::actor::{RecordSummary, Start};
use crate::behaviour::Behaviour;
use crate::clock::TICKS;
use crate::fingerprint::{Fingerprints, fingerprint};
use crate::invariants::{Broken, at_end, at_rest};
use crate::resources::{Message, Status};
use crate::state::{Left, State};
use crate::step::Move;

/// How many steps a way to rest may have.
const LONGEST: usize = 400;
/// How many sweeps may find something to do.
const SWEEPS: usize = 12;

/// What is known of ways to the end.
#[derive(Debug, Default)]
pub struct Calm {
    /// States from which the way to a good end is known.
    good: Fingerprints,
    /// The kinds of ends that were reached.
    pub ends: BTreeSet<String>,
    /// The steps of the way that is followed, in words; `None` while nobody wants to read them.
    pub log: Option<Vec<String>>,
}

/// A way that ends at rest.
struct Rest {
    state: State,
    said: Vec<RecordSummary>,
    writes: bool,
    stopped: bool,
}

impl Calm {
    /// Follows the way from a state to its end.
    ///
    /// # Errors
    /// There is no end, or a bad one.
    pub fn follow(&mut self, state: &State, behaviour: &mut Behaviour) -> Result<(), Broken> {
        // What may still happen makes no difference where nothing of it does.
        let start = State { left: Left::default(), ..state.clone() };
        let mut way = Vec::new();
        let Some(rest) = self.rest(start, behaviour, Some(&mut way))? else {
            self.good.extend(way);
            return Ok(());
        };
        self.ends.extend(rest.stopped.then(|| "waves stopped".to_owned()));
        at_rest(&rest.state.world)?;
        self.sweep(rest.state, behaviour)?;
        self.good.extend(way);
        Ok(())
    }

    /// Goes on until nothing is under way; `None` if the way from here on is known.
    fn rest(
        &mut self,
        mut state: State,
        behaviour: &mut Behaviour,
        mut way: Option<&mut Vec<u128>>,
    ) -> Result<Option<Rest>, Broken> {
        let (mut said, mut writes, mut stopped) = (Vec::new(), false, false);
        // Messages that came back, and nothing has changed since.
        let mut returned: Vec<Message> = Vec::new();
        for _ in 0..LONGEST {
            if let (Some(way), true) = (way.as_deref_mut(), returned.is_empty()) {
                let here = fingerprint(&state);
                if self.good.contains(here) {
                    return Ok(None);
                }
                way.push(here);
            }
            let actor = (0_u8..).zip(&state.actors).find_map(|(slot, it)| Some((slot, (*it)?)));
            if let Some((slot, actor)) = actor {
                let (id, call) = behaviour.node(actor.node).asked[0];
                writes |= call.writes();
                let next = self.step(&state, Move::Answer(slot, id), behaviour)?;
                if call.writes() {
                    returned.clear();
                }
                // The actor has ended if its history does not go on.
                let ended = next.actors.iter().flatten().count() < state.actors.iter().flatten().count();
                if ended {
                    let done = behaviour.node(behaviour.last()).done.clone().unwrap_or_default();
                    stopped |= done.stopped.is_some();
                    returned.extend(actor.message.filter(|_| done.again));
                    said.extend(done.said);
                }
                state = next;
                continue;
            }
            let between = |status| matches!(status, Status::Pending | Status::Stopping | Status::Updating);
            let changing = (0_u8..).zip(&state.world.notebooks).find(|(_, it)| between(it.status));
            if let Some((number, _)) = changing {
                state = self.step(&state, Move::Settle(number), behaviour)?;
                returned.clear();
                continue;
            }
            let next = state.world.messages.iter().position(|it| !returned.contains(it));
            if let Some(at) = next {
                state = self.step(&state, Move::Deliver(u8::try_from(at).unwrap()), behaviour)?;
                continue;
            }
            if state.world.messages.is_empty() {
                return Ok(Some(Rest { state, said, writes, stopped }));
            }
            if state.world.tick + 1 == TICKS {
                return Err(format!("{:?} come back for ever", state.world.messages));
            }
            state.world.tick += 1;
            returned.clear();
        }
        Err(format!("no end within {LONGEST} steps"))
    }

    fn step(&mut self, state: &State, step: Move, behaviour: &mut Behaviour) -> Result<State, Broken> {
        if let Some(log) = &mut self.log {
            log.push(step.say(state, behaviour));
        }
        state.after(step, behaviour)
    }

    /// Sweeps until a sweep has nothing to do, and holds the end against the invariants.
    fn sweep(&mut self, mut state: State, behaviour: &mut Behaviour) -> Result<(), Broken> {
        for _ in 0..SWEEPS {
            let mut starts = Vec::new();
            let task = |instances| {
                let message = Message::Task(Behaviour::sweep(state.world.tick, instances));
                (Start::Function(message), Some(message))
            };
            if !state.world.notebooks.is_empty() {
                starts.push(task(false));
            }
            if !state.world.instances.is_empty() {
                starts.push(task(true));
            }
            if state.world.template.is_some() {
                starts.push((Start::Enforce, None));
            }
            let (mut said, mut writes) = (Vec::new(), false);
            for (start, message) in starts {
                self.log
                    .iter_mut()
                    .for_each(|log| log.push(format!("{start:?} at tick {}", state.world.tick)));
                state.begin(start, message, behaviour);
                let Some(rest) = self.rest(state, behaviour, None)? else { return Ok(()) };
                state = rest.state;
                said.extend(rest.said);
                writes |= rest.writes;
                self.ends.extend(rest.stopped.then(|| "waves stopped".to_owned()));
            }
            let waits = said.iter().any(|it| it.outcome == "waiting");
            if !writes && !waits {
                self.ends.extend(at_end(&state.world, &said)?);
                return Ok(());
            }
            if waits && state.world.tick + 1 < TICKS {
                state.world.tick += 1;
            }
        }
        Err(format!("{SWEEPS} sweeps one after the other found something to do"))
    }
}
