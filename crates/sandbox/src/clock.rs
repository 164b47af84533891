//! The sandbox's time: one that a test moves by hand, or the machine's.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// Where the sandbox takes its time from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockMode {
    /// Starts here and moves only by [`Sandbox::advance`](crate::Sandbox::advance).
    Manual(Timestamp),
    /// The machine's clock.
    System,
}

/// A handle on the sandbox's time.
#[derive(Debug, Clone)]
pub struct Clock {
    /// `None` is the machine's clock.
    manual: Option<Arc<Mutex<Timestamp>>>,
}

impl Clock {
    pub(crate) fn new(mode: ClockMode) -> Self {
        match mode {
            ClockMode::Manual(start) => Self { manual: Some(Arc::new(Mutex::new(start))) },
            ClockMode::System => Self { manual: None },
        }
    }

    /// The sandbox's present.
    pub fn now(&self) -> Timestamp {
        self.manual
            .as_ref()
            .map_or_else(Timestamp::now, |time| *time.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether time moves by hand only.
    pub const fn is_manual(&self) -> bool {
        self.manual.is_some()
    }

    /// Moves a manual clock forward to `time`; it never goes back.
    pub(crate) fn move_to(&self, time: Timestamp) {
        if let Some(now) = &self.manual {
            let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
            *now = time.max(*now);
        }
    }
}

/// `time + by`, or the end of time.
pub(crate) fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// How long from `from` to `to`; zero when `to` is in the past.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}

/// `2026-11-01T10:05:00Z`, as CloudTrail and EventBridge write times.
pub(crate) fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-11-01T10:05:00.000Z`, as the XML protocols write times.
pub(crate) fn millis(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
