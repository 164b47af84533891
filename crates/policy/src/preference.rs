//! Account-level defaults that are set or cleared.

/// What an account-level default becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Preference<T> {
    /// This value.
    Set(T),
    /// `no-preference`: the image decides, or AWS.
    Clear,
}

impl<T> Preference<T> {
    /// What AWS describes afterwards; `None` is not set.
    pub fn map<U>(self, described: impl FnOnce(T) -> U) -> Option<U> {
        match self {
            Self::Set(value) => Some(described(value)),
            Self::Clear => None,
        }
    }
}

/// The one state of `HttpEndpoint` that v2only sets as a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Disabled;

/// What the document says of one account-level default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DefaultRule<T> {
    /// No opinion.
    #[default]
    Keep,
    /// The account must have this preference, or none.
    Must(Preference<T>),
}

impl<T> DefaultRule<T> {
    /// The default that the document requires; `None` if it requires none.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Must(Preference::Set(value)) => Some(value),
            Self::Must(Preference::Clear) | Self::Keep => None,
        }
    }
}
