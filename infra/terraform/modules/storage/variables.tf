variable "name" {
  description = "Beginning of the names of everything."
  type        = string
}

variable "retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 400

  validation {
    condition     = var.retention_days >= 365 && floor(var.retention_days) == var.retention_days
    error_message = "Logs are kept for a year at least: retention_days is a whole number from 365."
  }
}
