output "log_groups" {
  description = "Log groups of hosts: what → name."
  value       = { for what, group in aws_cloudwatch_log_group.host : what => group.name }
}
