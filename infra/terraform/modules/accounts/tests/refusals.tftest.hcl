variables {
  name    = "kakehashi"
  bastion = "i-0"
  servers = {}
  users   = { userA = { domain = "a", keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl userA"] } }
}

run "a_private_key" {
  command = plan
  variables {
    users = { userA = { domain = "a", keys = ["-----BEGIN OPENSSH PRIVATE KEY-----"] } }
  }
  expect_failures = [var.users]
}

run "an_option_before_a_key" {
  command = plan
  variables {
    users = { userA = { domain = "a", keys = ["command=\"sh\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"] } }
  }
  expect_failures = [var.users]
}

run "an_old_kind_of_key" {
  command = plan
  variables {
    users = { userA = { domain = "a", keys = ["ssh-dss AAAAB3NzaC1kc3M="] } }
  }
  expect_failures = [var.users]
}

run "nobody_s_key" {
  command = plan
  variables {
    users = { userA = { domain = "a", keys = [] } }
  }
  expect_failures = [var.users]
}
