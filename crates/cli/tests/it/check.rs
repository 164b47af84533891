//! `check`: infrastructure code before it is deployed.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::fake_aws::FakeAws;
use crate::fake_world::FakeWorld;

fn world() -> FakeWorld {
    FakeWorld::with(FakeAws::default())
}

/// Everything that can be wrong with a template, and what is right beside it.
const STACK: &str = r#"AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Tokens:
    Type: String
    Default: optional
Conditions:
  IsProd: !Equals [!Ref AWS::AccountId, "111122223333"]
Resources:
  Open:
    Type: AWS::EC2::Instance
    Properties:
      MetadataOptions:
        HttpTokens: optional
  Silent:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-0abcdef1234567890
  Right:
    Type: AWS::EC2::Instance
    Properties:
      MetadataOptions: {HttpTokens: required, HttpPutResponseHopLimit: 2}
  TooFar:
    Type: AWS::EC2::Instance
    Properties:
      MetadataOptions: {HttpTokens: required, HttpPutResponseHopLimit: 3}
  EndpointOff:
    Type: AWS::EC2::Instance
    Properties:
      MetadataOptions: {HttpEndpoint: disabled}
  FromTemplate:
    Type: AWS::EC2::Instance
    Properties:
      LaunchTemplate: {LaunchTemplateId: !Ref Template, Version: "1"}
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        ImageId: ami-0abcdef1234567890
  ByParameter:
    Type: AWS::EC2::Instance
    Properties:
      MetadataOptions:
        HttpTokens: !Ref Tokens
  ByCondition:
    Type: AWS::EC2::Instance
    Properties:
      MetadataOptions: !If [IsProd, {HttpTokens: required}, !Ref AWS::NoValue]
  Configuration:
    Type: AWS::AutoScaling::LaunchConfiguration
    Properties:
      MetadataOptions: {HttpTokens: optional}
  Notebook:
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      InstanceMetadataServiceConfiguration:
        MinimumInstanceMetadataServiceVersion: "1"
  SilentNotebook:
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      RoleArn: !GetAtt Role.Arn
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: ./inner.yaml}
  'Fn::ForEach::Fleet':
    - Name
    - [A, B]
    - 'Web${Name}':
        Type: AWS::EC2::Instance
        Properties: {ImageId: ami-0abcdef1234567890}
"#;

const HOPS: &str = "version: 1\nmode: enforce\ninstances: { hop_limit: { max: 2 } }\n";

const RIGHT: &str = r#"{"Resources": {"Web": {"Type": "AWS::EC2::LaunchTemplate", "Properties":
  {"LaunchTemplateData": {"MetadataOptions": {"HttpTokens": "required"}}}}}}"#;

/// A plan with one resource, whose configuration states what `after` says.
fn plan(kind: &str, after: &Value) -> String {
    let stated: Value = after
        .as_object()
        .unwrap()
        .keys()
        .map(|name| (name.clone(), json!({})))
        .collect::<serde_json::Map<_, _>>()
        .into();
    json!({
        "format_version": "1.2",
        "resource_changes": [{
            "address": format!("{kind}.web"), "mode": "managed", "type": kind, "name": "web",
            "change": {"actions": ["create"], "before": null, "after": after, "after_unknown": {}},
        }],
        "configuration": {"root_module": {"resources": [
            {"address": format!("{kind}.web"), "type": kind, "name": "web", "expressions": stated},
        ]}},
    })
    .to_string()
}

#[test]
fn every_kind_of_resource_of_a_template_is_told_its_line_the_reason_and_what_to_write() {
    let world = world().file("stack.yaml", STACK).file("policy.yaml", HOPS);
    assert_snapshot!(world.run("check DIR/stack.yaml --policy DIR/policy.yaml").seen());
    assert_eq!(world.aws.asked(), [""; 0]);
}

#[test]
fn without_a_policy_document_the_hop_limit_is_nobodys_business() {
    let ran = world().file("stack.yaml", STACK).run("check DIR/stack.yaml");
    assert_eq!(ran.exit.code(), 10);
    assert!(!ran.out.contains("TooFar"), "{}", ran.out);
}

#[test]
fn what_the_development_kit_synthesised_is_read_with_its_lines() {
    let template = r#"{
 "Resources": {
  "Web4CDB6E4A": {
   "Type": "AWS::EC2::Instance",
   "Properties": {
    "MetadataOptions": {
     "HttpTokens": "optional"
    }
   },
   "Metadata": { "aws:cdk:path": "App/Web/Resource" }
  }
 }
}"#;
    let world = world();
    std::fs::create_dir(world.path("cdk.out")).unwrap();
    let world = world
        .file("cdk.out/App.template.json", template)
        .file("cdk.out/manifest.json", r#"{"version": "38.0.0", "artifacts": {}}"#);
    assert_snapshot!(world.run("check DIR/cdk.out --verbose").seen());
}

#[test]
fn a_plan_of_terraform_is_told_its_addresses() {
    let world = world()
        .file("open.json", &plan("aws_instance", &json!({"metadata_options": [{"http_tokens": "optional"}]})))
        .file("lab.json", &plan("aws_sagemaker_notebook_instance", &json!({})))
        .file(
            "right.json",
            &plan("aws_launch_template", &json!({"metadata_options": [{"http_tokens": "required"}]})),
        );
    assert_snapshot!(world.run("check DIR/open.json DIR/lab.json DIR/right.json").seen());
}

#[test]
fn a_plan_may_come_through_a_pipe() {
    let ran = world().stdin(&plan("aws_launch_configuration", &json!({}))).run("check -");
    assert_eq!(ran.exit.code(), 10);
    assert!(ran.out.contains("aws_launch_configuration.web"), "{}", ran.out);
}

#[test]
fn what_is_right_leaves_with_zero() {
    let ran = world().file("right.json", RIGHT).run("check DIR/right.json");
    assert_eq!((ran.exit.code(), ran.out.as_str()), (0, ""));
    assert_eq!(ran.err, "1 file: 0 errors, 0 warnings, 0 that cannot be told\n");
}

#[test]
fn what_cannot_be_told_is_said_and_is_no_violation() {
    let template = "Resources:\n  A:\n    Type: AWS::EC2::Instance\n    Properties:\n      \
                    MetadataOptions: {HttpTokens: !ImportValue Tokens}\n";
    let ran = world().file("a.yaml", template).run("check DIR/a.yaml");
    assert_eq!(ran.exit.code(), 0);
    assert!(ran.out.contains("HttpTokens comes from !ImportValue"), "{}", ran.out);
}

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
fn a_broken_file_is_named_with_its_line_and_the_others_are_checked() {
    let world = world().file("bad.yaml", "Resources:\n  A: [\n").file("right.json", RIGHT);
    let ran = world.run("check DIR/bad.yaml DIR/missing.yaml DIR/right.json");
    assert_snapshot!(ran.seen());
}

#[test]
fn a_folder_may_hold_templates_of_other_tools() {
    let world = world().file("right.json", RIGHT).file("chart.yaml", "a: {{ .Values.a }\n  b\n");
    let ran = world.run("check DIR");
    assert_eq!(ran.exit.code(), 0, "{}", ran.err);
    assert!(ran.err.contains("1 file, 1 skipped"), "{}", ran.err);
    // Named itself, or naming resources of AWS, it is not passed over.
    assert_eq!(world.run("check DIR/right.json DIR/chart.yaml").exit.code(), 3);
    let world = world.file("broken.yaml", "Resources:\n  A: {Type: AWS::EC2::Instance\n");
    assert_eq!(world.run("check DIR").exit.code(), 3);
}

#[test]
fn the_state_of_terraform_is_no_plan() {
    let world = world()
        .file("state.json", r#"{"format_version": "1.0", "terraform_version": "1.9.0", "values": {}}"#);
    let ran = world.run("check DIR/state.json");
    assert_eq!(ran.exit.code(), 2);
    assert!(ran.err.contains("name the plan"), "{}", ran.err);
}

/// A configuration that calls a module with values.
fn configuration() -> FakeWorld {
    let world = world();
    for folder in ["live", "live/.terraform", "modules", "modules/web"] {
        std::fs::create_dir(world.path(folder)).unwrap();
    }
    let module = "variable \"tokens\" {\n  default = \"required\"\n}\n\
                  resource \"aws_instance\" \"web\" {\n  metadata_options {\n    http_tokens = var.tokens\n  }\n}\n";
    world
        .file("live/main.tf", "module \"web\" {\n  source = \"../modules/web\"\n  tokens = local.tokens\n}\n")
        .file("live/locals.tf", "locals {\n  tokens = \"optional\"\n}\nresource \"aws_instance\" \"b\" {}\n")
        .file("live/.terraform/copy.tf", "resource \"aws_instance\" \"copy\" {}\n")
        .file("modules/web/main.tf", module)
}

#[test]
fn source_files_of_terraform_are_judged_with_their_modules() {
    let world = configuration();
    assert_snapshot!(world.run("check DIR/live").seen());
    // A module that nothing calls is judged by its defaults.
    assert_eq!(world.run("check DIR/modules").exit.code(), 0);
    let both = world.run("check DIR/live DIR/modules --output json").json();
    assert_eq!(both["findings"].as_array().unwrap().len(), 2, "{both}");
    assert_eq!(both["files"][0]["language"], "terraform");
}

#[test]
fn a_comment_suppresses_findings_of_a_resource_in_every_call_of_its_module() {
    let module = "# v2only:ignore http-tokens-not-stated until=2026-12-31 reason=vendor agent\n\
                  resource \"aws_instance\" \"web\" {\n  for_each = toset([\"a\", \"b\"])\n}\n";
    let world = world();
    std::fs::create_dir(world.path("m")).unwrap();
    let calls = "module \"one\" {\n  source = \"./m\"\n}\nmodule \"two\" {\n  source = \"./m\"\n}\n";
    let json = world.file("m/main.tf", module).file("main.tf", calls).run("check DIR --output json").json();
    assert_eq!(json["findings"], json!([]), "{json}");
    assert_eq!(json["suppressed"].as_array().unwrap().len(), 2, "{json}");
}

#[test]
fn objects_of_kubernetes_and_templates_of_packer_are_judged() {
    let class = "apiVersion: v1\nkind: Service\n---\napiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\n\
                 metadata: {name: default}\nspec:\n  metadataOptions:\n    httpTokens: optional\n";
    let chart = "apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nspec: {{ .Values.spec }\n";
    let world = world()
        .file("class.yaml", class)
        .file("chart.yaml", chart)
        .file("service.yaml", "apiVersion: v1\nkind: Service\n")
        .file("image.json", r#"{"builders": [{"type": "amazon-ebs", "imds_support": "v2.0"}]}"#)
        .file("image.pkr.hcl", "source \"amazon-ebs\" \"web\" {\n  imds_support = \"v2.0\"\n}\n");
    assert_snapshot!(world.run("check DIR").seen());
    // A chart that is named itself must be read.
    assert_eq!(world.run("check DIR/chart.yaml").exit.code(), 3);
}

#[test]
fn a_named_source_file_is_judged_with_the_values_beside_it() {
    let world = configuration();
    let ran = world.run("check DIR/live/main.tf");
    assert_eq!(ran.exit.code(), 10, "{}", ran.err);
    assert!(ran.out.contains("module.web.aws_instance.web: http_tokens is optional"), "{}", ran.out);
    // What stands in the file beside it is not reported.
    assert!(!ran.out.contains("aws_instance.b"), "{}", ran.out);
}

#[test]
fn a_source_file_that_cannot_be_read_is_named_with_its_line() {
    let ran = world()
        .file("bad.tf", "resource \"aws_instance\" \"web\" {\n  ami = \n}\n")
        .file("good.tf", "resource \"aws_instance\" \"web\" {\n}\n")
        .run("check DIR");
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.err.contains("bad.tf:2:9: ") && ran.err.contains("expected"), "{}", ran.err);
    assert!(ran.out.contains("aws_instance.web"), "{}", ran.out);
}

#[test]
fn nothing_to_check_is_a_mistake() {
    let world = world().file("a.yaml", "a: b\n").stdin("a: b\n");
    for path in ["DIR", "-"] {
        let ran = world.run(&format!("check {path}"));
        assert_eq!(ran.exit.code(), 2);
        assert!(ran.err.contains("neither a CloudFormation template nor a Terraform plan"), "{}", ran.err);
    }
}

#[test]
fn a_named_file_of_another_kind_is_skipped_with_a_note() {
    let world = world().file("a.yaml", "a: b\n").file("right.json", RIGHT);
    for (line, summary) in [
        ("check DIR/a.yaml", "0 files, 1 skipped: 0 errors"),
        ("check DIR/a.yaml DIR/right.json", "1 file, 1 skipped: 0 errors"),
    ] {
        let ran = world.run(line);
        assert_eq!(ran.exit.code(), 0, "{}", ran.err);
        assert!(ran.err.contains("skipped DIR/a.yaml: neither"), "{}", ran.err);
        assert!(ran.err.contains(summary), "{}", ran.err);
    }
    // A file that cannot be read is not skipped, also if a hook names it.
    assert_eq!(world.run("check DIR/a.yaml DIR/missing.yaml").exit.code(), 3);
}

const BY_IMPORT: &str = "Resources:\n  A:\n    Type: AWS::EC2::Instance\n    Properties:\n      \
                         MetadataOptions: {HttpTokens: !ImportValue Tokens}\n";

#[test]
fn strict_fails_for_what_cannot_be_judged_and_for_warnings() {
    let world = world().file("a.yaml", BY_IMPORT).file("right.json", RIGHT).file(
        "twice.yaml",
        "Resources:\n  A:\n    Type: AWS::EC2::Instance\n    Properties:\n      MetadataOptions: {HttpTokens: required, \
         HttpTokens: required}\n",
    );
    for (file, exit) in [("a.yaml", 10), ("twice.yaml", 10), ("right.json", 0)] {
        assert_eq!(world.run(&format!("check DIR/{file}")).exit.code(), 0, "{file}");
        let ran = world.run(&format!("check --strict DIR/{file}"));
        assert_eq!(ran.exit.code(), exit, "{file}");
        assert_eq!(ran.out.contains("warning"), exit == 10, "{}", ran.out);
    }
    let ran = world.run("check --strict DIR/a.yaml");
    assert!(ran.err.contains("0 errors, 1 warning, 0 that cannot be told"), "{}", ran.err);
}

#[test]
fn parameters_may_have_their_defaults() {
    let world = world().file("stack.yaml", STACK);
    let of = |line: &str| {
        let json = world.run(line).json();
        let findings = json["findings"].as_array().unwrap().clone();
        let one = findings.into_iter().find(|it| it["resource"] == "ByParameter").unwrap();
        (one["code"].as_str().unwrap().to_owned(), one["why"].as_str().unwrap().to_owned())
    };
    assert_eq!(of("check DIR/stack.yaml --output json").0, "cannot-tell");
    let (code, why) = of("check DIR/stack.yaml --parameters default --output json");
    assert_eq!(code, "http-tokens-not-required");
    assert_eq!(why, "HttpTokens is optional, from !Ref (Tokens, by default optional)");
}

fn suppressed(until: &str) -> String {
    format!(
        "Resources:\n  # v2only:ignore http-tokens-not-required until={until} reason=vendor agent\n  Web:\n    \
         Type: AWS::EC2::Instance\n    Properties:\n      MetadataOptions: {{HttpTokens: optional}}\n"
    )
}

#[test]
fn a_suppressed_finding_is_shown_and_does_not_fail_until_it_expires() {
    let world = world().file("a.yaml", &suppressed("2027-01-31"));
    let ran = world.run("check DIR/a.yaml --strict");
    assert_eq!(ran.exit.code(), 0);
    assert_eq!(
        ran.out,
        "DIR/a.yaml:6:37  suppressed  Web: HttpTokens is optional [http-tokens-not-required] until 2027-01-31: vendor agent\n"
    );
    assert!(ran.err.ends_with("0 that cannot be told, 1 suppressed\n"), "{}", ran.err);
    let json = world.run("check DIR/a.yaml --output json").json();
    assert_eq!(json["findings"], json!([]));
    assert_eq!(json["suppressed"][0]["reason"], "vendor agent");
    let sarif = world.run("check DIR/a.yaml --output sarif").json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["suppressions"][0]["kind"], "inSource");

    let ran = world.file("a.yaml", &suppressed("2026-11-19")).run("check DIR/a.yaml");
    assert_eq!(ran.exit.code(), 10);
    assert!(ran.out.contains("expired on 2026-11-19: vendor agent [suppression-expired]"), "{}", ran.out);
    assert!(ran.out.contains("[http-tokens-not-required]"), "{}", ran.out);
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
fn what_terraform_writes_besides_a_plan_gets_its_hint() {
    let stream = "{\"@level\":\"info\",\"@message\":\"Terraform 1.9.5\",\"type\":\"version\"}\n\
                  {\"@level\":\"info\",\"type\":\"planned_change\"}\n";
    let plan = plan("aws_instance", &json!({}));
    let world = world()
        .file("stream.json", stream)
        .file("people.txt", "Terraform will perform the following actions:\n")
        .file("plan.out", "PK\u{3}\u{4}rest")
        .file("before.json", &format!("[command]/opt/terraform show -json plan.out\n{plan}\n"))
        .file("after.json", &format!("{plan}\n::debug::Terraform exited with code 0.\n"))
        .file("prefixed.json", &format!("12:00:00.000 STDOUT terraform: {plan}\n"));
    for (file, hint) in [
        ("stream.json", "terraform show -json plan.out"),
        ("people.txt", "terraform show -json plan.out"),
        ("plan.out", "terraform show -json plan.out"),
        ("before.json", "terraform_wrapper: false"),
        ("after.json", "terraform_wrapper: false"),
        ("prefixed.json", "terraform_wrapper: false"),
    ] {
        let ran = world.run(&format!("check DIR/{file}"));
        assert_eq!(ran.exit.code(), 3, "{file}: {}", ran.err);
        assert!(ran.err.contains(hint), "{file}: {}", ran.err);
    }
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

/// Runs git in the directory of a world.
fn git(world: &FakeWorld, arguments: &str) {
    let settings = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
    let done = std::process::Command::new("git")
        .arg("-C")
        .arg(world.path("."))
        .args(settings)
        .args(arguments.split(' '))
        .output()
        .unwrap();
    assert!(done.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn only_files_that_changed_since_a_commit_are_checked() {
    let open = suppressed("2020-01-01");
    let world = world();
    std::fs::create_dir(world.path("a b")).unwrap();
    let world = world.file("old.yaml", &open).file("deleted.yaml", &open).file("a b/changed.yaml", RIGHT);
    git(&world, "init -q -b main");
    git(&world, "add .");
    git(&world, "commit -q -m first");
    // The branch counts from where it left main.
    git(&world, "checkout -q -b work");
    std::fs::remove_file(world.path("deleted.yaml")).unwrap();
    let world = world.file("a b/changed.yaml", &open).file("untracked.yaml", &open);

    let json = world.run("check DIR --changed-since main --output json").json();
    let files: Vec<&str> =
        json["files"].as_array().unwrap().iter().map(|it| it["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["DIR/a b/changed.yaml", "DIR/untracked.yaml"]);
    let one = world.run("check DIR/old.yaml DIR/untracked.yaml --changed-since main --output json").json();
    assert_eq!(one["files"].as_array().unwrap().len(), 1);

    let ran = world.run("check DIR/old.yaml --changed-since main");
    assert_eq!(
        (ran.exit.code(), ran.err.as_str()),
        (0, "0 files: 0 errors, 0 warnings, 0 that cannot be told\n")
    );
    let ran = world.run("check DIR --changed-since nowhere");
    assert_eq!(ran.exit.code(), 2);
    assert!(ran.err.contains("git merge-base"), "{}", ran.err);
    assert_eq!(world.run("check - --changed-since main").exit.code(), 2);
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
