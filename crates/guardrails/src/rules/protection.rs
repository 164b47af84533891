//! What the product itself stands on: its tags, roles, functions, rules and document.

use v2only_policy::TAG_PREFIX;

use super::{Rule, Spared};
use crate::settings::Settings;
use crate::statement::Statement;

const ROLE_ACTIONS: [&str; 13] = [
    "iam:AttachRolePolicy",
    // Somebody who makes a role of that name in another account would be spared by every rule here.
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PassRole",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
];

const FUNCTION_ACTIONS: [&str; 11] = [
    "lambda:AddPermission",
    "lambda:CreateFunction",
    "lambda:DeleteFunction",
    "lambda:DeleteFunctionCodeSigningConfig",
    "lambda:DeleteFunctionConcurrency",
    "lambda:PutFunctionCodeSigningConfig",
    "lambda:PutFunctionConcurrency",
    "lambda:PutFunctionEventInvokeConfig",
    "lambda:RemovePermission",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
];

/// What decides whose code a function may run. AWS chooses the id of a code signing configuration, so a tag marks it.
const SIGNING_ACTIONS: [&str; 2] = ["lambda:DeleteCodeSigningConfig", "lambda:UpdateCodeSigningConfig"];

/// What decides which messages a function gets.
const MAPPING_ACTIONS: [&str; 3] =
    ["lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"];

const QUEUE_ACTIONS: [&str; 6] = [
    "sqs:AddPermission",
    "sqs:CreateQueue",
    "sqs:DeleteQueue",
    "sqs:PurgeQueue",
    "sqs:RemovePermission",
    "sqs:SetQueueAttributes",
];

/// The actions that send, hide and delete messages. The sender of a message chooses the account of its event.
const MESSAGE_ACTIONS: [&str; 5] = [
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "sqs:StartMessageMoveTask",
];

const RULE_ACTIONS: [&str; 7] = [
    "events:DeleteRule",
    "events:DisableRule",
    "events:PutRule",
    "events:PutTargets",
    "events:RemoveTargets",
    "scheduler:DeleteSchedule",
    "scheduler:UpdateSchedule",
];

const DOCUMENT_ACTIONS: [&str; 4] =
    ["ssm:DeleteParameter", "ssm:DeleteParameters", "ssm:LabelParameterVersion", "ssm:PutParameter"];

/// Everything of ours, closed to everybody but the owners.
pub fn of_ourselves(settings: &Settings) -> Vec<Rule> {
    let names = &settings.names;
    let partition = settings.partition;
    let tags = Statement::deny("OnlyOwnersWriteOurTags", ["*"], ["*"]).when(
        "ForAnyValue:StringLike",
        "aws:TagKeys",
        [format!("{TAG_PREFIX}*")],
    );
    let spared = settings.principals.owners.iter().chain(&settings.principals.exempt);
    let roles = names.roles().into_iter().chain(spared).map(|role| role.arn(partition));
    let ours = [
        Statement::deny("OnlyOwnersChangeOurRoles", ROLE_ACTIONS, roles),
        Statement::deny(
            "OnlyOwnersChangeOurFunctions",
            FUNCTION_ACTIONS,
            [settings.arn("lambda", &format!("function:{}", names.functions))],
        ),
        Statement::deny("OnlyOwnersChangeOurSigning", SIGNING_ACTIONS, ["*"])
            .when_present(&format!("aws:ResourceTag/{TAG_PREFIX}code-signing")),
        Statement::deny("OnlyOwnersChangeOurMappings", MAPPING_ACTIONS, ["*"]).when(
            "ArnLike",
            "lambda:FunctionArn",
            [settings.arn("lambda", &format!("function:{}", names.functions))],
        ),
        Statement::deny("OnlyOwnersChangeOurQueues", QUEUE_ACTIONS, [settings.arn("sqs", &names.queues)]),
        Statement::deny(
            "OnlyOwnersChangeOurRules",
            RULE_ACTIONS,
            [
                settings.arn("events", &format!("rule/{}", names.rules)),
                settings.arn("scheduler", &format!("schedule/*/{}", names.rules)),
            ],
        ),
        Statement::deny(
            "OnlyOwnersChangeOurDocument",
            DOCUMENT_ACTIONS,
            [settings.arn("ssm", &format!("parameter/{}", names.parameters))],
        ),
    ];
    let writers =
        &[Spared::Owners, Spared::Ec2Enforcer, Spared::NotebookEnforcer, Spared::Sweeper, Spared::Rollback];
    let mut rules = vec![Rule { statement: tags, spares: writers }];
    rules.extend(exemption_by_tag(settings));
    rules.extend(ours.map(|statement| Rule { statement, spares: &[Spared::Owners] }));
    rules.push(Rule {
        statement: Statement::deny(
            "OnlyOursUseOurQueues",
            MESSAGE_ACTIONS,
            [settings.arn("sqs", &names.queues)],
        ),
        spares: &[
            Spared::Owners,
            Spared::Ec2Enforcer,
            Spared::NotebookEnforcer,
            Spared::Sweeper,
            Spared::Schedule,
        ],
    });
    rules
}

/// Nobody exempts himself. IAM reads the key of a principal's tag without regard to case, while a pattern
/// over `aws:TagKeys` minds it, so the tag that exempts has a rule of its own.
fn exemption_by_tag(settings: &Settings) -> Option<Rule> {
    let tag = settings.principals.exempt_tag.as_ref()?;
    let statement = Statement::deny(
        "OnlyOwnersExemptPrincipals",
        ["iam:CreateRole", "iam:CreateUser", "iam:TagRole", "iam:TagUser", "sts:TagSession"],
        ["*"],
    )
    .when("ForAnyValue:StringEqualsIgnoreCase", "aws:TagKeys", [tag.key.as_str()]);
    Some(Rule { statement, spares: &[Spared::Owners] })
}
