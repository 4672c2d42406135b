output "instance_id" {
  description = "The instance."
  value       = aws_instance.this.id
}

output "role_name" {
  description = "Its role."
  value       = aws_iam_role.this.name
}

output "public_address" {
  description = "The address under which it is reached directly, if it is."
  value       = one(aws_eip.this[*].public_ip)
}
