variable "name" {
  description = "Beginning of the names of everything."
  type        = string
}

variable "retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 400

  validation {
    # Log groups know these periods alone.
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.retention_days)
    error_message = "Logs are kept for a year at least: retention_days is 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}
