# Snapshots of every volume that asks for them, every day. Volumes with keys for the erasure of personal data carry
# another tag (kakehashi:keys) and stay out of it: what was erased must not come back.
data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

locals {
  where = "${data.aws_partition.this.partition}:ec2:${data.aws_region.this.region}"
}

resource "aws_iam_role" "this" {
  name        = "${var.name}-backup"
  description = "Data Lifecycle Manager takes snapshots"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "dlm.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "snapshots"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Look"
        Effect   = "Allow"
        Action   = ["ec2:DescribeInstances", "ec2:DescribeVolumes", "ec2:DescribeSnapshots"]
        Resource = "*"
      },
      {
        Sid      = "Take"
        Effect   = "Allow"
        Action   = ["ec2:CreateSnapshot", "ec2:CreateSnapshots"]
        Resource = ["arn:${local.where}:${data.aws_caller_identity.this.account_id}:volume/*", "arn:${local.where}:${data.aws_caller_identity.this.account_id}:instance/*", "arn:${local.where}::snapshot/*"]
      },
      {
        Sid      = "Remove"
        Effect   = "Allow"
        Action   = "ec2:DeleteSnapshot"
        Resource = "arn:${local.where}::snapshot/*"
        Condition = {
          Null = { "ec2:ResourceTag/aws:dlm:lifecycle-policy-id" = "false" }
        }
      },
      {
        Sid      = "Tag"
        Effect   = "Allow"
        Action   = "ec2:CreateTags"
        Resource = "arn:${local.where}::snapshot/*"
      },
    ]
  })
}

resource "aws_dlm_lifecycle_policy" "this" {
  description        = "Daily snapshots, ${var.generations} kept"
  execution_role_arn = aws_iam_role.this.arn
  state              = "ENABLED"

  policy_details {
    policy_type    = "EBS_SNAPSHOT_MANAGEMENT"
    resource_types = ["VOLUME"]
    target_tags    = { "kakehashi:backup" = "daily" }

    schedule {
      name      = "daily"
      copy_tags = true

      create_rule {
        interval      = 24
        interval_unit = "HOURS"
        times         = [var.time]
      }

      retain_rule {
        count = var.generations
      }

      tags_to_add = { "kakehashi:snapshot" = "daily" }
    }
  }

  tags = { Name = var.name }
}
