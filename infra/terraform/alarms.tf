locals {
  # Every alarm but the one for all and the one that rings when nothing happens: suffix of its name, what it says, and its metric.
  alarms = merge({
    "sweeper-unswept" = {
      says      = "An account, a Region or a part of one could not be swept. See infra/README.md."
      namespace = "v2only", metric = "Unswept", statistic = "Sum", threshold = 0, periods = 1
      of        = { Function = "sweeper" }
    }
    }, [
    for name, _ in local.functions : {
      "${name}-dlq" = {
        says      = name == "sweeper" ? "A task of a sweep was given up after five tries. See infra/README.md." : "An event was given up after ten tries. See infra/README.md."
        namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", threshold = 0, periods = 1
        of        = { QueueName = aws_sqs_queue.dlq[name].name }
      }
      "${name}-age" = {
        says      = name == "sweeper" ? "A sweep does not come to its end. See infra/README.md." : "Events are not handled in time. See infra/README.md."
        namespace = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", statistic = "Maximum", threshold = name == "sweeper" ? 21600 : var.oldest_message_seconds, periods = 1
        of        = { QueueName = aws_sqs_queue.events[name].name }
      }
      "${name}-errors" = {
        says      = "The function ends in errors. See infra/README.md."
        namespace = "AWS/Lambda", metric = "Errors", statistic = "Sum", threshold = 0, periods = 1
        of        = { FunctionName = aws_lambda_function.function[name].function_name }
      }
      "${name}-throttles" = {
        says      = "Lambda has no concurrency left for the function. See infra/README.md."
        namespace = "AWS/Lambda", metric = "Throttles", statistic = "Sum", threshold = 0, periods = 3
        of        = { FunctionName = aws_lambda_function.function[name].function_name }
      }
      "${name}-failed" = {
        says      = "A violation could not be corrected, and is not tried again. See infra/README.md."
        namespace = "v2only", metric = "Failed", statistic = "Sum", threshold = 0, periods = 1
        of        = { Function = name }
      }
      "${name}-contested" = {
        says      = "A resource is set back to version 1 again and again. See infra/README.md."
        namespace = "v2only", metric = "Contested", statistic = "Sum", threshold = 0, periods = 1
        of        = { Function = name }
      }
      "${name}-malformed" = {
        says      = name == "sweeper" ? "A task could not be read. See infra/README.md." : "An event could not be read. See infra/README.md."
        namespace = "v2only", metric = "Malformed", statistic = "Sum", threshold = 0, periods = 1
        of        = { Function = name }
      }
      "${name}-policy" = {
        says      = "The policy document, or a setting of the function, cannot be used. See infra/README.md."
        namespace = "v2only", metric = "PolicyUnusable", statistic = "Sum", threshold = 0, periods = 1
        of        = { Function = name }
      }
    }
  ]...)
}

resource "aws_cloudwatch_log_metric_filter" "policy" {
  for_each       = local.functions
  name           = "v2only-${each.key}-policy"
  log_group_name = aws_cloudwatch_log_group.function[each.key].name
  pattern        = "{ $.level = \"error\" && ($.outcome = \"policy\" || $.outcome = \"settings\") }"

  metric_transformation {
    namespace  = "v2only"
    name       = "PolicyUnusable"
    value      = "1"
    unit       = "Count"
    dimensions = { Function = "$.function" }
  }
}

resource "aws_cloudwatch_metric_alarm" "function" {
  for_each            = local.alarms
  alarm_name          = "v2only-${each.key}"
  alarm_description   = each.value.says
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.of
  statistic           = each.value.statistic
  period              = 300
  evaluation_periods  = each.value.periods
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "idle" {
  alarm_name          = "v2only-sweeper-idle"
  alarm_description   = "No task of a sweep came for a day. See infra/README.md."
  namespace           = "AWS/Lambda"
  metric_name         = "Invocations"
  dimensions          = { FunctionName = aws_lambda_function.function["sweeper"].function_name }
  statistic           = "Sum"
  period              = 86400
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "LessThanThreshold"
  # A function that is never called has no metric.
  treat_missing_data = "breaching"
  alarm_actions      = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "undelivered" {
  alarm_name          = "v2only-undelivered"
  alarm_description   = "EventBridge could not deliver an event to a queue. See infra/README.md."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.undelivered.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]
}

resource "aws_cloudwatch_dashboard" "v2only" {
  dashboard_name = "v2only"
  dashboard_body = replace(file("${local.files}/dashboard.json"), "$${AWS::Region}", local.region)
}
