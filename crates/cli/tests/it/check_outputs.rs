//! `check`: the findings as programs and logs read them, in every format.

use serde_json::json;

use crate::check::{RIGHT, STACK, world};

#[test]
fn the_json_has_its_published_shape() {
    let json = world().file("stack.yaml", STACK).run("check DIR/stack.yaml --output json").json();
    assert_eq!((&json["schema"], &json["exit_code"]), (&"v2only.check.v1".into(), &10.into()));
    let file = &json["files"][0];
    assert_eq!(file["language"], "cloudformation");
    assert_eq!((&file["judged"], &file["named"], &file["other"]), (&13.into(), &1.into(), &0.into()));
    let finding = &json["findings"][0];
    assert_eq!((&finding["resource"], &finding["line"]), (&"Open".into(), &13.into()));
    assert_eq!(finding["code"], "http-tokens-not-required");
    assert_eq!(finding["instead"], "MetadataOptions:\n  HttpTokens: required");
}

#[test]
fn github_gets_an_annotation_for_each_finding() {
    let ran = world().file("stack.yaml", STACK).run("check DIR/stack.yaml --output github");
    assert_eq!(ran.exit.code(), 10);
    let lines: Vec<&str> = ran.out.lines().collect();
    let json = world().file("stack.yaml", STACK).run("check DIR/stack.yaml --output json").json();
    assert_eq!(lines.len(), json["findings"].as_array().unwrap().len(), "{}", ran.out);
    let line = json["findings"][0]["line"].as_u64().unwrap();
    assert!(lines[0].contains(&format!("stack.yaml,line={line},col=")), "{}", lines[0]);
    assert!(lines.iter().all(|it| it.starts_with("::")), "{}", ran.out);
}

#[test]
fn sarif_names_file_line_and_resource() {
    let json = world().file("stack.yaml", STACK).run("check DIR/stack.yaml --output sarif").json();
    let run = &json["runs"][0];
    let result = &run["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"http-tokens-not-required".into(), &"error".into()));
    let place = &result["locations"][0];
    assert_eq!(place["physicalLocation"]["region"]["startLine"], 13);
    assert_eq!(place["logicalLocations"][0]["fullyQualifiedName"], "Open");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
}

#[test]
fn the_summary_comes_after_the_findings_and_names_what_is_unreadable() {
    let world = world().file("bad.yaml", "Resources: [AWS::\n").file("right.json", RIGHT);
    let ran = world.run("check DIR/bad.yaml DIR/right.json");
    assert_eq!(ran.exit.code(), 3);
    let last = ran.err.lines().last().unwrap_or_default();
    assert_eq!(last, "1 file, 1 unreadable: 0 errors, 0 warnings, 0 that cannot be told");
    let json = world.run("check DIR/bad.yaml --output json").json();
    assert!(json["unread"][0]["file"].as_str().unwrap().ends_with("bad.yaml"), "{json}");
    let sarif = world.run("check DIR/bad.yaml --output sarif").json();
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], false);
}

#[test]
fn types_are_listed_as_judged_or_named() {
    let ran = world().run("check --types");
    assert_eq!(ran.exit.code(), 0);
    let json = world().run("check --types --output json").json();
    let types = json["types"].as_array().unwrap();
    let of = |name: &str| types.iter().find(|it| it["name"] == name).unwrap_or_else(|| panic!("{name}"));
    assert_eq!(of("AWS::EC2::Instance")["state"], "judged");
    assert_eq!(of("AWS::EC2::Instance")["switch"], "MetadataOptions.HttpTokens");
    assert_eq!(of("AWS::EKS::Nodegroup")["state"], "named");
    assert_eq!(of("aws_launch_template")["state"], "judged");
    assert_eq!(of("awscc_ec2_instance")["state"], "judged");
    assert_eq!(of("EC2NodeClass")["switch"], "spec.metadataOptions.httpTokens");
    assert_eq!(of("amazon-chroot")["switch"], "imds_support");
    for it in types {
        assert!(ran.out.contains(it["name"].as_str().unwrap()), "{it}");
        assert_eq!(it["state"] == "named", it["why"].is_string(), "{it}");
    }
    assert_eq!(world().run("check --types DIR").exit.code(), 2);
}

/// A runner of GitHub Actions takes a line that begins with `::error` for a command.
#[test]
fn a_name_begins_no_line_of_a_log() {
    let open =
        json!({"Type": "AWS::EC2::Instance", "Properties": {"MetadataOptions": {"HttpTokens": "optional"}}});
    let template = json!({"Resources": {"A\n::error::forged\r\u{1b}[2J": open}}).to_string();
    for output in ["table", "github"] {
        let ran = world().file("a.json", &template).run(&format!("check DIR/a.json --output {output}"));
        assert!(ran.out.contains("forged"), "{}", ran.out);
        assert!(!ran.out.contains("\n::error::forged") && !ran.out.contains(['\r', '\u{1b}']), "{}", ran.out);
    }
    let policy = json!({"Version": "2012-10-17", "Statement": {
        "Sid": "A\n::error::forged", "Effect": "Deny", "Action": "ec2:RunInstance", "Resource": "*",
    }});
    let ran = world().file("a.json", &policy.to_string()).run("policies check DIR/a.json");
    assert!(ran.out.contains("forged") && !ran.out.contains("\n::error"), "{}", ran.out);
}
