//! What the command prints: a line of JSON about itself, and one for each caller.
//!
//! It comes from a machine that may be anybody's by now: it is read strictly where it decides, and only ever shown.

use serde::Deserialize;

use super::at_boot::{BootState, BootTrace};
use super::heading::{Heading, Unreadable, VERSION};

/// The name of what is printed.
const NAME: &str = "trace-imds-v1";

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
    /// The trace of a boot that the instance has beside this one.
    #[serde(skip)]
    pub at_boot: Option<BootTrace>,
    /// The boot that this is the trace of; `None` for a trace of a running instance.
    #[serde(skip)]
    pub boot: Option<BootTrace>,
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

impl Report {
    /// Reads what the command printed.
    ///
    /// # Errors
    /// There is no report in it, or none this release can read.
    pub fn read(output: &str) -> Result<Self, Unreadable> {
        let (first, heading) = Heading::find(output, NAME).ok_or(Unreadable::Nothing)?;
        if heading.version != VERSION {
            return Err(Unreadable::Version(heading.version));
        }
        let mut report: Self =
            serde_json::from_str(first).map_err(|it| Unreadable::Summary(it.to_string()))?;
        report.at_boot = BootTrace::read(output)?;
        let lines = output.lines().map(str::trim).filter(|it| it.starts_with('{'));
        for line in lines.skip_while(|line| *line != first).skip(1) {
            match serde_json::from_str(line) {
                Ok(caller) => report.callers.push(caller),
                Err(_) => report.cut += 1,
            }
        }
        Ok(report)
    }

    /// Reads the result of a trace at boot, or the state of one that has no result.
    ///
    /// # Errors
    /// There is neither in it, or none this release can read.
    pub fn read_boot(output: &str) -> Result<Result<Self, BootTrace>, Unreadable> {
        let boot = BootTrace::read(output)?.ok_or(Unreadable::Nothing)?;
        if boot.state != BootState::Finished {
            return Ok(Err(boot));
        }
        let mut report = Self::read(output)?;
        report.at_boot = None;
        report.boot = Some(boot);
        report.not_seen.push(format!("calls in the first {} seconds after the kernel started", boot.uptime));
        Ok(Ok(report))
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
    fn a_result_of_a_boot_is_marked_as_one_and_names_what_came_before_it() {
        let line = r#"{"v2only": "trace-imds-v1-boot", "version": 1, "state": "finished", "time": 1795000000, "uptime": 7}"#;
        let report = Report::read_boot(&printed(&[line, SUMMARY, CALLER])).unwrap().unwrap();
        assert_eq!((report.callers.len(), report.at_boot), (1, None));
        assert_eq!(report.boot.unwrap().time.unwrap().as_second(), 1_795_000_000);
        assert_eq!(report.not_seen, ["short ones", "calls in the first 7 seconds after the kernel started"]);
        let waiting = line.replace("finished", "waiting");
        let boot = Report::read_boot(&waiting).unwrap().unwrap_err();
        assert_eq!(boot.state, BootState::Waiting);
        assert_eq!(Report::read_boot(SUMMARY), Err(Unreadable::Nothing));
        assert_eq!(Report::read_boot(line), Err(Unreadable::Nothing), "a trace that printed nothing");
        // A trace of the running instance says what waits, and is not about it.
        let beside = Report::read(&printed(&[&waiting, SUMMARY])).unwrap();
        assert_eq!((beside.at_boot, beside.boot), (Some(boot), None));
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
