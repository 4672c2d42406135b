output "groups" {
  description = "Groups that people are put into."
  value       = [for group in aws_iam_group.this : group.name]
}
