variable "name" {
  description = "Beginning of the names of everything."
  type        = string
}

variable "recipients" {
  description = "Mail addresses that alarms go to. Each confirms by a link that it is sent."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.recipients : can(regex("^[^@\\s]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$", address))])
    error_message = "A recipient is a mail address: name@example.jp."
  }
}

variable "kms_key_arn" {
  description = "Key that messages are encrypted with."
  type        = string
}

variable "hosts" {
  description = "Hosts: name → instance, programs whose absence is an alarm."
  type        = map(object({ instance_id = string, programs = list(string) }))
}

variable "thresholds" {
  description = "From which share (percent) processor, memory and disk of a host are an alarm."
  type        = object({ cpu = number, memory = number, disk = number })
  default     = { cpu = 90, memory = 85, disk = 80 }

  validation {
    condition     = alltrue([for share in [var.thresholds.cpu, var.thresholds.memory, var.thresholds.disk] : share > 0 && share <= 100])
    error_message = "A threshold is a share in percent, above 0 and up to 100."
  }
}

variable "targets" {
  description = "Targets of load balancers: HOST-LISTENER → type of the load balancer, what metrics call it and the target group."
  type        = map(object({ type = string, balancer = string, group = string }))
}

variable "trail_log_group" {
  description = "Log group with the calls of AWS's interfaces."
  type        = string
}

variable "job" {
  description = "The job that starts and stops servers."
  type        = string
}
