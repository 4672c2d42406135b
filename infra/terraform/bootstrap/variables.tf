variable "name" {
  description = "Beginning of the names of everything."
  type        = string
  default     = "kakehashi"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,10}[a-z0-9]$", var.name))
    error_message = "name has 3 to 12 small letters, digits and hyphens."
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
