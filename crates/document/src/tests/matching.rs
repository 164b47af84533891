//! Mistakes in saying who is meant, and exactly what a user sees of them.

use insta::assert_snapshot;

use super::{observing, refused};

#[test]
fn account_ids_that_are_none() {
    let text = observing(
        "overrides:\n- mode: enforce\n  match: { accounts: [12345678901, 1111-2222-3333, prod] }\n",
    );
    assert_snapshot!(refused(&text), @r#"
    policy.yaml:5:23: overrides[0].match.accounts[0]: expected an AWS account id (12 digits), found `12345678901`
      |
    5 |   match: { accounts: [12345678901, 1111-2222-3333, prod] }
      |                       ^
    hint: if leading zeros were lost, write them, in quotes: `"012345678901"`

    policy.yaml:5:36: overrides[0].match.accounts[1]: expected an AWS account id (12 digits), found `1111-2222-3333`
      |
    5 |   match: { accounts: [12345678901, 1111-2222-3333, prod] }
      |                                    ^
    hint: did you mean `"111122223333"`?

    policy.yaml:5:52: overrides[0].match.accounts[2]: expected an AWS account id (12 digits), found `prod`
      |
    5 |   match: { accounts: [12345678901, 1111-2222-3333, prod] }
      |                                                    ^
    "#);
}

#[test]
fn a_match_that_would_mean_everything() {
    let text = observing(
        "overrides:\n  - match: {}\n    mode: enforce\n  - match: { accounts: [] }\n    mode: enforce\n  - mode: enforce\n",
    );
    assert_snapshot!(refused(&text), @r#"
    policy.yaml:4:12: overrides[0].match: an empty `match` would mean everything
      |
    4 |   - match: {}
      |            ^
    hint: name accounts, Regions, organizational units, a tag or resources

    policy.yaml:6:24: overrides[1].match.accounts: an empty `accounts` would mean all of them
      |
    6 |   - match: { accounts: [] }
      |                        ^
    hint: name one at least, or delete the key

    policy.yaml:8:5: overrides[2]: missing key `match`
      |
    8 |   - mode: enforce
      |     ^
    hint: add `match: { account: "111122223333" }`, whom it means
    "#);
}

#[test]
fn one_and_many_mixed_up() {
    let text = observing(
        "overrides:\n  - match: { account: [\"111122223333\"], regions: eu-* }\n    mode: enforce\n  \
         - match: { ou: r-ab12, ous: [ou-ab12-1] }\n    mode: enforce\n",
    );
    assert_snapshot!(refused(&text), @r#"
    policy.yaml:4:23: overrides[0].match.account: expected one account, found a list
      |
    4 |   - match: { account: ["111122223333"], regions: eu-* }
      |                       ^
    hint: did you mean `accounts`?

    policy.yaml:4:50: overrides[0].match.regions: expected a list, found `eu-*`
      |
    4 |   - match: { account: ["111122223333"], regions: eu-* }
      |                                                  ^
    hint: write `region: eu-*` or `regions: [eu-*]`

    policy.yaml:6:31: overrides[1].match.ous: `ou` and `ous` say the same thing twice
      |
    6 |   - match: { ou: r-ab12, ous: [ou-ab12-1] }
      |                               ^
    hint: put them all under `ous`
    "#);
}

#[test]
fn names_that_mean_nobody() {
    let text = observing(
        "overrides:\n  - mode: enforce\n    match:\n      regions: [EU-Central-1, eu-west, Frankfurt]\n      \
         ous: [Sandbox, o-a1b2/r-ab12/ou-ab12-1, ou-*]\n      \
         resource: arn:aws:ec2:eu-central-1:111122223333:instance/i-0123456789abcdef0\n      \
         tag: { app: legacy }\n",
    );
    assert_snapshot!(refused(&text), @r#"
    policy.yaml:6:17: overrides[0].match.regions[0]: expected a Region code such as `eu-central-1` or a pattern such as `eu-*`, found `EU-Central-1`
      |
    6 |       regions: [EU-Central-1, eu-west, Frankfurt]
      |                 ^
    hint: did you mean `eu-central-1`?

    policy.yaml:6:31: overrides[0].match.regions[1]: expected a Region code such as `eu-central-1` or a pattern such as `eu-*`, found `eu-west`
      |
    6 |       regions: [EU-Central-1, eu-west, Frankfurt]
      |                               ^
    hint: did you mean `eu-west-*`?

    policy.yaml:6:40: overrides[0].match.regions[2]: expected a Region code such as `eu-central-1` or a pattern such as `eu-*`, found `Frankfurt`
      |
    6 |       regions: [EU-Central-1, eu-west, Frankfurt]
      |                                        ^

    policy.yaml:7:13: overrides[0].match.ous[0]: expected an organizational unit or root id such as `ou-ab12-34cd56ef`, found `Sandbox`
      |
    7 |       ous: [Sandbox, o-a1b2/r-ab12/ou-ab12-1, ou-*]
      |             ^
    hint: write its id, not its name

    policy.yaml:7:22: overrides[0].match.ous[1]: expected an organizational unit or root id such as `ou-ab12-34cd56ef`, found `o-a1b2/r-ab12/ou-ab12-1`
      |
    7 |       ous: [Sandbox, o-a1b2/r-ab12/ou-ab12-1, ou-*]
      |                      ^
    hint: did you mean `ou-ab12-1`?

    policy.yaml:7:47: overrides[0].match.ous[2]: expected an organizational unit or root id such as `ou-ab12-34cd56ef`, found `ou-*`
      |
    7 |       ous: [Sandbox, o-a1b2/r-ab12/ou-ab12-1, ou-*]
      |                                               ^
    hint: organizational units are named one by one; those inside them are meant too

    policy.yaml:8:17: overrides[0].match.resource: expected an instance id, a notebook name or a pattern such as `batch-*`, found `arn:aws:ec2:eu-central-1:111122223333:instance/i-0123456789a…`
      |
    8 |       resource: arn:aws:ec2:eu-central-1:111122223333:instance/i-0123456789abcdef0
      |                 ^
    hint: write `i-0123456789abcdef0`; account and Region have keys of their own

    policy.yaml:9:12: overrides[0].match.tag: expected a map with `key` and, unless any value will do, `value`, found a map
      |
    9 |       tag: { app: legacy }
      |            ^
    hint: write `{ key: "app", value: "legacy" }`
    "#);
}
