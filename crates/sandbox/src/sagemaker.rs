//! SageMaker: notebook instances and their tags, over JSON 1.1.
//!
//! Knows: the states of a notebook, what each operation needs and does, platforms and their end of
//! life, the events of it all.
//! Must never know: who should change a notebook, and why.
//!
//! Left out: everything of SageMaker but notebooks; lifecycle configurations and code repositories
//! are kept as names; permissions, quotas and the checks of roles, subnets and keys.

mod control;
mod errors;
mod handle;
mod lifecycle;
mod notebook;
mod operations;
mod platform;
mod settings;
mod state;
mod view;

use crate::call::Call;
use crate::throttle::Limit;

pub(crate) use control::routes;
pub use handle::{Notebooks, Seed};
pub use notebook::{Notebook, Status};
pub(crate) use operations::answer;
pub use platform::Platform;
pub use settings::{DefaultVersion, NotebookSettings, UnsupportedType, UpdateVisible};
pub(crate) use state::State;

/// The token buckets a call draws from. SageMaker publishes no rates; these are careful guesses.
pub(crate) fn limits(call: &Call) -> Vec<Limit> {
    let limit = match call.action.as_str() {
        "DescribeNotebookInstance" => Limit::requests("describe", 10.0, 2.0),
        "ListNotebookInstances" | "ListTags" => Limit::requests("list", 10.0, 2.0),
        _ => Limit::requests("change", 5.0, 1.0),
    };
    vec![limit]
}

#[cfg(test)]
mod tests;
