variable "name" {
  description = "Beginning of the names of everything."
  type        = string
}

variable "vpc_cidr" {
  description = "Addresses of the whole network."
  type        = string
}

variable "subnets" {
  description = "Subnets, as the topology module makes them."
  type = map(object({
    zone   = string
    cidr   = string
    public = bool
    domain = optional(string)
  }))
}

variable "region" {
  description = "Region that all zones have to lie in."
  type        = string

  validation {
    condition     = alltrue([for subnet in values(var.subnets) : can(regex("^${var.region}[a-z]$", subnet.zone))])
    error_message = "A zone of another region: in ${var.region} they are called ${var.region}a and so on."
  }
}

variable "host_ports" {
  description = "Ports of hosts that load balancers reach: listeners and health checks."
  type        = list(number)
}

variable "outward_ports" {
  description = "Ports outside that hosts reach through the NAT gateway."
  type        = list(number)
}

variable "bastion" {
  description = "The bastion: its subnet and address, and the networks that its users come from. Without it nothing is open for SSH."
  type = object({
    subnet  = string
    address = string
    sources = list(string)
  })
  default = null

  validation {
    # A network ACL has 20 rules; the others need eight.
    condition     = var.bastion == null ? true : length(var.bastion.sources) <= 12
    error_message = "At most 12 networks may be let in to the bastion: a network ACL has 20 rules."
  }
}
