variable "name" {
  description = "Beginning of the names of everything."
  type        = string
}

variable "vpc_id" {
  description = "The network whose traffic is recorded."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that records are encrypted with."
  type        = string
}

variable "bucket_names" {
  description = "Buckets: what for → name."
  type        = map(string)
}

variable "bucket_arns" {
  description = "Buckets: what for → ARN."
  type        = map(string)
}

variable "retention_days" {
  description = "How long records are kept."
  type        = number
}
