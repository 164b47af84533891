//! How a run ends, as a number for scripts.

use std::process::{ExitCode, Termination};

/// How a run ended. The numbers are published: scripts depend on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything was read, and there is nothing to do.
    Clean,
    /// A bug, or a failure of this machine.
    Internal,
    /// What was typed, or a file that was named, cannot be used; nothing was done.
    Usage,
    /// Something could not be read or changed.
    Incomplete,
    /// Violations remain.
    Violations,
    /// The reader of the output stopped reading, and the run found nothing to do or was not complete. Shells report `SIGPIPE` as
    /// this number.
    OutputClosed,
}

impl Exit {
    /// Every way to end.
    pub const ALL: [Self; 6] =
        [Self::Clean, Self::Internal, Self::Usage, Self::Incomplete, Self::Violations, Self::OutputClosed];

    /// The end of a run that left violations, or could not read or change everything, or both. Incomplete
    /// outranks violations, so that 10 always means a complete list.
    pub const fn of(violations: bool, incomplete: bool) -> Self {
        match (violations, incomplete) {
            (_, true) => Self::Incomplete,
            (true, false) => Self::Violations,
            (false, false) => Self::Clean,
        }
    }

    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::Violations => 10,
            Self::OutputClosed => 141,
        }
    }

    const fn meaning(self) -> &'static str {
        match self {
            Self::Clean => "nothing to do",
            Self::Internal => "internal error",
            Self::Usage => "usage: a flag, an invalid policy document, a file that cannot be read",
            Self::Incomplete => {
                "incomplete: something could not be read or changed (also if violations remain)"
            }
            Self::Violations => "violations remain",
            Self::OutputClosed => {
                "the reader of the output stopped reading, and the run was clean or not complete"
            }
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

/// The table of exit codes, for `--help`.
pub(crate) fn table() -> String {
    let rows = Exit::ALL.map(|it| format!("  {:>3}  {}", it.code(), it.meaning()));
    format!("Exit codes:\n{}", rows.join("\n"))
}
