//! The size that AWS accepts.

use crate::Mark;
use crate::check::{Against, Attachment, Finding, Level};

/// What service control policies were limited to before 2026-05.
const SCP_BEFORE: usize = 5_120;
const SCP: usize = 10_240;
const RCP: usize = 5_120;
const MANAGED: usize = 6_144;

/// White space counts in service control policies that are sent by the command line or an SDK, and does not in
/// identity policies.
pub fn run(text: &str, against: Against<'_>) -> Vec<Finding> {
    let size = match against.attachment {
        Attachment::Scp | Attachment::Rcp => text.trim_end().chars().count(),
        Attachment::Identity => text.chars().filter(|it| !it.is_whitespace()).count(),
    };
    let (limit, before) = match against.attachment {
        Attachment::Scp => (SCP, SCP_BEFORE),
        Attachment::Rcp => (RCP, RCP),
        Attachment::Identity => (MANAGED, MANAGED),
    };
    let (level, message) = if size > limit {
        (Level::Error, format!("{size} characters, and AWS accepts {limit}"))
    } else if size > before {
        (Level::Note, format!("{size} characters; {before} is what AWS accepted until May 2026"))
    } else {
        return Vec::new();
    };
    let instead =
        "take white space out, or split it: statements that deny may stand in several policies".to_owned();
    vec![Finding {
        code: "too-large",
        level,
        at: Mark { line: 1, column: 1 },
        statement: None,
        message,
        instead,
    }]
}
