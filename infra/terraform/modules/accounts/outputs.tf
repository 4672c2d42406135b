output "document" {
  description = "Document that makes accounts on a host."
  value       = aws_ssm_document.accounts.name
}
