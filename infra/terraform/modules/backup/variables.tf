variable "name" {
  description = "Beginning of the names of everything."
  type        = string
}

variable "time" {
  description = "When the snapshots of a day are taken (UTC)."
  type        = string
  default     = "16:00"

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]$", var.time))
    error_message = "The time of a day is written like 16:00."
  }
}

variable "generations" {
  description = "How many daily snapshots are kept."
  type        = number
  default     = 7

  validation {
    condition     = var.generations >= 7 && var.generations <= 1000 && floor(var.generations) == var.generations
    error_message = "Seven generations at least: generations is a whole number from 7 to 1000."
  }
}

