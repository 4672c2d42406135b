variable "name" {
  description = "Beginning of the names of everything."
  type        = string
}

variable "vpc_id" {
  description = "The network."
  type        = string
}

variable "hosts" {
  description = "Hosts, as the topology module makes them."
  type        = map(object({ kind = string, domain = optional(string), environment = string }))
}

variable "balancers" {
  description = "Load balancers, as the topology module makes them."
  type        = map(object({ type = string, ports = list(number) }))
}

variable "listeners" {
  description = "Listeners, as the topology module makes them."
  type        = map(object({ host = string, port = number, balancer = string, balancer_port = number }))
}

variable "edges" {
  description = "Who calls what, as the topology module makes it."
  type = map(object({
    from          = string
    target        = string
    balancer      = string
    balancer_port = number
    outside       = bool
  }))
}

variable "outward" {
  description = "What every host reaches outside."
  type        = map(object({ port = number, why = string }))
}

variable "health_port" {
  description = "Port of the hosts at which load balancers ask how a service is."
  type        = number
}

variable "sources" {
  description = "Who calls from outside: user, federation, participant, operator → the networks that they come from."
  type        = map(list(string))

  validation {
    condition     = alltrue([for name in keys(var.sources) : contains(["user", "federation", "participant", "operator"], name)])
    error_message = "sources names somebody whom the table of calls does not know: user, federation, participant, operator."
  }
  validation {
    condition     = alltrue([for cidr in flatten(values(var.sources)) : can(cidrhost(cidr, 0))])
    error_message = "sources is made of IPv4 networks such as 192.0.2.0/24."
  }
  validation {
    condition     = alltrue([for cidr in flatten(values(var.sources)) : try(tonumber(split("/", cidr)[1]) >= 8, false)])
    error_message = "A network in sources is a /8 or smaller: the load balancers are for listed callers, not for everybody."
  }
}

variable "bastion_sources" {
  description = "Networks from which the bastion's users come."
  type        = list(string)

  validation {
    condition     = alltrue([for cidr in var.bastion_sources : try(tonumber(split("/", cidr)[1]) >= 24, false) && can(cidrhost(cidr, 0))])
    error_message = "SSH is opened for single addresses and small networks, /24 to /32, never for everybody."
  }
}

variable "nat_address" {
  description = "The address under which our own hosts call load balancers."
  type        = string
}

variable "balancer_addresses" {
  description = "Network load balancers: name → the address under which they are reached."
  type        = map(string)
}
