//! One standard queue: order, visibility, receipts. Time is an argument everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::attributes::Settings;
use super::errors::ReceiptError;
use super::md5::hex_digest;
use super::message::{Message, Receipt};
use super::name::QueueName;
use crate::clock::later;

/// What a sender gives.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The body.
    pub body: String,
    /// Message attributes, as in the API.
    pub attributes: Map<String, Value>,
    /// Instead of the queue's own delay.
    pub delay: Option<Duration>,
    /// `MessageGroupId`.
    pub group: Option<String>,
    /// The account that sends.
    pub sender: String,
}

/// How many messages are where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Can be received now.
    pub visible: usize,
    /// Received and not yet deleted.
    pub in_flight: usize,
    /// Not yet visible for the first time.
    pub delayed: usize,
}

/// A standard queue.
#[derive(Debug)]
pub struct Queue {
    pub(super) settings: Settings,
    pub(super) created: Timestamp,
    pub(super) changed: Timestamp,
    messages: BTreeMap<u64, Message>,
    order: BTreeSet<(Timestamp, u64)>,
    sent: u64,
    /// Whether a message with a group was ever sent; without one the order alone decides.
    grouped: bool,
    expired: u64,
}

impl Queue {
    pub(super) fn new(settings: Settings, now: Timestamp) -> Self {
        Self {
            settings,
            created: now,
            changed: now,
            messages: BTreeMap::new(),
            order: BTreeSet::new(),
            sent: 0,
            grouped: false,
            expired: 0,
        }
    }

    /// Accepts a message under a fresh id.
    pub(super) fn send(&mut self, id: String, draft: Draft, now: Timestamp) -> Message {
        let delay = draft.delay.unwrap_or(self.settings.delay);
        let message = Message {
            id,
            md5: hex_digest(draft.body.as_bytes()),
            body: draft.body,
            attributes: draft.attributes,
            group: draft.group,
            sender: draft.sender,
            sent: now,
            visible_at: later(now, delay),
            received: 0,
            first_received: None,
            moved_from: None,
            number: 0,
        };
        self.insert(message)
    }

    /// Takes a message from another queue: same id, same sending time, receipts counted anew.
    pub(super) fn adopt(&mut self, message: Message, from: String, now: Timestamp) {
        self.insert(Message {
            visible_at: now,
            received: 0,
            first_received: None,
            moved_from: Some(from),
            ..message
        });
    }

    fn insert(&mut self, mut message: Message) -> Message {
        self.sent += 1;
        self.grouped |= message.group.is_some();
        message.number = self.sent;
        self.order.insert((message.visible_at, message.number));
        self.messages.insert(message.number, message.clone());
        message
    }

    /// Hands out up to `most` messages. Those that were received too often come back separately:
    /// they belong into the dead-letter queue.
    pub(super) fn receive(
        &mut self,
        most: usize,
        visibility: Option<Duration>,
        now: Timestamp,
    ) -> (Vec<Message>, Vec<Message>) {
        let until = later(now, visibility.unwrap_or(self.settings.visibility));
        let (mut handed_out, mut exhausted) = (Vec::new(), Vec::new());
        // With a time-out of zero a message is visible again at once, but not to the same call.
        let mut hidden = Vec::new();
        while handed_out.len() < most {
            let Some((visible_at, number)) = self.next(now) else { break };
            self.order.remove(&(visible_at, number));
            let Some(message) = self.messages.get_mut(&number) else { continue };
            if later(message.sent, self.settings.retention) <= now {
                self.messages.remove(&number);
                self.expired += 1;
            } else if self.settings.redrive.as_ref().is_some_and(|it| message.received >= it.max_receives) {
                exhausted.extend(self.messages.remove(&number));
            } else {
                message.received += 1;
                message.first_received.get_or_insert(now);
                message.visible_at = until;
                hidden.push((until, number));
                handed_out.push(message.clone());
            }
        }
        self.order.extend(hidden);
        (handed_out, exhausted)
    }

    /// The visible message that is handed out next: of the group with the fewest messages in
    /// flight, and in that group the one that is visible longest. A message without a group has no
    /// one to wait for.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>
    fn next(&self, now: Timestamp) -> Option<(Timestamp, u64)> {
        let first = self.order.first().filter(|(at, _)| *at <= now)?;
        if !self.grouped {
            return Some(*first);
        }
        let mut in_flight: BTreeMap<&str, usize> = BTreeMap::new();
        for message in
            self.messages.values().filter(|message| message.received > 0 && message.visible_at > now)
        {
            *in_flight.entry(message.group.as_deref().unwrap_or_default()).or_default() += 1;
        }
        let visible = self.order.iter().take_while(|(at, _)| *at <= now);
        visible
            .min_by_key(|(_, number)| {
                let group = self.messages.get(number).and_then(|message| message.group.as_deref());
                group.and_then(|group| in_flight.get(group)).copied().unwrap_or_default()
            })
            .copied()
    }

    /// Takes out what was received too often or kept too long, without handing anything out.
    pub(super) fn exhausted(&mut self, now: Timestamp) -> Vec<Message> {
        let limit = self.settings.redrive.as_ref().map_or(u32::MAX, |it| it.max_receives);
        let retention = self.settings.retention;
        let (mut exhausted, mut gone) = (Vec::new(), Vec::new());
        for (_, number) in self.order.iter().take_while(|(at, _)| *at <= now) {
            let Some(message) = self.messages.get(number) else { continue };
            if later(message.sent, retention) <= now {
                self.expired += 1;
                gone.push(*number);
            } else if message.received >= limit {
                gone.push(*number);
                exhausted.push(message.clone());
            }
        }
        for number in gone {
            self.remove(number);
        }
        exhausted
    }

    /// Deletes by receipt handle. An old handle of a message that was received again since then is
    /// accepted and does nothing, as in SQS; so is one of a message already deleted.
    pub(super) fn delete(&mut self, handle: &str) -> Result<bool, ReceiptError> {
        let receipt = Receipt::parse(handle).ok_or(ReceiptError::Invalid)?;
        let current = self.messages.get(&receipt.number).is_some_and(|it| it.received == receipt.received);
        if current {
            self.remove(receipt.number);
        }
        Ok(current)
    }

    /// Moves the end of the invisibility of a message in flight to `now + visibility`.
    pub(super) fn change_visibility(
        &mut self,
        handle: &str,
        visibility: Duration,
        now: Timestamp,
    ) -> Result<(), ReceiptError> {
        let receipt = Receipt::parse(handle).ok_or(ReceiptError::Invalid)?;
        let message = self.messages.get_mut(&receipt.number).ok_or(ReceiptError::NotInFlight)?;
        if message.received != receipt.received || message.visible_at <= now {
            return Err(ReceiptError::NotInFlight);
        }
        self.order.remove(&(message.visible_at, message.number));
        message.visible_at = later(now, visibility);
        self.order.insert((message.visible_at, message.number));
        Ok(())
    }

    fn remove(&mut self, number: u64) {
        if let Some(message) = self.messages.remove(&number) {
            self.order.remove(&(message.visible_at, number));
        }
    }

    /// How many messages are where.
    pub(super) fn counts(&self, now: Timestamp) -> Counts {
        let visible = self.order.iter().take_while(|(at, _)| *at <= now).count();
        let waiting = self.messages.values().filter(|it| it.visible_at > now);
        let (mut in_flight, mut delayed) = (0, 0);
        for message in waiting {
            if message.received == 0 {
                delayed += 1;
            } else {
                in_flight += 1;
            }
        }
        Counts { visible, in_flight, delayed }
    }

    /// Whether a call to receive would find something.
    pub(super) fn has_visible(&self, now: Timestamp) -> bool {
        self.order.first().is_some_and(|(at, _)| *at <= now)
    }

    /// When the next hidden message becomes visible.
    pub(super) fn next_visible(&self, now: Timestamp) -> Option<Timestamp> {
        self.order.range((now, u64::MAX)..).next().map(|(at, _)| *at)
    }

    /// Every message, in the order of sending.
    pub(super) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.values()
    }

    /// Whether its messages end in that dead-letter queue.
    pub(super) fn feeds(&self, name: &QueueName) -> bool {
        self.settings.redrive.as_ref().is_some_and(|it| it.dead_letters == *name)
    }

    /// How many messages outlived the retention period.
    pub(super) const fn expired(&self) -> u64 {
        self.expired
    }
}
