# What begins a sweep, and the review of exemptions: a task in the queue of the sweeper.

locals {
  schedules = {
    sweep             = { says = "Reads everything that is there.", when = var.sweep_every }
    review-exemptions = { says = "Reports which exemptions have expired, end soon, or match no resource.", when = var.review_every }
  }
}

resource "aws_scheduler_schedule" "task" {
  for_each            = local.schedules
  name                = "v2only-${each.key}"
  description         = each.value.says
  schedule_expression = each.value.when

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 15
  }

  target {
    arn      = aws_sqs_queue.events["sweeper"].arn
    role_arn = aws_iam_role.schedule.arn
    input    = jsonencode({ task = each.key })
    dead_letter_config { arn = aws_sqs_queue.undelivered.arn }
  }
}

resource "aws_iam_role" "schedule" {
  name        = "v2only-schedule"
  description = "Puts the tasks of v2only's schedules into the queue of the sweeper."
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "send" {
  name = "send"
  role = aws_iam_role.schedule.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "SendTasks"
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = [aws_sqs_queue.events["sweeper"].arn, aws_sqs_queue.undelivered.arn]
    }]
  })
}

# It hands work on to itself through its queue, and bounds that itself: Lambda would stop it after 16 rounds.
resource "aws_lambda_function_recursion_config" "sweeper" {
  function_name  = aws_lambda_function.function["sweeper"].function_name
  recursive_loop = "Allow"
}
