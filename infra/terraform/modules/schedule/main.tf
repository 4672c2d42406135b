data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

locals {
  title   = "${var.name}-schedule"
  where   = "${data.aws_region.this.region}:${data.aws_caller_identity.this.account_id}"
  actions = { start = var.start, stop = var.stop }

  instances = {
    for environment in ["support", "connector"] : environment => [for host in values(var.hosts) : host.instance_id if host.environment == environment]
  }
}

resource "aws_cloudwatch_log_group" "job" {
  name              = "/aws/lambda/${local.title}"
  retention_in_days = var.retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_iam_role" "job" {
  name        = local.title
  description = "Starts and stops servers"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "job" {
  name = "job"
  role = aws_iam_role.job.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Servers"
        Effect   = "Allow"
        Action   = ["ec2:StartInstances", "ec2:StopInstances"]
        Resource = [for host in values(var.hosts) : "arn:${data.aws_partition.this.partition}:ec2:${local.where}:instance/${host.instance_id}"]
      },
      {
        Sid      = "Look"
        Effect   = "Allow"
        Action   = "ec2:DescribeInstances"
        Resource = "*"
      },
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.job.arn}:*"
      },
      {
        # An encrypted disk is attached by whoever starts the server.
        Sid      = "Disks"
        Effect   = "Allow"
        Action   = "kms:CreateGrant"
        Resource = var.kms_key_arn
        Condition = {
          Bool         = { "kms:GrantIsForAWSResource" = "true" }
          StringEquals = { "kms:ViaService" = "ec2.${data.aws_region.this.region}.amazonaws.com" }
        }
      },
    ]
  })
}

resource "aws_lambda_function" "job" {
  function_name    = local.title
  description      = "Starts and stops the servers of the trial"
  role             = aws_iam_role.job.arn
  runtime          = "python3.13"
  architectures    = ["arm64"]
  handler          = "job.handle"
  filename         = "${path.module}/job/job.zip"
  source_code_hash = filebase64sha256("${path.module}/job/job.zip")
  timeout          = 900
  memory_size      = 128

  environment {
    variables = { HOSTS = jsonencode(local.instances) }
  }

  tags = { Name = local.title }

  depends_on = [aws_cloudwatch_log_group.job, aws_iam_role_policy.job]
}

resource "aws_iam_role" "clock" {
  name        = "${local.title}-clock"
  description = "Calls the job that starts and stops servers"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "clock" {
  name = "call"
  role = aws_iam_role.clock.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Call"
      Effect   = "Allow"
      Action   = "lambda:InvokeFunction"
      Resource = aws_lambda_function.job.arn
    }]
  })
}

resource "aws_scheduler_schedule" "this" {
  for_each = local.actions

  name                         = "${local.title}-${each.key}"
  description                  = "${each.key} all servers"
  schedule_expression          = each.value
  schedule_expression_timezone = "Asia/Tokyo"
  state                        = var.enabled ? "ENABLED" : "DISABLED"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.job.arn
    role_arn = aws_iam_role.clock.arn
    input    = jsonencode({ action = each.key })

    retry_policy {
      maximum_retry_attempts       = 2
      maximum_event_age_in_seconds = 900
    }
  }
}

# A second attempt by Lambda itself would come when somebody is already looking.
resource "aws_lambda_function_event_invoke_config" "job" {
  function_name                = aws_lambda_function.job.function_name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 900
}

# Lambda logs to CloudWatch; from there to the bucket.

resource "aws_iam_role" "delivery" {
  name        = "${local.title}-delivery"
  description = "The log of jobs goes to its bucket"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "firehose.amazonaws.com" }
      Condition = { StringEquals = { "sts:ExternalId" = data.aws_caller_identity.this.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "delivery" {
  name = "bucket"
  role = aws_iam_role.delivery.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Objects"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:GetObject"]
        Resource = "${var.log_bucket_arn}/*"
      },
      {
        Sid      = "Bucket"
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
        Resource = var.log_bucket_arn
      },
      {
        Sid      = "Key"
        Effect   = "Allow"
        Action   = ["kms:GenerateDataKey", "kms:Decrypt"]
        Resource = var.kms_key_arn
        Condition = {
          StringEquals = { "kms:ViaService" = "s3.${data.aws_region.this.region}.amazonaws.com" }
        }
      },
    ]
  })
}

resource "aws_kinesis_firehose_delivery_stream" "this" {
  name        = "${local.title}-log"
  destination = "extended_s3"

  extended_s3_configuration {
    role_arn            = aws_iam_role.delivery.arn
    bucket_arn          = var.log_bucket_arn
    prefix              = "lambda/"
    error_output_prefix = "errors/"
    buffering_size      = 5
    buffering_interval  = 300
  }

  server_side_encryption {
    enabled  = true
    key_type = "AWS_OWNED_CMK"
  }

  tags = { Name = "${local.title}-log" }
}

resource "aws_iam_role" "subscription" {
  name        = "${local.title}-subscription"
  description = "CloudWatch hands the log of jobs on"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "logs.amazonaws.com" }
      Condition = { StringLike = { "aws:SourceArn" = "arn:${data.aws_partition.this.partition}:logs:${local.where}:*" } }
    }]
  })
}

resource "aws_iam_role_policy" "subscription" {
  name = "hand-on"
  role = aws_iam_role.subscription.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Put"
      Effect   = "Allow"
      Action   = ["firehose:PutRecord", "firehose:PutRecordBatch"]
      Resource = aws_kinesis_firehose_delivery_stream.this.arn
    }]
  })
}

resource "aws_cloudwatch_log_subscription_filter" "job" {
  name            = local.title
  log_group_name  = aws_cloudwatch_log_group.job.name
  filter_pattern  = ""
  destination_arn = aws_kinesis_firehose_delivery_stream.this.arn
  role_arn        = aws_iam_role.subscription.arn
}
