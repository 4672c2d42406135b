variables {
  name                   = "kakehashi"
  host                   = "auth"
  kind                   = "auth"
  type                   = "m5a.large"
  disk                   = 30
  address                = "10.20.128.10"
  subnet_id              = "subnet-0"
  group_id               = "sg-0"
  kms_key_arn            = "arn:aws:kms:ap-northeast-1:123456789012:key/0"
  deploy_bucket_arn      = "arn:aws:s3:::deploy"
  session_log_bucket_arn = "arn:aws:s3:::sessions"
  log_group_prefix       = "/kakehashi/"
}

run "a_disk_too_small" {
  command = plan
  variables {
    disk = 20
  }
  expect_failures = [var.disk]
}

run "a_private_key" {
  command = plan
  variables {
    publisher_public_key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"
  }
  expect_failures = [var.publisher_public_key]
}

run "no_key" {
  command = plan
  variables {
    publisher_public_key = "ed25519"
  }
  expect_failures = [var.publisher_public_key]
}
