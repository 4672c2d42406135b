variable "name" {
  description = "Beginning of the names of everything."
  type        = string
}

variable "hosts" {
  description = "Hosts: name → environment (support or connector), instance."
  type        = map(object({ environment = string, instance_id = string }))
}

variable "start" {
  description = "When all servers are started: a cron expression, in Tokyo's time."
  type        = string
  default     = "cron(0 8 ? * MON-FRI *)"

  validation {
    condition     = can(regex("^cron\\([0-9*/,-]+ [0-9*/,-]+ [0-9?*/,LW-]+ [0-9A-Z*/,-]+ [0-9A-Z?*/,#L-]+ [0-9*/,-]+\\)$", var.start))
    error_message = "A schedule is a cron expression with six fields (minute, hour, day, month, weekday, year): cron(0 8 ? * MON-FRI *)."
  }
}

variable "stop" {
  description = "When all servers are stopped: a cron expression, in Tokyo's time."
  type        = string
  default     = "cron(0 20 ? * MON-FRI *)"

  validation {
    condition     = can(regex("^cron\\([0-9*/,-]+ [0-9*/,-]+ [0-9?*/,LW-]+ [0-9A-Z*/,-]+ [0-9A-Z?*/,#L-]+ [0-9*/,-]+\\)$", var.stop))
    error_message = "A schedule is a cron expression with six fields (minute, hour, day, month, weekday, year): cron(0 20 ? * MON-FRI *)."
  }
}

variable "enabled" {
  description = "Whether the schedule is on."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "Key that logs are encrypted with."
  type        = string
}

variable "log_bucket_arn" {
  description = "Bucket that the jobs' log ends up in."
  type        = string
}

variable "retention_days" {
  description = "How long the log is kept."
  type        = number
}
