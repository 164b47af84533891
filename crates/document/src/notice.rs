//! What is legal and has less effect than its words promise.

use std::fmt;

use crate::spot::Spot;
use crate::text::shown;

/// Something in a legal document that its author should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// Where in the document, such as `images.fix`.
    pub path: String,
    /// What it does not do, and what happens instead.
    pub message: String,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.line, self.column, self.path, self.message)
    }
}

/// A key with words that this release accepts and does not act on everywhere.
struct Idle {
    level: &'static str,
    key: &'static str,
    /// The one word that it does act on everywhere.
    but: &'static str,
    meanwhile: &'static str,
}

/// Delete a row when the release acts on its words.
const IDLE: &[Idle] = &[Idle {
    level: "instances",
    key: "remediate_with",
    but: "api",
    meanwhile: "`v2only enforce` starts runbooks, and the functions only report such instances",
}];

/// What is to be said of a key with this value.
pub(super) fn of(level: &str, key: &str, spot: &Spot<'_>) -> Option<Notice> {
    let row = IDLE.iter().find(|it| it.level == level && it.key == key)?;
    let word = spot.text().filter(|word| *word != row.but)?;
    let message =
        format!("`{}` is not acted on by every part of this release: {}", shown(word), row.meanwhile);
    Some(Notice::at(spot, message))
}

impl Notice {
    pub(super) fn at(spot: &Spot<'_>, message: String) -> Self {
        let at = spot.node.at;
        Self { line: at.line, column: at.column, path: spot.path.clone(), message }
    }
}
