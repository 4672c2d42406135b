variable "name" {
  description = "Beginning of the names of everything."
  type        = string

  validation {
    # A load balancer's and a target group's name has at most 32 characters.
    condition     = can(regex("^[a-z][a-z0-9-]*[a-z0-9]$", var.name)) && alltrue([for key in concat(keys(var.balancers), keys(var.listeners)) : length("${var.name}-${key}") <= 32])
    error_message = "The names of load balancers and target groups begin with this and have at most 32 characters: choose a shorter one, in small letters, digits and hyphens."
  }
}

variable "vpc_id" {
  description = "The network."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets: name → id."
  type        = map(string)
}

variable "balancers" {
  description = "Load balancers, as the topology module makes them."
  type        = map(object({ type = string, subnets = list(string), ports = list(number) }))
}

variable "listeners" {
  description = "Listeners, as the topology module makes them."
  type = map(object({
    host          = string
    port          = number
    certificate   = bool
    dns           = string
    balancer      = string
    balancer_port = number
    priority      = number
  }))
}

variable "callers" {
  description = "Who may call a listener: HOST-LISTENER → networks. Load balancers' groups hold them too; behind one for HTTP lie several listeners, each with callers of its own."
  type        = map(list(string))
}

variable "group_ids" {
  description = "Security groups: load balancer → id. A network load balancer gets one when it is made, or never."
  type        = map(string)
}

variable "instance_ids" {
  description = "Instances: host → id."
  type        = map(string)
}

variable "certificate_arns" {
  description = "Certificates: application load balancer → ARN."
  type        = map(string)
}

variable "health_port" {
  description = "Port of the hosts at which load balancers ask how a service is."
  type        = number
}

variable "tls_policy" {
  description = "What application load balancers offer: TLS 1.3 alone, or 1.2 as well for callers that have nothing newer."
  type        = string
  default     = "ELBSecurityPolicy-TLS13-1-3-2021-06"

  validation {
    condition     = contains(["ELBSecurityPolicy-TLS13-1-3-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"], var.tls_policy)
    error_message = "tls_policy is ELBSecurityPolicy-TLS13-1-3-2021-06, or ELBSecurityPolicy-TLS13-1-2-Res-2021-06 where callers have no TLS 1.3."
  }
}

variable "log_bucket" {
  description = "Bucket for the access logs of application load balancers."
  type        = string
}

variable "deletion_protection" {
  description = "Whether load balancers are kept from being removed by mistake."
  type        = bool
  default     = true
}
