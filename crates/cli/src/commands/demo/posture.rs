//! What AWS says of a resource before and after, in its own words.

use v2only_aws::launcher::{SeenInstance, SeenNotebook};

/// The part of a resource that the demo is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Posture {
    /// Of an instance.
    Instance {
        /// `HttpTokens`.
        tokens: String,
        /// `HttpEndpoint`.
        endpoint: String,
        /// `HttpPutResponseHopLimit`.
        hops: Option<i32>,
    },
    /// Of a notebook.
    Notebook {
        /// The minimum version; `None` where AWS does not say, which counts as 1.
        version: Option<String>,
        /// Its status.
        status: String,
    },
}

impl Posture {
    /// An instance that answers both versions.
    pub(super) fn open(hops: i32) -> Self {
        Self::Instance { tokens: "optional".to_owned(), endpoint: "enabled".to_owned(), hops: Some(hops) }
    }

    /// A notebook in a status, with what its minimum version is.
    pub(super) fn notebook(version: Option<&str>, status: &str) -> Self {
        Self::Notebook { version: version.map(str::to_owned), status: status.to_owned() }
    }

    /// Whether version 1 is not answered.
    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Instance { tokens, endpoint, .. } => tokens == "required" || endpoint == "disabled",
            Self::Notebook { version, .. } => version.as_deref() == Some("2"),
        }
    }

    /// Whether nothing is answered at all.
    pub(super) fn is_off(&self) -> bool {
        matches!(self, Self::Instance { endpoint, .. } if endpoint == "disabled")
    }

    /// The word for it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            it if it.is_off() => "off",
            it if it.is_closed() => "v2 only",
            _ => "v1 open",
        }
    }

    /// What goes with the word: the hop limit where it is not the ordinary one, the status of a notebook.
    pub(super) fn beside(&self) -> Option<String> {
        match self {
            Self::Instance { hops: Some(hops), .. } if *hops > 1 && !self.is_off() => {
                Some(format!("hop {hops}"))
            }
            Self::Instance { .. } => None,
            Self::Notebook { status, .. } => Some(status.clone()),
        }
    }
}

impl From<SeenInstance> for Posture {
    fn from(it: SeenInstance) -> Self {
        Self::Instance { tokens: it.tokens, endpoint: it.endpoint, hops: it.hops }
    }
}

impl From<SeenNotebook> for Posture {
    fn from(it: SeenNotebook) -> Self {
        Self::Notebook { version: it.minimum_version, status: it.status }
    }
}
