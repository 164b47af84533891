//! The name of a queue.

use crate::identity::Place;

/// Where a queue lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueName {
    /// Account and Region.
    pub place: Place,
    /// The name.
    pub name: String,
}

impl QueueName {
    /// A queue by its three parts.
    pub fn new(account: impl Into<String>, region: impl Into<String>, name: impl Into<String>) -> Self {
        Self { place: Place::new(account, region), name: name.into() }
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        self.place.arn("sqs", &self.name)
    }

    /// The queue an ARN names.
    pub fn from_arn(arn: &str) -> Option<Self> {
        let mut parts = arn.split(':');
        let ("arn", _partition, "sqs") = (parts.next()?, parts.next()?, parts.next()?) else { return None };
        let (region, account, name) = (parts.next()?, parts.next()?, parts.next()?);
        (parts.next().is_none() && !name.is_empty()).then(|| Self::new(account, region, name))
    }
}
