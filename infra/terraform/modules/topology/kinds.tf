# What runs on a host of each kind, and who is let in at which of its listeners. A new kind of host is a row here, and rows in calls.tf.
#
# `port` is where the service listens on the host. `label` is the listener's name in DNS: "LABEL.ZONE", or "LABEL-DOMAIN.ZONE" where every domain
# has one. A certificate decides which load balancer stands in front: with one TLS has to end in the service, so the load balancer passes TCP on.
locals {
  health_port = 8081
  ssh_port    = 22
  https_port  = 443
  http_port   = 80

  peer   = { port = 8443, certificate = true }
  public = { port = 8444, certificate = false }

  kinds = {
    receiver = {
      environment = "connector"
      per_domain  = true
      subnet      = "domain"
      type        = "m5a.large"
      disk        = 30
      address     = 10
      services    = ["receiver-connector"]
      listeners   = { api = merge(local.public, { service = "receiver-connector", label = "receiver" }) }
    }
    provider = {
      environment = "connector"
      per_domain  = true
      subnet      = "domain"
      type        = "m5a.large"
      disk        = 30
      address     = 20
      services    = ["provider-connector", "data-server"]
      listeners = {
        peer   = merge(local.peer, { service = "provider-connector", label = "provider" })
        public = merge(local.public, { service = "provider-connector", label = "site" })
      }
    }
    bastion = {
      environment = "connector"
      per_domain  = false
      subnet      = "public-2"
      type        = "t3.medium"
      disk        = 30
      address     = 10
      services    = []
      listeners   = {}
    }
    auth = {
      environment = "support"
      per_domain  = false
      subnet      = "private-1"
      type        = "m5a.large"
      disk        = 30
      address     = 10
      services    = ["auth-server"]
      listeners = {
        peer   = merge(local.peer, { service = "auth-server", label = "auth" })
        public = merge(local.public, { service = "auth-server", label = "id" })
      }
    }
    location = {
      environment = "support"
      per_domain  = false
      subnet      = "private-1"
      type        = "m5a.large"
      disk        = 30
      address     = 20
      services    = ["location-server"]
      listeners   = { peer = merge(local.peer, { service = "location-server", label = "location" }) }
    }
    catalogue = {
      environment = "support"
      per_domain  = false
      subnet      = "private-1"
      type        = "m5a.large"
      disk        = 30
      address     = 30
      services    = ["catalog-server"]
      listeners   = { public = merge(local.public, { service = "catalog-server", label = "catalogue" }) }
    }
    provenance = {
      environment = "support"
      per_domain  = false
      subnet      = "private-1"
      type        = "m5a.large"
      disk        = 30
      address     = 40
      services    = ["provenance-server"]
      listeners = {
        peer   = merge(local.peer, { service = "provenance-server", label = "provenance" })
        public = merge(local.public, { service = "provenance-server", label = "ledger" })
      }
    }
  }

  # Ports of the network load balancers. One of them cannot tell by the name in a handshake whom it is for, so those who share one have a port each:
  # the servers these, the providers 8440 and the number of their domain.
  support_ports    = { auth = 8441, location = 8442, provenance = 8443 }
  first_peer_port  = 8440
  separate_nlb     = var.separate_nlbs
  names_of_domains = keys(var.domains)
}
