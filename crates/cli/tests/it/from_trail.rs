//! `readiness --from-trail`.

use serde_json::{Value, json};
use v2only_enforcer::Kind;
use v2only_policy::source::{LaunchTemplate, TemplateVersion};
use v2only_policy::{HttpTokens, ImdsSupport, LaunchTemplateId, StatedOptions, Tags};

use crate::fake_aws::FakeAws;
use crate::fake_world::FakeWorld;

const HERE: &str = "eu-central-1";
const TEMPLATE: &str = "lt-0000000000000000a";

/// A recorded launch by Terraform, or by an Auto Scaling group, whose instances answer IMDSv1 or not.
pub(crate) fn record(id: u8, at: &str, group: Option<&str>, tokens: &str) -> Value {
    let (role, service) = match group {
        Some(_) => (
            "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
            Some("autoscaling.amazonaws.com"),
        ),
        None => ("deploy", None),
    };
    let name = role.rsplit('/').next().unwrap();
    let tags = group.map(|name| {
        json!({ "items": [
            { "key": "aws:autoscaling:groupName", "value": name },
            { "key": "aws:ec2launchtemplate:id", "value": TEMPLATE },
            { "key": "aws:ec2launchtemplate:version", "value": "3" },
        ] })
    });
    json!({
        "eventVersion": "1.11", "eventID": format!("event-{id}"), "requestID": format!("request-{id}"),
        "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "eventType": "AwsApiCall", "eventTime": at,
        "awsRegion": HERE, "recipientAccountId": "111122223333", "sourceIPAddress": "203.0.113.10",
        "userAgent": service.unwrap_or("APN/1.0 HashiCorp/1.0 Terraform/1.9.0 (+https://www.terraform.io)"),
        "userIdentity": {
            "type": "AssumedRole", "arn": format!("arn:aws:sts::111122223333:assumed-role/{name}/session"),
            "accountId": "111122223333", "invokedBy": service,
            "sessionContext": {
                "sessionIssuer": { "arn": format!("arn:aws:iam::111122223333:role/{role}"), "userName": name },
            },
        },
        "requestParameters": { "instancesSet": { "items": [{ "imageId": "ami-0000000000000000a", "minCount": 1 }] } },
        "responseElements": { "instancesSet": { "items": [{
            "instanceId": "i-0000000000000000a", "imageId": "ami-0000000000000000a", "tagSet": tags,
            "metadataOptions": {
                "state": "pending", "httpTokens": tokens, "httpPutResponseHopLimit": 1, "httpEndpoint": "enabled",
            },
        }] } },
    })
}

fn v1_credentials() -> Value {
    json!({
        "eventID": "event-9", "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets", "eventType": "AwsApiCall",
        "eventTime": "2026-11-10T08:00:00Z", "awsRegion": HERE, "recipientAccountId": "111122223333",
        "userAgent": "Boto3/1.9.0 Python/2.7.18",
        "userIdentity": {
            "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/web/i-0000000000000000b",
            "sessionContext": {
                "sessionIssuer": { "arn": "arn:aws:iam::111122223333:role/web" }, "ec2RoleDelivery": "1.0",
            },
        },
    })
}

fn records() -> Value {
    json!({ "Records": [
        record(1, "2026-11-01T10:00:00Z", Some("web"), "optional"),
        record(2, "2026-11-02T10:00:00Z", Some("web"), "optional"),
        record(3, "2026-11-03T10:00:00Z", None, "optional"),
        record(4, "2026-11-04T10:00:00Z", None, "required"),
        v1_credentials(),
    ] })
}

fn template(tokens: Option<HttpTokens>) -> LaunchTemplate {
    LaunchTemplate {
        id: LaunchTemplateId::parse(TEMPLATE).unwrap(),
        name: "web".to_owned(),
        default: 3,
        latest: 3,
        displaced: None,
        versions: vec![TemplateVersion {
            number: 3,
            options: StatedOptions { http_tokens: tokens, ..StatedOptions::default() },
            instance_type: None,
            instance_tags: Tags::new(),
            image: None,
            imds_support: ImdsSupport::Unmarked,
            made: None,
            exempts: false,
        }],
        consumers: Vec::new(),
        managed_by: None,
        created_by: None,
        tags: Tags::new(),
    }
}

fn switch<'a>(document: &'a Value, code: &str) -> &'a Value {
    document["switches"].as_array().unwrap().iter().find(|it| it["switch"] == code).unwrap()
}

#[test]
fn files_name_the_groups_the_switches_and_the_roles_with_credentials_of_v1() {
    let world = FakeWorld::with(FakeAws::default()).file("log.json", &records().to_string());
    let document = world.run("readiness --from-trail --trail-files DIR/log.json --output json").json();
    assert_eq!(
        (&document["schema"], &document["exit_code"]),
        (&"v2only.recorded-launches.v1".into(), &10.into())
    );
    let groups = document["groups"].as_array().unwrap();
    let by_path = |path: &str| groups.iter().find(|it| it["path"] == path).unwrap();
    let (web, terraform) = (by_path("auto-scaling"), by_path("terraform"));
    assert_eq!(
        (&web["parent"], &web["state"], &web["launches_with_v1"]),
        (&"web".into(), &"open".into(), &2.into())
    );
    assert_eq!(
        (&terraform["state"], &terraform["last_with_v1"]),
        (&"fixed".into(), &"2026-11-03T10:00:00Z".into())
    );
    let enforced = switch(&document, "http-tokens-enforced");
    assert_eq!(
        (&enforced["recorded_launches"]["refused"], &enforced["next_launches"]["refused"]),
        (&3.into(), &1.into())
    );
    let default = &switch(&document, "account-default")["recorded_launches"];
    assert_eq!(
        (&default["changed"], &default["undecided_because"]["template-not-read"]),
        (&1.into(), &2.into())
    );
    let scp = &switch(&document, "scp")["recorded_launches"];
    assert_eq!(
        (&scp["refused"], &scp["unchanged"]),
        (&1.into(), &2.into()),
        "no SCP applies to Auto Scaling"
    );
    let credentials = &document["v1_credentials"][0];
    assert_eq!(
        (&credentials["role"], &credentials["instance"]),
        (&"arn:aws:iam::111122223333:role/web".into(), &"i-0000000000000000b".into())
    );
    assert!(world.aws.asked().is_empty(), "files need no AWS");
}

#[test]
fn looked_up_launches_are_decided_with_the_template_versions_they_used() {
    let from_template = |tokens| {
        let aws = FakeAws::default().at_home(HERE).template(template(tokens));
        let records = records()["Records"].as_array().unwrap().clone();
        let world = FakeWorld::with(records.into_iter().take(4).fold(aws, FakeAws::launched));
        let document = world.run("readiness --from-trail --output json").json();
        let of = |code: &str| switch(&document, code)["recorded_launches"].clone();
        (of("account-default"), of("http-tokens-enforced-with-default"))
    };
    let (default, enforced) = from_template(Some(HttpTokens::Optional));
    assert_eq!(
        (&default["changed"], &enforced["changed"], &enforced["refused"]),
        (&1.into(), &1.into(), &2.into())
    );
    let (default, enforced) = from_template(None);
    assert_eq!(
        (&default["changed"], &enforced["changed"], &enforced["refused"]),
        (&3.into(), &3.into(), &0.into())
    );
}

#[test]
fn the_tables_say_what_to_fix() {
    let world = FakeWorld::with(FakeAws::default()).file("log.json", &records().to_string());
    let seen = world.run("readiness --from-trail --trail-files DIR/log.json").seen();
    for words in [
        "auto-scaling  role/aws-service-role",
        "web, lt-0000000000000000a version 3",
        "create a version of lt-0000000000000000a from version 3 with `MetadataOptions.HttpTokens=required`",
        "2 of 2",
        "HttpTokensEnforced alone",
        "1 group fails",
        "s3.amazonaws.com ListBuckets",
        "4 recorded launches from 2026-11-01 10:00 to 2026-11-04 10:00 in 2 groups: 1 open, 1 fixed",
    ] {
        assert!(seen.contains(words), "{words}\n{seen}");
    }
}

#[test]
fn the_page_escapes_what_it_is_given_and_loads_nothing() {
    let mut record = record(1, "2026-11-01T10:00:00Z", None, "optional");
    record["userIdentity"]["arn"] = "arn:aws:sts::111122223333:assumed-role/deploy/<script>".into();
    let world = FakeWorld::with(FakeAws::default()).file("log.json", &record.to_string());
    let page = world.run("readiness --from-trail --trail-files DIR/log.json --output html").out;
    assert!(page.contains("1 group still launches instances that answer IMDSv1"), "{page}");
    assert!(page.contains("&#60;script&#62;") && !page.contains("<script"), "{page}");
    assert!(page.contains("default-src 'none'") && !page.contains("src="), "{page}");
}

#[test]
fn what_cannot_be_read_makes_the_run_incomplete() {
    let world = FakeWorld::with(FakeAws::default()).file("log.json", "{\"Records\": [{]}");
    let ran = world.run("readiness --from-trail --trail-files DIR/log.json");
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.err.contains("a record cannot be read"), "{}", ran.err);
    let denied = FakeAws::default().at_home(HERE).failing(
        "cloudtrail:LookupEvents",
        None,
        Kind::Denied,
        "AccessDeniedException",
        "not authorized",
    );
    assert_eq!(FakeWorld::with(denied).run("readiness --from-trail").exit.code(), 3);
    let missing = FakeWorld::with(FakeAws::default());
    assert_eq!(missing.run("readiness --from-trail --trail-files DIR/none.json").exit.code(), 2);
}
