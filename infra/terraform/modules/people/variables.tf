variable "name" {
  description = "Beginning of the names of everything."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that everything at rest is encrypted with."
  type        = string
}

variable "bucket_arns" {
  description = "Buckets: what for → ARN."
  type        = map(string)
}
