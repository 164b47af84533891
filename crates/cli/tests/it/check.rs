//! `check`: infrastructure code before it is deployed.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::fake_aws::FakeAws;
use crate::fake_world::FakeWorld;

pub(crate) fn world() -> FakeWorld {
    FakeWorld::with(FakeAws::default())
}

/// Everything that can be wrong with a template, and what is right beside it.
pub(crate) const STACK: &str = r#"AWSTemplateFormatVersion: "2010-09-09"
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

pub(crate) const RIGHT: &str = r#"{"Resources": {"Web": {"Type": "AWS::EC2::LaunchTemplate", "Properties":
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
