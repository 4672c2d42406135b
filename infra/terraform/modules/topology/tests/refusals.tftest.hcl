# What is refused before anything is planned, and with it what is allowed.
variables {
  domains   = { a = { number = 1 }, b = { number = 2 } }
  zone_name = "trial.example.jp"
  network = {
    vpc     = "10.20.0.0/16"
    public  = ["10.20.0.0/24", "10.20.1.0/24"]
    private = "10.20.128.0/17"
    zones   = ["ap-northeast-1a", "ap-northeast-1c"]
  }
}

run "sound" {
  command = plan

  assert {
    condition     = length(output.hosts) == 9 && length(output.listeners) == 12
    error_message = "Two domains have nine hosts with twelve listeners."
  }
  assert {
    condition     = output.hosts["receiver-b"].address == "10.20.129.10" && output.listeners["provider-b-peer"].balancer_port == 8442
    error_message = "The second domain has the third private subnet and the port 8442."
  }
}

run "a_domain_more" {
  command = plan

  variables {
    domains = { a = { number = 1 }, b = { number = 2 }, d = { number = 4 } }
  }

  assert {
    condition     = output.hosts["provider-d"].subnet == "private-5" && output.listeners["provider-d-peer"].balancer_port == 8444 && output.listeners["provider-d-public"].dns == "site-d.trial.example.jp"
    error_message = "A line more in the table makes a domain with its subnet, its port and its names."
  }
  assert {
    condition     = length(output.hosts) == 11 && contains(keys(output.edges), "receiver-provider-d-peer")
    error_message = "A line more in the table makes two hosts and their calls."
  }
}

run "a_load_balancer_each" {
  command = plan

  variables {
    separate_nlbs = true
  }

  assert {
    condition     = output.listeners["provider-a-peer"].balancer == "nlb-a" && output.listeners["provider-a-peer"].balancer_port == 443 && output.listeners["auth-peer"].balancer_port == 8441
    error_message = "Providers that have a load balancer each are reached at 443."
  }
}

run "two_domains_with_one_port" {
  command = plan
  variables {
    domains = { a = { number = 1 }, b = { number = 1 } }
  }
  expect_failures = [var.domains]
}

run "a_number_out_of_range" {
  command = plan
  variables {
    domains = { a = { number = 41 } }
  }
  expect_failures = [var.domains]
}

run "half_a_number" {
  command = plan
  variables {
    domains = { a = { number = 1.5 } }
  }
  expect_failures = [var.domains]
}

run "a_domain_with_capitals" {
  command = plan
  variables {
    domains = { Shelters = { number = 1 } }
  }
  expect_failures = [var.domains]
}

run "public_subnets_overlap" {
  command = plan
  variables {
    network = { vpc = "10.20.0.0/16", public = ["10.20.0.0/24", "10.20.0.128/25"], private = "10.20.128.0/17", zones = ["ap-northeast-1a", "ap-northeast-1c"] }
  }
  expect_failures = [var.network]
}

run "public_and_private_overlap" {
  command = plan
  variables {
    network = { vpc = "10.20.0.0/16", public = ["10.20.0.0/24", "10.20.200.0/24"], private = "10.20.128.0/17", zones = ["ap-northeast-1a", "ap-northeast-1c"] }
  }
  expect_failures = [var.network]
}

run "a_subnet_outside_of_the_network" {
  command = plan
  variables {
    network = { vpc = "10.20.0.0/16", public = ["10.20.0.0/24", "10.21.1.0/24"], private = "10.20.128.0/17", zones = ["ap-northeast-1a", "ap-northeast-1c"] }
  }
  expect_failures = [var.network]
}

run "a_range_too_small_for_domains" {
  command = plan
  variables {
    network = { vpc = "10.20.0.0/16", public = ["10.20.0.0/24", "10.20.1.0/24"], private = "10.20.128.0/20", zones = ["ap-northeast-1a", "ap-northeast-1c"] }
  }
  expect_failures = [var.network]
}

run "a_public_subnet_too_small_for_load_balancers" {
  command = plan
  variables {
    network = { vpc = "10.20.0.0/16", public = ["10.20.0.0/28", "10.20.1.0/24"], private = "10.20.128.0/17", zones = ["ap-northeast-1a", "ap-northeast-1c"] }
  }
  expect_failures = [var.network]
}

run "no_network_at_all" {
  command = plan
  variables {
    network = { vpc = "10.20.0.0/33", public = ["10.20.0.0/24", "10.20.1.0/24"], private = "10.20.128.0/17", zones = ["ap-northeast-1a", "ap-northeast-1c"] }
  }
  expect_failures = [var.network]
}

run "one_zone" {
  command = plan
  variables {
    network = { vpc = "10.20.0.0/16", public = ["10.20.0.0/24", "10.20.1.0/24"], private = "10.20.128.0/17", zones = ["ap-northeast-1a", "ap-northeast-1a"] }
  }
  expect_failures = [var.network]
}

run "a_name_that_is_no_zone" {
  command = plan
  variables {
    zone_name = "Trial.example.jp."
  }
  expect_failures = [var.zone_name]
}

run "an_unknown_kind_of_host" {
  command = plan
  variables {
    instance_types = { gateway = "m5a.large" }
  }
  expect_failures = [var.instance_types]
}

run "no_instance_type" {
  command = plan
  variables {
    instance_types = { auth = "large" }
  }
  expect_failures = [var.instance_types]
}
