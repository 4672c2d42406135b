variables {
  name             = "kakehashi"
  vpc_id           = "vpc-0"
  subnet_ids       = {}
  balancers        = {}
  listeners        = {}
  callers          = {}
  group_ids        = {}
  instance_ids     = {}
  certificate_arns = {}
  health_port      = 8081
  log_bucket       = "log"
}

run "a_name_over_32_characters" {
  command = plan
  variables {
    name = "a-name-that-is-much-too-long"
    listeners = {
      receiver-a-api = { host = "receiver-a", port = 8444, certificate = false, dns = "receiver-a.example.jp", balancer = "alb-connector", balancer_port = 443, priority = 1 }
    }
    callers = { receiver-a-api = [] }
  }
  expect_failures = [var.name]
}

run "old_tls" {
  command = plan
  variables {
    tls_policy = "ELBSecurityPolicy-2016-08"
  }
  expect_failures = [var.tls_policy]
}
