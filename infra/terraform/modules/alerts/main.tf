data "aws_caller_identity" "this" {}

locals {
  # What is looked for among the calls of AWS's interfaces.
  patterns = {
    sign-in = {
      what    = "An administrator failed to sign in"
      pattern = "{ ($.eventName = ConsoleLogin) && ($.errorMessage = \"Failed authentication\") }"
    }
    buckets = {
      what    = "The settings of a bucket were changed"
      pattern = "{ ($.eventSource = s3.amazonaws.com) && (($.eventName = PutBucketAcl) || ($.eventName = PutBucketPolicy) || ($.eventName = PutBucketCors) || ($.eventName = PutBucketLifecycle) || ($.eventName = PutBucketReplication) || ($.eventName = PutBucketEncryption) || ($.eventName = PutBucketVersioning) || ($.eventName = PutBucketPublicAccessBlock) || ($.eventName = DeleteBucketPolicy) || ($.eventName = DeleteBucketCors) || ($.eventName = DeleteBucketLifecycle) || ($.eventName = DeleteBucketReplication) || ($.eventName = DeleteBucketEncryption)) }"
    }
    network = {
      what    = "The network was changed"
      pattern = "{ ($.eventName = CreateVpc) || ($.eventName = DeleteVpc) || ($.eventName = ModifyVpcAttribute) || ($.eventName = AttachInternetGateway) || ($.eventName = CreateInternetGateway) || ($.eventName = DeleteInternetGateway) || ($.eventName = DetachInternetGateway) || ($.eventName = CreateRoute) || ($.eventName = ReplaceRoute) || ($.eventName = DeleteRoute) || ($.eventName = CreateRouteTable) || ($.eventName = DeleteRouteTable) || ($.eventName = ReplaceRouteTableAssociation) || ($.eventName = DisassociateRouteTable) }"
    }
    gates = {
      what    = "Security groups or network ACLs were changed"
      pattern = "{ ($.eventName = AuthorizeSecurityGroupIngress) || ($.eventName = AuthorizeSecurityGroupEgress) || ($.eventName = RevokeSecurityGroupIngress) || ($.eventName = RevokeSecurityGroupEgress) || ($.eventName = CreateSecurityGroup) || ($.eventName = DeleteSecurityGroup) || ($.eventName = ModifySecurityGroupRules) || ($.eventName = CreateNetworkAcl) || ($.eventName = DeleteNetworkAcl) || ($.eventName = CreateNetworkAclEntry) || ($.eventName = DeleteNetworkAclEntry) || ($.eventName = ReplaceNetworkAclEntry) || ($.eventName = ReplaceNetworkAclAssociation) }"
    }
  }

  # What is measured of each host. Nothing is measured of one that is stopped, so what is missing is no alarm: planned nights stay quiet.
  measures = {
    alive  = { namespace = "AWS/EC2", metric = "StatusCheckFailed", threshold = 1, periods = 2, dimensions = {} }
    cpu    = { namespace = "AWS/EC2", metric = "CPUUtilization", threshold = var.thresholds.cpu, periods = 3, dimensions = {} }
    memory = { namespace = var.name, metric = "mem_used_percent", threshold = var.thresholds.memory, periods = 3, dimensions = {} }
    disk   = { namespace = var.name, metric = "disk_used_percent", threshold = var.thresholds.disk, periods = 1, dimensions = { path = "/" } }
  }

  resources = merge([
    for host, entry in var.hosts : { for name, measure in local.measures : "${host}-${name}" => merge(measure, { host = host, instance_id = entry.instance_id }) }
  ]...)

  programs = merge([
    for host, entry in var.hosts : { for program in entry.programs : "${host}-${program}" => { host = host, instance_id = entry.instance_id, program = program } }
  ]...)
}

resource "aws_sns_topic" "this" {
  name              = "${var.name}-alerts"
  kms_master_key_id = var.kms_key_arn

  tags = { Name = "${var.name}-alerts" }
}

resource "aws_sns_topic_policy" "this" {
  arn = aws_sns_topic.this.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
        Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
      },
      {
        # EventBridge publishes to no topic whose policy has a condition for it.
        Sid       = "Events"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this.arn
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "mail" {
  for_each = toset(var.recipients)

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.value
}

# Alive, and with room left.
resource "aws_cloudwatch_metric_alarm" "host" {
  for_each = local.resources

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "Host ${each.value.host}: ${each.value.metric}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = merge({ InstanceId = each.value.instance_id }, each.value.dimensions)
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = each.value.periods
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}

# Every program runs: the agent on the host counts them.
resource "aws_cloudwatch_metric_alarm" "program" {
  for_each = local.programs

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "Host ${each.value.host}: ${each.value.program} does not run"
  namespace           = var.name
  metric_name         = "procstat_lookup_pid_count"
  dimensions          = { InstanceId = each.value.instance_id, exe = each.value.program, pid_finder = "native" }
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 3
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}

# Every target answers its load balancer.
resource "aws_cloudwatch_metric_alarm" "target" {
  for_each = var.targets

  alarm_name          = "${var.name}-${each.key}-target"
  alarm_description   = "${each.key} does not answer its load balancer"
  namespace           = each.value.type == "network" ? "AWS/NetworkELB" : "AWS/ApplicationELB"
  metric_name         = "UnHealthyHostCount"
  dimensions          = { LoadBalancer = each.value.balancer, TargetGroup = each.value.group }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
  ok_actions          = [aws_sns_topic.this.arn]
}

# Calls of AWS's interfaces that somebody should look at.
resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = local.patterns

  name           = "${var.name}-${each.key}"
  log_group_name = var.trail_log_group
  pattern        = each.value.pattern

  metric_transformation {
    name      = each.key
    namespace = "${var.name}/trail"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "trail" {
  for_each = local.patterns

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.what
  namespace           = "${var.name}/trail"
  metric_name         = aws_cloudwatch_log_metric_filter.this[each.key].metric_transformation[0].name
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
}

# A start or a stop failed, or was not even attempted.
resource "aws_cloudwatch_metric_alarm" "job" {
  for_each = {
    failed   = { namespace = "AWS/Lambda", metric = "Errors", dimensions = { FunctionName = var.job } }
    uncalled = { namespace = "AWS/Scheduler", metric = "TargetErrorCount", dimensions = { ScheduleGroup = "default" } }
  }

  alarm_name          = "${var.name}-job-${each.key}"
  alarm_description   = "Starting or stopping servers by the clock: ${each.key}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this.arn]
}

# What GuardDuty finds, malware on a server among it.
resource "aws_cloudwatch_event_rule" "threat" {
  name        = "${var.name}-threat"
  description = "GuardDuty found something"

  event_pattern = jsonencode({
    source      = ["aws.guardduty"]
    detail-type = ["GuardDuty Finding"]
    detail      = { severity = [{ numeric = [">=", 4] }] }
  })

  tags = { Name = "${var.name}-threat" }
}

resource "aws_cloudwatch_event_target" "threat" {
  rule      = aws_cloudwatch_event_rule.threat.name
  target_id = "mail"
  arn       = aws_sns_topic.this.arn
}
