//! The ports of an actor: each call waits until the explorer answers.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Poll, Waker};

use v2only_enforcer::Failure;
use v2only_enforcer::ports::Answer;

use crate::call::{Call, Reply};
use crate::mutation::Mutation;

/// The connection of one actor to the world. Clones are the same connection.
#[derive(Debug, Clone)]
pub struct Line(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    next: u32,
    asked: BTreeMap<u32, (Call, Option<Waker>)>,
    answers: BTreeMap<u32, Reply>,
    tick: u8,
    mutation: Option<Mutation>,
    tasks: Vec<String>,
    /// What a mutation remembers: the first answer to a call.
    first: Vec<(Call, Reply)>,
}

impl Line {
    /// A connection of an actor that starts at this tick. `tasks` are the texts of tasks by number.
    pub fn new(tick: u8, mutation: Option<Mutation>, tasks: Vec<String>) -> Self {
        Self(Arc::new(Mutex::new(State { tick, mutation, tasks, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// The clock of the actor. It moves with the answers that the actor gets.
    pub fn tick(&self) -> u8 {
        self.state().tick
    }

    /// The mutation of the actor.
    pub fn mutation(&self) -> Option<Mutation> {
        self.state().mutation
    }

    /// The number of a task's text.
    pub fn task(&self, text: &str) -> u16 {
        let tasks = &mut self.state().tasks;
        let at = tasks.iter().position(|it| it == text).unwrap_or_else(|| {
            tasks.push(text.to_owned());
            tasks.len() - 1
        });
        u16::try_from(at).unwrap()
    }

    /// The texts of all tasks.
    pub fn tasks(&self) -> Vec<String> {
        self.state().tasks.clone()
    }

    /// The calls that wait for an answer.
    pub fn asked(&self) -> Vec<(u32, Call)> {
        self.state().asked.iter().map(|(id, (call, _))| (*id, *call)).collect()
    }

    /// Answers a call at a tick.
    pub fn answer(&self, id: u32, reply: Reply, tick: u8) {
        let waker = {
            let mut state = self.state();
            state.tick = tick;
            state.answers.insert(id, reply);
            state.asked.remove(&id).unwrap().1
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Asks the world.
    ///
    /// # Errors
    /// The call failed.
    pub async fn call(&self, call: Call) -> Answer<Reply> {
        let id = {
            let mut state = self.state();
            let id = state.next;
            state.next += 1;
            state.asked.insert(id, (call, None));
            id
        };
        let reply = poll_fn(|context| {
            let mut state = self.state();
            if let Some(reply) = state.answers.remove(&id) {
                return Poll::Ready(reply);
            }
            if let Some((_, waker)) = state.asked.get_mut(&id) {
                *waker = Some(context.waker().clone());
            }
            Poll::Pending
        });
        match reply.await {
            Reply::Failed(fault) => Err(Failure::new(fault.kind(), "model", format!("{call:?}"))),
            reply => Ok(reply),
        }
    }

    /// Whether [`Self::call_once`] has asked this. For mutations.
    pub fn has_asked(&self, call: Call) -> bool {
        self.state().first.iter().any(|it| it.0 == call)
    }

    /// As [`Self::call`]; asks only once, and repeats the first answer afterwards. For mutations.
    ///
    /// # Errors
    /// The call failed.
    pub async fn call_once(&self, call: Call) -> Answer<Reply> {
        let known = self.state().first.iter().find(|it| it.0 == call).map(|it| it.1);
        if let Some(reply) = known {
            return Ok(reply);
        }
        let reply = self.call(call).await?;
        self.state().first.push((call, reply));
        Ok(reply)
    }
}
