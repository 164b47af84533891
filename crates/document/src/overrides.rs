//! The section `overrides`.

use v2only_policy::settings::{Override, Rules};

use crate::notice::Notice;
use crate::reader::{Reader, set};
use crate::spot::{Fields, Spot};
use crate::{keys, matching, rules};

/// Each override with its own words laid over the document's rules.
pub(super) fn read(reader: &mut Reader, fields: &Fields<'_>, document: &Rules) -> Vec<Override> {
    let Some(spot) = fields.get("overrides") else { return Vec::new() };
    let hint = || Some("put a `-` before each override; for none write `[]` or delete the key".to_owned());
    let items = reader.list(&spot, "a list of overrides", hint).unwrap_or_default();
    let overrides: Vec<Option<Override>> = items.iter().map(|item| one(reader, item, document)).collect();
    notice_idle_ones(reader, &items, &overrides, document);
    overrides.into_iter().flatten().collect()
}

fn one(reader: &mut Reader, spot: &Spot<'_>, document: &Rules) -> Option<Override> {
    let fields = reader.fields(spot, &keys::OVERRIDE)?;
    let matcher = reader.required(&fields, "match", "`match: { account: \"111122223333\" }`, whom it means");
    let matcher = matcher.and_then(|spot| matching::read(reader, &spot));
    if fields.keys().all(|key| key == "match") {
        let hint = "say what is to hold for whom it means, such as `mode: observe`".to_owned();
        reader.problem(spot.node.at, &spot.path, "the override changes nothing", Some(hint));
    }
    for section in fields.keys().filter(|key| *key != "match").filter_map(|key| fields.get(key)) {
        if !section.is_empty_map() {
            continue;
        }
        let hint = "say what is to hold there, or delete the key".to_owned();
        reader.problem(section.node.at, &section.path, "this changes nothing", Some(hint));
    }
    let mut merged = document.clone();
    set(&mut merged.mode, reader.word(&fields, "mode", &rules::MODE));
    rules::lay(reader, &fields, &mut merged);
    Some(Override { matcher: matcher?, rules: merged })
}

/// Overrides that are legal and do nothing. One that repeats the document's rules can be meant, to keep off
/// a later one; but not if there is no other after it.
fn notice_idle_ones(
    reader: &mut Reader,
    items: &[Spot<'_>],
    overrides: &[Option<Override>],
    document: &Rules,
) {
    let idle_from = overrides
        .iter()
        .rposition(|it| it.as_ref().is_none_or(|it| it.rules != *document))
        .map_or(0, |last| last + 1);
    for (index, (spot, this)) in items.iter().zip(overrides).enumerate() {
        let Some(this) = this else { continue };
        let same = |it: &&Override| it.matcher == this.matcher;
        if overrides.iter().take(index).flatten().any(|it| same(&it)) {
            let message = "an earlier override has the same `match`, and the first one wins";
            reader.notices.push(Notice::at(spot, message.to_owned()));
        } else if index >= idle_from {
            let message = "the override says what the document says anyway";
            reader.notices.push(Notice::at(spot, message.to_owned()));
        }
    }
}
