//! Days, numbers and names as the page writes them.

use jiff::Timestamp;
use jiff::tz::Offset;

/// A kind of resource, for people.
pub(super) fn kind(code: &'static str) -> &'static str {
    match code {
        "instance" => "Instance",
        "notebook" => "Notebook",
        "launch-template" => "Launch template",
        "launch-configuration" => "Launch configuration",
        "image" => "Image",
        "account-default" => "Account default",
        other => other,
    }
}

pub(super) fn percent(part: usize, whole: usize) -> usize {
    if whole == 0 { 0 } else { part.saturating_mul(100).div_ceil(whole) }
}

/// `20 November 2026`, in UTC.
pub(super) fn day(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).strftime("%-d %B %Y").to_string()
}

pub(super) fn moment(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).strftime("%-d %B %Y, %H:%M UTC").to_string()
}

pub(super) fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
