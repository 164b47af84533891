//! All keys of the document, level by level, and the hint for an unknown one.

use crate::spelling::{folded, nearest};

/// The keys of one kind of map.
#[derive(Debug)]
pub(super) struct Level {
    /// Its path without indices.
    pub name: &'static str,
    /// Where its keys belong, as the end of "belongs …".
    pub belongs: &'static str,
    pub keys: &'static [&'static str],
    /// What is expected where such a map is, as the end of "expected …".
    pub expected: &'static str,
    pub example: Option<&'static str>,
}

macro_rules! level {
    ($name:ident, $path:literal, $belongs:literal, $expected:literal, $example:expr, [$($key:literal),* $(,)?]) => {
        pub(super) static $name: Level = Level {
            name: $path,
            belongs: $belongs,
            keys: &[$($key),*],
            expected: $expected,
            example: $example,
        };
    };
}

level!(
    TOP,
    "",
    "at the top level",
    "a map with the keys `version` and `mode`",
    None,
    [
        "version",
        "mode",
        "instances",
        "notebooks",
        "launch_templates",
        "images",
        "account_defaults",
        "drift",
        "exemptions",
        "exemptions_by_tag",
        "overrides",
    ]
);
level!(
    INSTANCES,
    "instances",
    "under `instances`",
    "a map of rules for instances",
    None,
    [
        "http_tokens",
        "hop_limit",
        "http_endpoint",
        "ipv6_endpoint",
        "metadata_tags",
        "remediate_with",
        "usage_gate",
        "fresh_minutes",
        "trace_at_boot",
    ]
);
level!(
    HOP_LIMIT,
    "instances.hop_limit",
    "under `instances.hop_limit`",
    "`keep`, `{ max: … }` or `{ exactly: … }`",
    Some("`{ max: 2 }`"),
    ["max", "exactly"]
);
level!(
    USAGE_GATE,
    "instances.usage_gate",
    "under `instances.usage_gate`",
    "a map with `quiet_days`, `applies_to` or `require_restart`",
    Some("`{ quiet_days: 14, applies_to: existing }`"),
    ["quiet_days", "applies_to", "require_restart"]
);
level!(
    NOTEBOOKS,
    "notebooks",
    "under `notebooks`",
    "a map of rules for notebooks",
    None,
    ["minimum_version", "in_service", "fresh_minutes", "window", "upgrade_platform",]
);
level!(
    LAUNCH_TEMPLATES,
    "launch_templates",
    "under `launch_templates`",
    "a map of rules for launch templates",
    Some("`{ fix: report, owned: report }`"),
    ["fix", "owned", "repoint_groups"]
);
level!(IMAGES, "images", "under `images`", "a map with the key `fix`", Some("`{ fix: report }`"), ["fix"]);
level!(
    ACCOUNT_DEFAULTS,
    "account_defaults",
    "under `account_defaults`",
    "a map of rules for account defaults",
    Some("`{ http_tokens: required }`"),
    ["http_tokens", "hop_limit", "http_endpoint", "metadata_tags", "enforced"]
);
level!(
    DRIFT,
    "drift",
    "under `drift`",
    "a map with `contested_after`, `window_hours` or `when_contested`",
    Some("`{ contested_after: 3, window_hours: 168 }`"),
    ["contested_after", "window_hours", "when_contested"]
);
level!(
    EXEMPTIONS_BY_TAG,
    "exemptions_by_tag",
    "under `exemptions_by_tag`",
    "`allow`, `ignore` or `{ max_days: … }`",
    Some("`{ max_days: 365 }`"),
    ["max_days"]
);
level!(
    EXEMPTION,
    "exemptions[]",
    "in an exemption",
    "an exemption with the keys `match`, `reason` and `until`",
    None,
    ["match", "reason", "owner", "until"]
);
level!(
    OVERRIDE,
    "overrides[]",
    "in an override",
    "an override with the key `match` and what is to hold there",
    None,
    ["match", "mode", "instances", "notebooks", "launch_templates", "images", "account_defaults", "drift",]
);
level!(
    MATCH,
    "match",
    "under `match`",
    "a map that says who is meant",
    Some("`match: { account: \"111122223333\" }`"),
    ["account", "accounts", "region", "regions", "ou", "ous", "tag", "resource", "resources"]
);
level!(
    TAG,
    "match.tag",
    "under `match.tag`",
    "a map with `key` and, unless any value will do, `value`",
    Some("`tag: { key: team, value: \"data-*\" }`"),
    ["key", "value"]
);

static ALL: &[&Level] = &[
    &TOP,
    &INSTANCES,
    &NOTEBOOKS,
    &LAUNCH_TEMPLATES,
    &IMAGES,
    &ACCOUNT_DEFAULTS,
    &DRIFT,
    &EXEMPTION,
    &EXEMPTIONS_BY_TAG,
    &OVERRIDE,
    &MATCH,
    &TAG,
    &HOP_LIMIT,
    &USAGE_GATE,
];

/// What AWS calls it, and people who come from there (folded).
const ELSEWHERE: &[(&str, &str)] = &[
    ("httpputresponsehoplimit", "hop_limit"),
    ("instancemetadatatags", "metadata_tags"),
    ("httpprotocolipv6", "ipv6_endpoint"),
    ("httptokensenforced", "enforced"),
    ("minimuminstancemetadataserviceversion", "minimum_version"),
    ("accountid", "account"),
    ("organizationalunit", "ou"),
    ("tags", "tag"),
    ("expires", "until"),
    ("why", "reason"),
];

/// The hint for an unknown key, and the key of this level that it stands for, if any.
pub(super) fn hint(level: &'static Level, key: &str) -> (Option<String>, Option<&'static str>) {
    let translated = ELSEWHERE.iter().find(|(word, _)| *word == folded(key)).map(|(_, ours)| *ours);
    let meant = translated.unwrap_or(key);
    // Right word, right place, wrong spelling; then right word, wrong place; then both wrong.
    if let Some(near) = nearest(meant, level.keys) {
        return (Some(format!("did you mean `{near}`?")), Some(near));
    }
    (Some(elsewhere(level, key, meant)), None)
}

fn elsewhere(level: &'static Level, key: &str, meant: &str) -> String {
    let others: Vec<&Level> = ALL.iter().copied().filter(|it| !std::ptr::eq(*it, level)).collect();
    let words: Vec<&str> = others.iter().flat_map(|it| it.keys).copied().collect();
    if let Some(word) = nearest(meant, &words) {
        let places: Vec<&str> =
            others.iter().filter(|it| it.keys.contains(&word)).map(|it| it.belongs).collect();
        let places = places.join(" or ");
        return if word == key {
            format!("`{word}` belongs {places}")
        } else {
            format!("did you mean `{word}`? It belongs {places}")
        };
    }
    match level.example {
        Some(example) => format!("write {example}"),
        None => format!("known here are {}", level.keys.join(", ")),
    }
}
