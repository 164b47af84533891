//! What is required of notebook instances, and when a running one may be stopped.

use std::fmt;

/// What happens to a running notebook that is not new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InService {
    /// Update it the next time somebody stops it.
    Wait,
    /// Stop, update and start it inside the maintenance window.
    Window(Window),
    /// Only report it.
    Report,
}

/// A weekly maintenance window in UTC, within one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The day of the week.
    pub day: jiff::civil::Weekday,
    /// First moment inside.
    pub from: jiff::civil::Time,
    /// First moment outside again.
    pub to: jiff::civil::Time,
}

impl Window {
    /// Whether this moment lies inside the window.
    pub fn contains(&self, at: jiff::Timestamp) -> bool {
        let utc = jiff::tz::Offset::UTC.to_datetime(at);
        utc.weekday() == self.day && self.from <= utc.time() && utc.time() < self.to
    }

    /// Its length in minutes. A window until midnight ends a moment before.
    pub fn minutes(&self) -> i64 {
        (self.from.duration_until(self.to) + jiff::SignedDuration::from_secs(1)).as_mins()
    }

    /// The day in three letters, such as `Sun`.
    pub const fn day_code(&self) -> &'static str {
        use jiff::civil::Weekday;
        match self.day {
            Weekday::Monday => "Mon",
            Weekday::Tuesday => "Tue",
            Weekday::Wednesday => "Wed",
            Weekday::Thursday => "Thu",
            Weekday::Friday => "Fri",
            Weekday::Saturday => "Sat",
            Weekday::Sunday => "Sun",
        }
    }
}

impl fmt::Display for Window {
    /// `Sun 02:00-04:00`, as the document says it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, .. } = self;
        write!(f, "{} {:02}:{:02}-", self.day_code(), from.hour(), from.minute())?;
        if *to == jiff::civil::Time::MAX {
            return f.write_str("24:00");
        }
        write!(f, "{:02}:{:02}", to.hour(), to.minute())
    }
}

/// What is required of notebook instances. Minimum version 2 is not a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotebookRules {
    /// What happens to a running notebook that is not new.
    pub in_service: InService,
    /// How long after its creation a running notebook may be stopped and started again without asking.
    pub fresh_minutes: u32,
    /// Move Amazon Linux 2 notebooks to Amazon Linux 2023 in the same update. Without it such a notebook is
    /// never stopped, because AWS would not start it again.
    pub upgrade_platform: bool,
}
