output "certificate_arns" {
  description = "Certificates: application load balancer → ARN, once they are valid."
  value       = { for name, validation in aws_acm_certificate_validation.this : name => validation.certificate_arn }
}
