variable "name" {
  description = "Beginning of the names of everything."
  type        = string
  default     = "kakehashi"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,10}[a-z0-9]$", var.name))
    error_message = "name has 3 to 12 small letters, digits and hyphens: the names of load balancers begin with it and have 32 characters at most."
  }
}

variable "account_id" {
  description = "The AWS account. Any other is refused."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id has twelve digits."
  }
}

variable "region" {
  description = "Region."
  type        = string
  default     = "ap-northeast-1"
}

variable "zone_name" {
  description = "DNS zone below which everything has its name; it has to be there."
  type        = string
}

variable "domains" {
  description = "The domains: short name → number. One line makes a domain with its two servers, subnet, port, names and rules."
  type        = map(object({ number = number }))
  default = {
    a = { number = 1 }
    b = { number = 2 }
    c = { number = 3 }
  }
}

variable "network" {
  description = "Addresses: the network, its two public subnets, the range that private subnets are cut from, two zones of the region."
  type = object({
    vpc     = string
    public  = list(string)
    private = string
    zones   = list(string)
  })
  default = {
    vpc     = "10.20.0.0/16"
    public  = ["10.20.0.0/24", "10.20.1.0/24"]
    private = "10.20.128.0/17"
    zones   = ["ap-northeast-1a", "ap-northeast-1c"]
  }
}

variable "sources" {
  description = "Who calls from outside: user, operator, participant (connectors and services elsewhere), federation (other data spaces) → their networks. Nobody else gets through; nobody at all by default."
  type        = map(list(string))
  default     = {}
}

variable "bastion_users" {
  description = "Users of the bastion: account → domain, the networks that they come from, their public keys."
  type = map(object({
    domain  = string
    sources = list(string)
    keys    = list(string)
  }))
  default = {}

  validation {
    condition     = alltrue([for user in values(var.bastion_users) : contains(keys(var.domains), user.domain)])
    error_message = "A user of the bastion belongs to one of the domains."
  }
  validation {
    condition     = alltrue([for name in keys(var.bastion_users) : can(regex("^[a-z][a-zA-Z0-9_-]{1,30}$", name)) && name != "root" && name != "ubuntu"])
    error_message = "The name of an account is 2 to 31 letters, digits, - and _, and neither root nor ubuntu."
  }
  validation {
    condition     = alltrue([for cidr in flatten([for user in values(var.bastion_users) : user.sources]) : try(tonumber(split("/", cidr)[1]) >= 24, false) && can(cidrhost(cidr, 0))])
    error_message = "SSH is opened for single addresses and small networks, /24 to /32, never for everybody."
  }
}

variable "separate_nlbs" {
  description = "Whether each provider has a network load balancer of its own, on port 443."
  type        = bool
  default     = false
}

variable "instance_types" {
  description = "Instance types that differ from the table: kind of host → type."
  type        = map(string)
  default     = {}
}

variable "tls_policy" {
  description = "What application load balancers offer."
  type        = string
  default     = "ELBSecurityPolicy-TLS13-1-3-2021-06"
}

variable "retention_days" {
  description = "How long logs are kept, 365 days at least."
  type        = number
  default     = 400
}

variable "publisher_public_key" {
  description = "Public half of the key that configurations are signed with."
  type        = string
  default     = ""
}

variable "protection" {
  description = "Whether instances and load balancers are kept from being removed by mistake."
  type        = bool
  default     = true
}

variable "recipients" {
  description = "Mail addresses that alarms go to."
  type        = list(string)
  default     = []
}

variable "thresholds" {
  description = "From which share (percent) processor, memory and disk of a host are an alarm."
  type        = object({ cpu = number, memory = number, disk = number })
  default     = { cpu = 90, memory = 85, disk = 80 }
}

variable "schedule" {
  description = "When all servers start and stop: cron expressions in Tokyo's time."
  type        = object({ enabled = bool, start = string, stop = string })
  default     = { enabled = true, start = "cron(0 8 ? * MON-FRI *)", stop = "cron(0 20 ? * MON-FRI *)" }
}

variable "shield_advanced" {
  description = "Whether Shield Advanced protects the load balancers: a contract for a year. Shield Standard is always on."
  type        = bool
  default     = false
}
