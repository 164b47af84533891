# What infra/sam/reader.yaml describes, under the same names: roles for people, in one account. Roles are global, so one
# instance of this module serves every Region.

data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition
  policies  = "${path.module}/../../files/policies/iam"
  trusted   = "arn:${local.partition}:iam::${var.trusted_account_id}"

  roles = merge(
    { scanner = "Reads what v2only scan and v2only readiness report." },
    contains(var.options, "doctor") ? { doctor = "Reads an installation of v2only for v2only doctor." } : {},
    contains(var.options, "rollback") ? { rollback = "Restores what a journal of v2only recorded. It can open IMDSv1." } : {},
  )
  # By role and policy, the file with its statements.
  statements = merge(
    { "scanner/scan" = "role-scanner" },
    contains(var.options, "import-findings") ? { "scanner/report" = "role-reporter" } : {},
    contains(var.options, "inventory") ? { "scanner/inventory" = "role-inventory" } : {},
    contains(var.options, "trace") ? { "scanner/trace" = "role-tracer" } : {},
    contains(var.options, "doctor") ? { "doctor/diagnose" = "role-doctor" } : {},
    contains(var.options, "rollback") ? { "rollback/restore" = "role-rollback" } : {},
  )
}

resource "aws_iam_role" "reader" {
  for_each    = local.roles
  name        = "v2only-${each.key}"
  description = each.value
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "${local.trusted}:root" }
      Action    = "sts:AssumeRole"
      Condition = merge(
        { ArnLike = { "aws:PrincipalArn" = "${local.trusted}:${var.trusted_principal}" } },
        var.external_id == null ? {} : { StringEquals = { "sts:ExternalId" = var.external_id } },
      )
    }]
  })
}

resource "aws_iam_role_policy" "reader" {
  for_each = local.statements
  name     = split("/", each.key)[1]
  role     = aws_iam_role.reader[split("/", each.key)[0]].name
  policy   = replace(file("${local.policies}/${each.value}.json"), "arn:aws:", "arn:${local.partition}:")
}
