//! Any legal document.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

fn word(words: &'static [&'static str]) -> impl Strategy<Value = Json> {
    select(words).prop_map(Json::from)
}

/// A map with some of these keys.
fn some(fields: Vec<(&'static str, BoxedStrategy<Json>)>) -> BoxedStrategy<Json> {
    let keys: Vec<&str> = fields.iter().map(|it| it.0).collect();
    let values: Vec<_> = fields.into_iter().map(|it| proptest::option::of(it.1)).collect();
    values
        .prop_map(move |values| {
            let said = keys.iter().zip(values).filter_map(|(key, value)| Some(((*key).to_owned(), value?)));
            Json::Object(said.collect::<Map<_, _>>())
        })
        .boxed()
}

fn said(map: &Json) -> bool {
    map.as_object().is_some_and(|it| !it.is_empty())
}

fn number(range: std::ops::RangeInclusive<u32>) -> BoxedStrategy<Json> {
    range.prop_map(Json::from).boxed()
}

fn instances() -> BoxedStrategy<Json> {
    let hops = || (1..=64_u32, select(&["max", "exactly"][..])).prop_map(|(hops, key)| json!({ key: hops }));
    let gate = some(vec![
        ("quiet_days", number(1..=455)),
        ("applies_to", word(&["existing", "all", "none", "siblings"]).boxed()),
        ("require_restart", any::<bool>().prop_map(Json::from).boxed()),
    ]);
    some(vec![
        ("http_tokens", word(&["required"]).boxed()),
        ("hop_limit", prop_oneof![Just(json!("keep")), hops()].boxed()),
        ("http_endpoint", word(&["keep", "disabled"]).boxed()),
        ("ipv6_endpoint", word(&["keep", "enabled", "disabled"]).boxed()),
        ("metadata_tags", word(&["keep", "enabled", "disabled"]).boxed()),
        ("remediate_with", word(&["api", "ssm-automation"]).boxed()),
        ("usage_gate", gate.prop_filter("a gate says something", said).boxed()),
        ("fresh_minutes", number(0..=10_080)),
        ("trace_at_boot", word(&["deny", "allow"]).boxed()),
    ])
}

fn notebooks() -> BoxedStrategy<Json> {
    let rest = some(vec![
        ("minimum_version", Just(json!(2)).boxed()),
        ("fresh_minutes", number(0..=10_080)),
        ("upgrade_platform", any::<bool>().prop_map(Json::from).boxed()),
    ]);
    let days = select(&["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][..]);
    let window = (days, 0..=11_u32, 12..=23_u32, 0..60_u32)
        .prop_map(|(day, from, to, minute)| format!("{day} {from:02}:{minute:02}-{to:02}:00"));
    let in_service = prop_oneof![
        Just(json!({})),
        word(&["wait", "report"]).prop_map(|it| json!({ "in_service": it })),
        window.prop_map(|it| json!({ "in_service": "window", "window": it })),
    ];
    (rest, in_service)
        .prop_map(|(mut rest, in_service)| {
            if let (Some(rest), Json::Object(more)) = (rest.as_object_mut(), in_service) {
                rest.extend(more);
            }
            rest
        })
        .boxed()
}

fn sections() -> Vec<(&'static str, BoxedStrategy<Json>)> {
    let hops = prop_oneof![Just(json!("keep")), (1..=64_u32).prop_map(Json::from)];
    vec![
        ("instances", instances()),
        ("notebooks", notebooks()),
        (
            "launch_templates",
            some(vec![
                ("fix", word(&["report", "new-version"]).boxed()),
                ("owned", word(&["report", "fix"]).boxed()),
                ("repoint_groups", any::<bool>().prop_map(Json::from).boxed()),
            ]),
        ),
        ("images", some(vec![("fix", word(&["report", "mark-v2"]).boxed())])),
        (
            "account_defaults",
            some(vec![
                ("http_tokens", word(&["required", "keep"]).boxed()),
                ("hop_limit", hops.boxed()),
                ("enforced", word(&["keep", "enabled"]).boxed()),
            ]),
        ),
        (
            "drift",
            some(vec![
                ("contested_after", number(1..=10)),
                ("window_hours", number(1..=720)),
                ("when_contested", word(&["keep_closing", "report"]).boxed()),
            ]),
        ),
    ]
}

fn matcher() -> BoxedStrategy<Json> {
    type Names = fn() -> BoxedStrategy<Json>;
    let names: [(&'static str, &'static str, Names); 4] = [
        ("account", "accounts", || "[0-9]{12}".prop_map(Json::from).boxed()),
        ("region", "regions", || {
            "[a-z]{2}-[a-z]{2,9}-[1-9]|[a-z]{0,2}[*?]-?[a-z*?]{0,5}".prop_map(Json::from).boxed()
        }),
        ("ou", "ous", || "(ou|r)-[a-z0-9]{1,8}".prop_map(Json::from).boxed()),
        ("resource", "resources", || {
            "i-[0-9a-f]{17}|[A-Za-z0-9]{1,20}|[a-z-]{0,5}[*][a-z-]{0,5}".prop_map(Json::from).boxed()
        }),
    ];
    let tag =
        ("[^*?\\p{C}]{1,20}", proptest::option::of("\\PC{0,20}")).prop_map(|(key, value)| match value {
            Some(value) => json!({ "key": key, "value": value }),
            None => json!({ "key": key }),
        });
    let mut fields = vec![tag.prop_map(|tag| json!({ "tag": tag })).boxed()];
    for (one, many, name) in names {
        fields.push(name().prop_map(move |it| json!({ one: it })).boxed());
        fields.push(proptest::collection::vec(name(), 1..4).prop_map(move |it| json!({ many: it })).boxed());
    }
    proptest::sample::subsequence(fields, 1..4)
        .prop_flat_map(|fields| fields)
        .prop_map(|said| {
            let mut matcher = Map::new();
            for (key, value) in said.iter().filter_map(Json::as_object).flatten() {
                let stem = key.trim_end_matches('s');
                if !matcher.keys().any(|it: &String| it.trim_end_matches('s') == stem) {
                    matcher.insert(key.clone(), value.clone());
                }
            }
            Json::Object(matcher)
        })
        .boxed()
}

fn exemption() -> BoxedStrategy<Json> {
    let sentence = || "[a-zäß0-9]\\PC{0,30}".prop_map(Json::from);
    let day = (1990..2100_u32, 1..=12_u32, 1..=28_u32).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}"));
    (matcher(), sentence(), proptest::option::of(sentence()), day)
        .prop_map(|(matcher, reason, owner, until)| {
            let mut exemption = json!({ "match": matcher, "reason": reason, "until": until });
            if let Some(owner) = owner {
                exemption["owner"] = owner;
            }
            exemption
        })
        .boxed()
}

fn mode() -> BoxedStrategy<Json> {
    word(&["observe", "enforce"]).boxed()
}

fn overriding() -> BoxedStrategy<Json> {
    let rules =
        sections().into_iter().map(|(key, rules)| (key, rules.prop_filter("says something", said).boxed()));
    let mut fields: Vec<_> = rules.collect();
    fields.push(("mode", mode()));
    (matcher(), some(fields).prop_filter("says something", said))
        .prop_map(|(matcher, mut exemption)| {
            exemption["match"] = matcher;
            exemption
        })
        .boxed()
}

/// Any legal document.
pub(super) fn document() -> impl Strategy<Value = Json> {
    let mut fields = sections();
    fields.push(("exemptions", proptest::collection::vec(exemption(), 0..3).prop_map(Json::from).boxed()));
    fields.push(("overrides", proptest::collection::vec(overriding(), 0..3).prop_map(Json::from).boxed()));
    (mode(), some(fields)).prop_map(|(mode, mut document)| {
        document["version"] = json!(1);
        document["mode"] = mode;
        document
    })
}
