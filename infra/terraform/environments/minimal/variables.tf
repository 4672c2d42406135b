variable "name" {
  description = "Beginning of the names of everything."
  type        = string
  default     = "kakehashi-one"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name has 3 to 20 small letters, digits and hyphens."
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

variable "zone" {
  description = "Zone of the region."
  type        = string
  default     = "ap-northeast-1a"
}

variable "vpc_cidr" {
  description = "Addresses of the network."
  type        = string
  default     = "10.21.0.0/16"

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && try(tonumber(split("/", var.vpc_cidr)[1]) <= 20, false)
    error_message = "vpc_cidr is an IPv4 network of /20 or larger: two subnets of eight more bits are cut from it."
  }
}

variable "domains" {
  description = "The domains: short name → number, which gives it its ports."
  type        = map(number)
  default     = { a = 1, b = 2, c = 3 }

  validation {
    condition     = length(distinct(values(var.domains))) == length(var.domains) && alltrue([for number in values(var.domains) : number >= 1 && number <= 40 && floor(number) == number])
    error_message = "Every domain has a number of its own, from 1 to 40: with one number two domains would have one port."
  }
}

variable "instance_type" {
  description = "Instance type."
  type        = string
  default     = "m5a.large"
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
  description = "Whether the instance is kept from being removed by mistake."
  type        = bool
  default     = true
}
