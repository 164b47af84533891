//! Policies for identities: the denials to be attached to somebody, and what our own roles are granted.
//!
//! The enforcers are granted exactly what the functions call, and only the tightening half of it.

mod doctor;
mod surfaces;

use v2only_policy::TAG_PREFIX;

use doctor::doctor;
use surfaces::{describe_surfaces, modify_lightsail, query_inventory, see_surfaces, update_builders};

use crate::pack::{self, TooLarge};
use crate::rules::{Rule, launch, launch_configurations, notebooks, options};
use crate::settings::Settings;
use crate::statement::Statement;
use crate::{File, Kind};

/// The files.
pub fn files(settings: &Settings) -> Result<Vec<File>, TooLarge> {
    let denials = denials(settings);
    let mut boundary = vec![Statement::allow("AllowWhatOtherPoliciesAllow", ["*"], ["*"])];
    boundary.extend(denials.iter().cloned());
    [
        ("identity-deny-v1", denials),
        ("boundary-v2-only", boundary),
        ("notebooks-v2-only", notebooks_v2_only(settings)),
        ("role-hub", hub(settings)),
        ("role-ec2-enforcer", ec2_enforcer(settings)),
        ("role-notebook-enforcer", notebook_enforcer(settings)),
        ("role-sweeper-hub", sweeper_hub(settings)),
        ("role-sweeper", sweeper(settings)),
        ("role-scanner", scanner(settings)),
        ("role-reporter", reporter(settings)),
        ("role-source-enforcer", source_enforcer(settings)),
        ("role-rollback", rollback(settings)),
        ("role-doctor", doctor(settings)),
        ("role-automation", automation(settings)),
        ("role-automation-administration", vec![enter([settings.names.automation.arn(settings.partition)])]),
        ("role-tracer", tracer(settings)),
        ("role-inventory", vec![query_inventory(settings)]),
    ]
    .iter()
    .map(|(name, statements)| pack::whole(Kind::Iam, name, statements))
    .collect()
}

/// What an identity can be denied without being spared: everything but the rules that name principals.
fn denials(settings: &Settings) -> Vec<Statement> {
    let mut rules = vec![launch::require_v2(settings)];
    rules.extend(launch::hop_limit(settings));
    rules.extend(options::no_way_back(settings));
    rules.extend(notebooks::v2(settings));
    rules.extend(launch_configurations::none());
    rules.into_iter().map(|Rule { statement, .. }| statement).collect()
}

/// For those who make notebooks: what they may, and what they may not whatever else they are granted.
fn notebooks_v2_only(settings: &Settings) -> Vec<Statement> {
    const CREATE: &str = "sagemaker:CreateNotebookInstance";
    const UPDATE: &str = "sagemaker:UpdateNotebookInstance";
    let allow = |sid, actions: &[&str]| Statement::allow(sid, actions.iter().copied(), [notebook(settings)]);
    let with_v2 =
        allow("MakeNotebooksOfV2", &[CREATE, UPDATE]).when("StringEquals", notebooks::VERSION, ["2"]);
    let otherwise = allow("UpdateNotebooksOtherwise", &[UPDATE]).when("Null", notebooks::VERSION, ["true"]);
    let denials = notebooks::v2(settings).into_iter().map(|Rule { statement, .. }| statement);
    [with_v2, otherwise].into_iter().chain(denials).collect()
}

/// What both enforcers need where they run, besides the role that does the work.
fn hub(settings: &Settings) -> Vec<Statement> {
    let names = &settings.names;
    let members = [&names.ec2_enforcer, &names.notebook_enforcer].map(|it| it.arn(settings.partition));
    let queues = names.event_queues.each_ref().map(|it| settings.arn("sqs", it));
    let postpone = Statement::allow("PostponeMessages", ["sqs:ChangeMessageVisibility"], queues);
    vec![read_the_document(settings), enter(members), ask_the_organization(settings), postpone]
}

/// What the sweeper needs where it runs, besides the role that does the work.
fn sweeper_hub(settings: &Settings) -> Vec<Statement> {
    let names = &settings.names;
    vec![
        read_the_document(settings),
        enter([names.sweeper.arn(settings.partition)]),
        ask_the_organization(settings),
        see_accounts(),
        Statement::allow("KeepItsWork", ["sqs:SendMessage"], [settings.arn("sqs", &names.sweep_queue)]),
    ]
}

fn read_the_document(settings: &Settings) -> Statement {
    let parameter = format!("parameter/{}", settings.names.parameters);
    Statement::allow("ReadTheDocument", ["ssm:GetParameter"], [settings.arn("ssm", &parameter)])
}

fn enter(members: impl IntoIterator<Item = String>) -> Statement {
    Statement::allow("EnterMemberAccounts", ["sts:AssumeRole"], members)
}

fn ask_the_organization(settings: &Settings) -> Statement {
    Statement::allow(
        "AskTheOrganization",
        ["organizations:DescribeAccount", "organizations:ListParents"],
        ["account/o-*/*", "ou/o-*/ou-*"]
            .map(|it| format!("arn:{}:organizations::*:{it}", settings.partition.as_str())),
    )
}

fn see_accounts() -> Statement {
    Statement::allow("SeeAccounts", ["organizations:ListAccounts"], ["*"])
}

fn see_regions() -> Statement {
    Statement::allow("SeeRegions", ["ec2:DescribeRegions"], ["*"])
}

fn see_instances() -> Statement {
    Statement::allow("SeeInstances", ["ec2:DescribeInstances"], ["*"])
}

fn see_notebooks(settings: &Settings) -> Statement {
    Statement::allow(
        "SeeNotebooks",
        ["sagemaker:DescribeNotebookInstance", "sagemaker:ListTags"],
        [notebook(settings)],
    )
}

fn instance(settings: &Settings) -> String {
    settings.arn("ec2", "instance/*")
}

fn notebook(settings: &Settings) -> String {
    settings.arn("sagemaker", "notebook-instance/*")
}

/// Grants tagging with keys of ours and no others. "All of none" holds, hence the key must be there.
fn tagging(sid: &'static str, actions: &[&str], resource: String) -> Statement {
    Statement::allow(sid, actions.iter().copied(), [resource])
        .when("ForAllValues:StringLike", "aws:TagKeys", [format!("{TAG_PREFIX}*")])
        .when_present("aws:TagKeys")
}

fn modify_instances(settings: &Settings, sid: &'static str) -> Statement {
    Statement::allow(sid, ["ec2:ModifyInstanceMetadataOptions"], [instance(settings)])
}

/// To what tokens are required, and never on an instance whose endpoint somebody has switched off.
fn tighten_instances(settings: &Settings) -> Statement {
    modify_instances(settings, "TightenInstances")
        .when("StringEquals", "ec2:Attribute/HttpTokens", ["required"])
        .when("StringEquals", "ec2:MetadataHttpEndpoint", ["enabled"])
}

fn ec2_enforcer(settings: &Settings) -> Vec<Statement> {
    let disable = modify_instances(settings, "DisableEndpoints").when(
        "StringEquals",
        "ec2:Attribute/HttpEndpoint",
        ["disabled"],
    );
    let mut statements = vec![see_instances(), see_usage(), see_history(), tighten_instances(settings)];
    if settings.disables_endpoints {
        statements.push(disable);
    }
    statements.push(tagging("TagInstances", &["ec2:CreateTags"], instance(settings)));
    statements
}

fn notebook_enforcer(settings: &Settings) -> Vec<Statement> {
    vec![
        see_notebooks(settings),
        see_history(),
        Statement::allow("TightenNotebooks", ["sagemaker:UpdateNotebookInstance"], [notebook(settings)])
            .when("StringEquals", "sagemaker:MinimumInstanceMetadataServiceVersion", ["2"]),
        stop_and_start(settings),
        tagging("TagNotebooks", &["sagemaker:AddTags", "sagemaker:DeleteTags"], notebook(settings)),
    ]
}

fn stop_and_start(settings: &Settings) -> Statement {
    Statement::allow(
        "StopAndStartNotebooks",
        ["sagemaker:StartNotebookInstance", "sagemaker:StopNotebookInstance"],
        [notebook(settings)],
    )
}

/// What a scan reads, and the tightening half of what both enforcers change.
fn sweeper(settings: &Settings) -> Vec<Statement> {
    let mut statements = vec![see_regions(), list_notebooks(), see_sources()];
    statements.extend(ec2_enforcer(settings));
    let known = statements.clone();
    statements.extend(notebook_enforcer(settings).into_iter().filter(|it| !known.contains(it)));
    statements
}

fn list_notebooks() -> Statement {
    Statement::allow("ListNotebooks", ["sagemaker:ListNotebookInstances"], ["*"])
}

fn scanner(settings: &Settings) -> Vec<Statement> {
    vec![
        see_instances(),
        see_regions(),
        see_accounts(),
        see_notebooks(settings),
        list_notebooks(),
        see_sources(),
        see_usage(),
        see_history(),
        see_roles(),
        see_surfaces(),
        describe_surfaces(settings),
    ]
}

/// Whether the role of an instance profile is an administrator. IAM knows no narrower resource for it.
fn see_roles() -> Statement {
    Statement::allow("SeeRoles", ["iam:GetAccountAuthorizationDetails"], ["*"])
}

/// Who launched an instance, and whether it was v2-only before. CloudTrail knows no narrower resource for it.
fn see_history() -> Statement {
    Statement::allow("SeeHistory", ["cloudtrail:LookupEvents"], ["*"])
}

/// The evidence that the usage gate wants. CloudWatch knows no narrower resource for it.
fn see_usage() -> Statement {
    Statement::allow("SeeUsage", ["cloudwatch:GetMetricData"], ["*"])
}

/// What instances take their options from. None of it has a narrower resource.
fn see_sources() -> Statement {
    Statement::allow(
        "SeeSources",
        [
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeLaunchConfigurations",
            "ec2:DescribeFleets",
            "ec2:DescribeImages",
            "ec2:DescribeLaunchTemplateVersions",
            "ec2:DescribeLaunchTemplates",
            "ec2:DescribeSpotFleetRequests",
            "ec2:GetInstanceMetadataDefaults",
        ],
        ["*"],
    )
}

/// For `scan --import`: the product that every account has in its own Security Hub, and the workflow status of findings of
/// AWS's own controls. AWS has no condition key for the product of a finding that is updated.
fn reporter(settings: &Settings) -> Vec<Statement> {
    vec![
        Statement::allow(
            "SeeFindings",
            ["securityhub:GetFindings"],
            [settings.arn("securityhub", "hub/default")],
        ),
        Statement::allow(
            "ImportFindings",
            ["securityhub:BatchImportFindings"],
            [settings.arn("securityhub", "product/*/default")],
        ),
        Statement::allow(
            "MirrorExemptions",
            ["securityhub:BatchUpdateFindings"],
            [settings.arn("securityhub", "hub/default")],
        ),
    ]
}

/// For people at the command line: AWS has no condition that would keep these actions to tightening, so no
/// function has this role.
fn source_enforcer(settings: &Settings) -> Vec<Statement> {
    let mut statements = vec![
        see_sources(),
        Statement::allow("ChangeAccountDefaults", ["ec2:ModifyInstanceMetadataDefaults"], ["*"]),
        Statement::allow(
            "AddTemplateVersions",
            ["ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"],
            [settings.arn("ec2", "launch-template/*")],
        ),
        Statement::allow("MarkImages", ["ec2:ModifyImageAttribute"], [settings.arn("ec2", "image/*")]),
        see_surfaces(),
        describe_surfaces(settings),
        modify_lightsail(settings, "TightenLightsailInstances"),
        update_builders(settings, "TightenInfrastructureConfigurations").when(
            "StringEquals",
            "imagebuilder:Ec2MetadataHttpTokens",
            ["required"],
        ),
    ];
    statements.extend(settings.repoints_groups.then(|| repoint_groups(settings, "RepointGroups")));
    statements
}

/// To change what a group launches from, and neither its size nor its subnets. AWS has no condition on which version is named.
fn repoint_groups(settings: &Settings, sid: &'static str) -> Statement {
    let groups = settings.arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/*");
    [
        "autoscaling:LaunchConfigurationName",
        "autoscaling:MaxSize",
        "autoscaling:MinSize",
        "autoscaling:VPCZoneIdentifiers",
    ]
    .into_iter()
    .fold(Statement::allow(sid, ["autoscaling:UpdateAutoScalingGroup"], [groups]), |statement, key| {
        statement.when("Null", key, ["true"])
    })
}

/// The only role that can loosen. It can see what it restores, and write exemptions.
fn rollback(settings: &Settings) -> Vec<Statement> {
    let mut statements = vec![
        see_instances(),
        modify_instances(settings, "RestoreInstances"),
        see_notebooks(settings),
        Statement::allow("RestoreNotebooks", ["sagemaker:UpdateNotebookInstance"], [notebook(settings)]),
        see_sources(),
        Statement::allow("RestoreAccountDefaults", ["ec2:ModifyInstanceMetadataDefaults"], ["*"]),
        Statement::allow(
            "RestoreTemplates",
            ["ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"],
            [settings.arn("ec2", "launch-template/*")],
        ),
        tagging("ExemptInstances", &["ec2:CreateTags"], instance(settings)),
        tagging("ExemptNotebooks", &["sagemaker:AddTags"], notebook(settings)),
        see_surfaces(),
        describe_surfaces(settings),
        modify_lightsail(settings, "RestoreLightsailInstances"),
        update_builders(settings, "RestoreInfrastructureConfigurations"),
    ];
    statements.extend(settings.repoints_groups.then(|| repoint_groups(settings, "RestoreGroups")));
    statements
}

/// The runbooks of AWS that can require tokens.
const RUNBOOKS: [&str; 2] =
    ["AWSSupport-ConfigureEC2Metadata", "AWSConfigRemediation-EnforceEC2InstanceIMDSv2"];

/// The role that the runbooks of AWS take on. One of them opens version 1 when it is not told otherwise; with
/// this role it is refused.
fn automation(settings: &Settings) -> Vec<Statement> {
    // Starting asks for the runbook, by its older name or its newer one, and for the execution that comes of it.
    let runbooks = RUNBOOKS.iter().flat_map(|name| {
        [format!("automation-definition/{name}:*"), format!("document/{name}")]
            .map(|it| settings.arn("ssm", &it))
    });
    let executions = settings.arn("ssm", "automation-execution/*");
    let start = runbooks.chain([executions.clone()]);
    // A caller that starts a runbook under a role passes the role on: so does this one where an execution of another account takes
    // it on, to start the runbook here.
    let pass = Statement::allow(
        "PassTheRoleToRunbooks",
        ["iam:PassRole"],
        [settings.names.automation.arn(settings.partition)],
    );
    vec![
        see_instances(),
        tighten_instances(settings),
        Statement::allow("StartRunbooks", ["ssm:StartAutomationExecution"], start),
        Statement::allow("FollowRunbooks", ["ssm:GetAutomationExecution"], [executions]),
        pass.when("StringEquals", "iam:PassedToService", ["ssm.amazonaws.com"]),
    ]
}

/// For people who look on instances for who calls version 1. A command runs as root, so it is one document of ours
/// that may be sent, and no other.
fn tracer(settings: &Settings) -> Vec<Statement> {
    let document = settings.arn("ssm", "document/v2only-TraceImdsV1");
    vec![
        see_instances(),
        Statement::allow("SendTheTrace", ["ssm:SendCommand"], [document, instance(settings)]),
        // Systems Manager knows no narrower resource for it.
        Statement::allow("ReadTheTrace", ["ssm:GetCommandInvocation"], ["*"]),
        Statement::allow("SeeInventory", ["ssm:ListInventoryEntries"], ["*"]),
    ]
}
