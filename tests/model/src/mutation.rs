//! Defects that are put between the use cases and their ports, to show that the explorer finds defects of their kind.

/// One defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mutation {
    /// The second description right before a change repeats the first one.
    SkipSecondLook,
    /// The restart mark is written after the stop that it announces.
    MarkAfterStop,
    /// A refused stop takes the restart mark off.
    UnmarkOnRefusedStop,
    /// The restart mark does not say that v2only is about to start the notebook.
    StartUnannounced,
    /// CloudTrail has no record of a start.
    ForgetStarts,
    /// The tags of a resource are not read.
    IgnoreTags,
    /// A launch template is not read again before it is changed.
    SkipDefaultCheck,
    /// Versions that others made during a run are not looked for.
    SkipLatestCheck,
    /// What an earlier run made of a launch template is not recognised.
    ForgetMadeVersions,
    /// Flips are not remembered, and CloudTrail has none.
    ForgetFlips,
    /// A function returns success whatever happened.
    NeverRetry,
    /// The policy document is never read again: it says `mode: enforce` for ever.
    KeepPolicy,
    /// A change enables the endpoint of an instance whose description is old.
    SkipInstanceLook,
    /// The evidence of a wave is not read.
    IgnoreRejections,
}
