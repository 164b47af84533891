//! What Lambda knows.

use super::host::FunctionHost;

/// The functions that Rust code deployed.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(super) functions: Vec<FunctionHost>,
}
