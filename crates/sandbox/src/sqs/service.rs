//! The entry point for Rust code: tests, rules and event source mappings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::attributes::Settings;
use super::errors::ReceiptError;
use super::message::Message;
use super::name::QueueName;
use super::queue::{Counts, Draft, Queue};
use crate::changes::Watcher;
use crate::core::Core;
use crate::sandbox::Sandbox;
use crate::world::World;

impl Sandbox {
    /// The queues of this AWS.
    pub fn sqs(&self) -> Sqs {
        Sqs { core: Arc::clone(self.core()) }
    }
}

/// Every queue of every account and Region. Clones are handles on the same queues.
#[derive(Clone)]
pub struct Sqs {
    core: Arc<Core>,
}

impl Sqs {
    /// Creates the queue, or gives an existing one these settings.
    pub fn create(&self, name: &QueueName, settings: Settings) {
        let mut world = self.core.world();
        let now = world.now();
        match world.sqs.queues.get_mut(name) {
            Some(queue) => queue.settings = settings,
            None => drop(world.sqs.queues.insert(name.clone(), Queue::new(settings, now))),
        }
    }

    /// Sends a message; `None` if there is no such queue.
    pub fn send(&self, name: &QueueName, draft: Draft) -> Option<Message> {
        let mut world = self.core.world();
        let (id, now) = (world.ids.uuid(), world.now());
        let message = world.sqs.queues.get_mut(name)?.send(id, draft, now);
        world.sqs.changed();
        Some(message)
    }

    /// Receives up to `most` messages and moves those received too often to the dead-letter queue;
    /// `None` if there is no such queue.
    pub fn receive(
        &self,
        name: &QueueName,
        most: usize,
        visibility: Option<Duration>,
    ) -> Option<Vec<Message>> {
        let mut world = self.core.world();
        let now = world.now();
        world.sqs.receive(name, most, visibility, now)
    }

    /// Deletes by receipt handle; true if that removed a message.
    pub fn delete(&self, name: &QueueName, handle: &str) -> Result<bool, ReceiptError> {
        let mut world = self.core.world();
        let deleted = world.sqs.queues.get_mut(name).ok_or(ReceiptError::Invalid)?.delete(handle)?;
        world.sqs.changed();
        Ok(deleted)
    }

    /// How many messages are where; `None` if there is no such queue.
    pub fn counts(&self, name: &QueueName) -> Option<Counts> {
        self.tidied(name, |queue, now| queue.counts(now))
    }

    /// Every message in the queue, visible or not, without receiving it.
    pub fn messages(&self, name: &QueueName) -> Vec<Message> {
        self.tidied(name, |queue, _| queue.messages().cloned().collect()).unwrap_or_default()
    }

    /// How many messages of the queue outlived its retention period and are lost.
    pub fn expired(&self, name: &QueueName) -> u64 {
        self.tidied(name, |queue, _| queue.expired()).unwrap_or_default()
    }

    /// Every queue there is.
    pub fn queues(&self) -> Vec<QueueName> {
        self.core.world().sqs.queues.keys().cloned().collect()
    }

    /// Whether a receive would find something.
    pub(crate) fn has_visible(&self, name: &QueueName) -> bool {
        let world = self.core.world();
        world.sqs.queues.get(name).is_some_and(|it| it.has_visible(world.now()))
    }

    /// When the next hidden message of the queue becomes visible.
    pub(crate) fn next_visible(&self, name: &QueueName) -> Option<Timestamp> {
        let world = self.core.world();
        world.sqs.queues.get(name)?.next_visible(world.now())
    }

    /// The visibility time-out of the queue.
    pub(crate) fn visibility(&self, name: &QueueName) -> Option<Duration> {
        self.core.world().sqs.queues.get(name).map(|it| it.settings.visibility)
    }

    /// Changes whenever any queue does.
    pub(crate) fn watch(&self) -> Watcher {
        self.core.world().sqs.watch()
    }

    fn tidied<T>(&self, name: &QueueName, look: impl FnOnce(&Queue, Timestamp) -> T) -> Option<T> {
        let world: &mut World = &mut self.core.world();
        let now = world.now();
        world.sqs.tidy(name, now);
        world.sqs.tidy_feeders(name, now);
        world.sqs.queues.get(name).map(|it| look(it, now))
    }
}

impl fmt::Debug for Sqs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqs").finish_non_exhaustive()
    }
}
