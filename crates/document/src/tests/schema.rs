//! The published schema and the parser agree.

use std::sync::LazyLock;

use jsonschema::Validator;

use super::super::{SCHEMA, parse};
use super::{COMPLETE, json, observing};

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(SCHEMA).unwrap();
    jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap()
});

/// Whether an editor with the schema would find nothing wrong.
pub(super) fn allows(text: &str) -> bool {
    json(text).is_some_and(|document| VALIDATOR.is_valid(&document))
}

const FINE: bool = true;
const WRONG: bool = false;

/// Parser and schema both say so.
#[track_caller]
fn check(name: &str, text: &str, expected: bool) {
    let parsed = parse(text);
    let why = parsed.as_ref().map_or_else(|it| it.render("policy.yaml", text), |_| "accepted".to_owned());
    assert_eq!(parsed.is_ok(), expected, "the parser: {name}\n{why}");
    assert_eq!(allows(text), expected, "the schema: {name}");
}

#[test]
fn parser_and_schema_agree_on_documents() {
    check("complete", COMPLETE, FINE);
    check("shortest", "version: 1\nmode: observe", FINE);
    check("empty", "", WRONG);
    check("a list", "- version: 1", WRONG);
    check("a word", "observe", WRONG);
    check("no version", "mode: observe", WRONG);
    check("no mode", "version: 1", WRONG);
    check("version 2", "version: 2\nmode: observe", WRONG);
    check("version in quotes", "version: '1'\nmode: observe", WRONG);
    check("mode in capitals", "version: 1\nmode: Observe", WRONG);
    check("mode no", "version: 1\nmode: no", WRONG);
    check("mode true", "version: 1\nmode: true", WRONG);
    check("mode null", "version: 1\nmode:", WRONG);
    for (name, lines, expected) in ROWS {
        check(name, &observing(lines), *expected);
    }
}

const ROWS: &[(&str, &str, bool)] = &[
    ("an unknown section", "volumes: {}", WRONG),
    ("an empty section", "instances: {}\nnotebooks: {}\nimages: {}\ndrift: {}", FINE),
    ("a section without value", "instances:", WRONG),
    ("a section that is a list", "instances: []", WRONG),
    ("an unknown key", "instances: { hop-limit: keep }", WRONG),
    ("optional tokens", "instances: { http_tokens: optional }", WRONG),
    ("a bare hop limit", "instances: { hop_limit: 2 }", WRONG),
    ("hop limit keep", "instances: { hop_limit: keep }", FINE),
    ("hop limit 64", "instances: { hop_limit: { max: 64 } }", FINE),
    ("hop limit 65", "instances: { hop_limit: { max: 65 } }", WRONG),
    ("hop limit 0", "instances: { hop_limit: { exactly: 0 } }", WRONG),
    ("hop limit in quotes", "instances: { hop_limit: { exactly: '2' } }", WRONG),
    ("hop limit in hexadecimal", "instances: { hop_limit: { exactly: 0x02 } }", FINE),
    ("two hop limits", "instances: { hop_limit: { max: 2, exactly: 2 } }", WRONG),
    ("no hop limit", "instances: { hop_limit: {} }", WRONG),
    ("an endpoint enabled", "instances: { http_endpoint: enabled }", WRONG),
    ("a switch", "instances: { ipv6_endpoint: enabled, metadata_tags: disabled }", FINE),
    ("a switch that is true", "instances: { ipv6_endpoint: true }", WRONG),
    ("an engine", "instances: { remediate_with: ssm-automation }", FINE),
    ("another engine", "instances: { remediate_with: terraform }", WRONG),
    ("half a gate", "instances: { usage_gate: { applies_to: none } }", FINE),
    ("a gate for siblings", "instances: { usage_gate: { applies_to: siblings } }", FINE),
    ("a gate without a start", "instances: { usage_gate: { require_restart: false } }", FINE),
    ("a gate whose start is a word", "instances: { usage_gate: { require_restart: maybe } }", WRONG),
    ("an empty gate", "instances: { usage_gate: {} }", WRONG),
    ("a gate of 456 days", "instances: { usage_gate: { quiet_days: 456 } }", WRONG),
    ("a trace at boot", "instances: { trace_at_boot: allow }", FINE),
    ("a trace at boot that is true", "instances: { trace_at_boot: true }", WRONG),
    ("fresh for a week", "instances: { fresh_minutes: 10080 }", FINE),
    ("fresh for longer", "notebooks: { fresh_minutes: 10081 }", WRONG),
    ("minimum version 2", "notebooks: { minimum_version: 2 }", FINE),
    ("minimum version 1", "notebooks: { minimum_version: 1 }", WRONG),
    ("upgrade", "notebooks: { upgrade_platform: True }", FINE),
    ("upgrade yes", "notebooks: { upgrade_platform: yes }", WRONG),
    ("a window", "notebooks: { in_service: window, window: 'Sat 23:00-24:00' }", FINE),
    ("a window without quotes", "notebooks: { in_service: window, window: Sat 23:00-24:00 }", FINE),
    ("no window", "notebooks: { in_service: window }", WRONG),
    ("a window for nothing", "notebooks: { window: 'Sat 22:00-23:00' }", FINE),
    ("a window and wait", "notebooks: { in_service: wait, window: 'Sat 22:00-23:00' }", FINE),
    ("a window on Sonntag", "notebooks: { in_service: window, window: 'Son 02:00-04:00' }", WRONG),
    ("a window of 25 hours", "notebooks: { in_service: window, window: 'Sun 00:00-25:00' }", WRONG),
    ("a window from 24:00", "notebooks: { in_service: window, window: 'Sun 24:00-24:00' }", WRONG),
    ("a template fix", "launch_templates: { fix: new-version }", FINE),
    ("an owned template", "launch_templates: { owned: fix }", FINE),
    ("repoint", "launch_templates: { fix: new-version, repoint_groups: true }", FINE),
    ("repoint yes", "launch_templates: { repoint_groups: yes }", WRONG),
    ("an image fix of a template", "images: { fix: new-version }", WRONG),
    ("account defaults", "account_defaults: { http_tokens: keep, hop_limit: 2, enforced: enabled }", FINE),
    ("an account default map", "account_defaults: { hop_limit: { max: 2 } }", WRONG),
    (
        "cleared defaults",
        "account_defaults: { hop_limit: no-preference, http_endpoint: no-preference }",
        FINE,
    ),
    ("other defaults", "account_defaults: { http_endpoint: disabled, metadata_tags: disabled }", FINE),
    ("tags in metadata", "account_defaults: { metadata_tags: no-preference }", FINE),
    ("cleared tokens", "account_defaults: { http_tokens: no-preference }", WRONG),
    ("an enabled endpoint", "account_defaults: { http_endpoint: enabled }", WRONG),
    ("an underscore", "account_defaults: { metadata_tags: no_preference }", WRONG),
    ("enforced disabled", "account_defaults: { enforced: disabled }", WRONG),
    ("drift", "drift: { contested_after: 1, window_hours: 720 }", FINE),
    ("contested and closed", "drift: { when_contested: keep_closing }", FINE),
    ("contested and left", "drift: { when_contested: leave }", WRONG),
    ("drift after 11", "drift: { contested_after: 11 }", WRONG),
    ("no exemptions by tag", "exemptions_by_tag: ignore", FINE),
    ("short exemptions by tag", "exemptions_by_tag: { max_days: 30 }", FINE),
    ("exemptions by tag for ever", "exemptions_by_tag: { max_days: 0 }", WRONG),
    ("exemptions by tag, empty", "exemptions_by_tag: {}", WRONG),
    ("exemptions by tag, another word", "exemptions_by_tag: deny", WRONG),
    ("no exemptions", "exemptions: []\noverrides: []", FINE),
    ("exemptions as a map", "exemptions: {}", WRONG),
    ("an exemption", "exemptions: [{ match: { ou: r-1 }, reason: r, until: 2027-01-31 }]", FINE),
    (
        "an exemption with an owner",
        "exemptions: [{ match: { ou: r-1 }, reason: r, owner: o, until: '2027-01-31' }]",
        FINE,
    ),
    ("an exemption for everything", "exemptions: [{ match: {}, reason: r, until: 2027-01-31 }]", WRONG),
    ("an exemption for nobody", "exemptions: [{ reason: r, until: 2027-01-31 }]", WRONG),
    ("an exemption without reason", "exemptions: [{ match: { ou: r-1 }, until: 2027-01-31 }]", WRONG),
    ("a blank reason", "exemptions: [{ match: { ou: r-1 }, reason: ' ', until: 2027-01-31 }]", WRONG),
    ("a blank owner", "exemptions: [{ match: { ou: r-1 }, reason: r, owner: '', until: 2027-01-31 }]", WRONG),
    ("an exemption without end", "exemptions: [{ match: { ou: r-1 }, reason: r }]", WRONG),
    ("an end that is no day", "exemptions: [{ match: { ou: r-1 }, reason: r, until: 2027-02-29 }]", WRONG),
    ("a leap day", "exemptions: [{ match: { ou: r-1 }, reason: r, until: 2028-02-29 }]", FINE),
    (
        "an end with a time",
        "exemptions: [{ match: { ou: r-1 }, reason: r, until: 2027-01-31T00:00:00Z }]",
        WRONG,
    ),
    ("an override", "overrides: [{ match: { ou: r-1 }, mode: enforce }]", FINE),
    ("an override for everything", "overrides: [{ match: {}, mode: enforce }]", WRONG),
    ("an override without match", "overrides: [{ mode: enforce }]", WRONG),
    ("an override of nothing", "overrides: [{ match: { ou: r-1 } }]", WRONG),
    (
        "an override with an empty section",
        "overrides: [{ match: { ou: r-1 }, mode: enforce, images: {} }]",
        WRONG,
    ),
    ("an override with exemptions", "overrides: [{ match: { ou: r-1 }, exemptions: [] }]", WRONG),
    ("account in quotes", "overrides: [{ match: { account: '012345678901' }, mode: enforce }]", FINE),
    ("account without quotes", "overrides: [{ match: { account: 111122223333 }, mode: enforce }]", FINE),
    ("account with 11 digits", "overrides: [{ match: { account: 11112222333 }, mode: enforce }]", WRONG),
    ("account with 13 digits", "overrides: [{ match: { account: '1111222233334' }, mode: enforce }]", WRONG),
    ("accounts", "overrides: [{ match: { accounts: ['111122223333', 222233334444] }, mode: enforce }]", FINE),
    ("no accounts", "overrides: [{ match: { accounts: [] }, mode: enforce }]", WRONG),
    ("accounts in one word", "overrides: [{ match: { accounts: '111122223333' }, mode: enforce }]", WRONG),
    (
        "account and accounts",
        "overrides: [{ match: { account: '111122223333', accounts: ['111122223333'] }, mode: enforce }]",
        WRONG,
    ),
    ("region", "overrides: [{ match: { region: us-gov-east-1 }, mode: enforce }]", FINE),
    ("region pattern", "overrides: [{ match: { region: '?u-*' }, mode: enforce }]", FINE),
    ("no region", "overrides: [{ match: { region: eu-central }, mode: enforce }]", WRONG),
    ("region and regions", "overrides: [{ match: { region: eu-*, regions: [us-*] }, mode: enforce }]", WRONG),
    ("unit", "overrides: [{ match: { ous: [r-ab12, ou-ab12-34cd56ef] }, mode: enforce }]", FINE),
    ("unit pattern", "overrides: [{ match: { ou: ou-* }, mode: enforce }]", WRONG),
    ("ou and ous", "overrides: [{ match: { ou: r-1, ous: [r-1] }, mode: enforce }]", WRONG),
    ("resource", "overrides: [{ match: { resource: i-0123456789abcdef0 }, mode: enforce }]", FINE),
    ("resource that is a number", "overrides: [{ match: { resource: 42 }, mode: enforce }]", FINE),
    ("resource that is an ARN", "overrides: [{ match: { resource: 'arn:aws:x' }, mode: enforce }]", WRONG),
    ("resource that ends in a hyphen", "overrides: [{ match: { resource: a- }, mode: enforce }]", WRONG),
    (
        "resource and resources",
        "overrides: [{ match: { resource: a, resources: [b] }, mode: enforce }]",
        WRONG,
    ),
    ("tag", "overrides: [{ match: { tag: { key: team } }, mode: enforce }]", FINE),
    ("tag with a value", "overrides: [{ match: { tag: { key: team, value: true } }, mode: enforce }]", FINE),
    ("tag without a key", "overrides: [{ match: { tag: { value: x } }, mode: enforce }]", WRONG),
    ("tag without a value", "overrides: [{ match: { tag: { key: team, value: } }, mode: enforce }]", WRONG),
    ("tag with a pattern for a key", "overrides: [{ match: { tag: { key: 'te*' } }, mode: enforce }]", FINE),
    ("tag with an empty key", "overrides: [{ match: { tag: { key: '' } }, mode: enforce }]", WRONG),
    ("tag in one word", "overrides: [{ match: { tag: team }, mode: enforce }]", WRONG),
    (
        "an override of a hop limit",
        "overrides: [{ match: { ou: r-1 }, instances: { hop_limit: { max: 1 } } }]",
        FINE,
    ),
];

/// What a schema cannot express: the parser is right in every row.
#[test]
fn parser_and_schema_contradict_each_other_only_here() {
    #[track_caller]
    fn check(name: &str, lines: &str, parser: bool, schema: bool) {
        let text = observing(lines);
        assert_eq!((parse(&text).is_ok(), allows(&text)), (parser, schema), "{name}");
    }
    let window = "notebooks: { in_service: window, window: 'Sun 02:00-04:00' }";
    check(
        "a window that ends before it begins",
        "notebooks: { in_service: window, window: 'Sun 22:00-04:00' }",
        WRONG,
        FINE,
    );
    check(
        "an override without the window that the document does not have either",
        "overrides: [{ match: { ou: r-1 }, notebooks: { in_service: window } }]",
        WRONG,
        FINE,
    );
    check(
        "an override with a window where the document waits",
        "overrides: [{ match: { ou: r-1 }, notebooks: { window: 'Sun 02:00-04:00' } }]",
        FINE,
        FINE,
    );
    check(
        "the same where the document has a window",
        &format!(
            "{window}\noverrides: [{{ match: {{ ou: r-1 }}, notebooks: {{ window: 'Mon 02:00-04:00' }} }}]"
        ),
        FINE,
        FINE,
    );
    // To a program that knows only YAML this is the number 12345678901.
    check(
        "an account id with a leading zero and without quotes",
        "overrides: [{ match: { account: 012345678901 }, mode: enforce }]",
        FINE,
        WRONG,
    );
    // To JSON Schema 2.0 is an integer.
    check("a number with a fraction of nothing", "instances: { hop_limit: { max: 2.0 } }", WRONG, FINE);
}

#[test]
fn every_key_and_section_of_the_schema_is_described() {
    fn walk(at: &str, node: &serde_json::Value, defs: &serde_json::Value) {
        let Some(properties) = node.get("properties").and_then(|it| it.as_object()) else { return };
        for (name, property) in properties {
            let target = property.get("$ref").and_then(|it| it.as_str()).and_then(|it| it.rsplit('/').next());
            let target = target.map(|it| &defs[it]);
            let described = |it: &serde_json::Value| it.get("description").is_some();
            assert!(described(property) || target.is_some_and(described), "{at}.{name}");
            walk(&format!("{at}.{name}"), property, defs);
        }
    }
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    walk("", &schema, &schema["$defs"]);
    for (name, def) in schema["$defs"].as_object().unwrap() {
        walk(name, def, &schema["$defs"]);
    }
}

/// The table of keys is where the parser looks; the schema has the same ones.
#[test]
fn schema_and_parser_know_the_same_keys() {
    use super::super::keys;
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    let rows = [
        (&keys::TOP, ""),
        (&keys::INSTANCES, "/$defs/instances"),
        (&keys::USAGE_GATE, "/$defs/instances/properties/usage_gate"),
        (&keys::HOP_LIMIT, "/$defs/instances/properties/hop_limit/anyOf/1"),
        (&keys::NOTEBOOKS, "/$defs/notebooks"),
        (&keys::LAUNCH_TEMPLATES, "/$defs/launch_templates"),
        (&keys::IMAGES, "/$defs/images"),
        (&keys::ACCOUNT_DEFAULTS, "/$defs/account_defaults"),
        (&keys::DRIFT, "/$defs/drift"),
        (&keys::EXEMPTION, "/$defs/exemption"),
        (&keys::EXEMPTIONS_BY_TAG, "/properties/exemptions_by_tag/anyOf/1"),
        (&keys::OVERRIDE, "/$defs/override"),
        (&keys::MATCH, "/$defs/match"),
        (&keys::TAG, "/$defs/tag"),
    ];
    for (level, pointer) in rows {
        let properties = schema.pointer(pointer).unwrap()["properties"].as_object().unwrap();
        let mut published: Vec<&str> = properties.keys().map(String::as_str).collect();
        let mut known = level.keys.to_vec();
        published.sort_unstable();
        known.sort_unstable();
        assert_eq!(published, known, "{pointer}");
    }
}
