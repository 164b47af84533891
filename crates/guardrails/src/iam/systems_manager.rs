//! What roles are granted that use AWS Systems Manager: those of runbooks and of traces.

use super::{instance, see_instances, tighten_instances};
use crate::settings::Settings;
use crate::statement::Statement;

/// The runbooks of AWS that can require tokens.
const RUNBOOKS: [&str; 2] =
    ["AWSSupport-ConfigureEC2Metadata", "AWSConfigRemediation-EnforceEC2InstanceIMDSv2"];

/// The role that the runbooks of AWS take on. One of them opens version 1 when it is not told otherwise; with
/// this role it is refused.
pub(super) fn automation(settings: &Settings) -> Vec<Statement> {
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
pub(super) fn tracer(settings: &Settings) -> Vec<Statement> {
    let document = settings.arn("ssm", "document/v2only-TraceImdsV1");
    vec![
        see_instances(),
        Statement::allow("SendTheTrace", ["ssm:SendCommand"], [document, instance(settings)]),
        // Systems Manager knows no narrower resource for it.
        Statement::allow("ReadTheTrace", ["ssm:GetCommandInvocation"], ["*"]),
        Statement::allow("SeeInventory", ["ssm:ListInventoryEntries"], ["*"]),
    ]
}
