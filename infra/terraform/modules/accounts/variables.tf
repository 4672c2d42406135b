variable "name" {
  description = "Beginning of the names of everything."
  type        = string
}

variable "users" {
  description = "Users of the bastion: account → domain, public keys."
  type        = map(object({ domain = string, keys = list(string) }))

  validation {
    condition     = alltrue([for key in flatten([for user in values(var.users) : user.keys]) : can(regex("^(ssh-ed25519|ecdsa-sha2-nistp256|sk-ssh-ed25519@openssh\\.com) [A-Za-z0-9+/]+=*( [A-Za-z0-9@._-]+)?$", key))])
    error_message = "A key is the public half on one line: ssh-ed25519, ecdsa-sha2-nistp256 or sk-ssh-ed25519@openssh.com, the key, a name if wanted."
  }
  validation {
    condition     = alltrue([for user in values(var.users) : length(user.keys) > 0])
    error_message = "A user of the bastion has one public key at least: nobody logs in by password."
  }
}

variable "bastion" {
  description = "Instance of the bastion."
  type        = string
}

variable "servers" {
  description = "Servers of domains: name → domain, instance, address, programs that run there."
  type        = map(object({ domain = string, instance_id = string, address = string, programs = list(string) }))
}
