//! The shipped roles grant what the code calls: equality, so that an unused grant fails too.

use std::collections::BTreeSet;
use std::fs;

use v2only_guardrails::{Settings, render};

/// Every IAM action declared beside a call. Read from the source, because the crate that declares them
/// brings the SDKs along.
fn declared() -> BTreeSet<String> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../aws/src/call.rs");
    let text = fs::read_to_string(source).unwrap();
    let body = text.split("fn iam_action").nth(1).unwrap().split("\n    }\n").next().unwrap();
    let mut actions: BTreeSet<String> =
        body.split('"').skip(1).step_by(2).filter(|it| it.contains(':')).map(str::to_owned).collect();
    assert_eq!(actions.len(), body.matches("=>").count(), "each call declares one action");
    // Needs no permission, and none can be granted.
    assert!(actions.remove("sts:GetCallerIdentity"));
    actions
}

fn granted(roles: &[&str]) -> BTreeSet<String> {
    let every_option = Settings { repoints_groups: true, ..Settings::shipped() };
    let files = render(&every_option).unwrap();
    roles
        .iter()
        .map(|role| files.iter().find(|it| it.path == format!("iam/role-{role}.json")).unwrap())
        .flat_map(|file| super::statements(&file.json))
        .inspect(|statement| assert_eq!(statement["Effect"], "Allow"))
        .flat_map(|statement| super::words(&statement, "Action"))
        .collect()
}

/// Whether an action is of a service that no function calls.
fn of_a_surface(action: &str) -> bool {
    ["config:", "elasticbeanstalk:", "elasticmapreduce:", "iam:", "imagebuilder:", "lightsail:"]
        .iter()
        .any(|service| action.starts_with(service))
}

/// What no event asks for: to find one's way, to keep work in a queue, and to see and change what instances take
/// their options from.
fn of_no_event() -> BTreeSet<String> {
    let looking_around = [
        "ec2:DescribeRegions",
        "organizations:ListAccounts",
        "sagemaker:ListNotebookInstances",
        "sqs:SendMessage",
    ];
    let of_events = granted(&["hub", "ec2-enforcer"]);
    granted(&["source-enforcer", "tracer", "doctor", "automation"])
        .into_iter()
        .filter(|it| !of_events.contains(it))
        .chain(looking_around.map(str::to_owned))
        .collect()
}

const ALL: [&str; 14] = [
    "hub",
    "ec2-enforcer",
    "notebook-enforcer",
    "sweeper-hub",
    "sweeper",
    "scanner",
    "reporter",
    "source-enforcer",
    "rollback",
    "tracer",
    "inventory",
    "doctor",
    "automation",
    "automation-administration",
];

fn called(service: &str) -> BTreeSet<String> {
    declared()
        .into_iter()
        .filter(|it| !of_no_event().contains(it))
        .filter(|action| {
            let of = action.split(':').next().unwrap();
            // Of notebooks nothing is counted.
            of == service
                || (of == "cloudwatch" && service == "ec2")
                || ["ssm", "sts", "sqs", "organizations", "cloudtrail"].contains(&of)
        })
        .collect()
}

#[test]
fn the_ec2_enforcer_is_granted_exactly_what_its_code_calls() {
    assert_eq!(granted(&["hub", "ec2-enforcer"]), called("ec2"));
}

#[test]
fn the_notebook_enforcer_is_granted_exactly_what_its_code_calls() {
    assert_eq!(granted(&["hub", "notebook-enforcer"]), called("sagemaker"));
}

/// It changes what the enforcers change, and reads what the scanner reads.
#[test]
fn the_sweeper_is_granted_exactly_what_its_code_calls() {
    let mut called = granted(&["hub", "ec2-enforcer", "notebook-enforcer", "scanner"]);
    // Only the command line reads what is outside of EC2, Auto Scaling and SageMaker, and roles.
    called.retain(|action| !of_a_surface(action));
    // What its queue brings back rests as long as the queue says.
    called.remove("sqs:ChangeMessageVisibility");
    called.insert("sqs:SendMessage".to_owned());
    assert_eq!(granted(&["sweeper-hub", "sweeper"]), called);
}

#[test]
fn all_roles_together_are_granted_exactly_what_the_product_calls() {
    let mut granted = granted(&ALL);
    // No call: AWS asks for it beside that which names the role.
    assert!(granted.remove("iam:PassRole"));
    assert_eq!(granted, declared());
}

/// Source: Systems Manager Automation runbook reference, "AWSSupport-ConfigureEC2Metadata", required permissions.
#[test]
fn the_automation_role_is_granted_exactly_what_the_runbooks_of_aws_call() {
    let called = [
        "ec2:DescribeInstances",
        "ec2:ModifyInstanceMetadataOptions",
        "iam:PassRole",
        "ssm:GetAutomationExecution",
        "ssm:StartAutomationExecution",
    ];
    assert_eq!(granted(&["automation"]), called.map(str::to_owned).into());
}

#[test]
fn the_scanner_and_the_doctor_only_look() {
    // The doctor assumes the role that the functions assume, and calls nothing with it.
    for action in granted(&["scanner", "doctor"]).into_iter().filter(|it| it != "sts:AssumeRole") {
        let verb = action.split(':').nth(1).unwrap();
        let looks = ["Describe", "Get", "List", "Lookup"].iter().any(|it| verb.starts_with(it));
        assert!(looks, "{action} is no look");
    }
}

#[test]
fn no_role_is_granted_a_wildcard_of_actions() {
    for action in granted(&ALL) {
        assert!(!action.contains('*'), "{action}");
    }
}

#[test]
fn no_function_can_change_what_instances_take_their_options_from() {
    let changes = |action: &String| {
        ["Defaults", "LaunchTemplate", "ImageAttribute"].iter().any(|word| action.contains(word))
            && !action.contains(":Describe")
            && !action.contains(":Get")
    };
    let functions = granted(&["hub", "ec2-enforcer", "notebook-enforcer", "sweeper-hub", "sweeper"]);
    assert_eq!(functions.iter().filter(|it| changes(it)).count(), 0);
    assert_eq!(granted(&["source-enforcer"]).iter().filter(|it| changes(it)).count(), 4);
}

#[test]
fn no_function_is_granted_an_action_of_another_surface() {
    let functions =
        granted(&["hub", "ec2-enforcer", "notebook-enforcer", "sweeper-hub", "sweeper", "automation"]);
    assert_eq!(functions.into_iter().filter(|action| of_a_surface(action)).collect::<Vec<_>>(), [""; 0]);
    let writes = |role: &str| {
        let all = granted(&[role]).into_iter();
        all.filter(|action| of_a_surface(action) && action.contains(":Update")).collect::<Vec<_>>()
    };
    let both = ["imagebuilder:UpdateInfrastructureConfiguration", "lightsail:UpdateInstanceMetadataOptions"];
    assert_eq!(writes("source-enforcer"), both);
    assert_eq!(writes("rollback"), both);
    assert_eq!(writes("scanner"), [""; 0]);
}

/// A person who only has sources fixed must not be able to change groups.
#[test]
fn changing_groups_is_granted_only_where_the_document_asks_for_it_and_to_no_function() {
    let update = "autoscaling:UpdateAutoScalingGroup";
    for file in render(&Settings::shipped()).unwrap().iter().filter(|it| it.path.starts_with("iam/role-")) {
        assert!(!file.json.contains(update), "{}", file.path);
    }
    let functions = granted(&["hub", "ec2-enforcer", "notebook-enforcer", "sweeper-hub", "sweeper"]);
    assert!(!functions.contains(update));
    for role in ["source-enforcer", "rollback"] {
        assert!(granted(&[role]).contains(update), "{role}");
    }
}
