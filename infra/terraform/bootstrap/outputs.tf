output "backend" {
  description = "What goes into backend.hcl of an environment."
  value = {
    bucket     = aws_s3_bucket.state.bucket
    region     = var.region
    kms_key_id = aws_kms_key.state.arn
  }
}
