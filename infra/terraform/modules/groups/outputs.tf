output "host_ids" {
  description = "Security groups of hosts: host → id."
  value       = { for name, group in aws_security_group.host : name => group.id }
}

output "balancer_ids" {
  description = "Security groups of load balancers: load balancer → id."
  value       = { for name, group in aws_security_group.balancer : name => group.id }
}

output "callers" {
  description = "Who may call a listener: HOST-LISTENER → networks, our own hosts' by the address of the NAT gateway."
  value = {
    for key in keys(var.listeners) : key => concat(
      distinct(flatten([for edge in values(var.edges) : lookup(var.sources, edge.from, []) if edge.target == key && edge.outside])),
      anytrue([for edge in values(var.edges) : edge.target == key && !edge.outside]) ? ["${var.nat_address}/32"] : [],
    )
  }
}
