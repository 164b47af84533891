//! The fields that each kind of line has by which the command says what it prints.

use std::fmt;

use serde::Deserialize;

/// The version of what is printed.
pub(super) const VERSION: u64 = 1;

/// Why what was printed is not a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// There is none.
    Nothing,
    /// It is of another release of the document.
    Version(u64),
    /// Its first line is not what it should be.
    Summary(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("the command ran, and said nothing that could be read"),
            Self::Version(version) => write!(
                f,
                "the document there prints version {version}, and this release reads {VERSION}: deploy infra/ anew"
            ),
            Self::Summary(why) => write!(f, "what the command printed cannot be read: {why}"),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Heading {
    v2only: String,
    pub(super) version: u64,
}

impl Heading {
    /// The first line with this name.
    pub(super) fn find<'a>(output: &'a str, name: &str) -> Option<(&'a str, Self)> {
        let lines = output.lines().map(str::trim).filter(|it| it.starts_with('{'));
        lines
            .filter_map(|line| Some((line, serde_json::from_str::<Self>(line).ok()?)))
            .find(|(_, heading)| heading.v2only == name)
    }
}
