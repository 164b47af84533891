//! `policies`.

use insta::assert_snapshot;

use crate::fake_aws::FakeAws;
use crate::fake_world::FakeWorld;

fn world() -> FakeWorld {
    FakeWorld::with(FakeAws::default())
}

/// A policy with two mistakes, over several lines.
const BROKEN: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "RequireV2",
      "Effect": "Deny",
      "Action": "ec2:RunInstances",
      "Resource": "arn:aws:ec2:*:*:instance/*",
      "Condition": { "StringNotEquals": { "ec2:MetadataHttpsTokens": "required" } }
    },
    {
      "Sid": "Admins",
      "Effect": "Deny",
      "Action": "ec2:ModifyInstanceMetadataOptions",
      "Resource": "*",
      "Condition": { "ArnNotLike": { "aws:PrincipalArn": "arn:aws:iam::*:role/admins" } }
    }
  ]
}
"#;

#[test]
fn a_broken_policy_is_told_its_line_its_key_and_the_right_spelling() {
    let world = world().file("mine.json", BROKEN);
    assert_snapshot!(world.run("policies check DIR/mine.json").seen());
    assert_eq!(world.aws.asked(), [""; 0]);
}

#[test]
fn the_json_of_a_check_has_its_published_shape() {
    let json = world().file("mine.json", BROKEN).run("policies check DIR/mine.json --output json").json();
    assert_eq!((&json["schema"], &json["exit_code"]), (&"v2only.policy-check.v1".into(), &10.into()));
    let finding = &json["files"][0]["findings"][0];
    assert_eq!((&finding["code"], &finding["line"]), (&"unknown-condition-key".into(), &9.into()));
    let effects = json["files"][0]["effects"].as_array().unwrap();
    let launch = effects.iter().find(|it| it["request"] == "launch-v2").unwrap();
    assert_eq!((&launch["outcome"], &launch["by"][0]), (&"denied".into(), &"RequireV2".into()));
}

#[test]
fn sarif_names_file_line_and_statement() {
    let json = world().file("mine.json", BROKEN).run("policies check DIR/mine.json --output sarif").json();
    assert_eq!(json["version"], "2.1.0");
    let result = &json["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"unknown-condition-key".into(), &"error".into()));
    let place = &result["locations"][0];
    assert_eq!(place["physicalLocation"]["region"]["startLine"], 9);
    assert!(place["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap().ends_with("/mine.json"));
    assert_eq!(place["logicalLocations"][0]["fullyQualifiedName"], "RequireV2");
    let rules = json["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(rules[index]["id"], "unknown-condition-key");
}

#[test]
fn github_gets_an_annotation_for_each_finding() {
    let ran = world().file("mine.json", BROKEN).run("policies check DIR/mine.json --output github");
    assert!(ran.out.starts_with("::error file="), "{}", ran.out);
    assert!(ran.out.lines().all(|it| it.contains("mine.json,line=")), "{}", ran.out);
    let refused = world().run("scan --output github");
    assert_eq!(refused.exit.code(), 2);
    assert!(refused.err.contains("`v2only policies check FILE` print `github`"), "{}", refused.err);
}

#[test]
fn sarif_is_refused_where_no_files_are_checked() {
    for line in ["replay - --output sarif", "policies list --output sarif", "validate - --output sarif"] {
        let ran = world().run(line);
        assert_eq!((ran.exit.code(), ran.out.as_str()), (2, ""));
        assert!(ran.err.contains("`v2only policies check FILE` print `sarif`"), "{}", ran.err);
    }
}

#[test]
fn what_cannot_be_read_is_named_and_the_others_are_checked() {
    let world =
        world().file("good.json", r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#);
    let ran = world.run("policies check DIR/missing.json DIR/good.json -q");
    assert_eq!(ran.exit.code(), 3);
    assert!(
        ran.err.contains("DIR/missing.json") && ran.out.contains("nothing wrong was found"),
        "{}",
        ran.err
    );
    let ran = world
        .file("bad.json", "{\n  \"Statement\": {\"Effect\": \"Dney\"}\n}")
        .run("policies check DIR/bad.json");
    assert_eq!(ran.exit.code(), 2);
    assert_snapshot!(ran.err, @r"
    error: DIR/bad.json:2:27: `Dney` is no effect

    hint: write `Deny` or `Allow`
    ");
}

/// The same Allow filters nothing as a service control policy, and grants as an identity policy.
#[test]
fn what_a_policy_is_attached_as_decides_what_it_means() {
    let allow = r#"{"Statement":[{"Sid":"A","Effect":"Allow","Action":"ec2:RunInstances","Resource":"*"}]}"#;
    let world = world().file("a.json", allow);
    assert_eq!(world.run("policies check DIR/a.json").exit.code(), 10);
    let ran = world.run("policies check DIR/a.json --as identity");
    assert_eq!(ran.exit.code(), 0);
    assert!(ran.out.contains("allowed      launch that requests IMDSv1"), "{}", ran.out);
    assert!(ran.out.contains("not-granted  account default to optional"), "{}", ran.out);
}

#[test]
fn the_shipped_policies_are_listed_and_shown() {
    let listed = world().run("policies list --output json").json();
    let policies = listed["policies"].as_array().unwrap();
    assert!(policies.len() > 15);
    for policy in policies {
        let path = policy["path"].as_str().unwrap();
        let shown = world().run(&format!("policies show {path}"));
        let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies").join(path);
        assert_eq!(shown.out, std::fs::read_to_string(shipped).unwrap());
        assert!(policy["characters"].as_u64() <= policy["limit"].as_u64().or(Some(u64::MAX)));
    }
    assert!(world().run("policies list").out.contains("scp/no-way-back.json"));
    let unknown = world().run("policies show no-way");
    assert_eq!(unknown.exit.code(), 2);
    assert!(unknown.err.contains("did you mean `scp/no-way-back`?"), "{}", unknown.err);
    let misspelt = world().run("policies show protect-v3only");
    assert!(misspelt.err.contains("did you mean `protect-v2only`?"), "{}", misspelt.err);
    assert!(world().run("policies show nothing-like-it").err.contains("hint: `v2only policies list` lists"));
}

#[test]
fn policies_are_rendered_for_a_document_a_partition_and_its_roles() {
    let world =
        world().file("policy.yaml", "version: 1\nmode: enforce\ninstances: { hop_limit: { exactly: 3 } }\n");
    let ran = world.run(
        "policies render --policy DIR/policy.yaml --partition aws-cn --exempt arn:aws-cn:iam::*:role/break-glass --out DIR/out",
    );
    assert_eq!(ran.exit.code(), 0, "{}", ran.err);
    let hops = world.read("out/scp/hop-limit-at-launch.json");
    assert!(hops.contains(r#""NumericNotEquals":{"ec2:MetadataHttpPutResponseHopLimit":"3"}"#), "{hops}");
    assert!(hops.contains("arn:aws-cn:iam::*:role/break-glass"), "{hops}");
    assert!(world.read("out/guard/hop-limit.guard").contains("HttpPutResponseHopLimit == 3"));
    assert!(ran.out.lines().count() > 15 && !world.exists("out/scp/hop-limit-at-launch.json.new"));
    let one = world.run("policies render hop-limit-at-launch --policy DIR/policy.yaml");
    assert!(one.out.contains(r#"":"3""#), "{}", one.out);
    // Rendered for them, they are what the check takes for right.
    let checked = world.run("policies check DIR/out/scp/everything-1.json --policy DIR/policy.yaml --partition aws-cn --exempt arn:aws-cn:iam::*:role/break-glass");
    assert_eq!(checked.exit.code(), 0, "{}", checked.out);
}

#[test]
fn what_cannot_be_rendered_is_refused_before_anything_is_written() {
    for (line, word) in [
        ("policies render --out DIR/out --exempt admin", "--exempt: `admin` is not the ARN of a role"),
        ("policies render --out DIR/out --owner arn:aws:iam::*:role/*", "would make the policy bind nobody"),
        ("policies render --out DIR/out --policy DIR/missing.yaml", "cannot read DIR/missing.yaml"),
    ] {
        let world = world();
        let ran = world.run(line);
        assert_eq!(ran.exit.code(), 2);
        assert!(ran.err.contains(word), "{}", ran.err);
        assert!(!world.exists("out"));
    }
    let world = world().file("occupied", "");
    let ran = world.run("policies render --out DIR/occupied");
    assert_eq!(ran.exit.code(), 2);
    assert!(ran.err.contains("cannot write DIR/occupied"), "{}", ran.err);
}

const REQUIRES_V2: &str = r#"{ "Version": "2012-10-17", "Statement": [{
  "Sid": "RequireV2", "Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "arn:aws:ec2:*:*:instance/*",
  "Condition": { "StringNotEquals": { "ec2:MetadataHttpTokens": "required" } } }] }"#;

/// A log file as CloudTrail delivers it.
fn trail(records: &[serde_json::Value]) -> String {
    serde_json::json!({ "Records": records }).to_string()
}

fn recorded_launch(role: &str, stated: Option<&str>, answered: &str) -> serde_json::Value {
    let options = serde_json::json!({ "httpTokens": answered, "httpEndpoint": "enabled", "httpPutResponseHopLimit": 1 });
    let request = stated.map_or_else(
        || serde_json::json!({}),
        |it| serde_json::json!({ "metadataOptions": { "httpTokens": it } }),
    );
    serde_json::json!({
        "eventVersion": "1.09", "eventType": "AwsApiCall", "eventTime": "2026-11-19T08:00:00Z",
        "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "eventID": format!("e-{role}"),
        "awsRegion": "eu-central-1", "recipientAccountId": "111122223333",
        "userIdentity": { "type": "AssumedRole", "accountId": "111122223333", "sessionContext": {
            "sessionIssuer": { "arn": format!("arn:aws:iam::111122223333:role/{role}") } } },
        "requestParameters": request,
        "responseElements": { "instancesSet": { "items": [{ "instanceId": "i-0abc", "metadataOptions": options }] } },
    })
}

#[test]
fn recorded_calls_are_judged_before_a_policy_is_attached() {
    let records = [
        recorded_launch("ci", Some("optional"), "optional"),
        recorded_launch("ci", None, "optional"),
        recorded_launch("terraform", Some("required"), "required"),
        recorded_launch("console", None, "required"),
    ];
    let world = world().file("mine.json", REQUIRES_V2).file("trail.json", &trail(&records)).watched(160);
    let ran = world.run("policies impact DIR/mine.json --trail-files DIR/trail.json");
    assert_snapshot!(ran.seen());
    assert_eq!(world.aws.asked(), [""; 0]);
    let json = world.run("policies impact DIR/mine.json --trail-files DIR/trail.json --output json").json();
    let policy = &json["policies"][0];
    assert_eq!(
        (&policy["denied"], &policy["not_told"], &policy["unchanged"]),
        (&2.into(), &1.into(), &1.into())
    );
    let ci = policy["affected"].as_array().unwrap().iter().find(|it| it["denied"] == 2).unwrap();
    assert_eq!((&ci["by"][0], &ci["action"]), (&"RequireV2".into(), &"ec2:RunInstances".into()));
}

#[test]
fn an_impact_is_zero_only_if_every_record_was_read_and_nothing_is_denied() {
    let world = world()
        .file("mine.json", REQUIRES_V2)
        .file("good.json", &trail(&[recorded_launch("ci", Some("required"), "required")]))
        .file("broken.json", "{");
    assert_eq!(world.run("policies impact DIR/mine.json --trail-files DIR/good.json").exit.code(), 0);
    let ran = world.run("policies impact DIR/mine.json --trail-files DIR/good.json DIR/broken.json");
    assert_eq!(ran.exit.code(), 3, "{}", ran.err);
    assert!(ran.err.contains("1 record could not be read"), "{}", ran.err);
    let wrong = world.run("policies impact DIR/good.json --trail-files DIR/good.json");
    assert_eq!(wrong.exit.code(), 2, "{}", wrong.err);
}
