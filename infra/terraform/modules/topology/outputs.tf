output "subnets" {
  description = "Subnets: name → zone, network, public or not, domain."
  value       = local.subnets
}

output "hosts" {
  description = "Hosts: name → kind, domain, subnet, type, disk, address, services."
  value       = local.hosts
}

output "kinds" {
  description = "What runs on each kind of host."
  value       = local.kinds
}

output "listeners" {
  description = "Listeners behind load balancers: HOST-LISTENER → where, under which name, with a certificate or not."
  value       = local.listeners
}

output "balancers" {
  description = "Load balancers: name → type, subnets, ports."
  value       = local.balancers
}

output "edges" {
  description = "Who calls what through which load balancer."
  value       = local.edges
}

output "outward" {
  description = "What a host reaches outside of the environment."
  value       = local.outward
}

output "ports" {
  description = "Ports that are no service's: health checks, SSH."
  value       = { health = local.health_port, ssh = local.ssh_port, https = local.https_port, http = local.http_port }
}
