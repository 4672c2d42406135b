terraform {
  required_version = ">= 1.11.0, < 2.0.0"
}

locals {
  # Public 1, 2 and private 1 are fixed; every domain has a private subnet of its own, in the second zone.
  subnets = merge(
    {
      public-1  = { zone = var.network.zones[0], cidr = var.network.public[0], public = true, domain = null }
      public-2  = { zone = var.network.zones[1], cidr = var.network.public[1], public = true, domain = null }
      private-1 = { zone = var.network.zones[0], cidr = cidrsubnet(var.network.private, 8, 0), public = false, domain = null }
    },
    {
      for name, domain in var.domains : "private-${domain.number + 1}" =>
      { zone = var.network.zones[1], cidr = cidrsubnet(var.network.private, 8, domain.number), public = false, domain = name }
    },
  )

  placed = merge(
    { for kind, row in local.kinds : kind => { kind = kind, domain = null, subnet = row.subnet } if !row.per_domain },
    [
      for name, domain in var.domains : {
        for kind, row in local.kinds : "${kind}-${name}" => { kind = kind, domain = name, subnet = "private-${domain.number + 1}" } if row.per_domain
      }
    ]...
  )

  # The host table. Addresses are fixed, so that they are known before anything is made.
  hosts = {
    for name, host in local.placed : name => merge(host, {
      environment = local.kinds[host.kind].environment
      type        = lookup(var.instance_types, host.kind, local.kinds[host.kind].type)
      disk        = local.kinds[host.kind].disk
      address     = cidrhost(local.subnets[host.subnet].cidr, local.kinds[host.kind].address)
      services    = local.kinds[host.kind].services
    })
  }

  # The listeners of all hosts, each with the load balancer in front of it.
  listeners = merge([
    for name, host in local.hosts : {
      for listener, row in local.kinds[host.kind].listeners : "${name}-${listener}" => merge(row, {
        host     = name
        kind     = host.kind
        listener = listener
        dns      = "${row.label}${host.domain == null ? "" : "-${host.domain}"}.${var.zone_name}"
        balancer = (
          !row.certificate ? "alb-${host.environment}"
          : local.separate_nlb && host.domain != null ? "nlb-${host.domain}" : "nlb-${host.environment}"
        )
        balancer_port = (
          !row.certificate || local.separate_nlb && host.domain != null ? local.https_port
          : host.domain == null ? local.support_ports[host.kind] : local.first_peer_port + var.domains[host.domain].number
        )
        # Where its rule stands among those of an application load balancer: by itself, so that no other rule moves when a domain comes or goes.
        priority = 10 * (host.domain == null ? 0 : var.domains[host.domain].number) + index(keys(local.kinds), host.kind) + 1
      })
    }
  ]...)

  balancers = {
    for name in distinct([for listener in values(local.listeners) : listener.balancer]) : name => {
      type    = startswith(name, "nlb-") ? "network" : "application"
      subnets = startswith(name, "alb-") ? ["public-1", "public-2"] : name == "nlb-support" ? ["public-1"] : ["public-2"]
      ports   = distinct([for listener in values(local.listeners) : listener.balancer_port if listener.balancer == name])
    }
  }

  # Every call, once for each listener that it can go to. A connector does not call itself over the network.
  edges = {
    for edge in flatten([
      for call in local.calls : [
        for key, listener in local.listeners : merge(call, {
          key           = "${call.from}-${key}"
          target        = key
          balancer      = listener.balancer
          balancer_port = listener.balancer_port
          certificate   = listener.certificate
          outside       = !contains(keys(local.kinds), call.from)
        }) if listener.kind == call.to && listener.listener == call.listener
      ]
    ]) : edge.key => edge
  }
}
