//! What actors do after each history of answers, asked of the real code once for each history.
//!
//! An actor is deterministic: what it started with and the answers that it got decide which call comes next. A node of this tree
//! is one such history, so that two states of the explorer with the same node have the same actor in the same place of its code.

use std::collections::HashMap;
use std::task::{Context, Poll, Waker};

use crate::actor::{Done, Start, start, sweep_task};
use crate::call::{Call, Reply};
use crate::clock::TICKS;
use crate::line::Line;
use crate::mutation::Mutation;

/// The number of a node.
pub type NodeId = u32;

/// An actor after one history.
#[derive(Debug)]
pub struct Node {
    start: Start,
    /// The clock when it started.
    pub tick: u8,
    parent: Option<(NodeId, u32, Reply)>,
    /// The calls that wait for an answer, by number.
    pub asked: Vec<(u32, Call)>,
    /// How it ended, if it did.
    pub done: Option<Done>,
}

/// The tree of histories.
#[derive(Debug)]
pub struct Behaviour {
    nodes: Vec<Node>,
    roots: HashMap<(Start, u8), NodeId>,
    children: HashMap<(NodeId, u32, Reply), NodeId>,
    tasks: Vec<String>,
    mutation: Option<Mutation>,
    last: NodeId,
}

impl Behaviour {
    /// An empty tree.
    pub fn new(mutation: Option<Mutation>) -> Self {
        let tasks =
            (0..TICKS).flat_map(|tick| ["notebooks", "instances"].map(|stage| sweep_task(stage, tick)));
        Self {
            nodes: Vec::new(),
            roots: HashMap::new(),
            children: HashMap::new(),
            tasks: tasks.collect(),
            mutation,
            last: 0,
        }
    }

    /// The history that was asked for last.
    pub fn last(&self) -> NodeId {
        self.last
    }

    /// The number of the task that begins a sweep at this tick.
    pub fn sweep(tick: u8, instances: bool) -> u16 {
        u16::from(tick) * 2 + u16::from(instances)
    }

    /// How many histories were asked for.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// What the actor of a node started with.
    pub fn start_of(&self, id: NodeId) -> Start {
        self.node(id).start
    }

    /// An actor that starts at this tick.
    pub fn root(&mut self, start: Start, tick: u8) -> NodeId {
        let known = self.roots.get(&(start, tick)).copied();
        self.last = known.unwrap_or_else(|| {
            let id = self.add(start, tick, None);
            self.roots.insert((start, tick), id);
            id
        });
        self.last
    }

    /// The actor after one more answer.
    pub fn answered(&mut self, node: NodeId, call: u32, reply: Reply) -> NodeId {
        let known = self.children.get(&(node, call, reply)).copied();
        self.last = known.unwrap_or_else(|| {
            let Node { start, tick, .. } = self.nodes[node as usize];
            let id = self.add(start, tick, Some((node, call, reply)));
            self.children.insert((node, call, reply), id);
            id
        });
        self.last
    }

    /// The calls of an actor with their answers, the newest first.
    pub fn history(&self, node: NodeId) -> impl Iterator<Item = (Call, Reply)> {
        let mut at = node;
        std::iter::from_fn(move || {
            let (parent, id, reply) = self.node(at).parent?;
            at = parent;
            let call = self.node(parent).asked.iter().find(|it| it.0 == id)?.1;
            Some((call, reply))
        })
    }

    fn add(&mut self, begin: Start, tick: u8, parent: Option<(NodeId, u32, Reply)>) -> NodeId {
        let mut answers = Vec::new();
        let mut at = parent;
        while let Some((node, id, reply)) = at {
            answers.push((id, reply));
            at = self.node(node).parent;
        }
        let line = Line::new(tick, self.mutation, std::mem::take(&mut self.tasks));
        let mut running = start(begin, &line);
        let mut context = Context::from_waker(Waker::noop());
        let mut polled = running.as_mut().poll(&mut context);
        for (id, reply) in answers.into_iter().rev() {
            line.answer(id, reply, tick);
            polled = running.as_mut().poll(&mut context);
        }
        self.tasks = line.tasks();
        let done = match polled {
            Poll::Ready(done) => Some(done),
            Poll::Pending => None,
        };
        let asked = line.asked();
        assert!(done.is_some() || !asked.is_empty(), "{begin:?} waits for nothing");
        self.nodes.push(Node { start: begin, tick, parent, asked, done });
        u32::try_from(self.nodes.len() - 1).unwrap()
    }
}
