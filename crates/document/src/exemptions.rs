//! The section `exemptions`.

use std::ops::RangeInclusive;

use jiff::civil::Date;
use v2only_policy::exemption::{Exemption, parse_day};
use v2only_policy::settings::TagExemptions;

use crate::reader::Reader;
use crate::spot::{Fields, Spot};
use crate::{keys, matching};

/// Up to ten years.
const MAX_DAYS: RangeInclusive<u16> = 1..=3650;

pub(super) fn read(reader: &mut Reader, fields: &Fields<'_>) -> Vec<Exemption> {
    let Some(spot) = fields.get("exemptions") else { return Vec::new() };
    let hint = || Some("put a `-` before each exemption; for none write `[]` or delete the key".to_owned());
    let items = reader.list(&spot, "a list of exemptions", hint).unwrap_or_default();
    items.iter().filter_map(|item| exemption(reader, item)).collect()
}

/// Reads whether tags may exempt their resource, and for how long.
pub(super) fn read_by_tag(reader: &mut Reader, fields: &Fields<'_>) -> TagExemptions {
    let by_default = TagExemptions::default();
    let Some(spot) = fields.get("exemptions_by_tag") else { return by_default };
    match spot.text() {
        Some("allow") => by_default,
        Some("ignore") => TagExemptions::Ignore,
        Some(_) => {
            reader.mismatch(&spot, keys::EXEMPTIONS_BY_TAG.expected, None);
            by_default
        }
        None => {
            let Some(fields) = reader.fields(&spot, &keys::EXEMPTIONS_BY_TAG) else { return by_default };
            if fields.keys().next().is_none() {
                reader.mismatch(&spot, keys::EXEMPTIONS_BY_TAG.expected, None);
            }
            let max_days = reader.number(&fields, "max_days", &MAX_DAYS);
            max_days.map_or(by_default, |max_days| TagExemptions::Allow { max_days })
        }
    }
}

fn exemption(reader: &mut Reader, spot: &Spot<'_>) -> Option<Exemption> {
    let fields = reader.fields(spot, &keys::EXEMPTION)?;
    let matcher = reader.required(&fields, "match", "`match: { account: \"111122223333\" }`, whom it means");
    let matcher = matcher.and_then(|spot| matching::read(reader, &spot));
    let reason = reader.required(&fields, "reason", "`reason: vendor agent speaks only v1`");
    let reason = reason.and_then(|spot| reader.sentence(&spot, "a reason in words"));
    let until = reader.required(&fields, "until", "`until: 2027-01-31`, its last day");
    let until = until.and_then(|spot| day(reader, &spot));
    let owner = match fields.get("owner") {
        Some(spot) => Some(reader.sentence(&spot, "whom to ask")?),
        None => None,
    };
    Some(Exemption { matcher: matcher?, reason: reason?, owner, until: until? })
}

fn day(reader: &mut Reader, spot: &Spot<'_>) -> Option<Date> {
    let text = spot.text().unwrap_or_default();
    let day = parse_day(text);
    if day.is_none() {
        let never = matches!(text.to_ascii_lowercase().as_str(), "never" | "forever" | "none" | "");
        let hint = if never {
            Some("every exemption ends; choose the day on which somebody reviews it".to_owned())
        } else {
            corrected(text).map(|day| format!("did you mean `{day}`?"))
        };
        reader.mismatch(spot, "a day written YYYY-MM-DD", hint);
    }
    day
}

/// The day that was probably meant by another way of writing one; none where day and month could be swapped.
fn corrected(text: &str) -> Option<Date> {
    let day = text.split(['T', ' ']).next()?;
    let parts: Vec<&str> = day.split(['-', '/', '.']).collect();
    let (year, month, day) = match parts.as_slice() {
        [year, month, day] if year.len() == 4 => (year, month, day),
        [day, month, year] if year.len() == 4 && day.parse::<u8>().is_ok_and(|it| it > 12) => {
            (year, month, day)
        }
        _ => return None,
    };
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}
