# What scripts/check-infra plans with: addresses and names for documentation, nobody's.
account_id = "123456789012"
zone_name  = "trial.example.jp"

sources = {
  user        = ["192.0.2.0/25", "203.0.113.0/24"]
  operator    = ["192.0.2.200/32"]
  participant = ["192.0.2.208/28"]
  federation  = ["192.0.2.240/29"]
}

bastion_users = {
  userA = { domain = "a", sources = ["203.0.113.10/32"], keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOAqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl userA"] }
  userB = { domain = "b", sources = ["203.0.113.20/32"], keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOBqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl userB"] }
  userC = { domain = "c", sources = ["203.0.113.30/32", "203.0.113.31/32"], keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOCqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl userC"] }
}

recipients = ["operator@example.jp"]
