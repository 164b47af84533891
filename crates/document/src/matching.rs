//! `match`: whom an exemption or an override means.

use v2only_policy::scope::{Glob, Matcher, TagMatch};
use v2only_policy::{AccountId, NotebookName, OuId, Region};

use crate::keys;
use crate::reader::Reader;
use crate::spelling::nearest;
use crate::spot::{Fields, Spot};
use crate::text::shown;

/// The longest tag key and the longest tag value of AWS.
const KEY_LENGTH: usize = 128;
const VALUE_LENGTH: usize = 256;

pub(super) fn read(reader: &mut Reader, spot: &Spot<'_>) -> Option<Matcher> {
    let fields = reader.fields(spot, &keys::MATCH)?;
    if fields.keys().next().is_none() {
        let hint = "name accounts, Regions, organizational units, a tag or resources".to_owned();
        reader.problem(spot.node.at, &spot.path, "an empty `match` would mean everything", Some(hint));
        return None;
    }
    Some(Matcher {
        accounts: one_or_many(reader, &fields, ("account", "accounts"), account),
        regions: one_or_many(reader, &fields, ("region", "regions"), region),
        ous: one_or_many(reader, &fields, ("ou", "ous"), ou),
        tag: fields.get("tag").and_then(|spot| tag(reader, &spot)),
        resources: one_or_many(reader, &fields, ("resource", "resources"), resource),
    })
}

/// What a key holds in the singular or, as a list, in the plural.
fn one_or_many<T>(
    reader: &mut Reader,
    fields: &Fields<'_>,
    (one, many): (&str, &str),
    read: fn(&mut Reader, &Spot<'_>) -> Option<T>,
) -> Vec<T> {
    let single = fields.get(one);
    let first = single.as_ref().and_then(|spot| read_single(reader, spot, (one, many), read));
    let Some(list) = fields.get(many) else { return first.into_iter().collect() };
    if single.is_some() {
        let message = format!("`{one}` and `{many}` say the same thing twice");
        reader.problem(list.node.at, &list.path, message, Some(format!("put them all under `{many}`")));
    }
    let instead = || list.text().map(|it| format!("write `{one}: {0}` or `{many}: [{0}]`", shown(it)));
    let Some(items) = reader.list(&list, "a list", instead) else { return Vec::new() };
    if items.is_empty() {
        let message = format!("an empty `{many}` would mean all of them");
        let hint = "name one at least, or delete the key".to_owned();
        reader.problem(list.node.at, &list.path, message, Some(hint));
    }
    items.iter().filter_map(|item| read(reader, item)).collect()
}

fn read_single<T>(
    reader: &mut Reader,
    spot: &Spot<'_>,
    (one, many): (&str, &str),
    read: fn(&mut Reader, &Spot<'_>) -> Option<T>,
) -> Option<T> {
    if spot.is_list() {
        reader.mismatch(spot, &format!("one {one}"), Some(format!("did you mean `{many}`?")));
        return None;
    }
    read(reader, spot)
}

fn account(reader: &mut Reader, spot: &Spot<'_>) -> Option<AccountId> {
    let text = spot.text().unwrap_or_default();
    let account = AccountId::parse(text).ok();
    if account.is_none() {
        let digits: String = text.chars().filter(|it| !matches!(it, '-' | ' ' | '_')).collect();
        let hint = if digits != text && AccountId::parse(&digits).is_ok() {
            Some(format!("did you mean `\"{digits}\"`?"))
        } else if (9..12).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit()) {
            Some("if leading zeros were lost, write them, in quotes: `\"012345678901\"`".to_owned())
        } else {
            None
        };
        reader.mismatch(spot, "an AWS account id (12 digits)", hint);
    }
    account
}

fn region(reader: &mut Reader, spot: &Spot<'_>) -> Option<Glob> {
    let text = spot.text().unwrap_or_default();
    let pattern = is_pattern(text)
        && text.bytes().all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'*' | b'?'));
    if pattern || Region::parse(text).is_ok() {
        return Some(Glob::new(text));
    }
    let lower = text.to_ascii_lowercase().replace('_', "-");
    let hint = if Region::parse(&lower).is_ok() {
        Some(format!("did you mean `{lower}`?"))
    } else if Region::parse(&format!("{lower}-1")).is_ok() {
        Some(format!("did you mean `{lower}-*`?"))
    } else {
        None
    };
    reader.mismatch(spot, "a Region code such as `eu-central-1` or a pattern such as `eu-*`", hint);
    None
}

fn ou(reader: &mut Reader, spot: &Spot<'_>) -> Option<OuId> {
    let text = spot.text().unwrap_or_default();
    let ou = OuId::parse(text).ok();
    if ou.is_none() {
        let hint = if is_pattern(text) {
            Some("organizational units are named one by one; those inside them are meant too".to_owned())
        } else if let Some(id) = text.rsplit('/').next().filter(|it| OuId::parse(it).is_ok()) {
            Some(format!("did you mean `{id}`?"))
        } else {
            Some("write its id, not its name".to_owned())
        };
        reader.mismatch(spot, "an organizational unit or root id such as `ou-ab12-34cd56ef`", hint);
    }
    ou
}

fn resource(reader: &mut Reader, spot: &Spot<'_>) -> Option<Glob> {
    let text = spot.text().unwrap_or_default();
    let pattern = is_pattern(text)
        && text.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'*' | b'?'));
    // Every instance id has the form of a notebook name.
    if pattern || NotebookName::parse(text).is_ok() {
        return Some(Glob::new(text));
    }
    let hint = text
        .strip_prefix("arn:")
        .and_then(|arn| arn.rsplit('/').next())
        .map(|id| format!("write `{}`; account and Region have keys of their own", shown(id)));
    reader.mismatch(spot, "an instance id, a notebook name or a pattern such as `batch-*`", hint);
    None
}

fn tag(reader: &mut Reader, spot: &Spot<'_>) -> Option<TagMatch> {
    if let Some((key, value)) = spot.only_entry().filter(|(key, _)| nearest(key, keys::TAG.keys).is_none()) {
        let value = value.text().unwrap_or("*");
        let hint = format!("write `{{ key: \"{}\", value: \"{}\" }}`", shown(key), shown(value));
        reader.mismatch(spot, keys::TAG.expected, Some(hint));
        return None;
    }
    let fields = reader.fields(spot, &keys::TAG)?;
    let key = reader.required(&fields, "key", "`key: team`, the tag key");
    let key = key.and_then(|spot| tag_key(reader, &spot));
    let value = match fields.get("value") {
        Some(spot) => tag_value(reader, &spot)?,
        None => Glob::new("*"),
    };
    Some(TagMatch { key: key?, value })
}

fn tag_key(reader: &mut Reader, spot: &Spot<'_>) -> Option<Glob> {
    let text = spot.text().unwrap_or_default();
    if (1..=KEY_LENGTH).contains(&text.chars().count()) {
        return Some(Glob::new(text));
    }
    reader.mismatch(spot, "a tag key or a pattern of 1 to 128 characters", None);
    None
}

fn tag_value(reader: &mut Reader, spot: &Spot<'_>) -> Option<Glob> {
    match spot.text() {
        Some(text) if text.chars().count() <= VALUE_LENGTH => Some(Glob::new(text)),
        _ => {
            let hint = "for any value write `\"*\"`, for an empty one `\"\"`".to_owned();
            reader.mismatch(spot, "a tag value or a pattern of up to 256 characters", Some(hint));
            None
        }
    }
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}
