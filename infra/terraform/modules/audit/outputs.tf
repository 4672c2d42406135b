output "trail_log_group" {
  description = "Log group with the calls of AWS's interfaces."
  value       = aws_cloudwatch_log_group.trail.name
}

output "detector_id" {
  description = "GuardDuty's detector."
  value       = aws_guardduty_detector.this.id
}
