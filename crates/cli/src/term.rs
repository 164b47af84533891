//! The terminal: how a run ends, what standard error shows, and the text that is safe to print there.

pub(crate) mod console;
pub(crate) mod exit;
pub(crate) mod messages;
pub(crate) mod problem;
pub(crate) mod profiles;
pub(crate) mod text;
