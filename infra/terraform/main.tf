# What infra/sam/template.yaml (with organization_id) and infra/sam/single-account.yaml (without) describe, under the
# same names. Patterns and statements are read from files/, copies of infra/event-patterns and policies/iam.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name

  in_organization = var.organization_id != null
  bus             = "v2only-events"
  files           = "${path.module}/files"
  policies        = coalesce(var.role_policies, "${local.files}/policies/iam")

  # Each has its queue; batch and seconds go together: no message is seen twice while it is worked on.
  functions = {
    ec2-enforcer      = { says = "Makes EC2 instances answer IMDSv2 only.", seconds = 60, memory = var.memory_size, batch = 10, delay = var.delay_seconds, tries = 10, hub = "role-hub" }
    notebook-enforcer = { says = "Makes SageMaker notebook instances answer IMDSv2 only.", seconds = 60, memory = var.memory_size, batch = 10, delay = var.delay_seconds, tries = 10, hub = "role-hub" }
    sweeper           = { says = "Sweeps what is already there, in every account and Region.", seconds = 900, memory = 256, batch = 1, delay = 0, tries = 5, hub = "role-sweeper-hub" }
  }
  # Those that events reach.
  enforcers = toset(["ec2-enforcer", "notebook-enforcer"])
  patterns  = { for name in local.enforcers : name => jsonencode(jsondecode(file("${local.files}/event-patterns/${name}.json"))) }

  rules_arn = "arn:${local.partition}:events:${local.region}:${local.account}:rule"
  # The rules that send to the queue of a function.
  rule_arns = {
    for name in local.enforcers : name => concat(
      ["${local.rules_arn}/v2only-${name}"],
      local.in_organization ? ["${local.rules_arn}/${local.bus}/v2only-${name}"] : [],
    )
  }
}

# --- The policy document ----------------------------------------------------------------------------------------

resource "aws_ssm_parameter" "policy" {
  name        = "/v2only/policy"
  description = "The policy document of v2only. `v2only validate` checks it before it is written here."
  type        = "String"
  tier        = "Intelligent-Tiering"
  value       = var.policy_document
}

# --- A command for people ---------------------------------------------------------------------------------------

resource "aws_ssm_document" "trace" {
  name            = "v2only-TraceImdsV1"
  document_type   = "Command"
  document_format = "YAML"
  target_type     = "/AWS::EC2::Instance"
  content         = file("${local.files}/ssm/trace-imds-v1.yaml")
}

# --- Events -----------------------------------------------------------------------------------------------------

resource "aws_cloudwatch_event_bus" "organization" {
  count = local.in_organization ? 1 : 0
  name  = local.bus
}

resource "aws_cloudwatch_event_bus_policy" "organization" {
  count          = local.in_organization ? 1 : 0
  event_bus_name = aws_cloudwatch_event_bus.organization[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AccountsOfTheOrganizationSend"
      Effect    = "Allow"
      Principal = "*"
      Action    = "events:PutEvents"
      Resource  = "arn:${local.partition}:events:${local.region}:${local.account}:event-bus/${local.bus}"
      Condition = { StringEquals = { "aws:PrincipalOrgID" = var.organization_id } }
    }]
  })
}

resource "aws_cloudwatch_event_rule" "here" {
  for_each      = local.enforcers
  name          = "v2only-${each.key}"
  description   = "Events of this account in this Region."
  event_pattern = local.patterns[each.key]
}

resource "aws_cloudwatch_event_target" "here" {
  for_each  = local.enforcers
  rule      = aws_cloudwatch_event_rule.here[each.key].name
  target_id = "queue"
  arn       = aws_sqs_queue.events[each.key].arn
  dead_letter_config { arn = aws_sqs_queue.undelivered.arn }
  # A fair queue: one account with many events does not delay the others.
  sqs_target { message_group_id = "$.account" }
}

resource "aws_cloudwatch_event_rule" "organization" {
  for_each       = local.in_organization ? local.enforcers : []
  name           = "v2only-${each.key}"
  description    = "Events that the accounts of the organization sent here."
  event_bus_name = aws_cloudwatch_event_bus.organization[0].name
  event_pattern  = local.patterns[each.key]
}

resource "aws_cloudwatch_event_target" "organization" {
  for_each       = local.in_organization ? local.enforcers : []
  rule           = aws_cloudwatch_event_rule.organization[each.key].name
  event_bus_name = aws_cloudwatch_event_bus.organization[0].name
  target_id      = "queue"
  arn            = aws_sqs_queue.events[each.key].arn
  dead_letter_config { arn = aws_sqs_queue.undelivered.arn }
  # A fair queue: one account with many events does not delay the others.
  sqs_target { message_group_id = "$.account" }
}

# --- Queues -----------------------------------------------------------------------------------------------------

resource "aws_sqs_queue" "events" {
  for_each      = local.functions
  name          = "v2only-${each.key}"
  delay_seconds = each.value.delay
  # Six times the time of the function, so that no message is seen twice while it is worked on.
  visibility_timeout_seconds = 6 * each.value.seconds
  message_retention_seconds  = 345600
  sqs_managed_sse_enabled    = true
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dlq[each.key].arn
    maxReceiveCount     = each.value.tries
  })
}

resource "aws_sqs_queue" "dlq" {
  for_each                  = local.functions
  name                      = "v2only-${each.key}-dlq"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = ["arn:${local.partition}:sqs:${local.region}:${local.account}:v2only-${each.key}"]
  })
}

# What EventBridge could not deliver, with the rule and the reason as attributes of each message.
resource "aws_sqs_queue" "undelivered" {
  name                      = "v2only-undelivered"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

locals {
  role_arn = "arn:${local.partition}:iam::${local.account}:role"
  operator = "${local.role_arn}/${var.operator_role}"
  # The sweeper hands work on to itself.
  own_senders = ["${local.role_arn}/v2only-schedule", "${local.role_arn}/v2only-sweeper"]
  queue_policies = merge(
    { for name, _ in local.functions : name => { queue = aws_sqs_queue.events[name], rules = lookup(local.rule_arns, name, []), senders = name == "sweeper" ? concat(local.own_senders, [local.operator]) : [local.operator] } },
    { undelivered = { senders = [], queue = aws_sqs_queue.undelivered, rules = flatten([for path in local.in_organization ? ["", "${local.bus}/"] : [""] : [for name in local.enforcers : "${local.rules_arn}/${path}v2only-${name}"]]) } },
  )
}

resource "aws_sqs_queue_policy" "rules_send" {
  for_each  = local.queue_policies
  queue_url = each.value.queue.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      # The schedules send to the sweeper's by a role of their own.
      [for rules in [each.value.rules] : {
        Sid       = "RulesSend"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = each.value.queue.arn
        Condition = { ArnEquals = { "aws:SourceArn" = rules } }
      } if length(rules) > 0],
      # The sender of an event chooses its account, so the permissions of other principals in this account do
      # not count.
      [for senders in [each.value.senders] : {
        Sid       = length(each.value.rules) > 0 ? "OnlyRulesSend" : "OnlyOurselvesSend"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:SendMessage"
        Resource  = each.value.queue.arn
        Condition = merge(
          length(each.value.rules) > 0 ? { ArnNotEquals = { "aws:SourceArn" = each.value.rules } } : {},
          { ArnNotLike = { "aws:PrincipalArn" = senders } },
        )
      } if length(senders) > 0],
      [{
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = each.value.queue.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
    )
  })
}
