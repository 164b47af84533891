//! `gate`: yes only where every source and every instance was read, and nothing speaks against the switch.

use insta::assert_snapshot;
use v2only_enforcer::Kind;
use v2only_enforcer::ports::Metric;
use v2only_policy::instance::{HttpTokens, Switch};
use v2only_policy::source::{
    Consumer, DefaultsOwner, LaunchConfiguration, LaunchTemplate, TemplateSlot, TemplateUse, TemplateVersion,
    VersionChoice,
};
use v2only_policy::{AccountDefaults, ImdsSupport, LaunchTemplateId, StatedOptions, Tags};

use crate::fake_aws::{FakeAws, instance};
use crate::fake_world::FakeWorld;

const HERE: &str = "eu-central-1";
const QUIET: &str = "i-0000000000000000a";
const BUSY: &str = "i-0000000000000000b";
const SILENT: &str = "i-0000000000000000c";
const TEMPLATE: &str = "lt-0000000000000000a";

fn required() -> AccountDefaults {
    let options = StatedOptions { http_tokens: Some(HttpTokens::Required), ..StatedOptions::default() };
    AccountDefaults { options, ..AccountDefaults::UNSET }
}

/// An account in which nothing speaks against the switch.
fn ready() -> FakeAws {
    launching(template(Some(HttpTokens::Required)))
}

/// The same, with this launch template.
fn launching(it: LaunchTemplate) -> FakeAws {
    FakeAws::default()
        .at_home(HERE)
        .defaults(required())
        .instance(HERE, instance(QUIET))
        .counted(QUIET, Metric::NoToken, &[0; 14])
        .template(it)
        .consumer(group("web", TEMPLATE, VersionChoice::Default))
}

fn template(tokens: Option<HttpTokens>) -> LaunchTemplate {
    let options = StatedOptions { http_tokens: tokens, ..StatedOptions::default() };
    LaunchTemplate {
        id: LaunchTemplateId::parse(TEMPLATE).unwrap(),
        name: "web".to_owned(),
        default: 1,
        latest: 1,
        displaced: None,
        versions: vec![TemplateVersion {
            number: 1,
            options,
            instance_type: None,
            instance_tags: Tags::new(),
            image: None,
            imds_support: ImdsSupport::Unknown,
            made: None,
            exempts: false,
        }],
        consumers: Vec::new(),
        managed_by: None,
        created_by: None,
        tags: Tags::new(),
    }
}

fn group(name: &str, template: &str, version: VersionChoice) -> Consumer {
    Consumer {
        templates: vec![TemplateUse::plain(template.to_owned(), version, TemplateSlot::Own)],
        ..Consumer::group(name.to_owned())
    }
}

fn codes(aws: FakeAws) -> (u8, Vec<String>) {
    let ran = FakeWorld::with(aws).run("gate --output json");
    let json = ran.json();
    let reasons = json["places"][0]["reasons"].as_array().unwrap().clone();
    assert_eq!(json["answer"] == "yes", reasons.is_empty(), "{json}");
    assert_eq!(json["exit_code"], ran.exit.code());
    (ran.exit.code(), reasons.iter().map(|it| it["code"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn where_nothing_speaks_against_the_switch_the_answer_is_yes() {
    let world = FakeWorld::with(ready());
    assert_snapshot!(world.run("gate").seen());
    assert_eq!(world.aws.changes(), [""; 0]);
    let on = AccountDefaults { enforced: Switch::Enabled, ..required() };
    let ran = FakeWorld::with(ready().defaults(on)).run("gate --output json");
    assert_eq!((ran.exit.code(), &ran.json()["places"][0]["enforced"]), (0, &true.into()));
}

/// Each of them alone turns the answer to no.
#[test]
fn each_reason_alone_is_enough_for_a_no() {
    let rows = [
        (ready().defaults(AccountDefaults::UNSET), "default-not-required"),
        (launching(template(Some(HttpTokens::Optional))), "template-says-optional"),
        (ready().consumer(group("old", TEMPLATE, VersionChoice::Number(7))), "template-not-described"),
        (
            ready().consumer(group("gone", "lt-0000000000000000f", VersionChoice::Latest)),
            "template-not-described",
        ),
        (
            ready()
                .consumer(Consumer {
                    configuration: Some("lc".to_owned()),
                    ..Consumer::group("legacy".to_owned())
                })
                .configuration(LaunchConfiguration {
                    name: "lc".to_owned(),
                    options: StatedOptions::default(),
                    groups: Vec::new(),
                }),
            "launch-configuration-optional",
        ),
        (
            ready().defaults(AccountDefaults { owner: DefaultsOwner::DeclarativePolicy(None), ..required() }),
            "declarative-policy",
        ),
        (
            ready()
                .defaults(AccountDefaults { owner: DefaultsOwner::Unknown("who".to_owned()), ..required() }),
            "owner-unknown",
        ),
        (ready().instance(HERE, instance(BUSY)).counted(BUSY, Metric::NoToken, &[7; 14]), "instance-uses-v1"),
        (ready().instance(HERE, instance(SILENT)), "instance-may-use-v1"),
    ];
    for (aws, code) in rows {
        assert_eq!(codes(aws), (10, vec![code.to_owned()]));
    }
}

#[test]
fn what_could_not_be_read_is_a_no_with_that_reason() {
    for action in [
        "ec2:GetInstanceMetadataDefaults",
        "ec2:DescribeLaunchTemplates",
        "autoscaling:DescribeAutoScalingGroups",
        "ec2:DescribeFleets",
        "ec2:DescribeInstances",
        "cloudwatch:GetMetricData",
    ] {
        let (exit, codes) = codes(ready().failing(action, None, Kind::Denied, "AccessDenied", "no"));
        assert_eq!(exit, 3, "{action}");
        assert!(codes.contains(&"not-read".to_owned()), "{action}: {codes:?}");
    }
}

#[test]
fn every_reason_has_its_resource_and_what_to_do_next() {
    let aws = launching(template(Some(HttpTokens::Optional)))
        .defaults(AccountDefaults::UNSET)
        .instance(HERE, instance(BUSY))
        .instance(HERE, instance(SILENT))
        .counted(BUSY, Metric::NoToken, &[7; 14]);
    let world = FakeWorld::with(aws).watched(180);
    assert_snapshot!(world.run("gate --profile ci").seen());
    assert_snapshot!(world.run("gate --output json -q").seen());
}

fn recorded(name: &str, role: &str, delivery: Option<&str>, request: serde_json::Value) -> serde_json::Value {
    let options = serde_json::json!({ "httpTokens": "optional", "httpEndpoint": "enabled", "httpPutResponseHopLimit": 1 });
    let mut session = serde_json::json!({
        "sessionIssuer": { "type": "Role", "arn": format!("arn:aws:iam::111122223333:role/{role}"), "userName": role },
    });
    if let Some(delivery) = delivery {
        session["ec2RoleDelivery"] = delivery.into();
    }
    serde_json::json!({
        "eventVersion": "1.09", "eventType": "AwsApiCall", "eventTime": "2026-11-19T08:00:00Z",
        "eventSource": "ec2.amazonaws.com", "eventName": name, "eventID": format!("{name}-{role}"),
        "awsRegion": HERE, "recipientAccountId": "111122223333", "userAgent": "aws-cli/2.15", "requestID": "r",
        "userIdentity": {
            "type": "AssumedRole", "accountId": "111122223333", "principalId": "AROA:i-0000000000000000a",
            "arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/i-0000000000000000a"),
            "sessionContext": session,
        },
        "requestParameters": request,
        "responseElements": { "instancesSet": { "items": [
            { "instanceId": "i-0000000000000000b", "imageId": "ami-0000000000000000a", "metadataOptions": options },
        ] } },
    })
}

/// What no source shows: a person or a script that launches with `optional`, and software that fetches by IMDSv1.
#[test]
fn what_cloudtrail_recorded_is_a_reason_besides() {
    let optional = serde_json::json!({ "metadataOptions": { "httpTokens": "optional" } });
    let records = serde_json::json!({ "Records": [
        recorded("RunInstances", "ci", None, optional),
        recorded("DescribeInstances", "app", Some("1.0"), serde_json::json!({})),
    ] });
    let world = FakeWorld::with(ready()).file("trail.json", &records.to_string());
    let ran = world.run("gate --trail-files DIR/trail.json --output json");
    let json = ran.json();
    let reasons = json["places"][0]["reasons"].as_array().unwrap();
    let codes: Vec<&str> = reasons.iter().map(|it| it["code"].as_str().unwrap()).collect();
    assert_eq!(
        (ran.exit.code(), codes),
        (10, vec!["recorded-launch-refused", "credentials-delivered-by-v1"])
    );
    assert!(reasons[0]["why"].as_str().unwrap().contains("role/ci"), "{json}");
    // An instance that is here calls other Regions too. An instance elsewhere is no reason here.
    let elsewhere = records.to_string().replace(HERE, "us-east-1");
    let world = FakeWorld::with(ready()).file("trail.json", &elsewhere);
    assert_eq!(world.run("gate --trail-files DIR/trail.json").exit.code(), 10, "an instance of this Region");
    let elsewhere = elsewhere.replace("i-0000000000000000a", "i-0000000000000000e");
    let world = FakeWorld::with(ready()).file("trail.json", &elsewhere).file("broken.json", "{");
    assert_eq!(world.run("gate --trail-files DIR/trail.json").exit.code(), 0, "another Region");
    assert_eq!(world.run("gate --trail-files DIR/broken.json").exit.code(), 3);
    assert_eq!(world.run("gate --trail-files DIR/none.json").exit.code(), 2);
}
