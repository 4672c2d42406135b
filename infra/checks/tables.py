"""Holds the plan of `trial` against expected.toml, row by row, and against the facts about AWS that a schema does not know."""

import copy
import json
import pathlib
import re
import tomllib

import operations
import reach

EXPECTED = pathlib.Path(__file__).resolve().parent / "expected.toml"
PORTS = {"with": 8443, "without": 8444}
HEALTH = 8081
# Ports that are tried although nobody may use them, or only some.
TRIED = [22, 25, 80, 443, 3389, 5432, HEALTH, 8082, 8440, 8441, 8442, 8443, 8444, 9090, 35000]


class Rows:
    """What was looked at, and what was found wrong, each under the name of its row."""

    def __init__(self):
        self.seen = 0
        self.wrong = []

    def equal(self, row, found, wanted):
        self.seen += 1
        if found != wanted:
            self.wrong.append(f"{row}: is {found!r}, has to be {wanted!r}")

    def true(self, row, fact, text):
        self.seen += 1
        if not fact:
            self.wrong.append(f"{row}: {text}")


def expected():
    return tomllib.loads(EXPECTED.read_text())


def with_domain_d(wanted):
    """The same with a fourth domain: whatever is there for c is there for d."""

    def again(cells):
        return cells + [cell.replace("-c ", "-d ") for cell in cells if "-c " in cell]

    more = copy.deepcopy(wanted)
    for name, server in wanted["server"].items():
        if name.endswith("-c"):
            more["server"][f"{name[:-1]}d"] = {**server, "subnet": "private-5"}
    more["subnet"]["private-5"] = {**wanted["subnet"]["private-4"], "holds": ["provider-d", "receiver-d"]}
    for listener in wanted["listener"]:
        if listener["server"].endswith("-c"):
            changed = {"server": f"{listener['server'][:-1]}d", "name": listener["name"].replace("-c.", "-d.")}
            if "port" in listener:
                changed["port"] = 8444
            more["listener"].append({**listener, **changed})
    for who in (*more["caller"].values(), *more["host"].values()):
        who["reaches"] = again(who["reaches"])
    return more


def with_separate_load_balancers(wanted):
    """The same with a network load balancer for each provider, on 443: a port that every host has to be let out to, so all of ours get as far as its handshake."""
    more = copy.deepcopy(wanted)
    providers = [entry["server"] for entry in wanted["listener"] if entry["certificate"] == "with" and entry["server"].startswith("provider-")]
    for listener in more["listener"]:
        if listener["server"] in providers and listener["certificate"] == "with":
            listener["port"] = 443
    holds = more["subnet"]["public-2"]["holds"]
    more["subnet"]["public-2"]["holds"] = [name for name in holds if name != "nlb-connector"] + [f"nlb-{name.removeprefix('provider-')}" for name in providers]
    for kind, host in more["host"].items():
        if kind != "bastion":
            host["reaches"] = sorted({*host["reaches"], *(f"{name} with" for name in providers)})
    return more


def name_of(entry):
    return re.sub(r"^kakehashi(-one)?-", "", entry["tags"]["Name"])


def servers(rows, network, wanted):
    rows.equal("servers: their names", sorted(network.instances), sorted(wanted["server"]))
    for name, server in wanted["server"].items():
        instance = network.instances.get(name)
        if instance is None:
            continue
        row = f"server {name}"
        disk = instance["root_block_device"][0]
        metadata = instance["metadata_options"][0]
        rows.equal(f"{row}, type", instance["instance_type"], server["type"])
        rows.equal(f"{row}, subnet", network.name_of_subnet[instance["subnet_id"]], server["subnet"])
        rows.equal(f"{row}, disk", (disk["volume_size"], disk["volume_type"], disk["encrypted"]), (30, "gp3", True))
        rows.true(f"{row}, disk", disk["kms_key_id"], "is not encrypted with a key of ours")
        rows.equal(f"{row}, instance metadata", (metadata["http_tokens"], metadata["http_put_response_hop_limit"]), ("required", 1))
        rows.equal(f"{row}, groups", len(instance["vpc_security_group_ids"]), 1)
        rows.equal(f"{row}, address outside", network.public_address(name) is not None, name == "bastion")
        # A bastion of which this is said is made anew with every apply.
        rows.equal(f"{row}, address of its own", instance["associate_public_ip_address"] is False, name != "bastion")
        rows.true(f"{row}, protection", instance["disable_api_termination"], "may be removed by mistake")
        settings(rows, row, instance["user_data"])


def settings(rows, row, user_data):
    """The operating system's settings, and that user data is neither too long nor holds a secret."""
    rows.true(f"{row}, user data", len(user_data.encode()) <= 16384, "is longer than 16 KB")
    secret = re.search(r"PRIVATE KEY|AKIA[0-9A-Z]{16}|(?i:password|secret|token)\"?\s*[:=]\s*\S", user_data)
    rows.true(f"{row}, user data", secret is None, f"has a secret in it: {secret and secret.group(0)!r}")
    rows.true(f"{row}, user data", user_data.startswith("#cloud-config\n"), "is not cloud-init's")
    for text in ('"timezone": "Etc/UTC"', '"locale": "C.UTF-8"', "169.254.169.123", '"clamav"', '"ufw"', '"disable"'):
        rows.true(f"{row}, settings", text in user_data, f"lack {text}")


def subnets(rows, network, wanted):
    found = {network.name_of_subnet[identity]: subnet for identity, subnet in network.subnets.items()}
    rows.equal("subnets", sorted(found), sorted(wanted["subnet"]))
    for name, want in wanted["subnet"].items():
        subnet = found.get(name)
        if subnet is None:
            continue
        row = f"subnet {name}"
        identity = subnet["id"]
        rows.equal(f"{row}, zone", subnet["availability_zone"], want["zone"])
        route = network.way_out.get(identity) or {}
        rows.equal(
            f"{row}, way out",
            "internet" if route.get("gateway_id") else "nat" if route.get("nat_gateway_id") else None,
            "internet" if want["public"] else "nat",
        )
        rows.equal(f"{row}, addresses given out", subnet["map_public_ip_on_launch"], False)
        rows.true(f"{row}, ACL", identity in network.acl_of, "has the one that comes with the network")
        holds = [host for host, instance in network.instances.items() if instance["subnet_id"] == identity]
        holds += ["nat" for nat in network.of("aws_nat_gateway") if nat["subnet_id"] == identity]
        holds += [name_of(balancer) for balancer in network.of("aws_lb") if identity in network.balancer_subnets(balancer)]
        rows.equal(f"{row}, holds", sorted(holds), sorted(want["holds"]))


def listeners(rows, network, wanted):
    balancers = {balancer["arn"]: balancer for balancer in network.of("aws_lb")}
    groups = {group["arn"]: group for group in network.of("aws_lb_target_group")}
    hosts = {instance["id"]: host for host, instance in network.instances.items()}
    attached = {entry["target_group_arn"]: entry for entry in network.of("aws_lb_target_group_attachment")}
    records = {record["name"]: record for record in network.of("aws_route53_record") if record["alias"]}
    certificates = {entry["arn"]: entry for entry in network.of("aws_acm_certificate")}
    validated = {entry["certificate_arn"] for entry in network.of("aws_acm_certificate_validation")}
    found = set()

    def target(arn):
        entry = attached.get(arn)
        return (hosts.get(entry["target_id"]), entry["port"]) if entry else (None, None)

    def check_group(row, group, protocol):
        health = group["health_check"][0]
        rows.equal(f"{row}, target", (group["target_type"], group["protocol"]), ("instance", protocol))
        rows.equal(
            f"{row}, health check", (health["protocol"], str(health["port"]), health["path"], health["matcher"]), ("HTTP", str(HEALTH), "/readyz", "200")
        )

    for listener in network.of("aws_lb_listener"):
        balancer = balancers[listener["load_balancer_arn"]]
        action = listener["default_action"][0]
        if balancer["load_balancer_type"] == "network":
            host, port = target(action["target_group_arn"])
            row = f"listener {name_of(balancer)}:{listener['port']}"
            group = groups[action["target_group_arn"]]
            rows.equal(f"{row}, protocol", listener["protocol"], "TCP")
            rows.true(f"{row}, certificate", not listener["certificate_arn"], "has one: TLS ends in the service")
            check_group(row, group, "TCP")
            rows.equal(f"{row}, PROXY header", (group["proxy_protocol_v2"], str(group["preserve_client_ip"]).lower()), (True, "false"))
            name = next((n for n, r in records.items() if r["alias"][0]["name"] == balancer["dns_name"] and r["address"].endswith(f'"{host}-peer"]')), None)
            found.add((host, "with", listener["port"], name, port))
        elif listener["port"] == 443:
            row = f"listener {name_of(balancer)}:443"
            rows.equal(f"{row}, protocol", listener["protocol"], "HTTPS")
            rows.true(f"{row}, TLS", (listener["ssl_policy"] or "").startswith("ELBSecurityPolicy-TLS13-1-3"), "offers more than TLS 1.3")
            rows.equal(f"{row}, other names", action["type"], "fixed-response")
            rows.true(f"{row}, certificate", listener["certificate_arn"] in validated, "is not waited for until it is valid")
            names = set()
            for rule in network.of("aws_lb_listener_rule"):
                if rule["listener_arn"] != listener["arn"]:
                    continue
                values = [value for condition in rule["condition"] for header in condition["host_header"] for value in header["values"]]
                sources = [value for condition in rule["condition"] for source in condition["source_ip"] for value in source["values"]]
                arn = rule["action"][0]["target_group_arn"]
                host, port = target(arn)
                rows.true(f"{row}, rule {values}", sources, "is for everybody")
                rows.true(f"{row}, rule {values}", len(values) + len(sources) <= 5, "has more than five values")
                check_group(f"{row}, {values}", groups[arn], "HTTPS")
                for name in values:
                    names.add(name)
                    record = records.get(name)
                    rows.true(f"{row}, name {name}", record and record["alias"][0]["name"] == balancer["dns_name"], "leads elsewhere")
                    found.add((host, "without", None, name, port))
            certificate = certificates.get(listener["certificate_arn"], {})
            rows.equal(f"{row}, names of the certificate", set(certificate.get("subject_alternative_names") or ()), names)
        else:
            row = f"listener {name_of(balancer)}:{listener['port']}"
            redirect = (action["redirect"] or [{}])[0]
            rows.equal(row, (listener["port"], action["type"], redirect.get("protocol"), redirect.get("port")), (80, "redirect", "HTTPS", "443"))

    want = {(entry["server"], entry["certificate"], entry.get("port"), entry["name"], PORTS[entry["certificate"]]) for entry in wanted["listener"]}
    for entry in sorted(want | found, key=repr):
        rows.true(
            f"listener of {entry[0]} {entry[1]} certificate", entry in want and entry in found, f"{entry} is {'missing' if entry in want else 'too much'}"
        )


def balancers(rows, network):
    for balancer in network.of("aws_lb"):
        row = f"load balancer {name_of(balancer)}"
        rows.true(f"{row}, group", balancer["security_groups"], "has none, and could not get one later")
        rows.equal(f"{row}, side", balancer["internal"], False)
        rows.equal(f"{row}, protection", balancer["enable_deletion_protection"], True)
        rows.true(f"{row}, name", len(balancer["name"]) <= 32, "is longer than 32 characters")
        zones = {network.subnets[subnet]["availability_zone"] for subnet in network.balancer_subnets(balancer)}
        if balancer["load_balancer_type"] == "application":
            rows.equal(f"{row}, zones", len(zones), 2)
            rows.equal(f"{row}, bad headers", balancer["drop_invalid_header_fields"], True)
            log = (balancer["access_logs"] or [{}])[0]
            rows.true(f"{row}, log", log.get("enabled") and log.get("bucket", "").endswith("-alb"), "is not kept")
    for group in network.of("aws_lb_target_group"):
        rows.true(f"target group {group['name']}, name", len(group["name"]) <= 32, "is longer than 32 characters")


def callers(rows, network, wanted):
    """The whole matrix: what each caller reaches is what it may reach, and nothing else."""

    def cells(place):
        for cell in network.reaches(place, TRIED):
            if cell.endswith(" balanced"):
                host, port = cell.removesuffix(" balanced").split(":")
                kind = {str(port): name for name, port in PORTS.items()}.get(port)
                yield f"{host} {kind}" if kind else cell
            elif cell.endswith(":22") and not cell.startswith("internet"):
                yield f"{cell.removesuffix(':22')} ssh"
            else:
                yield cell

    for name, caller in wanted["caller"].items():
        found = set(cells(reach.Place(name, caller["address"])))
        compare(rows, f"caller {name}", found, set(caller["reaches"]))
    # Outside a host reaches HTTP and HTTPS, and those ports at which load balancers stand that it calls.
    for name, server in network.instances.items():
        found = set(cells(network.host(name)))
        want = set(wanted["host"][server["tags"]["kakehashi:kind"]]["reaches"]) | {"internet:80", "internet:443"}
        compare(rows, f"host {name}", found, want)


def apart(rows, network):
    """Within the network nothing goes from one private subnet to another, whatever a security group says: a mistake in a group alone opens nothing."""
    private = [identity for identity, subnet in network.subnets.items() if network.name_of_subnet[identity].startswith("private-")]
    for sender in private:
        for receiver in private:
            if sender == receiver:
                continue
            names = network.name_of_subnet[sender], network.name_of_subnet[receiver]
            origin, target = network.inside(sender), network.inside(receiver)
            for port in TRIED:
                out = network.acl_allows(sender, True, target, port)
                into = network.acl_allows(receiver, False, origin, port)
                rows.true(f"ACLs, port {port}", not out, f"an ACL lets {names[0]} send to {names[1]}, on the side of {names[0]}")
                rows.true(f"ACLs, port {port}", not into, f"an ACL lets {names[0]} send to {names[1]}")


def compare(rows, row, found, want):
    for cell in sorted(found | want):
        rows.true(f"{row} → {cell}", cell in want and cell in found, "gets through and may not" if cell in found else "does not get through")


def groups(rows, network):
    behind = {group for name in network.instances if name != "bastion" for group in network.host(name).groups}
    for rule in network.of("aws_vpc_security_group_ingress_rule"):
        rows.true(
            rule["address"],
            rule["security_group_id"] not in behind or rule["referenced_security_group_id"],
            "lets a network in to a server that only groups may reach",
        )
    for kind in ("ingress", "egress"):
        for rule in network.of(f"aws_vpc_security_group_{kind}_rule"):
            row = rule["address"]
            rows.true(row, rule["ip_protocol"] == "tcp", "is for more than TCP")
            rows.true(row, rule["from_port"] == rule["to_port"], "is for a range of ports")
            everybody = rule["cidr_ipv4"] == "0.0.0.0/0" or rule["cidr_ipv6"]
            rows.true(row, not everybody or (kind == "egress" and rule["from_port"] in (80, 443)), "is for everybody")
            rows.true(
                row,
                re.fullmatch(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}", rule["description"] or ""),
                f"AWS takes no such description: {rule['description']!r}",
            )
    for group in network.of("aws_security_group"):
        rows.true(group["address"], not group["ingress"] and not group["egress"], "has rules inside, which would fight with those outside")
    for group in network.of("aws_default_security_group"):
        rows.true(group["address"], not group["ingress"] and not group["egress"], "lets something through")
    for acl in network.of("aws_default_network_acl"):
        rows.true(acl["address"], not acl["ingress"] and not acl["egress"], "lets something through")
    for (acl, egress), rules in network.acl_rules.items():
        numbers = [rule["rule_number"] for rule in rules]
        rows.equal(f"ACL {acl} {'out' if egress else 'in'}, numbers", len(set(numbers)), len(numbers))
        rows.true(f"ACL {acl} {'out' if egress else 'in'}", len(numbers) <= 20, "has more than 20 rules")


# What cannot be narrowed to a resource: AWS knows the instance by its role's session, or it is a question about all of them.
WHOLE = re.compile(
    r"ssmmessages:|ec2messages:|ec2:Describe|ssm:(?!GetParameter|DeleteParameter|PutParameter|SendCommand|StartSession)|cloudwatch:PutMetricData"
)


def statements(policy):
    for statement in json.loads(policy)["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        resources = statement.get("Resource", [])
        yield statement, actions, resources if isinstance(resources, list) else [resources]


def rights(rows, network):
    """What roles may do: no action by a wildcard, no resource of everybody's, nobody else's folder or parameters."""
    for entry in network.of("aws_iam_role_policy") + network.of("aws_iam_group_policy"):
        row = entry["address"]
        # AWS counts no blanks; what is made by jsonencode has none.
        rows.true(f"{row}, length", len(entry["policy"]) <= (5120 if "group" in row else 10240), "is more than AWS takes")
        for statement, actions, resources in statements(entry["policy"]):
            here = f"{row}, {statement.get('Sid')}"
            rows.true(here, not any("*" in action for action in actions), "names actions by a wildcard")
            rows.true(here, "*" not in resources or all(WHOLE.match(action) for action in actions), "is for every resource")
    for name in network.instances:
        policy = network.policy(name)
        for statement, actions, resources in statements(policy):
            if any(action.startswith(("ssm:GetParameter", "ssm:DeleteParameter")) for action in actions):
                kind = network.instances[name]["tags"]["kakehashi:kind"]
                own = ["agent/" + kind] if statement["Sid"] == "AgentParameters" else [f"{name}/*"]
                rows.equal(f"role of {name}, parameters", [re.split(r":parameter/kakehashi(?:-one)?/", resource)[-1] for resource in resources], own)
                rows.true(f"role of {name}, parameters", own[0].endswith("/*") or actions == ["ssm:GetParameter"], "of all may be removed by one")
            if "s3:GetObject" in actions:
                folders = {resource.split("/", 1)[1] for resource in resources}
                rows.equal(f"role of {name}, folders", folders, {"packages/*", f"hosts/{name}/*"})
        verbs = {action for _, actions, _ in statements(policy) for action in actions}
        rows.true(f"role of {name}, sessions", "ssmmessages:OpenDataChannel" in verbs, "lack what Session Manager needs")


def storage(rows, network):
    keys = network.of("aws_kms_key")
    rows.true("key", keys and all(key["enable_key_rotation"] for key in keys), "is not renewed")
    encryption = {
        entry["bucket"]: entry["rule"][0]["apply_server_side_encryption_by_default"][0]
        for entry in network.of("aws_s3_bucket_server_side_encryption_configuration")
    }
    closed = {
        entry["bucket"]
        for entry in network.of("aws_s3_bucket_public_access_block")
        if all(entry[flag] for flag in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"))
    }
    kept = {entry["bucket"]: entry["rule"][0] for entry in network.of("aws_s3_bucket_lifecycle_configuration")}
    policies = {entry["bucket"]: entry["policy"] for entry in network.of("aws_s3_bucket_policy")}
    versions = {entry["bucket"] for entry in network.of("aws_s3_bucket_versioning") if entry["versioning_configuration"][0]["status"] == "Enabled"}
    for bucket in network.of("aws_s3_bucket"):
        name, identity = name_of(bucket), bucket["id"]
        row = f"bucket {name}"
        rows.equal(f"{row}, encryption", encryption.get(identity, {}).get("sse_algorithm"), "AES256" if name == "alb" else "aws:kms")
        rows.true(f"{row}, public access", identity in closed, "is not shut out")
        rows.true(f"{row}, versions", identity in versions, "are not kept")
        rows.true(f"{row}, connections", '"aws:SecureTransport":"false"' in policies.get(identity, ""), "may be unencrypted")
        if name != "deploy":
            days = [entry["days"] for entry in kept.get(identity, {}).get("expiration", [])]
            rows.true(f"{row}, retention", days and days[0] >= 365, f"is {days} days, less than a year")
        if name == "waf":
            rows.true(f"{row}, name", bucket["bucket"].startswith("aws-waf-logs-"), "is one that WAF does not write to")


def outputs(rows, value, wanted):
    """What configurations of hosts are made from says what the tables say."""
    rows.equal("output, version", value["version"], 1)
    rows.equal("output, hosts", sorted(value["hosts"]), sorted(wanted["server"]))
    found = {(entry["host"], "with" if entry["tls"] == "mutual" else "without"): entry for entry in value["listeners"].values()}
    rows.equal("output, listeners", sorted(found), sorted((entry["server"], entry["certificate"]) for entry in wanted["listener"]))
    for entry in wanted["listener"]:
        listener = found.get((entry["server"], entry["certificate"]))
        if listener is None:
            continue
        row = f"output, listener of {entry['server']} {entry['certificate']} certificate"
        with_one = entry["certificate"] == "with"
        address = value["hosts"][entry["server"]]["address"]
        rows.equal(f"{row}, listens", listener["listen"], f"{address}:{PORTS[entry['certificate']]}")
        rows.equal(f"{row}, health", listener["health"], f"{address}:{HEALTH}")
        rows.equal(f"{row}, URL", listener["external_url"], f"https://{entry['name']}{':' + str(entry['port']) if with_one and entry['port'] != 443 else ''}")
        rows.equal(f"{row}, in front", (listener["tls"], listener["proxy_protocol"]), ("mutual", "v2") if with_one else ("server", None))
        rows.equal(f"{row}, proxies", listener["trusted_proxies"], ["10.20.0.0/24", "10.20.1.0/24"])


def minimal(resources, value):
    """One host on which everything listens on loopback: nobody gets in from outside, and it gets out for packages."""
    network = reach.Network(resources)
    rows = Rows()
    rows.equal("minimal, servers", sorted(network.instances), ["all"])
    rows.equal("minimal, load balancers", network.of("aws_lb"), [])
    rows.equal("minimal, rules that let somebody in", network.of("aws_vpc_security_group_ingress_rule"), [])
    for address in ("192.0.2.5", "100.64.7.7"):
        compare(rows, f"minimal, caller {address}", network.reaches(reach.Place("somebody", address), TRIED), set())
    compare(rows, "minimal, host", network.reaches(network.host("all"), TRIED), {"internet:80", "internet:443"})
    groups(rows, network)
    rights(rows, network)
    storage(rows, network)
    settings(rows, "minimal, host", network.instances["all"]["user_data"])
    ports = [listener["listen"] for listener in value["listeners"].values()]
    rows.equal("minimal, ports", len(set(ports)), len(ports))
    for name, listener in value["listeners"].items():
        rows.true(f"minimal, {name}", listener["listen"].startswith("127.0.0.1:") and listener["tls"] in ("mutual", "none"), "does not listen on loopback")
        rows.true(f"minimal, {name}", listener["service"] in value["hosts"]["all"]["services"], "belongs to no service of the host")
    return rows


def code(rows, terraform):
    """What a plan does not show."""
    host = (terraform / "modules/host/main.tf").read_text()
    rows.true("image", "ignore_changes = [ami, user_data]" in host, "a newer one would replace every host")
    rows.true("image", "ubuntu/server/22.04/" in host, "is not Ubuntu 22.04")
    for path in terraform.rglob("*.tf"):
        text = path.read_text()
        for block in re.findall(r'^variable "\w+" \{.*?^\}', text, re.M | re.S):
            rows.true(
                f"{path.relative_to(terraform)}, {block.split(chr(10))[0]}",
                "description" in block and re.search(r"^  type\s+=", block, re.M),
                "has no type or no description",
            )
        for source in re.findall(r"required_providers \{(.*?)\n  \}", text, re.S):
            rows.equal(f"{path.relative_to(terraform)}, providers", re.findall(r"^    (\w+) = \{", source, re.M), ["aws"])


def trial(plan_resources, terraform, wanted=None, value=None):
    network = reach.Network(plan_resources)
    wanted = wanted or expected()
    rows = Rows()
    servers(rows, network, wanted)
    subnets(rows, network, wanted)
    balancers(rows, network)
    listeners(rows, network, wanted)
    groups(rows, network)
    callers(rows, network, wanted)
    apart(rows, network)
    rights(rows, network)
    storage(rows, network)
    operations.check(rows, network)
    if value is not None:
        outputs(rows, value, wanted)
    code(rows, terraform)
    return rows
