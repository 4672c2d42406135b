data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

data "aws_ssm_parameter" "ami" {
  name = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"
}

locals {
  title      = "${var.name}-${var.host}"
  arn_middle = "${data.aws_region.this.region}:${data.aws_caller_identity.this.account_id}"
  # Where the host finds what is for it alone, and deletes what it used.
  parameters = "arn:${data.aws_partition.this.partition}:ssm:${local.arn_middle}:parameter/${var.name}/${var.host}/*"
  agent      = "arn:${data.aws_partition.this.partition}:ssm:${local.arn_middle}:parameter/${var.name}/agent/${var.kind}"
  log_groups = "arn:${data.aws_partition.this.partition}:logs:${local.arn_middle}:log-group:${var.log_group_prefix}*"
}

resource "aws_iam_role" "this" {
  name                 = local.title
  description          = "Host ${var.host}"
  max_session_duration = 3600

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

# What a host may do. Not AmazonSSMManagedInstanceCore: that lets a host read the parameters of all others.
resource "aws_iam_role_policy" "this" {
  name = "host"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # None of these can be narrowed to a resource: AWS knows the instance by its role's session.
        Sid    = "SystemsManager"
        Effect = "Allow"
        Action = [
          "ssm:UpdateInstanceInformation", "ssm:ListInstanceAssociations", "ssm:ListAssociations", "ssm:UpdateInstanceAssociationStatus",
          "ssm:UpdateAssociationStatus", "ssm:PutInventory", "ssm:PutComplianceItems", "ssm:GetDocument", "ssm:DescribeDocument",
          "ssm:GetDeployablePatchSnapshotForInstance", "ssm:GetManifest", "ssm:DescribeAssociation", "ssm:PutConfigurePackageResult",
          "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
          "ec2messages:AcknowledgeMessage", "ec2messages:DeleteMessage", "ec2messages:FailMessage", "ec2messages:GetEndpoint",
          "ec2messages:GetMessages", "ec2messages:SendReply",
        ]
        Resource = "*"
      },
      {
        Sid      = "OwnParameters"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter", "ssm:DeleteParameter"]
        Resource = local.parameters
      },
      {
        Sid      = "AgentParameters"
        Effect   = "Allow"
        Action   = "ssm:GetParameter"
        Resource = local.agent
      },
      {
        Sid      = "OwnSecrets"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.kms_key_arn
        Condition = {
          StringLike = { "kms:EncryptionContext:PARAMETER_ARN" = local.parameters }
        }
      },
      {
        Sid      = "Deployed"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = ["${var.deploy_bucket_arn}/packages/*", "${var.deploy_bucket_arn}/hosts/${var.host}/*"]
      },
      {
        Sid      = "DeployedObjects"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = var.kms_key_arn
        Condition = {
          StringEquals = { "kms:ViaService" = "s3.${data.aws_region.this.region}.amazonaws.com" }
        }
      },
      {
        Sid      = "SessionLog"
        Effect   = "Allow"
        Action   = "s3:PutObject"
        Resource = "${var.session_log_bucket_arn}/sessions/*"
      },
      {
        Sid      = "SessionLogSettings"
        Effect   = "Allow"
        Action   = "s3:GetEncryptionConfiguration"
        Resource = var.session_log_bucket_arn
      },
      {
        Sid      = "SessionKey"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.kms_key_arn
        Condition = {
          Null = { "kms:EncryptionContext:aws:ssm:SessionId" = "false" }
        }
      },
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
        Resource = local.log_groups
      },
      {
        Sid      = "Metrics"
        Effect   = "Allow"
        Action   = "cloudwatch:PutMetricData"
        Resource = "*"
        Condition = {
          StringEquals = { "cloudwatch:namespace" = var.name }
        }
      },
    ]
  })
}

resource "aws_iam_instance_profile" "this" {
  name = local.title
  role = aws_iam_role.this.name
}

resource "aws_instance" "this" {
  ami           = var.ami != "" ? var.ami : data.aws_ssm_parameter.ami.insecure_value
  instance_type = var.type
  subnet_id     = var.subnet_id
  private_ip    = var.address
  # Said of the bastion it would be taken back by its own address, and the bastion made anew.
  associate_public_ip_address = var.has_public_address ? null : false
  vpc_security_group_ids      = [var.group_id]
  iam_instance_profile        = aws_iam_instance_profile.this.name
  disable_api_termination     = var.termination_protection
  ebs_optimized               = true
  monitoring                  = true
  user_data                   = local.user_data
  user_data_replace_on_change = false

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "disabled"
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = var.disk
    encrypted   = true
    kms_key_id  = var.kms_key_arn

    tags = { Name = local.title, "kakehashi:backup" = "daily" }
  }

  tags = {
    Name             = local.title
    "kakehashi:host" = var.host
    "kakehashi:kind" = var.kind
  }

  lifecycle {
    # A newer image in the parameter store would replace every host with all that is on it; other user data would stop it and be read by nobody.
    ignore_changes = [ami, user_data]

    precondition {
      condition     = length(local.user_data) <= 16384
      error_message = "User data has 16 KB at most: what is larger comes from the deploy bucket."
    }
  }
}

resource "aws_eip" "this" {
  count = var.has_public_address ? 1 : 0

  domain   = "vpc"
  instance = aws_instance.this.id

  tags = { Name = local.title }
}
