output "kms_key_arn" {
  description = "Key that everything at rest is encrypted with."
  value       = aws_kms_key.this.arn
}

output "bucket_names" {
  description = "Buckets: what for → name."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.bucket }
  depends_on  = [aws_s3_bucket_policy.this]
}

output "bucket_arns" {
  description = "Buckets: what for → ARN."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.arn }
  depends_on  = [aws_s3_bucket_policy.this]
}
