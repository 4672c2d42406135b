variable "name" {
  description = "Beginning of the names of everything."
  type        = string
}

variable "host" {
  description = "Name of the host, such as receiver-a."
  type        = string
}

variable "kind" {
  description = "Kind of the host."
  type        = string
}

variable "type" {
  description = "Instance type."
  type        = string
}

variable "disk" {
  description = "Size of its disk in GB."
  type        = number

  validation {
    condition     = var.disk >= 30
    error_message = "A host has a disk of 30 GB at least."
  }
}

variable "address" {
  description = "Its address in the network."
  type        = string
}

variable "subnet_id" {
  description = "Its subnet."
  type        = string
}

variable "group_id" {
  description = "Its security group."
  type        = string
}

variable "has_public_address" {
  description = "Whether it is reached directly: the bastion alone."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "Key that its disk and its parameters are encrypted with."
  type        = string
}

variable "deploy_bucket_arn" {
  description = "Bucket with packages and configurations. A host reads its own folder and the packages."
  type        = string
}

variable "session_log_bucket_arn" {
  description = "Bucket for what was done in sessions."
  type        = string
}

variable "publisher_public_key" {
  description = "Public half of the key that configurations are signed with (Ed25519, PEM). Its private half never lies in AWS."
  type        = string
  default     = ""

  validation {
    condition     = var.publisher_public_key == "" || can(regex("^-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+\n-----END PUBLIC KEY-----\n?$", var.publisher_public_key))
    error_message = "publisher_public_key is the public half alone, in PEM: -----BEGIN PUBLIC KEY----- and so on."
  }
}

variable "termination_protection" {
  description = "Whether the instance is kept from being removed by mistake."
  type        = bool
  default     = true
}

variable "log_group_prefix" {
  description = "Beginning of the names of the log groups that it writes to."
  type        = string
}

variable "ami" {
  description = "Image to start from; empty for the newest Ubuntu 22.04."
  type        = string
  default     = ""
}

variable "programs" {
  description = "Programs that run on it, whose logs are kept."
  type        = list(string)
  default     = []
}
