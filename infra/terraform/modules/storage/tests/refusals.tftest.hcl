variables {
  name = "kakehashi"
}

run "logs_for_less_than_a_year" {
  command = plan
  variables {
    retention_days = 364
  }
  expect_failures = [var.retention_days]
}
