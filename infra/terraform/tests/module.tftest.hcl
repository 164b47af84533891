# `terraform test` in infra/terraform: no AWS, no credentials.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws-us-gov" }
  }
  mock_data "aws_region" {
    defaults = { name = "us-gov-west-1" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws-us-gov:iam::111122223333:role/mocked" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = {
      arn = "arn:aws-us-gov:sqs:us-gov-west-1:111122223333:mocked"
      id  = "https://sqs.us-gov-west-1.amazonaws.com/111122223333/mocked"
    }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws-us-gov:lambda:us-gov-west-1:111122223333:function:mocked" }
  }
  mock_resource "aws_lambda_code_signing_config" {
    defaults = { arn = "arn:aws-us-gov:lambda:us-gov-west-1:111122223333:code-signing-config:csc-0123456789abcdef0" }
  }
  mock_resource "aws_cloudwatch_event_bus" {
    defaults = { arn = "arn:aws-us-gov:events:us-gov-west-1:111122223333:event-bus/v2only-events" }
  }
}

variables {
  zips = "./tests/zips"
}

run "one_account" {
  command = apply

  assert {
    condition     = length(aws_cloudwatch_event_bus.organization) == 0 && length(aws_cloudwatch_event_rule.organization) == 0
    error_message = "one account needs no bus"
  }
  assert {
    condition     = keys(aws_lambda_function.function["ec2-enforcer"].environment[0].variables) == tolist(["V2ONLY_POLICY_PARAMETER"])
    error_message = "one account enters no other"
  }
  assert {
    condition     = [for it in jsondecode(aws_iam_role_policy.hub["ec2-enforcer"].policy).Statement : it.Sid] == ["ReadTheDocument", "PostponeMessages"]
    error_message = "one account needs no permission for others"
  }
  assert {
    condition     = yamldecode(aws_ssm_parameter.policy.value).mode == "observe"
    error_message = "nothing is changed unless the document says so"
  }
  assert {
    condition     = aws_cloudwatch_log_group.function["ec2-enforcer"].retention_in_days == 365
    error_message = "records are kept for a year"
  }
}

run "an_organization" {
  command = apply

  variables {
    organization_id = "o-a1b2c3d4e5"
    external_id     = "made-up-for-a-test"
    architecture    = "arm64"
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_bus_policy.organization[0].policy).Statement[0].Condition.StringEquals["aws:PrincipalOrgID"] == "o-a1b2c3d4e5"
    error_message = "the bus must take events of the organization alone"
  }
  assert {
    condition     = aws_lambda_function.function["notebook-enforcer"].environment[0].variables.V2ONLY_MEMBER_ROLE == "v2only-notebook-enforcer"
    error_message = "each function has a member role of its own"
  }
  assert {
    condition     = aws_lambda_function.function["ec2-enforcer"].architectures == tolist(["arm64"])
    error_message = "the architecture must be the one asked for"
  }
  assert {
    condition     = !strcontains(join("", [for it in values(aws_iam_role_policy.act) : it.policy]), "arn:aws:")
    error_message = "statements must name the partition they are in"
  }
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.organization["ec2-enforcer"].event_pattern) == jsondecode(file("../event-patterns/ec2-enforcer.json"))
    error_message = "the rule must have the shipped pattern"
  }
  assert {
    condition     = !strcontains(aws_cloudwatch_dashboard.v2only.dashboard_body, "$${AWS::Region}") && strcontains(aws_cloudwatch_dashboard.v2only.dashboard_body, "us-gov-west-1")
    error_message = "the dashboard must be of this Region"
  }
}

run "an_external_id_without_an_organization_is_refused" {
  command = plan
  variables {
    external_id = "made-up-for-a-test"
  }
  expect_failures = [aws_lambda_function.function]
}

run "bad_values_are_refused" {
  command = plan
  variables {
    organization_id        = "111122223333"
    external_id            = "short"
    policy_document        = "mode: maybe"
    architecture           = "arm"
    memory_size            = 64
    delay_seconds          = 901
    maximum_concurrency    = 1
    log_retention_days     = 31
    log_key_arn            = "alias/logs"
    alarm_topic_arn        = "alarms"
    oldest_message_seconds = 1
    policy_public_key      = "c2VjcmV0"

    signing_profile_version_arn = "v2only"
  }
  expect_failures = [
    var.organization_id,
    var.external_id,
    var.policy_document,
    var.architecture,
    var.memory_size,
    var.delay_seconds,
    var.maximum_concurrency,
    var.log_retention_days,
    var.log_key_arn,
    var.policy_public_key,
    var.signing_profile_version_arn,
    var.alarm_topic_arn,
    var.oldest_message_seconds,
  ]
}

run "nothing_is_signed_by_default" {
  command = plan
  assert {
    condition     = length(aws_lambda_code_signing_config.signed) == 0
    error_message = "code signing must be an option"
  }
  assert {
    condition     = alltrue([for it in aws_lambda_function.function : !contains(keys(it.environment[0].variables), "V2ONLY_POLICY_PUBLIC_KEY")])
    error_message = "a signature of the policy document must be an option"
  }
}

run "signed_code_and_a_signed_document" {
  command = apply
  variables {
    policy_public_key           = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    signing_profile_version_arn = "arn:aws:signer:eu-central-1:111122223333:/signing-profiles/v2only/aBcDeFgHiJ"
  }
  assert {
    condition     = aws_lambda_code_signing_config.signed[0].policies[0].untrusted_artifact_on_deployment == "Enforce"
    error_message = "code without a signature must be refused"
  }
  assert {
    condition     = contains(keys(aws_lambda_code_signing_config.signed[0].tags), "v2only:code-signing")
    error_message = "protect-v2only knows the configuration by its tag"
  }
  assert {
    condition     = alltrue([for it in aws_lambda_function.function : it.code_signing_config_arn == aws_lambda_code_signing_config.signed[0].arn])
    error_message = "every function accepts signed code only"
  }
  assert {
    condition     = alltrue([for it in aws_lambda_function.function : it.environment[0].variables.V2ONLY_POLICY_PUBLIC_KEY == var.policy_public_key])
    error_message = "every function verifies the document"
  }
}

run "guardrails_are_nothing_unless_named" {
  command = apply
  module {
    source = "./modules/guardrails"
  }
  assert {
    condition     = length(aws_organizations_policy.guardrail) == 0 && length(aws_organizations_policy_attachment.guardrail) == 0
    error_message = "nothing is created by default"
  }
}

run "guardrails_that_are_named_are_attached" {
  command = apply
  module {
    source = "./modules/guardrails"
  }
  variables {
    service_control_policies = ["no-way-back", "protect-v2only"]
    declarative_policies     = ["instance-metadata-defaults"]
    targets                  = ["ou-ab12-11111111", "111122223333"]
  }
  assert {
    condition     = length(aws_organizations_policy.guardrail) == 3 && length(aws_organizations_policy_attachment.guardrail) == 6
    error_message = "each policy belongs on each target"
  }
  assert {
    condition     = alltrue([for it in values(aws_organizations_policy.guardrail) : length(it.content) <= 5120])
    error_message = "a policy must be within the limit of Organizations"
  }
}

run "guardrails_for_a_misspelt_target_are_refused" {
  command = plan
  module {
    source = "./modules/guardrails"
  }
  variables {
    targets = ["everybody"]
  }
  expect_failures = [var.targets]
}
