variable "name" {
  description = "Beginning of the names of everything."
  type        = string
}

variable "kinds" {
  description = "Kinds of hosts: kind → programs whose processes are counted."
  type        = map(list(string))
}

variable "log_group_prefix" {
  description = "Beginning of the names of the log groups of hosts."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that logs are encrypted with."
  type        = string
}

variable "retention_days" {
  description = "How long logs are kept."
  type        = number
}
