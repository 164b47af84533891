//! The entry point for events: from the payload of a Lambda invocation to its reply.
//!
//! An event is a hint, and the description of its resource is the truth. One exception saves calls: a launch
//! whose own record complies with every rule of the document is not described, because any later loosening
//! raises an event of its own.
//!
//! The stops of an event, from bytes to record: `Batch::read` parses it, `sort` turns it into work or a
//! record, `enforce` takes the work of one account and Region, `describe` asks AWS, `fix` judges each
//! resource and applies the plan, and `Batch::write` writes the records down.

mod app;
mod backoff;
mod batch;
mod handle;
mod work;

mod ec2;
mod notebook;

pub(crate) use app::policy_in_force;
pub use app::{App, Failed, Invocation, InvocationError};
pub use ec2::handle as handle_ec2;
pub use notebook::handle as handle_notebook;
