"""Writes docs/reference/infrastructure.md, every row of the design and what makes it so, from rows.toml and the plan of `trial`; and a page of the environments' variables."""

import json
import pathlib
import re
import tomllib

import operations
import reach
import workspace

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "docs/reference/infrastructure.md"

HEAD = """# Infrastructure, row by row

Made by `scripts/check-infra --write`; do not edit. What each row of the trial's basic design became, in the plan of the environment `trial` with
three domains. The number behind an address says how many resources there are of it. How it is checked: [infra](../../infra/README.md#checking).
Nothing of it has been applied to AWS yet.
"""


def plain(address):
    """An address without quotes, as rows name it."""
    return address.replace('"', "")


def pattern(text):
    """Brackets in a row are brackets; a star is anything."""
    return re.compile("".join(".*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", text)) + r"(\[.*\])?$")


def diagram(network):
    """Callers, load balancers and servers by their subnets."""
    yield "```mermaid"
    yield "flowchart LR"
    yield "  outside([callers on the lists])"
    for identity, subnet in sorted(network.subnets.items(), key=lambda item: network.name_of_subnet[item[0]]):
        name = network.name_of_subnet[identity]
        yield f'  subgraph {name}["{name} ({subnet["availability_zone"]}, {subnet["cidr_block"]})"]'
        for nat in network.of("aws_nat_gateway"):
            if nat["subnet_id"] == identity:
                yield "    nat[NAT gateway]"
        for balancer in network.of("aws_lb"):
            if balancer["load_balancer_type"] == "network" and identity in network.balancer_subnets(balancer):
                yield f"    {balancer['name'].removeprefix('kakehashi-')}"
        for host, instance in network.instances.items():
            if instance["subnet_id"] == identity:
                yield f"    {host}"
        yield "  end"
    hosts = {instance["id"]: host for host, instance in network.instances.items()}
    groups = {entry["target_group_arn"]: (hosts[entry["target_id"]], entry["port"]) for entry in network.of("aws_lb_target_group_attachment")}
    arrows = set()
    for listener in network.of("aws_lb_listener"):
        balancer = next(entry["name"].removeprefix("kakehashi-") for entry in network.of("aws_lb") if entry["arn"] == listener["load_balancer_arn"])
        arrows.add(f"  outside --> {balancer}")
        actions = listener["default_action"] + [
            action for rule in network.of("aws_lb_listener_rule") if rule["listener_arn"] == listener["arn"] for action in rule["action"]
        ]
        for action in actions:
            if action["type"] == "forward":
                host, port = groups[action["target_group_arn"]]
                arrows.add(f"  {balancer} -->|{port}| {host}")
    for host in network.instances:
        if host.startswith(("receiver-", "provider-")):
            arrows.add(f"  bastion -.->|22| {host}")
    yield from sorted(arrows)
    yield "  nat ==> outside"
    yield "```"


def page(resources):
    """The page, and what is wrong with rows.toml: a row without anything behind it, a resource that no row names."""
    rows = tomllib.loads((HERE / "rows.toml").read_text())["row"]
    addresses = [plain(address) for address, _, _ in resources]
    network = reach.Network(resources)
    named, wrong = set(), []
    files = {entry for instance in network.of("aws_instance") for entry in re.findall(r'"path": "([^"]+)"', instance["user_data"])}
    lines = [HEAD, *diagram(network)]
    part = None
    for row in rows:
        if row["part"] != part:
            part = row["part"]
            lines += [f"## {part}", "", "| row | made by | not there yet |", "|---|---|---|"]
        cells = []
        for text in row.get("made_by", []):
            found = [address for address in addresses if pattern(text).fullmatch(address)]
            if not found:
                wrong.append(f"row {row['row']!r}: nothing in the plan is {text}")
            named.update(found)
            cells.append(f"`{text}` ({len(found)})")
        for text in row.get("file", []):
            if not text.startswith("cloud-init") and text not in files:
                wrong.append(f"row {row['row']!r}: hosts get no file {text}")
            cells.append(f"on hosts `{text}`" if text.startswith("/") else f"on hosts {text}")
        for text in row.get("by_hand", []):
            if not (HERE.parent.parent / text).exists():
                wrong.append(f"row {row['row']!r}: there is no {text}")
            cells.append(f"by hand `{text}`")
        if not cells and not row.get("missing"):
            wrong.append(f"row {row['row']!r} has nothing behind it")
        lines.append(f"| {row['row']} | {'; '.join(cells)} | {row.get('missing', '')} |")
    lines = [("\n" + line if line.startswith("## ") else line) for line in lines]
    guide = (PAGE.parent.parent / "guides/aws.md").read_text()
    alarms = [f"HOST-{measure}" for measure in operations.MEASURES] + [
        "HOST-PROGRAM",
        "HOST-LISTENER-target",
        "job-failed",
        "job-uncalled",
        *operations.WATCHED,
    ]
    wrong += [f"guides/aws.md does not say what the alarm {alarm} means" for alarm in alarms if f"`{alarm}`" not in guide]
    for address in addresses:
        if address not in named:
            wrong.append(f"no row names {address}")
    return "\n".join(lines) + "\n", wrong


SETTINGS_HEAD = """# Variables of the environments

Made by `scripts/check-infra --write` from the code below `infra/terraform/environments`; do not edit. What a variable must not be is refused before anything is
planned, with what is allowed.
"""


def attribute(body, name):
    """The expression of an argument within a variable's block, on one line."""
    found = re.search(rf"^  {name}\s+= (.*?)(?=^  [a-z_]+\s+= |^  [a-z_]+ \{{|\Z)", body, re.M | re.S)
    if not found:
        return None
    lines = [line.strip() for line in found.group(1).strip().splitlines()]
    # In Terraform the end of a line ends an entry, within brackets too.
    text = " ".join(
        f"{line}," if not line.endswith(("{", "(", "[", ",")) and number + 1 < len(lines) and lines[number + 1][0] not in "}])" else line
        for number, line in enumerate(lines)
    )
    return re.sub(r"\s+", " ", text)


def settings_page():
    lines = [SETTINGS_HEAD]
    for name in ("trial", "minimal", "../bootstrap"):
        path = workspace.TERRAFORM / "environments" / name / "variables.tf"
        lines += [f"## `{name.removeprefix('../')}`", "", "| variable | type | default | |", "|---|---|---|---|"]
        for variable, body in re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', path.read_text(), re.M | re.S):
            default = attribute(body, "default")
            lines.append(
                f"| `{variable}` | `{attribute(body, 'type')}` | {'has to be given' if default is None else f'`{default}`'} | {json.loads(attribute(body, 'description'))} |"
            )
        lines.append("")
    return "\n".join(lines)


def pages(resources):
    text, wrong = page(resources)
    if wrong:
        raise workspace.Failed("\n".join(wrong))
    return {PAGE: text, PAGE.with_name("infrastructure-variables.md"): settings_page()}


def write(resources):
    for path, text in pages(resources).items():
        path.write_text(text)


def check(resources):
    made = pages(resources)
    for path, text in made.items():
        if not path.exists() or path.read_text() != text:
            raise workspace.Failed(f"{path.name} is not what the code makes of it: run scripts/check-infra --write")
    rows = made[PAGE].count("\n| ") - made[PAGE].count("\n## ")
    return f"{rows} rows, every resource named; variables as they are"
