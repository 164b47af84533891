//! What the command prints: a line of JSON about itself, and one for each caller.
//!
//! It comes from a machine that may be anybody's by now: it is read strictly where it decides, and only ever shown.

use std::fmt;

use serde::Deserialize;

/// The name of what is printed.
const NAME: &str = "trace-imds-v1";
/// Its version.
const VERSION: u64 = 1;

/// What was seen on one instance. Counts are `None` where the way of looking cannot tell.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Report {
    /// `packets` (each request was read) or `sampling` (connections were sampled now and then).
    pub method: String,
    /// For how long it was looked.
    pub seconds: u64,
    /// Requests without a token: version 1.
    pub without_token: Option<u64>,
    /// Requests with a token, or for one.
    pub with_token: Option<u64>,
    /// Requests that could not be read.
    pub unclear: Option<u64>,
    /// Connections, where only those were seen.
    pub connections: Option<u64>,
    /// Callers for which there was no room.
    #[serde(default)]
    pub left_out: u64,
    /// What could not be seen, in words.
    #[serde(default)]
    pub not_seen: Vec<String>,
    /// Who called, most calls without a token first.
    #[serde(skip)]
    pub callers: Vec<Caller>,
    /// Lines that could not be read: AWS keeps the beginning of what a command prints.
    #[serde(skip)]
    pub cut: usize,
}

/// A program that called, as one user, in one container.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Caller {
    /// Its name; `None` if it had ended before it could be looked up.
    pub process: Option<String>,
    /// Some of its process ids.
    #[serde(default)]
    pub pids: Vec<u64>,
    /// Its user, by name.
    pub user: Option<String>,
    /// Its user, by number.
    pub uid: Option<u64>,
    /// Its file.
    pub exe: Option<String>,
    /// The name of the process that started it.
    pub parent: Option<String>,
    /// The beginning of the id of its container.
    pub container: Option<String>,
    /// Some of the addresses that it called from.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Some of what it asked for without a token.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Requests without a token.
    pub without_token: Option<u64>,
    /// Requests with one, or for one.
    pub with_token: Option<u64>,
    /// Requests that could not be read.
    pub unclear: Option<u64>,
    /// Connections, where only those were seen.
    pub connections: Option<u64>,
}

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
struct Heading {
    v2only: String,
    version: u64,
}

impl Report {
    /// Reads what the command printed.
    ///
    /// # Errors
    /// There is no report in it, or none this release can read.
    pub fn read(output: &str) -> Result<Self, Unreadable> {
        let mut lines = output.lines().map(str::trim).filter(|it| it.starts_with('{'));
        let is_heading =
            |line: &&str| serde_json::from_str::<Heading>(line).is_ok_and(|it| it.v2only == NAME);
        let first = lines.by_ref().find(is_heading).ok_or(Unreadable::Nothing)?;
        let unreadable = |it: serde_json::Error| Unreadable::Summary(it.to_string());
        let heading: Heading = serde_json::from_str(first).map_err(unreadable)?;
        if heading.version != VERSION {
            return Err(Unreadable::Version(heading.version));
        }
        let mut report: Self = serde_json::from_str(first).map_err(unreadable)?;
        for line in lines {
            match serde_json::from_str(line) {
                Ok(caller) => report.callers.push(caller),
                Err(_) => report.cut += 1,
            }
        }
        Ok(report)
    }

    /// Whether version 1 was called for sure.
    pub fn calls_version_1(&self) -> bool {
        self.without_token.is_some_and(|it| it > 0)
    }

    /// Whether it may have been: it was, or a request was seen for which that is not known.
    pub fn may_call_version_1(&self) -> bool {
        self.calls_version_1()
            || self.unclear.is_some_and(|it| it > 0)
            || self.without_token.is_none() && self.connections != Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMMARY: &str = r#"{"v2only": "trace-imds-v1", "version": 1, "method": "packets", "seconds": 60,
"without_token": 3, "with_token": 1, "unclear": 0, "connections": null, "not_seen": ["short ones"]}"#;
    const CALLER: &str =
        r#"{"process": "python3", "pids": [7], "user": "app", "without_token": 3, "new": true}"#;

    fn printed(lines: &[&str]) -> String {
        lines.iter().map(|it| it.replace('\n', "")).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_report_is_a_summary_and_callers_whatever_stands_around_them() {
        let report = Report::read(&printed(&["hello", SUMMARY, CALLER, r#"{"process": "cu"#])).unwrap();
        assert_eq!((report.without_token, report.callers.len(), report.cut), (Some(3), 1, 1));
        assert_eq!(report.callers.first().unwrap().process.as_deref(), Some("python3"));
        assert!(report.calls_version_1() && report.may_call_version_1());
    }

    #[test]
    fn what_was_skipped_is_no_evidence_and_other_versions_are_not_read() {
        let skipped = "Step execution skipped due to incompatible platform. Step name: traceLinux";
        assert_eq!(Report::read(skipped), Err(Unreadable::Nothing));
        assert_eq!(Report::read(CALLER), Err(Unreadable::Nothing));
        let newer = printed(&[SUMMARY]).replace("\"version\": 1", "\"version\": 2");
        assert_eq!(Report::read(&newer), Err(Unreadable::Version(2)));
        let broken = printed(&[SUMMARY]).replace("60", "\"long\"");
        assert!(matches!(Report::read(&broken), Err(Unreadable::Summary(_))));
    }

    #[test]
    fn what_is_not_known_may_be_version_1() {
        let with = |old: &str, new: &str| {
            Report::read(&printed(&[SUMMARY]).replace(old, new)).unwrap().may_call_version_1()
        };
        assert!(!with("\"without_token\": 3", "\"without_token\": 0"));
        assert!(with(
            "\"without_token\": 3, \"with_token\": 1, \"unclear\": 0",
            "\"without_token\": 0, \"unclear\": 1"
        ));
        let sampled = "\"without_token\": null, \"with_token\": null, \"unclear\": null, \"connections\": 2";
        let counted = "\"without_token\": 3, \"with_token\": 1, \"unclear\": 0, \"connections\": null";
        assert!(with(&printed(&[counted]), sampled));
        assert!(!with(&printed(&[counted]), &sampled.replace('2', "0")));
        assert!(with(&printed(&[counted]), "\"without_token\": null"));
    }
}
