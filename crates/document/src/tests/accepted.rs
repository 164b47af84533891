//! What legal words mean.

use jiff::civil::{Time, Weekday, date};
use rstest::rstest;
use v2only_policy::exemption::Exemption;
use v2only_policy::scope::{Glob, Matcher, TagMatch};
use v2only_policy::settings::{
    EndpointRule, Engine, GateScope, HopLimit, HopLimitRule, ImageFix, InService, LaunchTemplateFix,
    OwnedTemplates, Rules, SwitchRule, UsageGate, WhenContested, Window,
};
use v2only_policy::{AccountId, DefaultRule, Disabled, Mode, OuId, Policy, Preference, SwitchOption};

use super::{COMPLETE, accepted, observing};

fn hops(hops: i64) -> HopLimit {
    HopLimit::new(hops).unwrap()
}

fn at(hour: i8, minute: i8) -> Time {
    Time::new(hour, minute, 0, 0).unwrap()
}

fn account(text: &str) -> AccountId {
    AccountId::parse(text).unwrap()
}

#[rstest]
#[case::observe("version: 1\nmode: observe", Mode::Observe)]
#[case::enforce("version: 1\nmode: enforce", Mode::Enforce)]
#[case::other_order("mode: enforce\nversion: 1\n", Mode::Enforce)]
#[case::quoted("version: 1\nmode: 'enforce'", Mode::Enforce)]
#[case::json(r#"{"version": 1, "mode": "enforce"}"#, Mode::Enforce)]
#[case::json_with_tabs("{\n\t\"version\":1,\n\t\"mode\":\"enforce\"\n}", Mode::Enforce)]
#[case::windows_lines("version: 1\r\nmode: enforce\r\n", Mode::Enforce)]
#[case::byte_order_mark("\u{feff}version: 1\nmode: enforce", Mode::Enforce)]
#[case::document_markers("%YAML 1.2\n---\nversion: 1\nmode: enforce\n...\n", Mode::Enforce)]
#[case::empty_sections(
    "version: 1\nmode: enforce\ninstances: {}\nexemptions: []\noverrides: []",
    Mode::Enforce
)]
fn the_shortest_document_has_the_defaults(#[case] text: &str, #[case] mode: Mode) {
    let document = accepted(text);
    assert_eq!(document.policy, Policy::plain(Rules::new(mode)));
    assert_eq!(document.notices, []);
}

#[test]
fn every_key_of_the_design_is_read() {
    let policy = accepted(COMPLETE).policy;
    let mut rules = Rules::new(Mode::Enforce);
    rules.instances.hop_limit = HopLimitRule::Max(hops(2));
    rules.notebooks.in_service =
        InService::Window(Window { day: Weekday::Sunday, from: at(2, 0), to: at(4, 0) });
    rules.account_defaults.http_tokens_required = true;
    rules.account_defaults.hop_limit = DefaultRule::Must(Preference::Set(hops(2)));
    assert_eq!(policy.rules, rules);

    let app = TagMatch { key: Glob::new("app"), value: Glob::new("legacy-billing") };
    let vendor = Exemption {
        matcher: Matcher { accounts: vec![account("111122223333")], tag: Some(app), ..Matcher::default() },
        reason: "vendor agent speaks only v1".to_owned(),
        owner: Some("billing@example.com".to_owned()),
        until: date(2027, 1, 31),
    };
    assert_eq!(policy.exemptions, [vendor]);

    let [sandbox, nodes] = policy.overrides.as_slice() else { panic!("two overrides") };
    let europe = Matcher {
        accounts: vec![account("222233334444")],
        regions: vec![Glob::new("eu-*")],
        ous: vec![OuId::parse("ou-ab12-sandbox").unwrap()],
        ..Matcher::default()
    };
    assert_eq!(sandbox.matcher, europe);
    assert_eq!(sandbox.rules, Rules { mode: Mode::Observe, ..rules.clone() });
    let mut expected = rules;
    expected.instances.hop_limit = HopLimitRule::Exactly(hops(2));
    assert_eq!(nodes.rules, expected);
}

/// One setting changed.
#[track_caller]
fn check(lines: &str, change: impl FnOnce(&mut Rules)) {
    let mut expected = Rules::new(Mode::Observe);
    change(&mut expected);
    assert_eq!(accepted(&observing(lines)).policy.rules, expected, "{lines}");
}

#[test]
fn each_setting_has_its_words() {
    check("instances: { http_tokens: required }", |_| {});
    check("instances: { hop_limit: keep }", |_| {});
    check("instances: { hop_limit: { max: 64 } }", |it| it.instances.hop_limit = HopLimitRule::Max(hops(64)));
    check("instances: { hop_limit: { exactly: 1 } }", |policy| {
        policy.instances.hop_limit = HopLimitRule::Exactly(hops(1));
    });
    check("instances: { http_endpoint: disabled }", |it| it.instances.http_endpoint = EndpointRule::Disabled);
    check("instances: { ipv6_endpoint: enabled }", |policy| {
        policy.instances.switches[SwitchOption::Ipv6Endpoint] = SwitchRule::Enabled;
    });
    check("instances: { metadata_tags: disabled }", |policy| {
        policy.instances.switches[SwitchOption::MetadataTags] = SwitchRule::Disabled;
    });
    check("instances: { remediate_with: ssm-automation }", |policy| {
        policy.instances.remediate_with = Engine::SsmAutomation;
    });
    check("instances: { usage_gate: { quiet_days: 455 } }", |policy| {
        policy.instances.usage_gate =
            UsageGate { quiet_days: 455, applies_to: GateScope::Existing, require_restart: true };
    });
    check("instances: { usage_gate: { applies_to: none } }", |policy| {
        policy.instances.usage_gate =
            UsageGate { quiet_days: 14, applies_to: GateScope::None, require_restart: true };
    });
    check("instances: { usage_gate: { applies_to: siblings, require_restart: false } }", |policy| {
        policy.instances.usage_gate =
            UsageGate { quiet_days: 14, applies_to: GateScope::Siblings, require_restart: false };
    });
    check("instances: { fresh_minutes: 0 }", |it| it.instances.fresh_minutes = 0);
    check("instances: { trace_at_boot: allow }", |it| it.instances.trace_at_boot = true);
    check("instances: { trace_at_boot: deny }", |it| it.instances.trace_at_boot = false);
    check("notebooks: { minimum_version: 2, fresh_minutes: 10080 }", |policy| {
        policy.notebooks.fresh_minutes = 10_080;
    });
    check("notebooks: { upgrade_platform: true }", |it| it.notebooks.upgrade_platform = true);
    check("notebooks: { in_service: report }", |it| it.notebooks.in_service = InService::Report);
    check("notebooks: { in_service: window, window: Mon 00:00-24:00 }", |policy| {
        let window = Window { day: Weekday::Monday, from: at(0, 0), to: Time::MAX };
        policy.notebooks.in_service = InService::Window(window);
    });
    check("launch_templates: { fix: new-version }", |policy| {
        policy.launch_templates.fix = LaunchTemplateFix::NewVersion;
    });
    check("launch_templates: { owned: fix }", |it| it.launch_templates.owned = OwnedTemplates::Fix);
    check("launch_templates: { repoint_groups: true }", |it| it.launch_templates.repoint_groups = true);
    check("images: { fix: mark-v2 }", |it| it.images = ImageFix::MarkV2);
    check("account_defaults: { http_tokens: keep, hop_limit: keep, enforced: enabled }", |policy| {
        policy.account_defaults.enforced = true;
    });
    check("account_defaults: { hop_limit: no-preference }", |policy| {
        policy.account_defaults.hop_limit = DefaultRule::Must(Preference::Clear);
    });
    check("account_defaults: { http_endpoint: disabled, metadata_tags: no-preference }", |policy| {
        policy.account_defaults.http_endpoint = DefaultRule::Must(Preference::Set(Disabled));
        policy.account_defaults.metadata_tags = DefaultRule::Must(Preference::Clear);
    });
    check("account_defaults: { http_endpoint: no-preference, metadata_tags: enabled }", |policy| {
        policy.account_defaults.http_endpoint = DefaultRule::Must(Preference::Clear);
        policy.account_defaults.metadata_tags = DefaultRule::Must(Preference::Set(true));
    });
    check("account_defaults: { metadata_tags: disabled }", |policy| {
        policy.account_defaults.metadata_tags = DefaultRule::Must(Preference::Set(false));
    });
    check("drift: { contested_after: 10 }", |it| it.drift.contested_after = 10);
    check("drift: { window_hours: 720 }", |it| it.drift.window_hours = 720);
    check("drift: { when_contested: report }", |it| it.drift.when_contested = WhenContested::Report);
}

#[test]
fn a_window_until_midnight_contains_the_last_minute() {
    let text = observing("notebooks: { in_service: window, window: 'Mon 22:00-24:00' }");
    let InService::Window(window) = accepted(&text).policy.rules.notebooks.in_service else {
        panic!("a window")
    };
    assert!(window.contains("2026-11-23T23:59:59Z".parse().unwrap()));
    assert!(!window.contains("2026-11-24T00:00:00Z".parse().unwrap()));
}

/// One thing that a `match` says.
#[track_caller]
fn check_match(words: &str, expected: &Matcher) {
    let text = observing(&format!("exemptions: [{{ match: {{ {words} }}, reason: r, until: 2027-01-31 }}]"));
    assert_eq!(accepted(&text).policy.exemptions[0].matcher, *expected, "{words}");
}

#[test]
fn each_key_of_a_match_is_read() {
    let nobody = Matcher::default;
    let accounts =
        |ids: &[&str]| Matcher { accounts: ids.iter().map(|it| account(it)).collect(), ..nobody() };
    check_match("account: '111122223333'", &accounts(&["111122223333"]));
    check_match("account: 111122223333", &accounts(&["111122223333"]));
    // Without quotes YAML sees a number, and the zero would be lost; here it is what is written.
    check_match("account: 012345678901", &accounts(&["012345678901"]));
    check_match("accounts: [000000000000, '111122223333']", &accounts(&["000000000000", "111122223333"]));

    let globs = |patterns: &[&str]| patterns.iter().map(|it| Glob::new(it)).collect::<Vec<_>>();
    let regions = |patterns: &[&str]| Matcher { regions: globs(patterns), ..nobody() };
    check_match("region: us-gov-west-1", &regions(&["us-gov-west-1"]));
    check_match("regions: [eu-*, '*-1', ap-south?]", &regions(&["eu-*", "*-1", "ap-south?"]));

    let units =
        |ids: &[&str]| Matcher { ous: ids.iter().map(|it| OuId::parse(it).unwrap()).collect(), ..nobody() };
    check_match("ou: r-ab12", &units(&["r-ab12"]));
    check_match("ous: [ou-ab12-34cd56ef]", &units(&["ou-ab12-34cd56ef"]));

    let resources = |patterns: &[&str]| Matcher { resources: globs(patterns), ..nobody() };
    check_match("resource: i-0123456789abcdef0", &resources(&["i-0123456789abcdef0"]));
    check_match("resources: [batch-*, my-notebook]", &resources(&["batch-*", "my-notebook"]));

    let tag = |key: &str, value: &str| Matcher {
        tag: Some(TagMatch { key: Glob::new(key), value: Glob::new(value) }),
        ..nobody()
    };
    check_match("tag: { key: team }", &tag("team", "*"));
    check_match("tag: { key: 'eks:cluster-name', value: '' }", &tag("eks:cluster-name", ""));
    // A tag value is text, whatever YAML would make of it.
    check_match("tag: { key: legacy, value: true }", &tag("legacy", "true"));
    check_match("tag: { key: release, value: 1.10 }", &tag("release", "1.10"));
    check_match("tag: { key: 007, value: no }", &tag("007", "no"));
}

#[test]
fn an_exemption_may_be_over_and_needs_no_owner() {
    let text = observing(
        "exemptions:\n- match: { region: '*' }\n  reason: 42\n  until: 1999-12-31\n\
         - match: { region: '*' }\n  reason: >\n    two\n    lines\n  owner: ' me '\n  until: '9999-12-31'\n",
    );
    let said: Vec<_> = accepted(&text)
        .policy
        .exemptions
        .into_iter()
        .map(|it| (it.reason, it.owner, it.until.to_string()))
        .collect();
    let expected = [
        ("42".to_owned(), None, "1999-12-31".to_owned()),
        ("two lines".to_owned(), Some("me".to_owned()), "9999-12-31".to_owned()),
    ];
    assert_eq!(said, expected);
}

/// Words of an override over words of the document.
#[track_caller]
fn check_override(document: &str, words: &str, change: impl FnOnce(&mut Rules)) {
    let policy = accepted(&observing(&format!(
        "{document}\noverrides:\n- {{ match: {{ region: eu-* }}, {words} }}\n- {{ match: {{ ou: r-1 }}, mode: enforce }}"
    )))
    .policy;
    let mut expected = policy.rules;
    change(&mut expected);
    assert_eq!(policy.overrides[0].rules, expected, "{words} over {document}");
}

#[test]
fn an_override_keeps_what_it_does_not_mention() {
    let instances = "instances: { hop_limit: { max: 2 }, metadata_tags: enabled, usage_gate: { quiet_days: 7, applies_to: all } }";
    check_override(instances, "mode: enforce", |it| it.mode = Mode::Enforce);
    check_override(instances, "instances: { hop_limit: keep }", |policy| {
        policy.instances.hop_limit = HopLimitRule::Keep;
    });
    check_override(instances, "instances: { hop_limit: { exactly: 1 } }", |policy| {
        policy.instances.hop_limit = HopLimitRule::Exactly(hops(1));
    });
    check_override(instances, "instances: { usage_gate: { quiet_days: 30 } }", |policy| {
        policy.instances.usage_gate.quiet_days = 30;
    });
    check_override(instances, "drift: { window_hours: 1 }", |it| it.drift.window_hours = 1);
    let defaults = "account_defaults: { http_tokens: required, hop_limit: 2, enforced: enabled }";
    check_override(defaults, "account_defaults: { hop_limit: keep }", |policy| {
        policy.account_defaults.hop_limit = DefaultRule::Keep
    });
    check_override(defaults, "account_defaults: { http_tokens: keep }", |policy| {
        policy.account_defaults.http_tokens_required = false;
    });
    check_override("images: { fix: mark-v2 }", "images: { fix: report }", |it| it.images = ImageFix::Report);
}

#[test]
fn an_override_has_the_window_of_the_document_unless_it_has_its_own() {
    let window = "notebooks: { in_service: window, window: 'Sun 02:00-04:00' }";
    check_override(window, "notebooks: { upgrade_platform: true }", |policy| {
        policy.notebooks.upgrade_platform = true
    });
    check_override(window, "notebooks: { in_service: window }", |_| {});
    check_override(window, "notebooks: { in_service: wait }", |it| it.notebooks.in_service = InService::Wait);
    let monday = InService::Window(Window { day: Weekday::Monday, from: at(1, 30), to: at(2, 0) });
    check_override(window, "notebooks: { window: 'Mon 01:30-02:00' }", |it| it.notebooks.in_service = monday);
    check_override("", "notebooks: { in_service: window, window: 'Mon 01:30-02:00' }", |policy| {
        policy.notebooks.in_service = monday;
    });
}

#[test]
fn what_is_written_once_can_be_used_twice() {
    let text = observing(
        "exemptions:\n- match: &them { accounts: &ids ['111122223333'] }\n  reason: r\n  until: 2027-01-31\n\
         overrides:\n- match: *them\n  mode: enforce\n- match: { accounts: *ids, region: eu-* }\n  mode: enforce\n",
    );
    let policy = accepted(&text).policy;
    assert_eq!(policy.overrides[0].matcher, policy.exemptions[0].matcher);
    assert_eq!(policy.overrides[1].matcher.accounts, policy.exemptions[0].matcher.accounts);
}

#[test]
fn words_without_effect_are_noticed() {
    let text = observing(
        "instances: { remediate_with: ssm-automation }
launch_templates: { fix: new-version }
images: { fix: mark-v2 }
account_defaults: { http_tokens: required, hop_limit: 2, enforced: enabled }
overrides:
  - match: { region: eu-* }
    images: { fix: mark-v2 }
  - match: { region: us-* }
    mode: enforce
  - match: { region: eu-* }
    mode: enforce
  - match: { region: ap-* }
    mode: observe
",
    );
    let notices: Vec<String> = accepted(&text).notices.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(notices.join("\n"), @r#"
    3:30: instances.remediate_with: `ssm-automation` is not acted on by every part of this release: `v2only enforce` starts runbooks, and the functions only report such instances
    12:5: overrides[2]: an earlier override has the same `match`, and the first one wins
    14:5: overrides[3]: the override says what the document says anyway
    "#);
}

#[test]
fn a_window_that_a_sweep_may_never_fall_into_is_noticed() {
    let notices = |window: &str| {
        let text = observing(&format!("notebooks: {{ in_service: window, window: '{window}' }}"));
        accepted(&text).notices.iter().map(ToString::to_string).collect::<Vec<String>>()
    };
    let short = notices("Sun 02:00-07:59");
    assert!(
        short.len() == 1 && short[0].contains("notebooks.window: it is shorter than the 6 hours"),
        "{short:?}"
    );
    for long in ["Sun 02:00-08:00", "Sun 18:00-24:00"] {
        assert_eq!(notices(long), [""; 0], "{long}");
    }
}

#[test]
fn groups_that_only_enforce_repoints_are_noticed() {
    let notices = |fix: &str| {
        let text = observing(&format!("launch_templates: {{ fix: {fix}, repoint_groups: true }}"));
        accepted(&text).notices.iter().map(ToString::to_string).collect::<Vec<String>>()
    };
    let notice = |words: &str| vec![format!("3:55: launch_templates.repoint_groups: {words}")];
    assert_eq!(
        notices("new-version"),
        notice(
            "only `v2only enforce` changes groups, because it writes a journal for `v2only rollback`; the \
             functions report them"
        )
    );
    let report = notices("report");
    assert!(
        report.len() == 1 && report[0].contains("no group is changed without `fix: new-version`"),
        "{report:?}"
    );
}

#[test]
fn words_that_repeat_the_default_are_not_noticed() {
    let text = observing(
        "instances: { remediate_with: api }\nlaunch_templates: { fix: report }\nimages: { fix: report }\n\
         account_defaults: { http_tokens: keep, hop_limit: keep, enforced: keep }\n\
         overrides: [{ match: { ou: r-1 }, mode: observe }, { match: { ou: r-2 }, mode: enforce }]",
    );
    assert_eq!(accepted(&text).notices, []);
}

#[test]
fn an_endpoint_that_is_to_be_disabled_needs_a_grant_and_stops_what_reads_it() {
    let notices = |instances: &str| {
        let text = observing(&format!("instances: {{ {instances} }}"));
        accepted(&text).notices.iter().map(ToString::to_string).collect::<Vec<String>>()
    };
    let found = notices("http_endpoint: disabled");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("`DisableEndpoints`") && found[0].contains("policies render"), "{found:?}");
    assert!(found[1].contains("EC2 Instance Connect") && found[1].contains("user data"), "{found:?}");
    assert_eq!(notices("http_endpoint: keep"), [""; 0]);
}
