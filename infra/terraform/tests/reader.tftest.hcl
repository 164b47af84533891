# Roles for people; `terraform test` in infra/terraform: no AWS, no credentials.

mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws-us-gov" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws-us-gov:iam::444455556666:role/mocked" }
  }
}

variables {
  trusted_account_id = "111122223333"
}

run "reading_needs_one_role" {
  command = apply
  module {
    source = "./modules/reader"
  }
  assert {
    condition     = keys(aws_iam_role.reader) == ["scanner"] && keys(aws_iam_role_policy.reader) == ["scanner/scan"]
    error_message = "without options there is the scanner alone"
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.reader["scanner/scan"].policy, "arn:aws:") && strcontains(aws_iam_role_policy.reader["scanner/scan"].policy, "arn:aws-us-gov:sagemaker")
    error_message = "ARNs must be of the partition of the account"
  }
}

run "each_option_adds_what_it_names" {
  command = apply
  module {
    source = "./modules/reader"
  }
  variables {
    options     = ["import-findings", "trace", "doctor", "rollback"]
    external_id = "made-up-for-a-test"
  }
  assert {
    condition     = length(aws_iam_role.reader) == 3 && length(aws_iam_role_policy.reader) == 5
    error_message = "there must be three roles with five policies"
  }
  assert {
    condition     = jsondecode(aws_iam_role.reader["rollback"].assume_role_policy).Statement[0].Condition.StringEquals["sts:ExternalId"] == "made-up-for-a-test"
    error_message = "each role must ask for the external id"
  }
}

run "bad_values_are_refused" {
  command = plan
  module {
    source = "./modules/reader"
  }
  variables {
    trusted_account_id = "12"
    trusted_principal  = "security-audit"
    external_id        = "short"
    options            = ["everything"]
  }
  expect_failures = [var.trusted_account_id, var.trusted_principal, var.external_id, var.options]
}
