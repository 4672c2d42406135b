# Who did what: calls of AWS's interfaces, traffic of the network, commands of sessions; and what watches over it.

# Calls of AWS's interfaces, in a bucket for good and in a log group for alarms.

resource "aws_cloudwatch_log_group" "trail" {
  name              = "/${var.name}/trail"
  retention_in_days = var.retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_iam_role" "trail" {
  name        = "${var.name}-trail"
  description = "CloudTrail writes to its log group"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "cloudtrail.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "trail" {
  name = "log"
  role = aws_iam_role.trail.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Log"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.trail.arn}:*"
    }]
  })
}

resource "aws_cloudtrail" "this" {
  name                          = var.name
  s3_bucket_name                = var.bucket_names["trail"]
  kms_key_id                    = var.kms_key_arn
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.trail.arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.trail.arn

  # Who read or replaced what is deployed to hosts.
  event_selector {
    read_write_type           = "All"
    include_management_events = true

    data_resource {
      type   = "AWS::S3::Object"
      values = ["${var.bucket_arns["deploy"]}/"]
    }
  }

  tags = { Name = var.name }
}

# Traffic.

resource "aws_flow_log" "this" {
  vpc_id               = var.vpc_id
  traffic_type         = "ALL"
  log_destination_type = "s3"
  log_destination      = var.bucket_arns["flow"]

  tags = { Name = var.name }
}

# Commands of sessions. The document has this name in every account: where sessions were configured by hand before, it is imported first.

resource "aws_ssm_document" "sessions" {
  name            = "SSM-SessionManagerRunShell"
  document_type   = "Session"
  document_format = "JSON"

  content = jsonencode({
    schemaVersion = "1.0"
    description   = "Sessions on hosts, recorded"
    sessionType   = "Standard_Stream"
    inputs = {
      s3BucketName                = var.bucket_names["sessions"]
      s3KeyPrefix                 = "sessions"
      s3EncryptionEnabled         = true
      kmsKeyId                    = var.kms_key_arn
      cloudWatchLogGroupName      = ""
      cloudWatchEncryptionEnabled = true
      idleSessionTimeout          = "20"
      maxSessionDuration          = "480"
      runAsEnabled                = false
      shellProfile                = { linux = "" }
    }
  })

  tags = { Name = "${var.name}-sessions" }
}

# Threats: GuardDuty reads the trail, the flow logs and DNS queries by itself; malware is looked for in snapshots after a finding.

resource "aws_guardduty_detector" "this" {
  enable                       = true
  finding_publishing_frequency = "FIFTEEN_MINUTES"

  tags = { Name = var.name }
}

resource "aws_guardduty_detector_feature" "malware" {
  detector_id = aws_guardduty_detector.this.id
  name        = "EBS_MALWARE_PROTECTION"
  status      = "ENABLED"
}

resource "aws_guardduty_detector_feature" "buckets" {
  detector_id = aws_guardduty_detector.this.id
  name        = "S3_DATA_EVENTS"
  status      = "ENABLED"
}
