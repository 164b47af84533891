output "role_arns" {
  description = "The roles by name, for `--role-name`."
  value       = { for it in aws_iam_role.reader : it.name => it.arn }
}
