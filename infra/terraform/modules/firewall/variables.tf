variable "name" {
  description = "Beginning of the names of everything."
  type        = string
}

variable "balancer_arns" {
  description = "Application load balancers: name → ARN."
  type        = map(string)
}

variable "log_bucket_arn" {
  description = "Bucket for its log; its name begins with aws-waf-logs-."
  type        = string
}

variable "large_bodies" {
  description = "Paths (a regular expression) at which bodies of more than 8 KB are legitimate."
  type        = string
  default     = "^/v[12]/"

  validation {
    condition     = can(regexall(var.large_bodies, "")) && startswith(var.large_bodies, "^/")
    error_message = "large_bodies is a regular expression for the beginning of a path: ^/v1/ and so on."
  }
}

variable "requests_per_five_minutes" {
  description = "How many requests one address may make in five minutes."
  type        = number
  default     = 20000

  validation {
    condition     = var.requests_per_five_minutes >= 100
    error_message = "requests_per_five_minutes is 100 at least: WAF counts no fewer."
  }
}

variable "shield_advanced" {
  description = "Whether Shield Advanced protects the load balancers: a contract for a year. Shield Standard is always on."
  type        = bool
  default     = false
}

variable "protected_arns" {
  description = "What Shield Advanced protects, where it is on: name → ARN."
  type        = map(string)
  default     = {}
}
