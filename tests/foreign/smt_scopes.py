"""Who may do what, stated apart from the policies: the names, actions and resources that claims are made of.

A resource is a pattern of the last component of its ARN.
"""

OWNER = ("v2only-owner",)

MODIFY_OPTIONS = (
    "ec2:ModifyInstanceMetadataOptions",
    ("ec2", "instance/*"),
    (*OWNER, "v2only-ec2-enforcer", "v2only-sweeper", "v2only-rollback", "v2only-automation"),
)
MODIFY_DEFAULTS = (
    "ec2:ModifyInstanceMetadataDefaults",
    ("ec2", "*"),
    (*OWNER, "v2only-ec2-enforcer", "v2only-rollback"),
)

OUR_ROLES = [
    *(f"role/v2only-{it}" for it in ("ec2-enforcer", "notebook-enforcer", "sweeper", "scanner", "rollback")),
    *(f"role/v2only-{it}" for it in ("automation", "forwarder-*", "schedule", "owner")),
]


def of(service: str, verbs: str) -> list[str]:
    return [f"{service}:{verb}" for verb in verbs.split()]


# Actions, resources that they are denied for, and who may do them.
PROTECTED = [
    (
        of(
            "iam",
            "AttachRolePolicy CreateRole DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy DetachRolePolicy "
            "PassRole PutRolePermissionsBoundary PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole",
        ),
        [("iam", it) for it in OUR_ROLES],
        OWNER,
    ),
    (
        of(
            "lambda",
            "AddPermission CreateFunction DeleteFunction DeleteFunctionCodeSigningConfig DeleteFunctionConcurrency "
            "PutFunctionCodeSigningConfig PutFunctionConcurrency PutFunctionEventInvokeConfig RemovePermission "
            "UpdateFunctionCode UpdateFunctionConfiguration",
        ),
        [("lambda", "function:v2only-*")],
        OWNER,
    ),
    # By the tag, whatever its value.
    (
        of("lambda", "DeleteCodeSigningConfig UpdateCodeSigningConfig"),
        [("lambda", "aws:ResourceTag/v2only:code-signing", "*")],
        OWNER,
    ),
    (
        of("lambda", "CreateEventSourceMapping DeleteEventSourceMapping UpdateEventSourceMapping"),
        [("lambda", "lambda:FunctionArn", "function:v2only-*")],
        OWNER,
    ),
    (
        of("sqs", "AddPermission CreateQueue DeleteQueue PurgeQueue RemovePermission SetQueueAttributes"),
        [("sqs", "v2only-*")],
        OWNER,
    ),
    (
        of("sqs", "ChangeMessageVisibility DeleteMessage ReceiveMessage SendMessage StartMessageMoveTask"),
        [("sqs", "v2only-*")],
        (*OWNER, "v2only-ec2-enforcer", "v2only-notebook-enforcer", "v2only-sweeper", "v2only-schedule"),
    ),
    (
        of("events", "DeleteRule DisableRule PutRule PutTargets RemoveTargets"),
        [("events", "rule/v2only-*")],
        OWNER,
    ),
    (of("scheduler", "DeleteSchedule UpdateSchedule"), [("scheduler", "schedule/*/v2only-*")], OWNER),
    (
        of("ssm", "DeleteParameter DeleteParameters LabelParameterVersion PutParameter"),
        [("ssm", "parameter/v2only/*")],
        OWNER,
    ),
]

ROLE_NAMES = [
    "role-automation",
    "role-automation-administration",
    "role-doctor",
    "role-ec2-enforcer",
    "role-hub",
    "role-inventory",
    "role-notebook-enforcer",
    "role-reporter",
    "role-rollback",
    "role-scanner",
    "role-source-enforcer",
    "role-sweeper",
    "role-sweeper-hub",
    "role-tracer",
]

VERSION = "sagemaker:MinimumInstanceMetadataServiceVersion"
TIGHTEN = {"ec2:Attribute/HttpTokens": "required", "ec2:MetadataHttpEndpoint": "enabled"}
NOTEBOOKS = ["notebook-instance/*"]
RUNBOOKS = ["AWSSupport-ConfigureEC2Metadata", "AWSConfigRemediation-EnforceEC2InstanceIMDSv2"]
ENFORCERS = ["role/v2only-ec2-enforcer", "role/v2only-notebook-enforcer"]

# The scope of an action, in every role or in one. Reading, and nothing else, is in scope without an entry.
SCOPES = {
    # A role with these actions tightens: it neither opens IMDSv1 nor enables an endpoint.
    "ec2:ModifyInstanceMetadataOptions": {"rest": ["instance/*"], "equal": TIGHTEN},
    "sagemaker:UpdateNotebookInstance": {"rest": NOTEBOOKS, "equal": {VERSION: "2"}},
    "ec2:CreateTags": {"rest": ["instance/*"], "tags": True},
    "sagemaker:AddTags": {"rest": NOTEBOOKS, "tags": True},
    "sagemaker:DeleteTags": {"rest": NOTEBOOKS, "tags": True},
    "sagemaker:StartNotebookInstance": {"rest": NOTEBOOKS},
    "sagemaker:StopNotebookInstance": {"rest": NOTEBOOKS},
    "sagemaker:DescribeNotebookInstance": {"rest": NOTEBOOKS},
    "sagemaker:ListTags": {"rest": NOTEBOOKS},
    # The named exemptions: the only roles that may loosen.
    ("role-rollback", "ec2:ModifyInstanceMetadataOptions"): {"rest": ["instance/*"]},
    ("role-rollback", "sagemaker:UpdateNotebookInstance"): {"rest": NOTEBOOKS},
    # EC2 has no condition key for what account defaults and template versions are changed to.
    ("role-rollback", "ec2:ModifyInstanceMetadataDefaults"): {"rest": ["*"]},
    ("role-source-enforcer", "ec2:ModifyInstanceMetadataDefaults"): {"rest": ["*"]},
    ("role-rollback", "ec2:CreateLaunchTemplateVersion"): {"rest": ["launch-template/*"]},
    ("role-rollback", "ec2:ModifyLaunchTemplate"): {"rest": ["launch-template/*"]},
    ("role-source-enforcer", "ec2:CreateLaunchTemplateVersion"): {"rest": ["launch-template/*"]},
    ("role-source-enforcer", "ec2:ModifyLaunchTemplate"): {"rest": ["launch-template/*"]},
    ("role-source-enforcer", "ec2:ModifyImageAttribute"): {"rest": ["image/*"]},
    # Nor has Lightsail. Image Builder has one.
    "lightsail:UpdateInstanceMetadataOptions": {"rest": ["Instance/*"]},
    ("role-source-enforcer", "imagebuilder:UpdateInfrastructureConfiguration"): {
        "rest": ["infrastructure-configuration/*"],
        "equal": {"imagebuilder:Ec2MetadataHttpTokens": "required"},
    },
    ("role-rollback", "imagebuilder:UpdateInfrastructureConfiguration"): {"rest": ["infrastructure-configuration/*"]},
    # What the parts of v2only do to each other.
    ("role-automation-administration", "sts:AssumeRole"): {"rest": ["role/v2only-automation"]},
    ("role-doctor", "sts:AssumeRole"): {"rest": ENFORCERS},
    ("role-hub", "sts:AssumeRole"): {"rest": ENFORCERS},
    ("role-sweeper-hub", "sts:AssumeRole"): {"rest": ["role/v2only-sweeper"]},
    ("role-automation", "iam:PassRole"): {
        "rest": ["role/v2only-automation"],
        "equal": {"iam:PassedToService": "ssm.amazonaws.com"},
    },
    ("role-automation", "ssm:StartAutomationExecution"): {
        "rest": [
            "automation-execution/*",
            *(f"document/{it}" for it in RUNBOOKS),
            *(f"automation-definition/{it}:*" for it in RUNBOOKS),
        ],
    },
    ("role-automation", "ssm:GetAutomationExecution"): {"rest": ["automation-execution/*"]},
    ("role-hub", "sqs:ChangeMessageVisibility"): {"rest": ["v2only-ec2-enforcer", "v2only-notebook-enforcer"]},
    ("role-sweeper-hub", "sqs:SendMessage"): {"rest": ["v2only-sweeper"]},
    ("role-tracer", "ssm:SendCommand"): {"rest": ["document/v2only-TraceImdsV1", "instance/*"]},
    ("role-reporter", "securityhub:BatchImportFindings"): {"rest": ["product/*/default"]},
    ("role-reporter", "securityhub:BatchUpdateFindings"): {"rest": ["hub/default"]},
    # Reading that is not for everything.
    "config:SelectAggregateResourceConfig": {"rest": ["config-aggregator/*"]},
    "ssm:GetParameter": {"rest": ["parameter/v2only/*"]},
    "securityhub:GetFindings": {"rest": ["hub/default"]},
    "elasticmapreduce:DescribeCluster": {"rest": ["cluster/*"]},
    "imagebuilder:GetInfrastructureConfiguration": {"rest": ["infrastructure-configuration/*"]},
    "cloudtrail:GetEventSelectors": {"rest": ["trail/*"]},
    "cloudtrail:GetTrailStatus": {"rest": ["trail/*"]},
    "events:DescribeEventBus": {"rest": ["rule/v2only-*", "event-bus/v2only-events"]},
    "events:DescribeRule": {"rest": ["rule/v2only-*", "event-bus/v2only-events"]},
    "events:ListTargetsByRule": {"rest": ["rule/v2only-*", "event-bus/v2only-events"]},
    "sqs:GetQueueAttributes": {"rest": ["v2only-*"]},
    "sqs:GetQueueUrl": {"rest": ["v2only-*"]},
    "lambda:GetFunction": {"rest": ["function:v2only-*"]},
    "scheduler:GetSchedule": {"rest": ["schedule/default/v2only-*"]},
    "organizations:DescribeAccount": {"rest": ["account/o-*/*", "ou/o-*/ou-*"]},
    "organizations:DescribePolicy": {
        "rest": ["policy/o-*/service_control_policy/p-*", "policy/service_control_policy/p-*"],
    },
}
