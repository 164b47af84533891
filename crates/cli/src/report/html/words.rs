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

/// `12 345`, with narrow blanks that do not break.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

pub(super) fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let numbers = [0, 12, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(numbers, ["0", "12", "999", "1\u{202f}000", "1\u{202f}234\u{202f}567"]);
    }
}
