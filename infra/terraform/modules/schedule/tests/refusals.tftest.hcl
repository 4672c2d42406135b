variables {
  name           = "kakehashi"
  hosts          = {}
  kms_key_arn    = "arn:aws:kms:ap-northeast-1:123456789012:key/0"
  log_bucket_arn = "arn:aws:s3:::jobs"
  retention_days = 400
}

run "a_malformed_schedule" {
  command = plan
  variables {
    start = "every morning"
  }
  expect_failures = [var.start]
}

run "five_fields" {
  command = plan
  variables {
    stop = "cron(0 20 * * 1-5)"
  }
  expect_failures = [var.stop]
}
