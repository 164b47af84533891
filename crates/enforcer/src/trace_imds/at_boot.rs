//! The trace of the next boot: what the command prints about it.

use jiff::Timestamp;
use serde::Deserialize;

use super::heading::{Heading, Unreadable, VERSION};

/// The name of the line.
const NAME: &str = "trace-imds-v1-boot";

/// What is on an instance of the trace of its next boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BootState {
    /// Nothing.
    None,
    /// The unit was just installed.
    Installed,
    /// The unit waits for the next boot.
    Waiting,
    /// The unit waited for too long, and does nothing any more.
    Expired,
    /// The trace looks on.
    Tracing,
    /// The trace began and left no result.
    Failed,
    /// The result is there.
    Finished,
    /// Unit and result were just removed.
    Removed,
    /// The instance does not run Linux with systemd.
    Unsupported,
}

impl BootState {
    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Installed => "installed",
            Self::Waiting => "waiting",
            Self::Expired => "expired",
            Self::Tracing => "tracing",
            Self::Failed => "failed",
            Self::Finished => "finished",
            Self::Removed => "removed",
            Self::Unsupported => "unsupported",
        }
    }
}

/// The trace of the next boot of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootTrace {
    /// How far the trace is.
    pub state: BootState,
    /// When a finished trace began, and until when a trace waits or looks on.
    pub time: Option<Timestamp>,
    /// How long the system had run when a finished trace began, in seconds.
    pub uptime: u64,
}

#[derive(Deserialize)]
struct Line {
    state: BootState,
    time: i64,
    uptime: u64,
}

impl BootTrace {
    /// Reads the line about the trace of the next boot, if there is one.
    ///
    /// # Errors
    /// The line is of another release, or is damaged.
    pub fn read(output: &str) -> Result<Option<Self>, Unreadable> {
        let Some((line, heading)) = Heading::find(output, NAME) else { return Ok(None) };
        if heading.version != VERSION {
            return Err(Unreadable::Version(heading.version));
        }
        let line: Line = serde_json::from_str(line).map_err(|it| Unreadable::Summary(it.to_string()))?;
        let time = Timestamp::from_second(line.time).ok().filter(|_| line.time > 0);
        Ok(Some(Self { state: line.state, time, uptime: line.uptime }))
    }

    /// The state in a sentence.
    pub fn words(&self) -> String {
        let until = self.time.map(|it| format!(", until {it}")).unwrap_or_default();
        match self.state {
            BootState::None => {
                "no trace at boot is there: none was installed, or it expired or was removed".to_owned()
            }
            BootState::Installed => format!("the trace of the next boot is installed{until}"),
            BootState::Waiting => format!("a trace at boot waits for the next boot{until}"),
            BootState::Expired => {
                "the instance was not restarted in time, and its trace at boot has expired".to_owned()
            }
            BootState::Tracing => format!("the trace at boot still looks on{until} at the latest"),
            BootState::Failed => "the trace at boot began and left no result; it is removed".to_owned(),
            BootState::Finished => "the result of a trace at boot is there".to_owned(),
            BootState::Removed => "the trace at boot is removed".to_owned(),
            BootState::Unsupported => "a trace at boot needs Linux with systemd".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"v2only": "trace-imds-v1-boot", "version": 1, "state": "waiting", "time": 1795000000, "uptime": 7}"#;

    #[test]
    fn the_line_is_found_among_others_and_its_time_is_known() {
        let read = BootTrace::read(&format!("hello\n{{}}\n{LINE}\n")).unwrap().unwrap();
        assert_eq!((read.state, read.uptime), (BootState::Waiting, 7));
        assert_eq!(read.words(), "a trace at boot waits for the next boot, until 2026-11-18T11:06:40Z");
        assert_eq!(BootTrace::read("skipped"), Ok(None));
        let never = BootTrace::read(&LINE.replace("1795000000", "0")).unwrap().unwrap();
        assert_eq!(never.time, None);
    }

    #[test]
    fn what_is_not_known_is_no_state() {
        assert_eq!(BootTrace::read(&LINE.replace(": 1,", ": 2,")), Err(Unreadable::Version(2)));
        for (old, new) in [("waiting", "well"), ("1795000000", "\"soon\"")] {
            let read = BootTrace::read(&LINE.replace(old, new));
            assert!(matches!(read, Err(Unreadable::Summary(_))), "{new}");
        }
    }
}
