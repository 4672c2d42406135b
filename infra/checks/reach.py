"""Who reaches what, worked out from a plan: security groups, network ACLs, routes, load balancers with their rules and target groups.

The plan is one of the stand-in's in which values are foretold, so that a rule's group or a listener's target is the id of a resource.
"""

import functools
import ipaddress
import itertools
from dataclasses import dataclass

# A port that no listener has, from which connections are opened: Linux takes them from here.
OPENED_FROM = 40000
# Load balancers and the NAT gateway take theirs from all above 1023; the lowest is the one that a narrow rule would miss.
OPENED_FROM_AWS = 1024


# The same few are read over and over.
address_of = functools.cache(ipaddress.ip_address)
network_of = functools.cache(ipaddress.ip_network)


@functools.cache
def lies_in(address, network):
    return address_of(address) in network_of(network)


@dataclass(frozen=True)
class Place:
    """Somebody with an address: where in the network, and behind which groups. Outside there is neither."""

    name: str
    address: str
    subnet: str | None = None
    groups: tuple = ()


class Network:
    def __init__(self, resources):
        self.by_type = {}
        for address, kind, values in resources:
            self.by_type.setdefault(kind, []).append({**values, "address": address})
        self.subnets = {subnet["id"]: subnet for subnet in self.of("aws_subnet")}
        self.name_of_subnet = {subnet["id"]: subnet["tags"]["Name"].split("-", 1)[1] for subnet in self.of("aws_subnet")}
        self.instances = {instance["tags"]["kakehashi:host"]: instance for instance in self.of("aws_instance")}
        self.rules = {"in": {}, "out": {}}
        for kind, direction in (("ingress", "in"), ("egress", "out")):
            for rule in self.of(f"aws_vpc_security_group_{kind}_rule"):
                self.rules[direction].setdefault(rule["security_group_id"], []).append(rule)
        self.acl_of = {subnet: acl["id"] for acl in self.of("aws_network_acl") for subnet in acl["subnet_ids"] or ()}
        self.acl_rules = {}
        for rule in self.of("aws_network_acl_rule"):
            self.acl_rules.setdefault((rule["network_acl_id"], bool(rule["egress"])), []).append(rule)
        for rules in self.acl_rules.values():
            rules.sort(key=lambda rule: rule["rule_number"])
        tables = {table["id"]: table for table in self.of("aws_route_table")}
        self.way_out = {}
        for association in self.of("aws_route_table_association"):
            table = tables[association["route_table_id"]]
            routes = [route for route in self.of("aws_route") if route["route_table_id"] == table["id"] and route["destination_cidr_block"] == "0.0.0.0/0"]
            self.way_out[association["subnet_id"]] = routes[0] if routes else None
        self.nats = {nat["id"]: nat for nat in self.of("aws_nat_gateway")}
        self.eips = {eip["id"]: eip for eip in self.of("aws_eip")}

    def of(self, kind):
        return self.by_type.get(kind, [])

    # Who is where.

    def host(self, name):
        instance = self.instances[name]
        return Place(name, instance["private_ip"], instance["subnet_id"], tuple(instance["vpc_security_group_ids"]))

    def inside(self, subnet):
        """Some address of a subnet that is no host's."""
        return str(network_of(self.subnets[subnet]["cidr_block"])[9])

    def public_address(self, name):
        instance = self.instances[name]
        own = [eip["public_ip"] for eip in self.of("aws_eip") if eip["instance"] == instance["id"]]
        return own[0] if own else None

    def policy(self, name):
        """What the role of a host allows: by its profile, as AWS finds it."""
        profile = next(entry for entry in self.of("aws_iam_instance_profile") if entry["name"] == self.instances[name]["iam_instance_profile"])
        role = next(entry for entry in self.of("aws_iam_role") if entry["name"] == profile["role"])
        return next(entry["policy"] for entry in self.of("aws_iam_role_policy") if entry["role"] == role["id"])

    def balancer_subnets(self, balancer):
        if balancer["load_balancer_type"] == "network":
            return [mapping["subnet_id"] for mapping in balancer["subnet_mapping"]]
        return balancer["subnets"]

    def balancer_addresses(self, balancer):
        """Its addresses outside. Those of one for HTTP are AWS's own and change."""
        if balancer["load_balancer_type"] == "network":
            return [self.eips[mapping["allocation_id"]]["public_ip"] for mapping in balancer["subnet_mapping"]]
        return ["203.0.113.250"]

    def balancer_places(self, balancer):
        """Where it speaks from: some address in each of its subnets."""
        for subnet in self.balancer_subnets(balancer):
            yield Place(balancer["name"], self.inside(subnet), subnet, tuple(balancer["security_groups"]))

    # What lets a packet through.

    def group_allows(self, place, direction, port, peer):
        """Whether one of the place's groups lets a connection with `peer` through. Groups keep state: answers need no rule."""
        if place.subnet is None:
            return True
        for group in place.groups:
            for rule in self.rules[direction].get(group, ()):
                if rule["ip_protocol"] not in ("tcp", "-1"):
                    continue
                if rule["ip_protocol"] == "tcp" and not rule["from_port"] <= port <= rule["to_port"]:
                    continue
                if rule["cidr_ipv4"] and lies_in(peer.address, rule["cidr_ipv4"]):
                    return True
                if rule["referenced_security_group_id"] and rule["referenced_security_group_id"] in peer.groups:
                    return True
        return False

    def acl_allows(self, subnet, egress, peer_address, port):
        """The first rule that fits decides; none means no. So does the ACL that comes with the network."""
        for rule in self.acl_rules.get((self.acl_of.get(subnet), egress), ()):
            if rule["protocol"] not in ("6", "tcp", "-1"):
                continue
            if not lies_in(peer_address, rule["cidr_block"]):
                continue
            if rule["protocol"] == "-1" or rule["from_port"] <= port <= rule["to_port"]:
                return rule["rule_action"] == "allow"
        return False

    def subnet_passes(self, sender, receiver, port, opened_from):
        """Whether the ACLs of both subnets pass the packet and its answer. Within one subnet there is no ACL."""
        if sender.subnet == receiver.subnet:
            return True
        steps = []
        if sender.subnet:
            steps += [(sender.subnet, True, receiver.address, port), (sender.subnet, False, receiver.address, opened_from)]
        if receiver.subnet:
            steps += [(receiver.subnet, False, sender.address, port), (receiver.subnet, True, sender.address, opened_from)]
        return all(self.acl_allows(*step) for step in steps)

    def direct(self, sender, receiver, port, opened_from=OPENED_FROM):
        return (
            self.group_allows(sender, "out", port, receiver)
            and self.group_allows(receiver, "in", port, sender)
            and self.subnet_passes(sender, receiver, port, opened_from)
        )

    def outside_of(self, sender, destination, port):
        """The place as which `sender` is seen at an address outside: itself, or the NAT gateway; None where it does not get there."""
        if sender.subnet is None:
            return sender
        target = Place("outside", destination)
        if not self.group_allows(sender, "out", port, target):
            return None
        route = self.way_out.get(sender.subnet)
        if route is None:
            return None
        if route.get("gateway_id"):
            own = self.public_address(sender.name)
            return Place(sender.name, own) if own and self.subnet_passes(sender, target, port, OPENED_FROM) else None
        nat = self.nats[route["nat_gateway_id"]]
        inner = Place("nat", self.inside(nat["subnet_id"]), nat["subnet_id"])
        # The packet is still for the address outside when it passes the two subnets; then it goes on under the gateway's name.
        leaves = self.acl_allows(sender.subnet, True, destination, port) and self.acl_allows(nat["subnet_id"], False, sender.address, port)
        answers = self.acl_allows(nat["subnet_id"], True, sender.address, OPENED_FROM) and self.acl_allows(sender.subnet, False, destination, OPENED_FROM)
        if not (leaves and answers and self.subnet_passes(inner, target, port, OPENED_FROM_AWS)):
            return None
        return Place("nat", self.eips[nat["allocation_id"]]["public_ip"])

    # What lies behind a load balancer.

    def targets(self, listener, caller):
        """Target groups that a listener passes a caller on to."""
        actions = [action for action in listener["default_action"]]
        for rule in self.of("aws_lb_listener_rule"):
            if rule["listener_arn"] != listener["arn"]:
                continue
            lists = [cidr for condition in rule["condition"] for source in condition["source_ip"] for cidr in source["values"]]
            if not lists or any(lies_in(caller.address, cidr) for cidr in lists):
                actions += rule["action"]
        return {action["target_group_arn"] for action in actions if action["type"] == "forward"}

    def through_balancers(self, sender):
        """(host, port of the host) that `sender` gets to through load balancers."""
        found = set()
        groups = {group["arn"]: group for group in self.of("aws_lb_target_group")}
        balancers = {balancer["arn"]: balancer for balancer in self.of("aws_lb")}
        hosts = {instance["id"]: name for name, instance in self.instances.items()}
        for listener in self.of("aws_lb_listener"):
            balancer = balancers[listener["load_balancer_arn"]]
            port = listener["port"]
            for address, inner in zip(itertools.cycle(self.balancer_addresses(balancer)), self.balancer_places(balancer)):
                seen = self.outside_of(sender, address, port)
                if seen is None or not self.direct(seen, inner, port, OPENED_FROM_AWS):
                    continue
                for arn in self.targets(listener, seen):
                    for attachment in self.of("aws_lb_target_group_attachment"):
                        if attachment["target_group_arn"] != arn or attachment["target_id"] not in hosts:
                            continue
                        host = self.host(hosts[attachment["target_id"]])
                        check = groups[arn]["health_check"][0]
                        # A target that is never healthy is as good as none.
                        if all(self.direct(inner, host, at, OPENED_FROM_AWS) for at in (attachment["port"], int(check["port"]))):
                            found.add((host.name, attachment["port"]))
        return found

    def reaches(self, sender, ports):
        """All that `sender` reaches: "HOST:PORT via a load balancer", "HOST:PORT" directly, "internet:PORT"."""
        found = {f"{host}:{port} balanced" for host, port in self.through_balancers(sender)}
        for name in self.instances:
            host = self.host(name)
            if sender.name == name:
                continue
            public = self.public_address(name)
            for port in ports:
                if sender.subnet and self.direct(sender, host, port):
                    found.add(f"{name}:{port}")
                elif public:
                    seen = self.outside_of(sender, public, port)
                    if seen and self.direct(seen, host, port):
                        found.add(f"{name}:{port}")
        if sender.subnet:
            for port in ports:
                if self.outside_of(sender, "192.0.2.77", port):
                    found.add(f"internet:{port}")
        return found
