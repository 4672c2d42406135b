variables {
  name           = "kakehashi"
  balancer_arns  = {}
  log_bucket_arn = "arn:aws:s3:::aws-waf-logs-kakehashi"
}

run "large_bodies_everywhere" {
  command = plan
  variables {
    large_bodies = ".*"
  }
  expect_failures = [var.large_bodies]
}

run "fewer_requests_than_are_counted" {
  command = plan
  variables {
    requests_per_five_minutes = 10
  }
  expect_failures = [var.requests_per_five_minutes]
}
