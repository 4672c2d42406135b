# What is read and measured on hosts. Systems Manager puts the CloudWatch agent on them, since the image has none, and tells it what to do; the agent reads files, not
# the journal: rsyslog writes them.
locals {
  # Log group → file on the host. SSH, sudo and logins are in auth.log.
  files = {
    system   = "/var/log/syslog"
    auth     = "/var/log/auth.log"
    cron     = "/var/log/cron.log"
    services = "/var/log/kakehashi/services.log"
  }

  mine = { for kind in keys(var.kinds) : kind => [{ key = "tag:kakehashi:environment", values = [var.name] }, { key = "tag:kakehashi:kind", values = [kind] }] }
}

resource "aws_cloudwatch_log_group" "host" {
  for_each = local.files

  name              = "${var.log_group_prefix}${each.key}"
  retention_in_days = var.retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_ssm_parameter" "agent" {
  for_each = var.kinds

  name        = "/${var.name}/agent/${each.key}"
  description = "What the CloudWatch agent reads and measures on hosts of kind ${each.key}"
  type        = "String"

  value = jsonencode({
    agent = { metrics_collection_interval = 60, omit_hostname = true }
    metrics = {
      namespace              = var.name
      append_dimensions      = { InstanceId = "$${aws:InstanceId}" }
      aggregation_dimensions = [["InstanceId"], ["InstanceId", "path"], ["InstanceId", "exe", "pid_finder"]]
      metrics_collected = merge(
        {
          mem  = { measurement = ["used_percent"] }
          disk = { measurement = ["used_percent"], resources = ["/"], drop_device = true }
        },
        length(each.value) == 0 ? {} : {
          procstat = [for program in each.value : { exe = program, measurement = ["pid_count", "memory_rss"] }]
        },
      )
    }
    logs = {
      logs_collected = {
        files = {
          collect_list = [
            for group, file in local.files : {
              file_path       = file
              log_group_name  = "${var.log_group_prefix}${group}"
              log_stream_name = "{instance_id}"
              timezone        = "UTC"
            }
          ]
        }
      }
    }
  })

  tags = { Name = "${var.name}-agent-${each.key}" }
}

resource "aws_ssm_association" "install" {
  association_name    = "${var.name}-agent"
  name                = "AWS-ConfigureAWSPackage"
  schedule_expression = "rate(1 day)"
  parameters          = { action = "Install", name = "AmazonCloudWatchAgent" }

  targets {
    key    = "tag:kakehashi:environment"
    values = [var.name]
  }
}

resource "aws_ssm_association" "configure" {
  for_each = var.kinds

  association_name    = "${var.name}-agent-${each.key}"
  name                = "AmazonCloudWatch-ManageAgent"
  schedule_expression = "rate(1 day)"

  parameters = {
    action                        = "configure"
    mode                          = "ec2"
    optionalConfigurationSource   = "ssm"
    optionalConfigurationLocation = aws_ssm_parameter.agent[each.key].name
    optionalRestart               = "yes"
  }

  dynamic "targets" {
    for_each = local.mine[each.key]

    content {
      key    = targets.value.key
      values = targets.value.values
    }
  }

  depends_on = [aws_ssm_association.install]
}

# The record of what is on the hosts: release, patches, packages with their versions.

resource "aws_ssm_association" "inventory" {
  association_name    = "${var.name}-inventory"
  name                = "AWS-GatherSoftwareInventory"
  schedule_expression = "rate(12 hours)"
  parameters          = { applications = "Enabled", awsComponents = "Enabled", networkConfig = "Enabled", services = "Enabled", instanceDetailedInformation = "Enabled" }

  targets {
    key    = "tag:kakehashi:environment"
    values = [var.name]
  }
}

resource "aws_ssm_association" "patches" {
  association_name    = "${var.name}-patches"
  name                = "AWS-RunPatchBaseline"
  schedule_expression = "rate(1 day)"
  parameters          = { Operation = "Scan" }

  targets {
    key    = "tag:kakehashi:environment"
    values = [var.name]
  }
}
