locals {
  network     = { for name, balancer in var.balancers : name => balancer if balancer.type == "network" }
  application = { for name, balancer in var.balancers : name => balancer if balancer.type == "application" }
  passed_on   = { for key, listener in var.listeners : key => listener if listener.certificate }
  ended_here  = { for key, listener in var.listeners : key => listener if !listener.certificate }

  # A rule holds five values: the name, and four networks. Each listener has room for a hundred rules.
  rules = merge([
    for key, listener in local.ended_here : {
      for place, networks in chunklist(var.callers[key], 4) : "${key}-${place + 1}" => merge(listener, {
        group    = key
        networks = networks
        priority = 100 * listener.priority + place
      })
    }
  ]...)
}

# Fixed addresses, so that hosts may be let out to them alone and participants can let their own out to them.
resource "aws_eip" "network" {
  for_each = local.network

  domain = "vpc"

  tags = { Name = "${var.name}-${each.key}" }
}

# For callers with a client certificate: TCP is passed on, TLS ends in the service.
resource "aws_lb" "network" {
  for_each = local.network

  name                       = "${var.name}-${each.key}"
  load_balancer_type         = "network"
  internal                   = false
  security_groups            = [var.group_ids[each.key]]
  enable_deletion_protection = var.deletion_protection

  subnet_mapping {
    subnet_id     = var.subnet_ids[each.value.subnets[0]]
    allocation_id = aws_eip.network[each.key].id
  }

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_lb_target_group" "network" {
  for_each = local.passed_on

  name        = "${var.name}-${each.key}"
  vpc_id      = var.vpc_id
  target_type = "instance"
  protocol    = "TCP"
  port        = each.value.port

  # The client's address comes in a PROXY header. With the address itself preserved the packet would come from the client, whom the host's group and
  # the service know nothing of.
  proxy_protocol_v2      = true
  preserve_client_ip     = false
  connection_termination = false
  deregistration_delay   = 30

  # Asked at a port of its own, which wants no certificate. A PROXY header stands before these questions too.
  health_check {
    protocol            = "HTTP"
    port                = var.health_port
    path                = "/readyz"
    matcher             = "200"
    interval            = 10
    timeout             = 6
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_lb_target_group_attachment" "network" {
  for_each = local.passed_on

  target_group_arn = aws_lb_target_group.network[each.key].arn
  target_id        = var.instance_ids[each.value.host]
  port             = each.value.port
}

resource "aws_lb_listener" "network" {
  for_each = local.passed_on

  load_balancer_arn = aws_lb.network[each.value.balancer].arn
  protocol          = "TCP"
  port              = each.value.balancer_port

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.network[each.key].arn
  }
}

# For callers without one: TLS ends here, and begins anew on the way to the host.
resource "aws_lb" "application" {
  for_each = local.application

  name                       = "${var.name}-${each.key}"
  load_balancer_type         = "application"
  internal                   = false
  security_groups            = [var.group_ids[each.key]]
  subnets                    = [for subnet in each.value.subnets : var.subnet_ids[subnet]]
  enable_deletion_protection = var.deletion_protection

  # What is malformed ends here. A service keeps an idle connection for 75 s, so that it is always the load balancer that closes one.
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
  idle_timeout               = 60
  xff_header_processing_mode = "append"

  access_logs {
    bucket  = var.log_bucket
    prefix  = each.key
    enabled = true
  }

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_lb_target_group" "application" {
  for_each = local.ended_here

  name                 = "${var.name}-${each.key}"
  vpc_id               = var.vpc_id
  target_type          = "instance"
  protocol             = "HTTPS"
  protocol_version     = "HTTP1"
  port                 = each.value.port
  deregistration_delay = 30

  health_check {
    protocol            = "HTTP"
    port                = var.health_port
    path                = "/readyz"
    matcher             = "200"
    interval            = 10
    timeout             = 6
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_lb_target_group_attachment" "application" {
  for_each = local.ended_here

  target_group_arn = aws_lb_target_group.application[each.key].arn
  target_id        = var.instance_ids[each.value.host]
  port             = each.value.port
}

resource "aws_lb_listener" "application" {
  for_each = local.application

  load_balancer_arn = aws_lb.application[each.key].arn
  protocol          = "HTTPS"
  port              = 443
  ssl_policy        = var.tls_policy
  certificate_arn   = var.certificate_arns[each.key]

  # A name that nobody has, or a caller whom it is not for.
  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener_rule" "application" {
  for_each = local.rules

  listener_arn = aws_lb_listener.application[each.value.balancer].arn
  priority     = each.value.priority

  condition {
    host_header {
      values = [each.value.dns]
    }
  }

  condition {
    source_ip {
      values = each.value.networks
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.application[each.value.group].arn
  }

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_lb_listener" "redirect" {
  for_each = local.application

  load_balancer_arn = aws_lb.application[each.key].arn
  protocol          = "HTTP"
  port              = 80

  default_action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}
