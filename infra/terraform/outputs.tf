output "bus_arn" {
  description = "Where the accounts of the organization send their events. Null without an organization."
  value       = one(aws_cloudwatch_event_bus.organization[*].arn)
}

output "policy_parameter" {
  description = "The SSM parameter with the policy document."
  value       = aws_ssm_parameter.policy.name
}

output "function_arns" {
  description = "The functions by name."
  value       = { for name, it in aws_lambda_function.function : name => it.arn }
}

output "role_arns" {
  description = "The roles of the functions by name; the roles of member accounts trust them."
  value       = { for name, it in aws_iam_role.function : name => it.arn }
}

output "queue_urls" {
  description = "The queues by function."
  value       = { for name, it in aws_sqs_queue.events : name => it.id }
}

output "dlq_urls" {
  description = "Events given up after ten tries, by function."
  value       = { for name, it in aws_sqs_queue.dlq : name => it.id }
}

output "undelivered_url" {
  description = "Events that EventBridge could not deliver to a queue."
  value       = aws_sqs_queue.undelivered.id
}
