variables {
  account_id = "123456789012"
  zone_name  = "trial.example.jp"
}

run "no_account" {
  command = plan
  variables {
    account_id = "1234"
  }
  expect_failures = [var.account_id]
}

run "a_name_too_long" {
  command = plan
  variables {
    name = "kakehashi-trial"
  }
  expect_failures = [var.name]
}

run "a_bastion_user_of_no_domain" {
  command = plan
  variables {
    bastion_users = { userX = { domain = "x", sources = ["203.0.113.7/32"], keys = [] } }
  }
  expect_failures = [var.bastion_users]
}

run "a_bastion_user_from_everywhere" {
  command = plan
  variables {
    bastion_users = { userA = { domain = "a", sources = ["0.0.0.0/0"], keys = [] } }
  }
  expect_failures = [var.bastion_users]
}

run "a_bastion_user_named_root" {
  command = plan
  variables {
    bastion_users = { root = { domain = "a", sources = ["203.0.113.7/32"], keys = [] } }
  }
  expect_failures = [var.bastion_users]
}
