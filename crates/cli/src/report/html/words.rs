//! Days, numbers and names as the page writes them.

use jiff::Timestamp;
use jiff::tz::Offset;
use v2only_enforcer::ResourceId;

/// A kind of resource, for people.
pub(super) fn kind(resource: &ResourceId) -> &'static str {
    resource.in_registry().map_or_else(|| resource.kind(), |kind| kind.about().title)
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
