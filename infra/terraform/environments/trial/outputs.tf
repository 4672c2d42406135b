# What configurations of hosts are made from. `version` changes with the shape.
output "kakehashi" {
  description = "Hosts, listeners and addresses of the environment."
  value = {
    version     = 1
    environment = var.name
    zone        = var.zone_name
    region      = var.region
    nat_address = module.network.nat_address

    hosts = {
      for name, host in module.topology.hosts : name => {
        kind     = host.kind
        domain   = host.domain
        address  = host.address
        instance = module.host[name].instance_id
        services = host.services
      }
    }

    listeners = {
      for key, listener in module.topology.listeners : key => {
        host     = listener.host
        service  = listener.service
        listener = listener.listener
        listen   = "${module.topology.hosts[listener.host].address}:${listener.port}"
        health   = "${module.topology.hosts[listener.host].address}:${module.topology.ports.health}"
        # A certificate is asked for where the load balancer passes TCP on, and its callers' addresses come in a PROXY header.
        tls             = listener.certificate ? "mutual" : "server"
        proxy_protocol  = listener.certificate ? "v2" : null
        trusted_proxies = module.network.public_cidrs
        external_url    = "https://${listener.dns}${listener.balancer_port == 443 ? "" : ":${listener.balancer_port}"}"
      }
    }
  }
}

output "network_addresses" {
  description = "Addresses of the network load balancers, for participants who let their connectors out to listed addresses alone."
  value       = module.balancing.network_addresses
}
