//! Where the functions take their policy document from, and what they do when it is bad.
//!
//! Inline text never changes while a process lives. A parameter is read again once it is older than
//! [`FRESH_FOR`]. A new document that is invalid, or cannot be read, does not replace the last good one:
//! the function goes on with that, and says so loudly at every look. Without any good document there is
//! nothing to go on with, and the event goes back to the queue. With a public key, a document that the key's
//! owner did not sign is invalid.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use v2only_policy::Policy;

use crate::failure::{Failure, Kind};
use crate::ports::ReadParameter;
use v2only_document::{self as document, PublicKey};

/// How long a document read from a parameter is used without looking again.
pub const FRESH_FOR: SignedDuration = SignedDuration::from_secs(60);

/// Where the document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// The text itself (`V2ONLY_POLICY`).
    Inline(String),
    /// The name of an SSM parameter (`V2ONLY_POLICY_PARAMETER`).
    Parameter(String),
}

/// The document in force, and what is wrong with a newer one.
#[derive(Debug, Clone)]
pub struct InForce {
    /// The policy to go by.
    pub policy: Arc<Policy>,
    /// What the document says that this release does not act on; told once, when it was read.
    pub notices: Vec<String>,
    /// Why the newest document is not the one in force.
    pub stale: Option<String>,
}

/// The last good document.
#[derive(Debug)]
struct CachedPolicy {
    text: String,
    read_at: Timestamp,
    in_force: InForce,
}

/// Reads the document and keeps the last good one.
#[derive(Debug)]
pub struct PolicySource {
    location: Location,
    signed_by: Option<PublicKey>,
    kept: Mutex<Option<CachedPolicy>>,
}

impl PolicySource {
    /// A source that has read nothing yet.
    pub const fn new(location: Location) -> Self {
        Self { location, signed_by: None, kept: Mutex::new(None) }
    }

    /// The same source, where only documents with a signature by this key are valid.
    #[must_use]
    pub fn signed_by(self, key: Option<PublicKey>) -> Self {
        Self { signed_by: key, ..self }
    }

    /// The document in force now.
    ///
    /// # Errors
    /// There has never been a good document: the newest cannot be read or is invalid.
    pub async fn in_force(&self, reader: &impl ReadParameter, now: Timestamp) -> Result<InForce, Failure> {
        if let Some(kept) = self.lock().as_ref() {
            let fresh = now.duration_since(kept.read_at) < FRESH_FOR && kept.in_force.stale.is_none();
            if fresh || matches!(self.location, Location::Inline(_)) {
                return Ok(kept.in_force.clone());
            }
        }
        let read = match &self.location {
            Location::Inline(text) => Ok(text.clone()),
            Location::Parameter(name) => reader.parameter(name).await,
        };
        match read {
            Ok(text) => self.take(text, now),
            Err(failure) => self.keep(failure),
        }
    }

    fn take(&self, text: String, now: Timestamp) -> Result<InForce, Failure> {
        let name = match &self.location {
            Location::Inline(_) => "V2ONLY_POLICY",
            Location::Parameter(name) => name,
        };
        if let Some(kept) = self.lock().as_mut()
            && kept.text == text
        {
            kept.read_at = now;
            kept.in_force.stale = None;
            return Ok(kept.in_force.clone());
        }
        let verified = self.signed_by.as_ref().map_or(Ok(()), |key| key.verify(&text));
        match verified.and_then(|()| document::parse(&text)) {
            Ok(document) => {
                let in_force =
                    InForce { policy: Arc::new(document.policy), notices: Vec::new(), stale: None };
                *self.lock() = Some(CachedPolicy { text, read_at: now, in_force: in_force.clone() });
                let notices = document.notices.iter().map(ToString::to_string).collect();
                Ok(InForce { notices, ..in_force })
            }
            Err(invalid) => self.keep(Failure::new(
                Kind::Unavailable,
                "ssm:GetParameter",
                format!("the policy document is invalid: {}", invalid.render(name, &text)),
            )),
        }
    }

    /// Goes on with the last good document, if there is one.
    fn keep(&self, failure: Failure) -> Result<InForce, Failure> {
        match self.lock().as_mut() {
            Some(kept) => {
                kept.in_force.stale = Some(failure.to_string());
                Ok(kept.in_force.clone())
            }
            None => Err(failure),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<CachedPolicy>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
