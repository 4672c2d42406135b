variables {
  name          = "kakehashi"
  region        = "ap-northeast-1"
  vpc_cidr      = "10.20.0.0/16"
  subnets       = { public-1 = { zone = "ap-northeast-1a", cidr = "10.20.0.0/24", public = true } }
  host_ports    = [8081]
  outward_ports = [443]
}

run "a_zone_of_another_region" {
  command = plan
  variables {
    subnets = { public-1 = { zone = "us-east-1a", cidr = "10.20.0.0/24", public = true } }
  }
  expect_failures = [var.region]
}

run "more_sources_than_an_acl_holds" {
  command = plan
  variables {
    bastion = { subnet = "public-1", address = "10.20.0.10", sources = [for place in range(13) : "203.0.113.${place}/32"] }
  }
  expect_failures = [var.bastion]
}
