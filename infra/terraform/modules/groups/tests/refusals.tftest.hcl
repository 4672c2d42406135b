variables {
  name               = "kakehashi"
  vpc_id             = "vpc-0"
  hosts              = {}
  balancers          = {}
  listeners          = {}
  edges              = {}
  outward            = {}
  health_port        = 8081
  sources            = { user = ["192.0.2.0/24"] }
  bastion_sources    = ["203.0.113.7/32"]
  nat_address        = "203.0.113.1"
  balancer_addresses = {}
}

run "ssh_for_everybody" {
  command = plan
  variables {
    bastion_sources = ["0.0.0.0/0"]
  }
  expect_failures = [var.bastion_sources]
}

run "ssh_for_a_large_network" {
  command = plan
  variables {
    bastion_sources = ["203.0.0.0/16"]
  }
  expect_failures = [var.bastion_sources]
}

run "callers_are_everybody" {
  command = plan
  variables {
    sources = { user = ["0.0.0.0/0"] }
  }
  expect_failures = [var.sources]
}

run "callers_are_no_network" {
  command = plan
  variables {
    sources = { user = ["example.jp"] }
  }
  expect_failures = [var.sources]
}

run "an_unknown_caller" {
  command = plan
  variables {
    sources = { visitor = ["192.0.2.0/24"] }
  }
  expect_failures = [var.sources]
}
