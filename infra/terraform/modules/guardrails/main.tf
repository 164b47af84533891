# Preventive policies, in the management account or that of a delegated administrator for policies. Nothing is created
# unless it is asked for by name.

data "aws_partition" "current" {}

locals {
  folder = coalesce(var.policies, "${path.module}/../../files/policies")
  wanted = merge(
    { for it in var.service_control_policies : "scp/${it}" => "SERVICE_CONTROL_POLICY" },
    { for it in var.declarative_policies : "declarative/${it}" => "DECLARATIVE_POLICY_EC2" },
  )
  attachments = { for it in setproduct(keys(local.wanted), var.targets) : "${it[0]} on ${it[1]}" => { policy = it[0], target = it[1] } }
}

resource "aws_organizations_policy" "guardrail" {
  for_each    = local.wanted
  name        = "v2only-${basename(each.key)}"
  description = "v2only: policies/${each.key}.json"
  type        = each.value
  content     = jsonencode(jsondecode(replace(file("${local.folder}/${each.key}.json"), "arn:aws:", "arn:${data.aws_partition.current.partition}:")))
}

resource "aws_organizations_policy_attachment" "guardrail" {
  for_each  = local.attachments
  policy_id = aws_organizations_policy.guardrail[each.value.policy].id
  target_id = each.value.target
}
