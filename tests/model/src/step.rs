//! The steps between two states.

use crate::call::Fault;
use crate::resources::Number;

/// One step from a state to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// A call of an actor takes effect and is answered.
    Answer(u8, u32),
    /// A call of an actor fails.
    Fail(u8, u32, Fault),
    /// An actor is killed.
    Kill(u8),
    /// AWS ends the change of a notebook.
    Settle(Number),
    /// AWS ends the start of a notebook as `Failed`.
    FailStart(Number),
    /// A function receives the message at this place of the queue.
    Deliver(u8),
    /// A function receives it, and another function will as well.
    Duplicate(u8),
    /// A message is lost.
    Drop(u8),
    /// The schedule begins a sweep: of instances, or of notebooks.
    Sweep(bool),
    /// A person runs `enforce`: in waves, or on launch templates.
    Enforce(bool),
    /// The owner stops a notebook.
    OwnerStops(Number),
    /// The owner starts a notebook.
    OwnerStarts(Number),
    /// A person sets a notebook back to version 1.
    FlipNotebook(Number),
    /// A person exempts a notebook.
    ExemptNotebook(Number),
    /// A person allows IMDSv1 on an instance.
    FlipInstance(Number),
    /// A person exempts an instance.
    ExemptInstance(Number),
    /// A person switches the endpoint of an instance off.
    SwitchOff(Number),
    /// A person changes the mode of the policy.
    Mode,
    /// A person creates a version of the launch template, open to IMDSv1.
    Edit,
    /// A person chooses the default version.
    Choose(u8),
    /// A person exempts the launch template.
    ExemptTemplate,
    /// The clock moves on.
    Tick,
}
