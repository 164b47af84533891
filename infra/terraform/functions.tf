# --- Roles ------------------------------------------------------------------------------------------------------

resource "aws_iam_role" "function" {
  for_each    = local.functions
  name        = "v2only-${each.key}"
  description = "Runs the function v2only-${each.key}, and acts in this account."
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "act" {
  for_each = local.functions
  name     = "act"
  role     = aws_iam_role.function[each.key].name
  policy   = replace(file("${local.policies}/role-${each.key}.json"), "arn:aws:", "arn:${local.partition}:")
}

locals {
  hubs = { for name, it in local.functions : name => jsondecode(replace(file("${local.policies}/${it.hub}.json"), "arn:aws:", "arn:${local.partition}:")) }
  # What the functions need of it where there is no other account.
  alone = ["ReadTheDocument", "KeepItsWork", "PostponeMessages"]
}

resource "aws_iam_role_policy" "hub" {
  for_each = local.functions
  name     = "hub"
  role     = aws_iam_role.function[each.key].name
  policy = jsonencode({
    Version   = local.hubs[each.key].Version
    Statement = [for it in local.hubs[each.key].Statement : it if local.in_organization || contains(local.alone, it.Sid)]
  })
}

resource "aws_iam_role_policy" "run" {
  for_each = local.functions
  name     = "run"
  role     = aws_iam_role.function[each.key].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "TakeFromTheQueue"
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        Resource = aws_sqs_queue.events[each.key].arn
      },
      {
        Sid      = "WriteTheLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/v2only-${each.key}:*"
      },
    ]
  })
}

# --- Functions --------------------------------------------------------------------------------------------------

resource "aws_cloudwatch_log_group" "function" {
  for_each          = local.functions
  name              = "/aws/lambda/v2only-${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_key_arn
}

resource "aws_lambda_code_signing_config" "signed" {
  count       = var.signing_profile_version_arn == null ? 0 : 1
  description = "v2only accepts code of one publisher."
  # By this tag, `protect-v2only` denies changes of the configuration to everybody but the owners.
  tags = { "v2only:code-signing" = "true" }

  allowed_publishers {
    signing_profile_version_arns = [var.signing_profile_version_arn]
  }
  policies {
    untrusted_artifact_on_deployment = "Enforce"
  }
}

resource "aws_lambda_function" "function" {
  for_each         = local.functions
  function_name    = "v2only-${each.key}"
  description      = each.value.says
  filename         = "${var.zips}/${each.key}.zip"
  source_code_hash = filebase64sha256("${var.zips}/${each.key}.zip")
  handler          = "bootstrap"
  runtime          = "provided.al2023"
  architectures    = [var.architecture]
  memory_size      = each.value.memory
  timeout          = each.value.seconds
  role             = aws_iam_role.function[each.key].arn

  code_signing_config_arn = one(aws_lambda_code_signing_config.signed[*].arn)

  environment {
    variables = merge(
      { V2ONLY_POLICY_PARAMETER = aws_ssm_parameter.policy.name },
      var.policy_public_key == null ? {} : { V2ONLY_POLICY_PUBLIC_KEY = var.policy_public_key },
      each.key == "sweeper" ? { V2ONLY_SWEEP_QUEUE = aws_sqs_queue.events[each.key].id } : {},
      local.in_organization ? {
        V2ONLY_MEMBER_ROLE     = "v2only-${each.key}"
        V2ONLY_EXTERNAL_ID     = var.external_id
        V2ONLY_ORGANIZATION_ID = var.organization_id
      } : {},
    )
  }

  depends_on = [aws_cloudwatch_log_group.function]

  lifecycle {
    precondition {
      condition     = (var.organization_id == null) == (var.external_id == null)
      error_message = "organization_id and external_id belong together: set both or neither."
    }
  }
}

resource "aws_lambda_event_source_mapping" "queue" {
  for_each                = local.functions
  event_source_arn        = aws_sqs_queue.events[each.key].arn
  function_name           = aws_lambda_function.function[each.key].arn
  batch_size              = each.value.batch
  function_response_types = ["ReportBatchItemFailures"]
  scaling_config { maximum_concurrency = var.maximum_concurrency }

  # Lambda looks whether the role may read the queue.
  depends_on = [aws_iam_role_policy.run]
}
