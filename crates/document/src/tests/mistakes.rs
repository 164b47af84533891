//! Typical mistakes, and exactly what a user sees of them.

use insta::assert_snapshot;

use super::{observing, refused};

#[test]
fn nothing_at_all() {
    assert_snapshot!(refused("# version: 1\n"), @r#"
    policy.yaml:1:1: the document is empty
      |
    1 | # version: 1
      | ^
    hint: the shortest document is two lines: `version: 1` and `mode: observe`
    "#);
}

#[test]
fn the_word_after_the_right_one() {
    assert_snapshot!(refused("version: 1\nmode: enforced\n"), @r#"
    policy.yaml:2:7: mode: expected `observe` or `enforce`, found `enforced`
      |
    2 | mode: enforced
      |       ^
    hint: did you mean `enforce`?
    "#);
}

#[test]
fn no_mode_and_another_version() {
    assert_snapshot!(refused("version: 2\ninstances: {}\n"), @r#"
    policy.yaml:1:1: missing key `mode`
      |
    1 | version: 2
      | ^
    hint: add `mode: observe` or `mode: enforce`

    policy.yaml:1:10: version: expected `1`, found `2`
      |
    1 | version: 2
      |          ^
    hint: this release reads version 1
    "#);
}

#[test]
fn keys_almost_right_or_in_the_wrong_place() {
    assert_snapshot!(refused("versoin: 1\nmode: observe\nexemption: []\nhop_limit: 2\nlaunchTemplates: {}\nspeed: 3\n"), @r#"
    policy.yaml:1:1: unknown key `versoin`
      |
    1 | versoin: 1
      | ^
    hint: did you mean `version`?

    policy.yaml:3:1: unknown key `exemption`
      |
    3 | exemption: []
      | ^
    hint: did you mean `exemptions`?

    policy.yaml:4:1: unknown key `hop_limit`
      |
    4 | hop_limit: 2
      | ^
    hint: `hop_limit` belongs under `instances` or under `account_defaults`

    policy.yaml:5:1: unknown key `launchTemplates`
      |
    5 | launchTemplates: {}
      | ^
    hint: did you mean `launch_templates`?

    policy.yaml:6:1: unknown key `speed`
      |
    6 | speed: 3
      | ^
    hint: known here are version, mode, instances, notebooks, launch_templates, images, account_defaults, drift, exemptions, exemptions_by_tag, overrides
    "#);
}

#[test]
fn the_names_that_aws_uses() {
    let text = observing("instances:\n  HttpTokens: required\n  HttpPutResponseHopLimit: 2\n");
    assert_snapshot!(refused(&text), @r#"
    policy.yaml:4:3: instances: unknown key `HttpTokens`
      |
    4 |   HttpTokens: required
      |   ^
    hint: did you mean `http_tokens`?

    policy.yaml:5:3: instances: unknown key `HttpPutResponseHopLimit`
      |
    5 |   HttpPutResponseHopLimit: 2
      |   ^
    hint: did you mean `hop_limit`?
    "#);
}

#[test]
fn a_hop_limit_in_the_forms_that_suggest_themselves() {
    let text = observing(
        "instances:\n  hop_limit: 2\noverrides:\n  - match: { region: eu-* }\n    instances: { hop_limit: { max: 65 } }\n  \
         - match: { region: us-* }\n    instances: { hop_limit: { max: 2, exactly: 2 } }\n  \
         - match: { region: ap-* }\n    instances: { hop_limit: { maximum: two } }\n",
    );
    assert_snapshot!(refused(&text), @r#"
    policy.yaml:4:14: instances.hop_limit: expected `keep`, `{ max: … }` or `{ exactly: … }`, found `2`
      |
    4 |   hop_limit: 2
      |              ^
    hint: write `{ max: 2 }`, or `{ exactly: 2 }` if fewer are wrong as well

    policy.yaml:7:36: overrides[0].instances.hop_limit.max: expected a whole number from 1 to 64, found `65`
      |
    7 |     instances: { hop_limit: { max: 65 } }
      |                                    ^

    policy.yaml:9:29: overrides[1].instances.hop_limit: `max` and `exactly` contradict each other
      |
    9 |     instances: { hop_limit: { max: 2, exactly: 2 } }
      |                             ^
    hint: `{ max: … }` allows fewer hops, `{ exactly: … }` does not

    policy.yaml:11:31: overrides[2].instances.hop_limit: unknown key `maximum`
       |
    11 |     instances: { hop_limit: { maximum: two } }
       |                               ^
    hint: write `{ max: 2 }`
    "#);
}

#[test]
fn asking_for_version_1() {
    let text = observing(
        "instances: { http_tokens: optional, http_endpoint: enabled }\nnotebooks: { minimum_version: 1 }\n\
         account_defaults: { http_tokens: optional }\n",
    );
    assert_snapshot!(refused(&text), @r#"
    policy.yaml:3:27: instances.http_tokens: expected `required`, found `optional`
      |
    3 | instances: { http_tokens: optional, http_endpoint: enabled }
      |                           ^
    hint: version 1 is never allowed by a rule; a resource that still needs it gets an exemption

    policy.yaml:3:52: instances.http_endpoint: expected `keep` or `disabled`, found `enabled`
      |
    3 | instances: { http_tokens: optional, http_endpoint: enabled }
      |                                                    ^
    hint: an endpoint that somebody disabled is never enabled; write `keep`

    policy.yaml:4:31: notebooks.minimum_version: expected `2`, found `1`
      |
    4 | notebooks: { minimum_version: 1 }
      |                               ^
    hint: version 1 is never allowed by a rule; a resource that still needs it gets an exemption

    policy.yaml:5:34: account_defaults.http_tokens: expected `required` or `keep`, found `optional`
      |
    5 | account_defaults: { http_tokens: optional }
      |                                  ^
    hint: version 1 is never allowed by a rule; write `keep` to have no opinion
    "#);
}

#[test]
fn clearing_what_is_never_cleared() {
    let text = observing(
        "account_defaults:\n  http_tokens: no-preference\n  http_endpoint: enabled\n  metadata_tags: no_preference\n",
    );
    assert_snapshot!(refused(&text), @r#"
    policy.yaml:4:16: account_defaults.http_tokens: expected `required` or `keep`, found `no-preference`
      |
    4 |   http_tokens: no-preference
      |                ^
    hint: the default for tokens is never cleared; write `keep` to have no opinion

    policy.yaml:5:18: account_defaults.http_endpoint: expected `keep`, `disabled` or `no-preference`, found `enabled`
      |
    5 |   http_endpoint: enabled
      |                  ^
    hint: no endpoint is ever switched on; `no-preference` clears a default of `enabled`

    policy.yaml:6:18: account_defaults.metadata_tags: expected `keep`, `enabled`, `disabled` or `no-preference`, found `no_preference`
      |
    6 |   metadata_tags: no_preference
      |                  ^
    hint: did you mean `no-preference`?
    "#);
}

#[test]
fn quotes_and_booleans() {
    let text = "version: \"1\"\nmode: observe\nnotebooks: { fresh_minutes: \"30\", upgrade_platform: yes }\n\
                instances: { metadata_tags: true, usage_gate: { quiet_days: 0 } }\n";
    assert_snapshot!(refused(text), @r#"
    policy.yaml:1:10: version: expected `1`, found the text `"1"`
      |
    1 | version: "1"
      |          ^
    hint: write `1` without the quotes

    policy.yaml:3:29: notebooks.fresh_minutes: expected a whole number from 0 to 10080, found the text `"30"`
      |
    3 | notebooks: { fresh_minutes: "30", upgrade_platform: yes }
      |                             ^
    hint: write `30` without the quotes

    policy.yaml:3:53: notebooks.upgrade_platform: expected `true` or `false`, found `yes`
      |
    3 | notebooks: { fresh_minutes: "30", upgrade_platform: yes }
      |                                                     ^
    hint: did you mean `true`?

    policy.yaml:4:29: instances.metadata_tags: expected `keep`, `enabled` or `disabled`, found `true`
      |
    4 | instances: { metadata_tags: true, usage_gate: { quiet_days: 0 } }
      |                             ^
    hint: did you mean `enabled`?

    policy.yaml:4:61: instances.usage_gate.quiet_days: expected a whole number from 1 to 455, found `0`
      |
    4 | instances: { metadata_tags: true, usage_gate: { quiet_days: 0 } }
      |                                                             ^
    "#);
}

#[test]
fn an_exemption_without_end_or_reason() {
    let text = observing(
        "exemptions:\n  - match: { tag: { key: \"app*\" } }\n    reason: \" \"\n    until: never\n  \
         - match: { tag: app }\n    until: 31/12/2026\n  - match: { region: eu-* }\n    reason: why\n    until: 2027-02-30\n    \
         expires: 2027-03-01\n",
    );
    assert_snapshot!(refused(&text), @r#"
    policy.yaml:5:13: exemptions[0].reason: expected a reason in words, found empty text
      |
    5 |     reason: " "
      |             ^

    policy.yaml:6:12: exemptions[0].until: expected a day written YYYY-MM-DD, found `never`
      |
    6 |     until: never
      |            ^
    hint: every exemption ends; choose the day on which somebody reviews it

    policy.yaml:7:5: exemptions[1]: missing key `reason`
      |
    7 |   - match: { tag: app }
      |     ^
    hint: add `reason: vendor agent speaks only v1`

    policy.yaml:7:19: exemptions[1].match.tag: expected a map with `key` and, unless any value will do, `value`, found `app`
      |
    7 |   - match: { tag: app }
      |                   ^
    hint: write `tag: { key: team, value: "data-*" }`

    policy.yaml:8:12: exemptions[1].until: expected a day written YYYY-MM-DD, found `31/12/2026`
      |
    8 |     until: 31/12/2026
      |            ^
    hint: did you mean `2026-12-31`?

    policy.yaml:11:12: exemptions[2].until: expected a day written YYYY-MM-DD, found `2027-02-30`
       |
    11 |     until: 2027-02-30
       |            ^

    policy.yaml:12:5: exemptions[2]: unknown key `expires`
       |
    12 |     expires: 2027-03-01
       |     ^
    hint: did you mean `until`?
    "#);
}

#[test]
fn an_override_that_changes_nothing() {
    let text = observing(
        "overrides:\n  - match: { region: eu-* }\n  - match: { region: us-* }\n    instances: {}\n    exemptions: []\n",
    );
    assert_snapshot!(refused(&text), @r#"
    policy.yaml:4:5: overrides[0]: the override changes nothing
      |
    4 |   - match: { region: eu-* }
      |     ^
    hint: say what is to hold for whom it means, such as `mode: observe`

    policy.yaml:6:16: overrides[1].instances: this changes nothing
      |
    6 |     instances: {}
      |                ^
    hint: say what is to hold there, or delete the key

    policy.yaml:7:5: overrides[1]: unknown key `exemptions`
      |
    7 |     exemptions: []
      |     ^
    hint: `exemptions` belongs at the top level
    "#);
}

#[test]
fn windows_that_contradict() {
    let text = observing(
        "notebooks: { window: \"Sun 02:00-04:00\" }\noverrides:\n  - match: { region: eu-* }\n    \
         notebooks: { in_service: window }\n  - match: { region: us-* }\n    \
         notebooks: { in_service: report, window: \"Sun 02:00-04:00\" }\n  - match: { region: ap-* }\n    \
         notebooks: { in_service: window, window: \"Sun 22:00-04:00\" }\n  - match: { region: sa-* }\n    \
         notebooks: { in_service: window, window: Sunday 2:00-4:00 }\n",
    );
    assert_snapshot!(refused(&text), @r#"
    policy.yaml:6:30: overrides[0].notebooks.in_service: `in_service: window` needs a `window`
      |
    6 |     notebooks: { in_service: window }
      |                              ^
    hint: add `window: "Sun 02:00-04:00"`, in UTC

    policy.yaml:10:46: overrides[2].notebooks.window: the window ends before it begins
       |
    10 |     notebooks: { in_service: window, window: "Sun 22:00-04:00" }
       |                                              ^
    hint: a window lies within one day; the latest end is `24:00`

    policy.yaml:12:46: overrides[3].notebooks.window: expected a day and two times of it such as `Sun 02:00-04:00`, found `Sunday 2:00-4:00`
       |
    12 |     notebooks: { in_service: window, window: Sunday 2:00-4:00 }
       |                                              ^
    hint: did you mean `Sun 02:00-04:00`?
    "#);
}

#[test]
fn the_same_key_twice() {
    assert_snapshot!(refused(&observing("images:\n  fix: report\n  fix: mark-v2\nmode: enforce\n")), @r#"
    policy.yaml:5:3: images: duplicate key `fix`, first on line 4
      |
    5 |   fix: mark-v2
      |   ^

    policy.yaml:6:1: duplicate key `mode`, first on line 2
      |
    6 | mode: enforce
      | ^
    "#);
}

#[test]
fn lists_and_maps_mixed_up() {
    let text = observing(
        "exemptions:\n  match: { region: eu-* }\noverrides:\ninstances:\n- hop_limit\nimages: report\n",
    );
    assert_snapshot!(refused(&text), @r#"
    policy.yaml:4:3: exemptions: expected a list of exemptions, found a map
      |
    4 |   match: { region: eu-* }
      |   ^
    hint: put a `-` before each exemption; for none write `[]` or delete the key

    policy.yaml:5:1: overrides: expected a list of overrides, found nothing
      |
    5 | overrides:
      | ^
    hint: put a `-` before each override; for none write `[]` or delete the key

    policy.yaml:7:3: instances: expected a map of rules for instances, found a list
      |
    7 | - hop_limit
      |   ^

    policy.yaml:8:9: images: expected a map with the key `fix`, found `report`
      |
    8 | images: report
      |         ^
    hint: write `{ fix: report }`
    "#);
}
