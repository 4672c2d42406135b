"""Holds the plan of `trial` against what is needed to operate it: records, alarms, backups, start and stop by the clock, rights of people."""

import base64
import json

PROGRAMS = {
    "receiver": ["receiver-connector"],
    "provider": ["data-server", "provider-connector"],
    "auth": ["auth-server"],
    "location": ["location-server"],
    "catalogue": ["catalog-server"],
    "provenance": ["provenance-server"],
    "bastion": [],
}
MEASURES = {
    "alive": ("AWS/EC2", "StatusCheckFailed"),
    "cpu": ("AWS/EC2", "CPUUtilization"),
    "memory": ("kakehashi", "mem_used_percent"),
    "disk": ("kakehashi", "disk_used_percent"),
}
# What is looked for in the trail: words that the pattern has to have.
WATCHED = {
    "sign-in": ["ConsoleLogin", "Failed authentication"],
    "buckets": ["PutBucketPolicy", "PutBucketAcl", "PutBucketPublicAccessBlock", "DeleteBucketPolicy", "PutBucketEncryption", "PutBucketLifecycle"],
    "network": ["CreateRoute)", "ReplaceRoute)", "AttachInternetGateway", "CreateVpc", "DeleteVpc"],
    "gates": ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupEgress", "CreateNetworkAclEntry", "ReplaceNetworkAclEntry", "ModifySecurityGroupRules"],
}
# Rule group → rules that only count.
FIREWALL = {
    "AWSManagedRulesAmazonIpReputationList": [],
    "AWSManagedRulesCommonRuleSet": ["SizeRestrictions_BODY"],
    "AWSManagedRulesKnownBadInputsRuleSet": [],
    "AWSManagedRulesLinuxRuleSet": [],
    "AWSManagedRulesSQLiRuleSet": [],
}


def one(rows, network, kind, row):
    found = network.of(kind)
    rows.equal(f"{row}: {kind}", len(found), 1)
    return found[0] if found else None


def buckets(network):
    return {bucket["tags"]["Name"].removeprefix("kakehashi-"): bucket for bucket in network.of("aws_s3_bucket")}


def records(rows, network):
    bucket = buckets(network)
    flow = one(rows, network, "aws_flow_log", "flow log")
    if flow:
        rows.equal("flow log", (flow["traffic_type"], flow["log_destination_type"], flow["log_destination"]), ("ALL", "s3", bucket["flow"]["arn"]))
    trail = one(rows, network, "aws_cloudtrail", "trail")
    if trail:
        rows.equal("trail, bucket", trail["s3_bucket_name"], bucket["trail"]["bucket"])
        rows.true(
            "trail",
            trail["is_multi_region_trail"] and trail["include_global_service_events"] and trail["enable_log_file_validation"] and trail["kms_key_id"],
            "leaves something out",
        )
        rows.true("trail, log group", trail["cloud_watch_logs_group_arn"], "is not there for alarms")
    session = next((entry for entry in network.of("aws_ssm_document") if entry["document_type"] == "Session"), None)
    rows.true("sessions", session, "are not recorded")
    if session:
        inputs = json.loads(session["content"])["inputs"]
        rows.equal("sessions, document", (session["name"], session["document_type"]), ("SSM-SessionManagerRunShell", "Session"))
        rows.equal(
            "sessions, record", (inputs["s3BucketName"], inputs["s3KeyPrefix"], inputs["s3EncryptionEnabled"]), (bucket["sessions"]["bucket"], "sessions", True)
        )
        for entry in network.of("aws_iam_role_policy"):
            if ".module.host[" in f".{entry['address']}":
                rows.true(f"sessions, {entry['address']}", f"{bucket['sessions']['arn']}/sessions/*" in entry["policy"], "cannot write its record")
    for group in network.of("aws_cloudwatch_log_group"):
        rows.true(f"log group {group['name']}, retention", (group["retention_in_days"] or 0) >= 365, f"is {group['retention_in_days']} days, less than a year")
        rows.true(f"log group {group['name']}, encryption", group["kms_key_id"], "is not with a key of ours")
    job = one(rows, network, "aws_lambda_function", "jobs")
    stream = one(rows, network, "aws_kinesis_firehose_delivery_stream", "jobs, log")
    handed = one(rows, network, "aws_cloudwatch_log_subscription_filter", "jobs, log")
    if job and stream and handed:
        rows.equal("jobs, log is handed on from", handed["log_group_name"], f"/aws/lambda/{job['function_name']}")
        rows.equal("jobs, log is handed on to", handed["destination_arn"], stream["arn"])
        rows.equal("jobs, log ends up in", stream["extended_s3_configuration"][0]["bucket_arn"], bucket["jobs"]["arn"])
    detector = one(rows, network, "aws_guardduty_detector", "threats")
    rows.true("threats", detector and detector["enable"], "are not looked for")
    features = {feature["name"]: feature["status"] for feature in network.of("aws_guardduty_detector_feature")}
    rows.equal("threats, malware", features.get("EBS_MALWARE_PROTECTION"), "ENABLED")


def agents(rows, network):
    """What is read and measured on hosts is what is kept and alarmed about."""
    groups = {group["name"] for group in network.of("aws_cloudwatch_log_group")}
    settings = {entry["name"]: json.loads(entry["value"]) for entry in network.of("aws_ssm_parameter")}
    told = {
        entry["parameters"].get("optionalConfigurationLocation"): {target["key"]: target["values"] for target in entry["targets"]}
        for entry in network.of("aws_ssm_association")
        if entry["name"] == "AmazonCloudWatch-ManageAgent"
    }
    for kind, programs in PROGRAMS.items():
        row, name = f"agent on {kind}", f"/kakehashi/agent/{kind}"
        setting = settings.get(name)
        rows.true(row, setting, "has no settings")
        if not setting:
            continue
        rows.equal(f"{row}, is told to", told.get(name), {"tag:kakehashi:environment": ["kakehashi"], "tag:kakehashi:kind": [kind]})
        metrics = setting["metrics"]
        rows.equal(f"{row}, namespace", metrics["namespace"], "kakehashi")
        rows.true(f"{row}, measures", {"mem", "disk"} <= set(metrics["metrics_collected"]), "leave something out")
        rows.equal(f"{row}, programs", sorted(entry["exe"] for entry in metrics["metrics_collected"].get("procstat", [])), programs)
        files = {entry["file_path"]: entry["log_group_name"] for entry in setting["logs"]["logs_collected"]["files"]["collect_list"]}
        rows.equal(f"{row}, files", sorted(files), ["/var/log/auth.log", "/var/log/cron.log", "/var/log/kakehashi/services.log", "/var/log/syslog"])
        rows.true(f"{row}, log groups", set(files.values()) <= groups, f"are not all there: {sorted(set(files.values()) - groups)}")
    documents = {entry["name"] for entry in network.of("aws_ssm_association")}
    for document in ("AWS-ConfigureAWSPackage", "AWS-GatherSoftwareInventory", "AWS-RunPatchBaseline"):
        rows.true(f"Systems Manager, {document}", document in documents, "is not run")
    for name, instance in network.instances.items():
        logs = [statement["Resource"] for statement in json.loads(network.policy(name))["Statement"] if statement["Sid"] == "Logs"]
        rows.true(f"role of {name}, log groups", logs and logs[0].endswith(":log-group:/kakehashi/hosts/*"), f"are more than those of hosts: {logs}")
        for program in PROGRAMS[instance["tags"]["kakehashi:kind"]]:
            rows.true(f"server {name}, log of {program}", program in instance["user_data"], "is in no file")


def firewall(rows, network):
    acl = one(rows, network, "aws_wafv2_web_acl", "firewall")
    if acl is None:
        return
    found, blocks_large = {}, False
    for rule in acl["rule"]:
        statement = rule["statement"][0]
        for managed in statement["managed_rule_group_statement"]:
            rows.true(f"firewall, {managed['name']}", rule["override_action"] and rule["override_action"][0]["none"], "only counts")
            found[managed["name"]] = [entry["name"] for entry in managed["rule_action_override"] if entry["action_to_use"][0]["count"]]
        blocks_large |= "SizeRestrictions_Body" in json.dumps(statement["and_statement"]) and bool(rule["action"][0]["block"])
    rows.equal("firewall, rules", found, FIREWALL)
    rows.true("firewall, large bodies", blocks_large, "are let through everywhere")
    application = {balancer["arn"] for balancer in network.of("aws_lb") if balancer["load_balancer_type"] == "application"}
    rows.equal("firewall, in front of", {entry["resource_arn"] for entry in network.of("aws_wafv2_web_acl_association")}, application)
    log = one(rows, network, "aws_wafv2_web_acl_logging_configuration", "firewall, log")
    if log:
        rows.equal("firewall, log", log["log_destination_configs"], [buckets(network)["waf"]["arn"]])
        hidden = {header["name"] for field in log["redacted_fields"] for header in field["single_header"]}
        rows.equal("firewall, log leaves out", hidden, {"authorization", "cookie"})


def alarms(rows, network):
    topic = one(rows, network, "aws_sns_topic", "alarms")
    if topic is None:
        return
    rows.true(
        "alarms, mail",
        any(entry["topic_arn"] == topic["arn"] and entry["protocol"] == "email" for entry in network.of("aws_sns_topic_subscription")),
        "goes to nobody",
    )
    rows.true("alarms, mail", topic["kms_master_key_id"], "lies unencrypted")
    found = {}
    for alarm in network.of("aws_cloudwatch_metric_alarm"):
        rows.equal(f"{alarm['alarm_name']}, actions", alarm["alarm_actions"], [topic["arn"]])
        rows.equal(f"{alarm['alarm_name']}, planned nights", alarm["treat_missing_data"], "notBreaching")
        found[alarm["alarm_name"].removeprefix("kakehashi-")] = alarm
    wanted = {"job-failed", "job-uncalled", *WATCHED}
    for name, instance in network.instances.items():
        for measure, (namespace, metric) in MEASURES.items():
            wanted.add(f"{name}-{measure}")
            alarm = found.get(f"{name}-{measure}", {})
            rows.equal(
                f"alarm {name}-{measure}",
                (alarm.get("namespace"), alarm.get("metric_name"), (alarm.get("dimensions") or {}).get("InstanceId")),
                (namespace, metric, instance["id"]),
            )
        for program in PROGRAMS[instance["tags"]["kakehashi:kind"]]:
            wanted.add(f"{name}-{program}")
            dimensions = found.get(f"{name}-{program}", {}).get("dimensions") or {}
            rows.equal(f"alarm {name}-{program}", (dimensions.get("InstanceId"), dimensions.get("exe")), (instance["id"], program))
    balancers = {balancer["arn"]: balancer for balancer in network.of("aws_lb")}
    for group in network.of("aws_lb_target_group"):
        name = f"{group['name'].removeprefix('kakehashi-')}-target"
        wanted.add(name)
        rows.equal(f"alarm {name}", (found.get(name, {}).get("dimensions") or {}).get("TargetGroup"), group["arn_suffix"])
    rows.true("alarms, load balancers", balancers, "are none")
    rows.equal("alarms", sorted(found), sorted(wanted))
    filters = {entry["name"].removeprefix("kakehashi-"): entry for entry in network.of("aws_cloudwatch_log_metric_filter")}
    trail = {group["name"] for group in network.of("aws_cloudwatch_log_group")}
    for name, words in WATCHED.items():
        entry = filters.get(name)
        rows.true(f"watched, {name}", entry and entry["log_group_name"] in trail, "is not")
        for word in words if entry else ():
            rows.true(f"watched, {name}", word in entry["pattern"], f"leaves out {word}")
        if entry:
            rows.true(f"watched, {name}", len(entry["pattern"]) <= 1024, "has a pattern of more than 1024 characters")
            rows.equal(f"watched, {name}, metric", found.get(name, {}).get("metric_name"), entry["metric_transformation"][0]["name"])
    rule = one(rows, network, "aws_cloudwatch_event_rule", "threats, mail")
    target = one(rows, network, "aws_cloudwatch_event_target", "threats, mail")
    if rule and target:
        rows.true("threats, mail", "aws.guardduty" in rule["event_pattern"] and target["arn"] == topic["arn"] and target["rule"] == rule["name"], "is not sent")


def backups(rows, network):
    policy = one(rows, network, "aws_dlm_lifecycle_policy", "backup")
    if policy is None:
        return
    details = policy["policy_details"][0]
    schedule = details["schedule"][0]
    create, retain = schedule["create_rule"][0], schedule["retain_rule"][0]
    rows.equal("backup, how often", (create["interval"], create["interval_unit"]), (24, "HOURS"))
    rows.equal("backup, generations", retain["count"], 7)
    rows.equal("backup, state", policy["state"], "ENABLED")
    for name, instance in network.instances.items():
        tags = instance["root_block_device"][0]["tags"] or {}
        rows.true(f"backup of {name}", details["target_tags"].items() <= tags.items(), "is not made: its disk has another tag")


def clock(rows, network):
    schedules = {json.loads(entry["target"][0]["input"])["action"]: entry for entry in network.of("aws_scheduler_schedule")}
    rows.equal("clock", sorted(schedules), ["start", "stop"])
    job = one(rows, network, "aws_lambda_function", "clock")
    if job is None:
        return
    for action, entry in schedules.items():
        rows.equal(
            f"clock, {action}", (entry["schedule_expression_timezone"], entry["state"], entry["target"][0]["arn"]), ("Asia/Tokyo", "ENABLED", job["arn"])
        )
    hosts = json.loads(job["environment"][0]["variables"]["HOSTS"])
    support = {name for name in network.instances if name in ("auth", "location", "catalogue", "provenance")}
    for environment, names in (("support", support), ("connector", set(network.instances) - support)):
        rows.equal(f"clock, {environment}", sorted(hosts.get(environment, [])), sorted(network.instances[name]["id"] for name in names))
    policy = next(entry["policy"] for entry in network.of("aws_iam_role_policy") if entry["address"] == "module.schedule.aws_iam_role_policy.job")
    allowed = [resource for statement in json.loads(policy)["Statement"] if statement["Sid"] == "Servers" for resource in statement["Resource"]]
    rows.equal(
        "clock, servers that it may start",
        sorted(resource.rsplit("/", 1)[1] for resource in allowed),
        sorted(instance["id"] for instance in network.instances.values()),
    )


def accounts(rows, network):
    """Every host of a domain and the bastion are told who may log in, each of its own domain's users."""
    documents = {entry["name"]: entry for entry in network.of("aws_ssm_document")}
    rows.true("accounts, document", "kakehashi-accounts" in documents, "is not there")
    told = {}
    for entry in network.of("aws_ssm_association"):
        if entry["name"] == "kakehashi-accounts":
            told[entry["targets"][0]["values"][0]] = json.loads(base64.b64decode(entry["parameters"]["settings"]))
    users = {"userA": "a", "userB": "b", "userC": "c"}
    for name, instance in network.instances.items():
        settings = told.get(instance["id"])
        kind, _, domain = name.partition("-")
        if kind not in ("receiver", "provider", "bastion"):
            rows.true(f"accounts on {name}", settings is None, "are none: nobody logs in there by SSH")
            continue
        rows.true(f"accounts on {name}", settings, "are not made")
        if not settings:
            continue
        rows.equal(f"accounts on {name}, users", sorted(settings["accounts"]), sorted(user for user, of in users.items() if kind == "bastion" or of == domain))
        if kind == "bastion":
            domains = {server.split("-")[1] for server in network.instances if "-" in server}
            wanted = {of: {f"{server}-{of}": network.host(f"{server}-{of}").address for server in ("receiver", "provider")} for of in domains}
            rows.equal("accounts on the bastion, servers", settings["servers"], wanted)
        else:
            rows.equal(f"accounts on {name}, programs", sorted(settings["programs"]), PROGRAMS[kind])


def people(rows, network):
    policy = next((entry for entry in network.of("aws_iam_policy") if entry["name"].endswith("second-factor")), None)
    rows.true("people, second factor", policy, "is not asked for")
    if policy:
        deny = next(entry for entry in json.loads(policy["policy"])["Statement"] if entry["Effect"] == "Deny")
        rows.equal("people, second factor", deny["Condition"], {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
        rows.true(
            "people, second factor",
            all(":" in action and not action.startswith(("ec2", "s3", "ssm", "kms")) for action in deny["NotAction"]),
            "is not needed for everything",
        )
        held = {entry["group"] for entry in network.of("aws_iam_group_policy_attachment") if entry["policy_arn"] == policy["arn"]}
        rows.equal("people, second factor, groups", held, {group["name"] for group in network.of("aws_iam_group")})
    passwords = one(rows, network, "aws_iam_account_password_policy", "people")
    rows.true("people, passwords", passwords and passwords["minimum_password_length"] >= 14, "may be short")
    rows.equal("people, users in the state", network.of("aws_iam_user"), [])


def check(rows, network):
    records(rows, network)
    agents(rows, network)
    firewall(rows, network)
    alarms(rows, network)
    backups(rows, network)
    clock(rows, network)
    accounts(rows, network)
    people(rows, network)
