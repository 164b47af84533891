# One account and Region of an organization; `terraform test` in infra/terraform: no AWS, no credentials.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "444455556666" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws-cn" }
  }
  mock_data "aws_region" {
    defaults = { name = "cn-north-1" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws-cn:iam::444455556666:role/mocked" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = {
      arn = "arn:aws-cn:sqs:cn-north-1:444455556666:mocked"
      id  = "https://sqs.cn-north-1.amazonaws.com.cn/444455556666/mocked"
    }
  }
}

variables {
  hub_account_id = "111122223333"
  hub_region     = "cn-northwest-1"
  external_id    = "made-up-for-a-test"
  roles_region   = "cn-north-1"
}

run "a_member_forwards_and_lets_in_the_central_account" {
  command = apply
  module {
    source = "./modules/member"
  }
  assert {
    condition     = aws_cloudwatch_event_target.bus["ec2-enforcer"].arn == "arn:aws-cn:events:cn-northwest-1:111122223333:event-bus/v2only-events"
    error_message = "events must go to the central bus"
  }
  assert {
    condition     = jsondecode(aws_iam_role.member["ec2-enforcer"].assume_role_policy).Statement[0].Condition.StringEquals["sts:ExternalId"] == "made-up-for-a-test"
    error_message = "the role must ask for the external id"
  }
}

run "a_member_has_the_document_that_readiness_sends" {
  command = apply
  module {
    source = "./modules/member"
  }
  assert {
    condition     = aws_ssm_document.trace[0].name == "v2only-TraceImdsV1" && aws_ssm_document.trace[0].document_type == "Command" && yamldecode(aws_ssm_document.trace[0].content).schemaVersion == "2.2"
    error_message = "readiness --trace sends this document"
  }
}

run "another_region_makes_no_roles" {
  command = apply
  module {
    source = "./modules/member"
  }
  variables {
    roles_region = "cn-northwest-1"
  }
  assert {
    condition     = length(aws_iam_role.member) == 0 && length(aws_cloudwatch_event_rule.forward) == 2
    error_message = "only one Region makes the roles"
  }
}

run "the_central_region_needs_nothing" {
  command = apply
  module {
    source = "./modules/member"
  }
  variables {
    hub_account_id = "444455556666"
    hub_region     = "cn-north-1"
  }
  assert {
    condition     = length(aws_cloudwatch_event_rule.forward) == 0 && length(aws_iam_role.forwarder) == 0 && length(aws_iam_role.member) == 0 && length(aws_sqs_queue.undelivered) == 0 && length(aws_ssm_document.trace) == 0
    error_message = "the central account has rules and roles of its own"
  }
}

run "bad_values_are_refused" {
  command = plan
  module {
    source = "./modules/member"
  }
  variables {
    hub_account_id  = "12"
    hub_region      = "Frankfurt"
    external_id     = "short"
    roles_region    = "all"
    alarm_topic_arn = "alarms"
  }
  expect_failures = [var.hub_account_id, var.hub_region, var.external_id, var.roles_region, var.alarm_topic_arn]
}

run "a_member_takes_the_roles_that_were_rendered_for_its_document" {
  command = apply
  module {
    source = "./modules/member"
  }
  variables {
    role_policies = "./tests/roles"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.act["sweeper"].policy).Statement[0].Sid == "DisableEndpoints" && jsondecode(aws_iam_role_policy.act["sweeper"].policy).Statement[0].Resource == "arn:aws-cn:ec2:*:*:instance/*"
    error_message = "role_policies names the folder of the roles"
  }
}
