# Security groups: one for each load balancer and for each host, made empty. Every rule is a resource of its own and follows from the tables.
locals {
  bastions = [for name, host in var.hosts : name if host.kind == "bastion"]

  # Everybody who may call a port of a load balancer: listed networks, and our own hosts by the address of the NAT gateway.
  entries = merge([
    for name, balancer in var.balancers : merge([
      for port in balancer.ports : {
        for cidr in distinct(flatten([
          for edge in values(var.edges) : (edge.outside ? lookup(var.sources, edge.from, []) : [])
          if edge.balancer == name && edge.balancer_port == port
        ])) : "${name}-${port}-${cidr}" => { balancer = name, port = port, cidr = cidr }
      }
    ]...)
  ]...)

  # Whether our own hosts call that port.
  own_entries = {
    for entry in distinct([for edge in values(var.edges) : { balancer = edge.balancer, port = edge.balancer_port } if !edge.outside]) :
    "${entry.balancer}-${entry.port}" => entry
  }

  # An application load balancer also answers plain HTTP, with a redirect alone.
  redirects = merge([
    for name, balancer in var.balancers : {
      for cidr in distinct([for entry in values(local.entries) : entry.cidr if entry.balancer == name]) : "${name}-80-${cidr}" => { balancer = name, port = 80, cidr = cidr }
    } if balancer.type == "application"
  ]...)

  # From a load balancer to a host: the listener, and the health check.
  inner = merge(
    { for key, listener in var.listeners : key => { balancer = listener.balancer, host = listener.host, port = listener.port } },
    {
      for pair in distinct([for listener in values(var.listeners) : { balancer = listener.balancer, host = listener.host }]) :
      "${pair.host}-health-${pair.balancer}" => merge(pair, { port = var.health_port })
    },
  )

  # From a host to a network load balancer, at the port of what it calls there.
  outer = merge([
    for name, host in var.hosts : {
      for entry in distinct([
        for edge in values(var.edges) : { balancer = edge.balancer, port = edge.balancer_port } if edge.from == host.kind && contains(keys(var.balancer_addresses), edge.balancer)
      ]) : "${name}-${entry.balancer}-${entry.port}" => merge(entry, { host = name })
    }
  ]...)

  outward = merge([for name in keys(var.hosts) : { for way, entry in var.outward : "${name}-${way}" => merge(entry, { host = name }) }]...)

  # From the bastion to the hosts of the domains.
  ssh = merge([
    for bastion in local.bastions : {
      for name, host in var.hosts : "${bastion}-${name}" => { bastion = bastion, host = name } if host.environment == "connector" && host.kind != "bastion"
    }
  ]...)
}

resource "aws_security_group" "balancer" {
  for_each = var.balancers

  name                   = "${var.name}-${each.key}"
  description            = "Load balancer ${each.key}"
  vpc_id                 = var.vpc_id
  revoke_rules_on_delete = true

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_security_group" "host" {
  for_each = var.hosts

  name                   = "${var.name}-${each.key}"
  description            = "Host ${each.key}"
  vpc_id                 = var.vpc_id
  revoke_rules_on_delete = true

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "caller" {
  for_each = merge(local.entries, local.redirects)

  security_group_id = aws_security_group.balancer[each.value.balancer].id
  description       = "Listed callers"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = each.value.cidr
}

resource "aws_vpc_security_group_ingress_rule" "own_caller" {
  for_each = local.own_entries

  security_group_id = aws_security_group.balancer[each.value.balancer].id
  description       = "Our own hosts, through the NAT gateway"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = "${var.nat_address}/32"
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  for_each = local.inner

  security_group_id            = aws_security_group.balancer[each.value.balancer].id
  description                  = "To ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = aws_security_group.host[each.value.host].id
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  for_each = local.inner

  security_group_id            = aws_security_group.host[each.value.host].id
  description                  = "From ${each.value.balancer}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = aws_security_group.balancer[each.value.balancer].id
}

resource "aws_vpc_security_group_egress_rule" "outer" {
  for_each = local.outer

  security_group_id = aws_security_group.host[each.value.host].id
  description       = "To ${each.value.balancer}"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = "${var.balancer_addresses[each.value.balancer]}/32"
}

resource "aws_vpc_security_group_egress_rule" "outward" {
  for_each = local.outward

  security_group_id = aws_security_group.host[each.value.host].id
  description       = substr(each.value.why, 0, 255)
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_ingress_rule" "bastion" {
  for_each = merge([for bastion in local.bastions : { for cidr in distinct(var.bastion_sources) : "${bastion}-${cidr}" => { bastion = bastion, cidr = cidr } }]...)

  security_group_id = aws_security_group.host[each.value.bastion].id
  description       = "A user of a domain"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = each.value.cidr
}

resource "aws_vpc_security_group_egress_rule" "ssh" {
  for_each = local.ssh

  security_group_id            = aws_security_group.host[each.value.bastion].id
  description                  = "SSH to ${each.value.host}"
  ip_protocol                  = "tcp"
  from_port                    = 22
  to_port                      = 22
  referenced_security_group_id = aws_security_group.host[each.value.host].id
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  for_each = local.ssh

  security_group_id            = aws_security_group.host[each.value.host].id
  description                  = "SSH from the bastion"
  ip_protocol                  = "tcp"
  from_port                    = 22
  to_port                      = 22
  referenced_security_group_id = aws_security_group.host[each.value.bastion].id
}
