variable "name" {
  description = "Beginning of the names of everything."
  type        = string
}

variable "zone_name" {
  description = "DNS zone below which everything has its name. It has to be there already: whoever owns the name delegates it."
  type        = string
}

variable "listeners" {
  description = "Listeners, as the topology module makes them."
  type        = map(object({ dns = string, balancer = string, certificate = bool }))
}

variable "balancers" {
  description = "Load balancers: name → DNS name and zone for aliases."
  type        = map(object({ dns_name = string, zone_id = string }))
}

variable "bastion_address" {
  description = "The bastion's address, if there is one."
  type        = string
  default     = null
}

variable "has_bastion" {
  description = "Whether there is a bastion."
  type        = bool
  default     = false
}
