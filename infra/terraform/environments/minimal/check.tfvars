# What scripts/check-infra plans with.
account_id = "123456789012"
