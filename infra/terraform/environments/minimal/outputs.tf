# The shape is that of the trial's output.
output "kakehashi" {
  description = "Hosts, listeners and addresses of the environment."
  value = {
    version     = 1
    environment = var.name
    zone        = "localhost"
    region      = var.region
    nat_address = module.network.nat_address

    hosts = {
      (local.host) = {
        kind     = "all"
        domain   = null
        address  = local.address
        instance = module.host.instance_id
        services = concat(sort(distinct([for place in values(local.places) : place.service])), ["data-server"])
      }
    }

    listeners = merge([
      for name, place in local.places : {
        for listener in place.listeners : "${name}-${listener}" => {
          host            = local.host
          service         = place.service
          listener        = listener
          listen          = "127.0.0.1:${place.port + local.offsets[listener]}"
          health          = null
          tls             = listener == "peer" ? "mutual" : "none"
          proxy_protocol  = null
          trusted_proxies = []
          external_url    = "${listener == "peer" ? "https" : "http"}://localhost:${place.port + local.offsets[listener]}"
        }
      }
    ]...)
  }
}
