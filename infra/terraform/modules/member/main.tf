# What infra/sam/member.yaml describes, under the same names: one account, one Region.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  files     = "${path.module}/../../files"
  policies  = coalesce(var.role_policies, "${local.files}/policies/iam")

  in_hub = local.account == var.hub_account_id
  # Where the main module is, its own rules take the events.
  forwards = !(local.in_hub && local.region == var.hub_region)
  # In the central account the functions' own roles act, and have these names.
  makes_roles = local.region == var.roles_region && !local.in_hub

  # Those that events reach.
  functions = toset(["ec2-enforcer", "notebook-enforcer"])
  roles = {
    ec2-enforcer      = "to tighten EC2 instances"
    notebook-enforcer = "to tighten notebook instances"
    sweeper           = "to see everything and tighten instances and notebooks"
  }
  bus_arn   = "arn:${local.partition}:events:${var.hub_region}:${var.hub_account_id}:event-bus/v2only-events"
  rules_arn = "arn:${local.partition}:events:${local.region}:${local.account}:rule"
}

# --- Events -----------------------------------------------------------------------------------------------------

resource "aws_cloudwatch_event_rule" "forward" {
  for_each      = local.forwards ? local.functions : []
  name          = "v2only-${each.key}"
  description   = "Events of this account in this Region, for the central bus."
  event_pattern = jsonencode(jsondecode(file("${local.files}/event-patterns/${each.key}.json")))
}

resource "aws_cloudwatch_event_target" "bus" {
  for_each  = local.forwards ? local.functions : []
  rule      = aws_cloudwatch_event_rule.forward[each.key].name
  target_id = "bus"
  arn       = local.bus_arn
  role_arn  = aws_iam_role.forwarder[0].arn
  dead_letter_config { arn = aws_sqs_queue.undelivered[0].arn }
}

# One for each Region, so that no Region waits for another.
resource "aws_iam_role" "forwarder" {
  count       = local.forwards ? 1 : 0
  name        = "v2only-forwarder-${local.region}"
  description = "Sends the events of v2only's rules to the central bus."
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "${local.rules_arn}/v2only-*" }
      }
    }]
  })
}

resource "aws_iam_role_policy" "forward" {
  count = local.forwards ? 1 : 0
  name  = "forward"
  role  = aws_iam_role.forwarder[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "SendToTheCentralBus"
      Effect   = "Allow"
      Action   = "events:PutEvents"
      Resource = local.bus_arn
    }]
  })
}

resource "aws_sqs_queue" "undelivered" {
  count                     = local.forwards ? 1 : 0
  name                      = "v2only-undelivered"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "undelivered" {
  count     = local.forwards ? 1 : 0
  queue_url = aws_sqs_queue.undelivered[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RulesSend"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.undelivered[0].arn
        Condition = { ArnEquals = { "aws:SourceArn" = [for name in local.functions : "${local.rules_arn}/v2only-${name}"] } }
      },
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.undelivered[0].arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_cloudwatch_metric_alarm" "undelivered" {
  count               = local.forwards ? 1 : 0
  alarm_name          = "v2only-undelivered"
  alarm_description   = "EventBridge could not deliver an event to the central bus. See infra/README.md."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.undelivered[0].name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]
}

# --- A command for people ---------------------------------------------------------------------------------------

resource "aws_ssm_document" "trace" {
  count           = local.forwards ? 1 : 0
  name            = "v2only-TraceImdsV1"
  document_type   = "Command"
  document_format = "YAML"
  target_type     = "/AWS::EC2::Instance"
  content         = file("${local.files}/ssm/trace-imds-v1.yaml")
}

# --- Roles, in one Region ---------------------------------------------------------------------------------------

resource "aws_iam_role" "member" {
  for_each    = local.makes_roles ? local.roles : {}
  name        = "v2only-${each.key}"
  description = "Assumed by the function v2only-${each.key} of the central account, ${each.value} here."
  # The account is trusted and the role asked for by a condition: a role named as the principal would be kept by an
  # internal id, which no longer fits when the central account is applied anew.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:${local.partition}:iam::${var.hub_account_id}:root" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "sts:ExternalId" = var.external_id }
        ArnEquals    = { "aws:PrincipalArn" = "arn:${local.partition}:iam::${var.hub_account_id}:role/v2only-${each.key}" }
      }
    }]
  })
}

resource "aws_iam_role_policy" "act" {
  for_each = local.makes_roles ? local.roles : {}
  name     = "act"
  role     = aws_iam_role.member[each.key].name
  policy   = replace(file("${local.policies}/role-${each.key}.json"), "arn:aws:", "arn:${local.partition}:")
}
