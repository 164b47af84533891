//! All queues of the sandbox.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::message::Message;
use super::name::QueueName;
use super::queue::Queue;
use crate::changes::{Changes, Watcher};

/// What SQS knows.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) queues: BTreeMap<QueueName, Queue>,
    changes: Changes,
}

impl State {
    /// Receives up to `most` messages and moves those received too often to the dead-letter queue;
    /// `None` if there is no such queue.
    pub(super) fn receive(
        &mut self,
        name: &QueueName,
        most: usize,
        visibility: Option<Duration>,
        now: Timestamp,
    ) -> Option<Vec<Message>> {
        let (messages, exhausted) = self.queues.get_mut(name)?.receive(most, visibility, now);
        self.move_to_dead_letters(name, exhausted, now);
        if !messages.is_empty() {
            self.changed();
        }
        Some(messages)
    }

    /// Moves the messages of a queue that were received too often, which SQS itself does a little
    /// later, at the next receive; and drops those that outlived the retention period.
    pub(super) fn tidy(&mut self, name: &QueueName, now: Timestamp) {
        let exhausted = self.queues.get_mut(name).map(|it| it.exhausted(now)).unwrap_or_default();
        self.move_to_dead_letters(name, exhausted, now);
    }

    /// The same for every queue whose messages end in this one.
    pub(super) fn tidy_feeders(&mut self, dead_letters: &QueueName, now: Timestamp) {
        let feeders: Vec<_> =
            self.queues.iter().filter(|(_, it)| it.feeds(dead_letters)).map(|(it, _)| it.clone()).collect();
        for feeder in feeders {
            self.tidy(&feeder, now);
        }
    }

    /// A dead-letter queue that does not exist keeps nothing: the messages are lost, as in SQS
    /// after somebody deleted it.
    fn move_to_dead_letters(&mut self, from: &QueueName, messages: Vec<Message>, now: Timestamp) {
        if messages.is_empty() {
            return;
        }
        let redrive = self.queues.get(from).and_then(|it| it.settings.redrive.as_ref());
        let Some(to) = redrive.map(|it| it.dead_letters.clone()) else { return };
        let Some(dead_letters) = self.queues.get_mut(&to) else { return };
        for message in messages {
            dead_letters.adopt(message, from.arn(), now);
        }
        self.changed();
    }

    /// Tells those who watch that some queue changed.
    pub(super) fn changed(&self) {
        self.changes.add();
    }

    pub(super) fn watch(&self) -> Watcher {
        self.changes.watch()
    }
}
