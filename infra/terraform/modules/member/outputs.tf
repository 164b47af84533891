output "role_arns" {
  description = "The roles that the functions assume, by function; empty where another Region makes them."
  value       = { for name, it in aws_iam_role.member : name => it.arn }
}

output "undelivered_url" {
  description = "Events that EventBridge could not deliver to the central bus. Null where none are forwarded."
  value       = one(aws_sqs_queue.undelivered[*].id)
}
