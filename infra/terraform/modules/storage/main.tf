data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

locals {
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition
  region    = data.aws_region.this.region

  trails  = "arn:${local.partition}:cloudtrail:${local.region}:${local.account}:trail/*"
  of_ours = { StringEquals = { "aws:SourceAccount" = local.account } }

  # Every bucket: whether it can be encrypted with a key of ours by whoever writes to it, and which service that is, if it is one of AWS's own: where, and under
  # which condition. Load balancers give none; they write below the number of the account that they belong to.
  buckets = {
    deploy   = { log = false, kms = true, writer = null, folder = null, condition = {} }
    sessions = { log = true, kms = true, writer = null, folder = null, condition = {} }
    alb      = { log = true, kms = false, writer = "logdelivery.elasticloadbalancing.amazonaws.com", folder = "*/AWSLogs/${local.account}/*", condition = {} }
    flow     = { log = true, kms = true, writer = "delivery.logs.amazonaws.com", folder = "AWSLogs/${local.account}/*", condition = local.of_ours }
    trail    = { log = true, kms = true, writer = "cloudtrail.amazonaws.com", folder = "AWSLogs/${local.account}/*", condition = { ArnLike = { "aws:SourceArn" = local.trails } } }
    waf      = { log = true, kms = true, writer = "delivery.logs.amazonaws.com", folder = "AWSLogs/${local.account}/*", condition = local.of_ours }
    jobs     = { log = true, kms = true, writer = null, folder = null, condition = {} }
  }
}

resource "aws_kms_key" "this" {
  description             = var.name
  enable_key_rotation     = true
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Account"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "Logs"
        Effect    = "Allow"
        Principal = { Service = "logs.${local.region}.amazonaws.com" }
        Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey"]
        Resource  = "*"
        Condition = {
          ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:*" }
        }
      },
      {
        Sid       = "Deliveries"
        Effect    = "Allow"
        Principal = { Service = "delivery.logs.amazonaws.com" }
        Action    = ["kms:GenerateDataKey", "kms:Decrypt", "kms:DescribeKey"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
      {
        Sid       = "Trail"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = ["kms:GenerateDataKey", "kms:Decrypt", "kms:DescribeKey"]
        Resource  = "*"
        Condition = { ArnLike = { "aws:SourceArn" = local.trails } }
      },
      {
        # Messages of alarms. EventBridge gives no condition anything to look at.
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = ["cloudwatch.amazonaws.com", "events.amazonaws.com"] }
        Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
        Resource  = "*"
      },
    ]
  })

  tags = { Name = var.name }
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}

resource "aws_s3_bucket" "this" {
  for_each = local.buckets

  # WAF writes only where the name begins so.
  bucket        = each.key == "waf" ? "aws-waf-logs-${var.name}-${local.account}" : "${var.name}-${local.account}-${each.key}"
  force_destroy = false

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    bucket_key_enabled = each.value.kms

    apply_server_side_encryption_by_default {
      sse_algorithm     = each.value.kms ? "aws:kms" : "AES256"
      kms_master_key_id = each.value.kms ? aws_kms_key.this.arn : null
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    id     = "keep"
    status = "Enabled"

    filter {
      prefix = ""
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    # What was deployed stays until something newer replaces it; a log stays as long as logs are kept.
    dynamic "expiration" {
      for_each = each.value.log ? [var.retention_days] : []

      content {
        days = expiration.value
      }
    }

    noncurrent_version_expiration {
      noncurrent_days = each.value.log ? 30 : 90
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid       = "EncryptedConnections"
          Effect    = "Deny"
          Principal = "*"
          Action    = "s3:*"
          Resource  = [aws_s3_bucket.this[each.key].arn, "${aws_s3_bucket.this[each.key].arn}/*"]
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
      ],
      [for statement in [
        {
          Sid       = "Write"
          Effect    = "Allow"
          Principal = { Service = each.value.writer }
          Action    = "s3:PutObject"
          Resource  = "${aws_s3_bucket.this[each.key].arn}/${coalesce(each.value.folder, "nothing")}"
          Condition = each.value.condition
        },
        {
          Sid       = "Look"
          Effect    = "Allow"
          Principal = { Service = each.value.writer }
          Action    = compact(["s3:GetBucketAcl", each.value.writer == "delivery.logs.amazonaws.com" ? "s3:ListBucket" : ""])
          Resource  = aws_s3_bucket.this[each.key].arn
          Condition = each.value.condition
        },
      ] : statement if each.value.writer != null],
    )
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}
