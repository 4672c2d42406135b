variable "domains" {
  description = "The domains (分野): letter or short name → number. The number gives a domain its subnet, its port at the load balancer and its places in lists, so it stays with the domain for good."
  type = map(object({
    number = number
  }))

  validation {
    condition     = alltrue([for name in keys(var.domains) : can(regex("^[a-z][a-z0-9]{0,7}$", name))])
    error_message = "The name of a domain is a small letter, then up to seven small letters or digits."
  }
  validation {
    condition     = alltrue([for domain in values(var.domains) : domain.number >= 1 && domain.number <= 40 && floor(domain.number) == domain.number])
    error_message = "The number of a domain is a whole number from 1 to 40."
  }
  validation {
    condition     = length(distinct([for domain in values(var.domains) : domain.number])) == length(var.domains)
    error_message = "Two domains have one number, so they would share a port and a subnet: every domain needs a number of its own, from 1 to 40."
  }
}

variable "network" {
  description = "Addresses of the environment: the whole network, the two public subnets, the range that private subnets are cut from, and the two zones."
  type = object({
    vpc     = string
    public  = list(string)
    private = string
    zones   = list(string)
  })

  validation {
    condition     = alltrue([for cidr in concat([var.network.vpc, var.network.private], var.network.public) : can(cidrhost(cidr, 0))])
    error_message = "Every entry of network is an IPv4 network such as 10.20.0.0/16."
  }
  validation {
    condition     = length(var.network.public) == 2 && length(var.network.zones) == 2 && length(distinct(var.network.zones)) == 2
    error_message = "There are two public subnets in two different zones: a load balancer for HTTP needs both."
  }
  validation {
    condition     = try(tonumber(split("/", var.network.private)[1]) <= 18, false)
    error_message = "network.private is cut into subnets of eight more bits: it has to be a /18 or larger."
  }
  validation {
    condition     = alltrue([for cidr in var.network.public : try(tonumber(split("/", cidr)[1]) <= 27, false)])
    error_message = "A public subnet has to be a /27 or larger: load balancers want eight free addresses each."
  }
  validation {
    # A network lies within another where its first and its last address do.
    condition = try(alltrue([
      for cidr in concat([var.network.private], var.network.public) :
      cidrsubnet("${cidrhost(cidr, 0)}/${split("/", var.network.vpc)[1]}", 0, 0) == cidrsubnet(var.network.vpc, 0, 0)
      && tonumber(split("/", cidr)[1]) >= tonumber(split("/", var.network.vpc)[1])
    ]), false)
    error_message = "network.public and network.private have to lie within network.vpc."
  }
  validation {
    # Two networks overlap where, cut to the length of the larger one, they are the same.
    condition = try(alltrue([
      for pair in [[0, 1], [0, 2], [1, 2]] : (
        cidrsubnet("${cidrhost(concat(var.network.public, [var.network.private])[pair[0]], 0)}/${min([for one in pair : tonumber(split("/", concat(var.network.public, [var.network.private])[one])[1])]...)}", 0, 0)
        != cidrsubnet("${cidrhost(concat(var.network.public, [var.network.private])[pair[1]], 0)}/${min([for one in pair : tonumber(split("/", concat(var.network.public, [var.network.private])[one])[1])]...)}", 0, 0)
      )
    ]), false)
    error_message = "The public subnets and network.private overlap: each has to have addresses of its own."
  }
}

variable "zone_name" {
  description = "DNS zone below which everything has its name, without a dot at its end."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$", var.zone_name))
    error_message = "zone_name is a DNS name in small letters without a dot at its end, such as trial.example.jp."
  }
}

variable "separate_nlbs" {
  description = "Whether each provider has a network load balancer of its own, on port 443, as connectors need whose proxies let no other port through. Otherwise providers share one, each on a port of its own."
  type        = bool
  default     = false
}

variable "instance_types" {
  description = "Instance types that differ from the table: kind of host → type."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for kind in keys(var.instance_types) : contains(["receiver", "provider", "auth", "location", "catalogue", "provenance", "bastion"], kind)])
    error_message = "instance_types names a kind of host that there is not: receiver, provider, auth, location, catalogue, provenance, bastion."
  }
  validation {
    condition     = alltrue([for type in values(var.instance_types) : can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9]+$", type))])
    error_message = "An instance type is written like m5a.large."
  }
}
