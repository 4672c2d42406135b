variables {
  name            = "kakehashi"
  kms_key_arn     = "arn:aws:kms:ap-northeast-1:123456789012:key/0"
  hosts           = {}
  targets         = {}
  trail_log_group = "/kakehashi/trail"
  job             = "kakehashi-schedule"
}

run "a_malformed_mail_address" {
  command = plan
  variables {
    recipients = ["operator at example.jp"]
  }
  expect_failures = [var.recipients]
}

run "more_than_all" {
  command = plan
  variables {
    thresholds = { cpu = 90, memory = 120, disk = 80 }
  }
  expect_failures = [var.thresholds]
}
