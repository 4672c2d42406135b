# What people may do with the account. Whoever has not shown a second factor may do nothing but set one up. Users are made by hand and put into these groups: a
# password has no place in a state.
data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

locals {
  partition = data.aws_partition.this.partition
  account   = data.aws_caller_identity.this.account_id
  where     = "${data.aws_region.this.region}:${local.account}"
  own       = "arn:${local.partition}:iam::${local.account}:user/$${aws:username}"

  images = ["arn:${local.partition}:ec2:${data.aws_region.this.region}::image/*", "arn:${local.partition}:ec2:${data.aws_region.this.region}::snapshot/*"]

  # The environment's own, by their tag.
  ours = { StringEquals = { "aws:ResourceTag/kakehashi:environment" = var.name } }

  # Group → what its members may do.
  groups = {
    # Runs the trial: sessions on hosts, start and stop, deploys, images.
    operators = [
      {
        Sid       = "Sessions"
        Effect    = "Allow"
        Action    = "ssm:StartSession"
        Resource  = "arn:${local.partition}:ec2:${local.where}:instance/*"
        Condition = local.ours
      },
      {
        Sid      = "SessionDocument"
        Effect   = "Allow"
        Action   = "ssm:StartSession"
        Resource = "arn:${local.partition}:ssm:${local.where}:document/SSM-SessionManagerRunShell"
      },
      {
        Sid      = "OwnSessions"
        Effect   = "Allow"
        Action   = ["ssm:TerminateSession", "ssm:ResumeSession", "ssmmessages:OpenDataChannel"]
        Resource = [for whose in ["username", "userid"] : "arn:${local.partition}:ssm:*:${local.account}:session/$${aws:${whose}}-*"]
      },
      {
        Sid       = "Servers"
        Effect    = "Allow"
        Action    = ["ec2:StartInstances", "ec2:StopInstances", "ec2:RebootInstances", "ec2:CreateImage"]
        Resource  = "arn:${local.partition}:ec2:${local.where}:instance/*"
        Condition = local.ours
      },
      {
        Sid      = "Images"
        Effect   = "Allow"
        Action   = "ec2:CreateImage"
        Resource = local.images
      },
      {
        Sid       = "ImageTags"
        Effect    = "Allow"
        Action    = "ec2:CreateTags"
        Resource  = local.images
        Condition = { StringEquals = { "ec2:CreateAction" = "CreateImage" } }
      },
      {
        Sid       = "OldImages"
        Effect    = "Allow"
        Action    = ["ec2:DeregisterImage", "ec2:DeleteSnapshot"]
        Resource  = local.images
        Condition = local.ours
      },
      {
        Sid      = "Deploy"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:GetObject", "s3:ListBucket"]
        Resource = [var.bucket_arns["deploy"], "${var.bucket_arns["deploy"]}/*"]
      },
      {
        Sid      = "Codes"
        Effect   = "Allow"
        Action   = ["ssm:PutParameter", "ssm:DeleteParameter"]
        Resource = "arn:${local.partition}:ssm:${local.where}:parameter/${var.name}/*"
      },
      {
        Sid      = "Key"
        Effect   = "Allow"
        Action   = ["kms:Encrypt", "kms:GenerateDataKey", "kms:Decrypt"]
        Resource = var.kms_key_arn
      },
    ]
    # Reads records and settings, changes nothing.
    auditors = [
      {
        Sid      = "Records"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:ListBucket"]
        Resource = flatten([for purpose, arn in var.bucket_arns : [arn, "${arn}/*"] if purpose != "deploy"])
      },
      {
        Sid      = "Key"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.kms_key_arn
        Condition = {
          StringEquals = { "kms:ViaService" = "s3.${data.aws_region.this.region}.amazonaws.com" }
        }
      },
    ]
  }

  # Settings without contents: AWS's own policies for people who look.
  looking = {
    operators = "arn:${local.partition}:iam::aws:policy/job-function/ViewOnlyAccess"
    auditors  = "arn:${local.partition}:iam::aws:policy/SecurityAudit"
  }
}

resource "aws_iam_account_password_policy" "this" {
  minimum_password_length        = 14
  require_lowercase_characters   = true
  require_uppercase_characters   = true
  require_numbers                = true
  require_symbols                = true
  allow_users_to_change_password = true
  password_reuse_prevention      = 24
  max_password_age               = 90
}

resource "aws_iam_policy" "second_factor" {
  name        = "${var.name}-second-factor"
  description = "Nothing without a second factor but to set one up"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "NothingElse"
        Effect    = "Deny"
        NotAction = ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:GetUser", "iam:ListMFADevices", "iam:ListVirtualMFADevices", "iam:ResyncMFADevice", "iam:ChangePassword", "sts:GetSessionToken"]
        Resource  = "*"
        Condition = { BoolIfExists = { "aws:MultiFactorAuthPresent" = "false" } }
      },
      {
        Sid      = "OwnDevice"
        Effect   = "Allow"
        Action   = ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:GetUser", "iam:ListMFADevices", "iam:ResyncMFADevice", "iam:ChangePassword"]
        Resource = [local.own, "arn:${local.partition}:iam::${local.account}:mfa/*"]
      },
    ]
  })
}

resource "aws_iam_group" "this" {
  for_each = local.groups

  name = "${var.name}-${each.key}"
}

resource "aws_iam_group_policy" "this" {
  for_each = local.groups

  name  = each.key
  group = aws_iam_group.this[each.key].name

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = each.value
  })
}

resource "aws_iam_group_policy_attachment" "looking" {
  for_each = local.looking

  group      = aws_iam_group.this[each.key].name
  policy_arn = each.value
}

resource "aws_iam_group_policy_attachment" "second_factor" {
  for_each = local.groups

  group      = aws_iam_group.this[each.key].name
  policy_arn = aws_iam_policy.second_factor.arn
}
