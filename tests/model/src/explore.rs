//! The exploration: every step from every state, each state once, the nearest first.

use std::collections::{BTreeSet, VecDeque};

use crate::behaviour::Behaviour;
use crate::calm::Calm;
use crate::fingerprint::{Fingerprints, fingerprint};
use crate::scenario::Scenario;
use crate::state::State;
use crate::step::Move;

/// What an exploration found.
#[derive(Debug)]
pub struct Explored {
    /// How many different states were reached.
    pub states: usize,
    /// How many steps were taken between them.
    pub steps: usize,
    /// How many histories of actors were asked of the real code.
    pub histories: usize,
    /// Whether every state was reached.
    pub complete: bool,
    /// The kinds of ends that were reached.
    pub ends: BTreeSet<String>,
    /// The shortest way to a state in which an invariant is broken.
    pub broken: Option<Counterexample>,
}

/// A way to a broken invariant.
#[derive(Debug)]
pub struct Counterexample {
    /// The invariant.
    pub broken: String,
    /// The steps, in words.
    pub way: Vec<String>,
}

/// How a state was reached.
struct Reached {
    from: u32,
    step: Option<Move>,
}

/// Explores a scenario up to so many states.
pub fn explore(scenario: &Scenario, at_most: usize) -> Explored {
    let mut behaviour = Behaviour::new(scenario.mutation);
    let mut calm = Calm::default();
    let mut known = Fingerprints::default();
    let mut reached: Vec<Reached> = Vec::new();
    let mut queue: VecDeque<(u32, State)> = VecDeque::new();
    let mut explored =
        Explored { states: 0, steps: 0, histories: 0, complete: true, ends: BTreeSet::new(), broken: None };
    let first = scenario.first();
    known.insert(fingerprint(&first));
    reached.push(Reached { from: 0, step: None });
    queue.push_back((0, first));
    let mut moves = Vec::new();
    'all: while let Some((number, state)) = queue.pop_front() {
        if let Err(broken) = calm.follow(&state, &mut behaviour) {
            let mut way = way(scenario, &mut behaviour, &reached, (number, None));
            let mut once_more = Calm::default();
            once_more.log = Some(Vec::new());
            drop(once_more.follow(&state, &mut behaviour));
            way.push("from here on, nothing goes wrong, and nobody else acts".to_owned());
            way.extend(once_more.log.into_iter().flatten());
            explored.broken = Some(Counterexample { broken, way });
            break;
        }
        moves.clear();
        state.moves(&behaviour, &mut moves);
        for step in &moves {
            explored.steps += 1;
            match state.after(*step, &mut behaviour) {
                Err(broken) => {
                    let way = way(scenario, &mut behaviour, &reached, (number, Some(*step)));
                    explored.broken = Some(Counterexample { broken, way });
                    break 'all;
                }
                Ok(next) if known.insert(fingerprint(&next)) => {
                    reached.push(Reached { from: number, step: Some(*step) });
                    queue.push_back((u32::try_from(reached.len() - 1).unwrap(), next));
                }
                Ok(_) => {}
            }
        }
        if known.len() >= at_most {
            explored.complete = queue.is_empty();
            break;
        }
    }
    explored.states = known.len();
    explored.histories = behaviour.len();
    explored.ends = calm.ends;
    explored
}

/// The steps to a state, and one more.
fn way(
    scenario: &Scenario,
    behaviour: &mut Behaviour,
    reached: &[Reached],
    (mut number, last): (u32, Option<Move>),
) -> Vec<String> {
    let mut steps: Vec<Move> = last.into_iter().collect();
    while let Reached { from, step: Some(step) } = reached[number as usize] {
        steps.push(step);
        number = from;
    }
    let mut state = scenario.first();
    let mut words = Vec::new();
    for step in steps.into_iter().rev() {
        words.push(step.say(&state, behaviour));
        match state.after(step, behaviour) {
            Ok(next) => state = next,
            Err(_) => break,
        }
    }
    words.push(format!("{:?}", state.world));
    words
}
