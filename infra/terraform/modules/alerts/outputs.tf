output "topic_arn" {
  description = "Topic that all alarms go to."
  value       = aws_sns_topic.this.arn
}
