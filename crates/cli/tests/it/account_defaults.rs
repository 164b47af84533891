//! The defaults of an account: set in one call, enforced last, and not touched where somebody else decides or changed them.

use v2only_policy::instance::{HttpTokens, Switch};
use v2only_policy::source::DefaultsOwner;
use v2only_policy::{AccountDefaults, ImdsSupport, StatedOptions};

use crate::fake_aws::FakeAws;
use crate::fake_world::FakeWorld;
use crate::sources::{POLICY, image, template};

#[test]
fn enforcement_comes_last_and_in_one_call_with_the_tokens() {
    let aws = FakeAws::default()
        .at_home("eu-central-1")
        .template(template(1, &[Some(HttpTokens::Optional)]))
        .image(image(ImdsSupport::V2));
    let world = FakeWorld::with(aws).file("policy.yaml", POLICY);
    let run = |number: u8| {
        let line = format!("enforce --policy DIR/policy.yaml --yes --journal DIR/{number}.ndjson");
        world.run(&line)
    };
    assert_eq!(run(1).exit.code(), 10, "the template said optional: enforcement waits");
    assert_eq!(
        world.aws.changes()[0],
        "ec2:ModifyInstanceMetadataDefaults account default HttpTokens=required HttpPutResponseHopLimit=2"
    );
    assert_eq!(run(2).exit.code(), 0);
    assert_eq!(
        world.aws.changes().last().unwrap(),
        "ec2:ModifyInstanceMetadataDefaults account default HttpTokens=required HttpTokensEnforced=enabled"
    );
    assert_eq!(run(3).exit.code(), 0);
    assert!(!world.exists("3.ndjson"));
}

#[test]
fn defaults_of_a_declarative_policy_are_named_and_not_touched() {
    let owned = AccountDefaults {
        owner: DefaultsOwner::DeclarativePolicy(Some("ask security@example.com".to_owned())),
        ..AccountDefaults::UNSET
    };
    let aws = FakeAws::default().at_home("eu-central-1").defaults(owned);
    let world = FakeWorld::with(aws).file("policy.yaml", POLICY);
    let ran = world.run("enforce --policy DIR/policy.yaml --yes --journal DIR/a.ndjson");
    assert_eq!(ran.exit.code(), 10);
    assert!(
        ran.out.contains("a declarative policy of the organization owns the account defaults"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("ask security@example.com"), "{}", ran.out);
    assert_eq!(world.aws.changes(), [""; 0]);
}

#[test]
fn defaults_that_aws_accepts_and_does_not_change_have_failed() {
    let aws = FakeAws::default().at_home("eu-central-1").deaf();
    let world = FakeWorld::with(aws).file("policy.yaml", POLICY);
    let ran = world.run("enforce --policy DIR/policy.yaml --yes --journal DIR/a.ndjson");
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.err.contains("AWS accepted the change, and describes the defaults otherwise"), "{}", ran.err);
}

/// What a scan found may be hours old when `HttpTokensEnforced` is turned on, and launches would fail.
#[test]
fn enforcement_waits_for_a_source_that_came_while_the_question_was_open() {
    for (document, exit) in [
        ("account_defaults: { http_tokens: required, enforced: enabled }", "advanced"),
        ("account_defaults: { enforced: enabled }", "held"),
    ] {
        let policy = format!("version: 1\nmode: enforce\n{document}\n");
        let required = StatedOptions { http_tokens: Some(HttpTokens::Required), ..StatedOptions::default() };
        let defaults = AccountDefaults {
            options: if exit == "held" { required } else { StatedOptions::default() },
            ..AccountDefaults::UNSET
        };
        // The first listing is for the plan.
        let aws = FakeAws::default().at_home("eu-central-1").defaults(defaults).before(
            "ec2:DescribeLaunchTemplates",
            1,
            |aws| drop(aws.clone().template(template(1, &[Some(HttpTokens::Optional)]))),
        );
        let world = FakeWorld::with(aws).file("policy.yaml", &policy);
        let line = "enforce --policy DIR/policy.yaml --kind account-default --yes --journal DIR/a.ndjson --output json";
        let ran = world.run(line);
        assert_eq!(ran.exit.code(), 10, "{}", ran.err);
        assert!(ran.out.contains("HttpTokensEnforced waits: 1 template version"), "{}", ran.out);
        let changes = world.aws.asked_of("ec2:ModifyInstanceMetadataDefaults");
        assert!(!changes.iter().any(|it| it.contains("nforce")), "{changes:?}");
        assert_eq!(changes.is_empty(), exit == "held");
    }
}

/// `no-preference` would switch the endpoint of new launches on again.
#[test]
fn a_default_that_somebody_disabled_since_the_plan_is_not_cleared() {
    let policy = "version: 1\nmode: enforce\naccount_defaults: { http_endpoint: no-preference }\n";
    fn with(endpoint: Switch) -> AccountDefaults {
        AccountDefaults {
            options: StatedOptions { http_endpoint: Some(endpoint), ..StatedOptions::default() },
            ..AccountDefaults::UNSET
        }
    }
    let nobody: fn(&FakeAws) = |_| {};
    let somebody: fn(&FakeAws) = |aws| drop(aws.clone().defaults(with(Switch::Disabled)));
    for (meanwhile, outcome) in [(nobody, "fixed"), (somebody, "held")] {
        let aws = FakeAws::default().at_home("eu-central-1").defaults(with(Switch::Enabled)).before(
            "ec2:GetInstanceMetadataDefaults",
            1,
            meanwhile,
        );
        let world = FakeWorld::with(aws).file("policy.yaml", policy);
        let line = "enforce --policy DIR/policy.yaml --kind account-default --yes --journal DIR/a.ndjson --output json";
        let ran = world.run(line);
        assert!(ran.out.contains(&format!("\"outcome\": \"{outcome}\"")), "{}", ran.out);
        let changes = world.aws.asked_of("ec2:ModifyInstanceMetadataDefaults");
        assert_eq!(changes.is_empty(), outcome == "held", "{changes:?}");
    }
}
