//! Every call is declared in `v2only_aws::Call`, with the permission it takes: the shipped roles grant those
//! and no others. Every scenario of this binary is held against the declared ones when it ends; here is one
//! that makes all of them.

use std::collections::BTreeSet;

use serde_json::json;
use v2only_aws::Call;
use v2only_sandbox::sagemaker::{Seed, Status};
use v2only_sandbox::{AwsError, Effect, Fault, HttpTokens, MemberAccount, Organization, OrganizationalUnit};
use v2only_tests::audit::actions;
use v2only_tests::stage::{v1, v2};
use v2only_tests::{ENFORCE, HOME, MEMBER, REGION, SECOND, Setup};

/// Declared for people, and not made by a function.
const NOT_OF_FUNCTIONS: [Call; 27] = [
    Call::GetCallerIdentity,
    Call::ModifyInstanceMetadataDefaults,
    Call::CreateLaunchTemplateVersion,
    Call::ModifyLaunchTemplate,
    Call::ModifyImageAttribute,
    Call::UpdateAutoScalingGroup,
    Call::SendCommand,
    Call::GetCommandInvocation,
    Call::ListInventoryEntries,
    Call::GetFindings,
    Call::BatchImportFindings,
    Call::BatchUpdateFindings,
    Call::DescribeTrails,
    Call::GetTrailStatus,
    Call::GetEventSelectors,
    Call::DescribeRule,
    Call::ListTargetsByRule,
    Call::DescribeEventBus,
    Call::GetQueueUrl,
    Call::GetQueueAttributes,
    Call::GetFunction,
    Call::ListEventSourceMappings,
    Call::GetSchedule,
    Call::ListPoliciesForTarget,
    Call::DescribePolicy,
    Call::StartAutomationExecution,
    Call::GetAutomationExecution,
];

/// No function is built with the SDKs of these services.
fn of_a_surface(action: &str) -> bool {
    ["config:", "elasticbeanstalk:", "elasticmapreduce:", "iam:", "imagebuilder:", "lightsail:"]
        .iter()
        .any(|service| action.starts_with(service))
}

#[test]
fn the_functions_make_exactly_the_calls_that_are_declared_for_them() {
    let parameter =
        Setup { policy: None, ..Setup::default() }.variable("V2ONLY_POLICY_PARAMETER", "/v2only/policy");
    let stage = parameter.cross_account().open();
    let policy =
        format!("{ENFORCE}overrides:\n  - match: {{ ous: [ou-ab12-sandbox0] }}\n    mode: observe\n");
    stage.aws.put_parameter(HOME, REGION, "/v2only/policy", &policy);
    stage.aws.set_organization(
        Organization::managed_by("999988887777")
            .account(MemberAccount::new(HOME, "security"))
            .unit(
                OrganizationalUnit::with_id("ou-ab12-workload", "workloads")
                    .account(MemberAccount::new(MEMBER, "shop")),
            )
            .delegated_administrator(HOME),
    );
    stage.launch_at(MEMBER, REGION, v1());
    let flipped = stage.launch(v2());
    stage.pass(SECOND * 60);
    // Until the SDK gives up, so that a message is postponed.
    let slow = AwsError::client("RequestLimitExceeded", "Request limit exceeded.").with_status(503);
    stage.aws.inject(Fault::on("ec2", "DescribeInstances", Effect::ErrorBefore(slow)).times(3));
    stage.people().turn_back(REGION, &flipped[0]);
    let seed = Seed::new("churn").age(SECOND * 60).minimum_version("1");
    stage.aws.notebooks().add(&stage.home(), seed.status(Status::Pending));
    stage.pass(SECOND * 1800);
    assert_eq!(stage.tokens(&flipped[0]), HttpTokens::Required);
    // Gated by nothing that is there, so that CloudWatch is asked.
    let old = stage.launch(v1().tag("managed", "by hand"));
    stage.aws.age_instance(HOME, REGION, &old[0], SECOND * 3600 * 24 * 30);
    stage.people().create_launch_template(REGION, "web");
    stage.install_sweeper();
    stage.send_to_sweeper(&json!({"task": "sweep"}));
    stage.settle();
    assert_eq!(stage.tokens(&old[0]), HttpTokens::Optional);

    let declared = Call::ALL.iter().filter(|it| !NOT_OF_FUNCTIONS.contains(it)).map(|it| it.iam_action());
    let declared = declared.filter(|action| !of_a_surface(action));
    let declared: BTreeSet<String> = declared.map(str::to_owned).collect();
    assert_eq!(actions(&stage.aws), declared);
}

#[test]
fn a_permission_is_declared_once() {
    let all: BTreeSet<&str> = Call::ALL.iter().map(|it| it.iam_action()).collect();
    assert_eq!(all.len(), Call::ALL.len());
}
