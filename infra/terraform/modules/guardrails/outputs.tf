output "policy_ids" {
  description = "The policies by file."
  value       = { for name, it in aws_organizations_policy.guardrail : name => it.id }
}
