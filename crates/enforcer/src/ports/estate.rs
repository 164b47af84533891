//! Which accounts and Regions there are, and the queue that the sweeper's work is kept in.

use std::future::Future;
use std::time::Duration;

use v2only_policy::{AccountId, Region};

use super::Answer;

/// `organizations:ListAccounts`, or what the settings name.
pub trait ListAccounts {
    /// The accounts that may be acted in, our own among them, by id.
    fn accounts(&self) -> impl Future<Output = Answer<Vec<AccountId>>> + Send;
}

/// `ec2:DescribeRegions`.
pub trait ListRegions {
    /// The Regions that are enabled for an account, by code.
    fn regions(&self, account: &AccountId) -> impl Future<Output = Answer<Vec<Region>>> + Send;
}

/// `sqs:SendMessage`, to the sweeper's own queue.
pub trait SendTasks {
    /// Sends every text as a message of its own, to be received after `delay` (at most 15 minutes). Repeating it
    /// sends them again, which is harmless.
    ///
    /// Fails unless all of them were taken.
    fn send(&self, texts: &[String], delay: Duration) -> impl Future<Output = Answer<()>> + Send;
}

/// A message that rests before it is received again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postponed {
    /// The receipt handle of its delivery.
    pub receipt: String,
    /// For how long it rests, at most 12 hours.
    pub rest: Duration,
}

/// `sqs:ChangeMessageVisibility`, on the queue that invokes the function. One call per 10 messages.
pub trait PostponeMessages {
    /// Hides received messages of a queue (its ARN) for their rest from now on. Repeating it begins the rest again.
    ///
    /// Fails unless all of them were changed; those that were not rest as long as the queue says.
    fn postpone(&self, queue: &str, messages: &[Postponed]) -> impl Future<Output = Answer<()>> + Send;
}
