#!/usr/bin/env python3
"""Stands in for the AWS provider where there is no cloud account: it knows the provider's schema (schema.jsonl) and nothing of AWS.

Terraform reaches it through TF_REATTACH_PROVIDERS, in the plugin protocol's version 6. Arguments that do not exist, are missing or have
the wrong type are refused by Terraform itself, by the schema. A plan leaves unknown what the real provider would find out; `apply` makes values up.
Nothing leaves this machine, and nothing that was applied exists.
"""

import hashlib
import json
import os
import pathlib
import sys
import tempfile
from concurrent import futures

import grpc
import msgpack
from tf.gen import grpc_controller_pb2 as controller
from tf.gen import grpc_controller_pb2_grpc as controller_grpc
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as pb_grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import schema as schemas  # noqa: E402

NAME = "registry.terraform.io/hashicorp/aws"
UNKNOWN = msgpack.ExtType(0, b"\x00")
ACCOUNT = "123456789012"
REGION = "ap-northeast-1"
NESTING = {"single": pb.Schema.NestedBlock.SINGLE, "list": pb.Schema.NestedBlock.LIST, "set": pb.Schema.NestedBlock.SET}

PROVIDER = {
    "attributes": {
        "region": {"type": "string", "optional": True},
        "profile": {"type": "string", "optional": True},
        "allowed_account_ids": {"type": ["set", "string"], "optional": True},
    },
    "block_types": {
        "default_tags": {
            "nesting_mode": "list",
            "max_items": 1,
            "block": {"attributes": {"tags": {"type": ["map", "string"], "optional": True}}, "block_types": {}},
        }
    },
}

# What data sources answer; what is not here is made up.
ANSWERS = {
    "aws_caller_identity": {"account_id": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/nobody", "user_id": "nobody"},
    "aws_partition": {"partition": "aws", "dns_suffix": "amazonaws.com"},
    "aws_region": {"name": REGION, "region": REGION},
    "aws_ssm_parameter": {"value": "ami-0123456789abcdef0", "insecure_value": "ami-0123456789abcdef0"},
}
PREFIX = {
    "aws_vpc": "vpc",
    "aws_subnet": "subnet",
    "aws_security_group": "sg",
    "aws_vpc_security_group_ingress_rule": "sgr",
    "aws_vpc_security_group_egress_rule": "sgr",
    "aws_network_acl": "acl",
    "aws_instance": "i",
    "aws_eip": "eipalloc",
    "aws_nat_gateway": "nat",
    "aws_internet_gateway": "igw",
    "aws_route_table": "rtb",
}


def unpack(value):
    if value.json:
        return json.loads(value.json)
    return msgpack.unpackb(value.msgpack, ext_hook=lambda code, data: UNKNOWN) if value.msgpack else None


def pack(value):
    return pb.DynamicValue(msgpack=msgpack.packb(value))


def block_message(block):
    attributes = [
        pb.Schema.Attribute(
            name=name,
            type=json.dumps(spec["type"]).encode(),
            **{key: True for key in ("required", "optional", "computed", "sensitive") if spec.get(key)},
        )
        for name, spec in sorted(block["attributes"].items())
    ]
    nested = [
        pb.Schema.NestedBlock(
            type_name=name,
            nesting=NESTING[entry["nesting_mode"]],
            block=block_message(entry["block"]),
            min_items=entry.get("min_items", 0),
            max_items=entry.get("max_items", 0),
        )
        for name, entry in sorted(block["block_types"].items())
    ]
    return pb.Schema.Block(attributes=attributes, block_types=nested)


def children(value, entry):
    """The blocks of one kind within `value`, as a list."""
    if value is None or value == UNKNOWN:
        return []
    return [value] if entry["nesting_mode"] == "single" else value


def leave_unknown(value, block):
    """Marks what the provider would fill in."""
    for name, spec in block["attributes"].items():
        if spec.get("computed") and value.get(name) is None:
            value[name] = UNKNOWN
    for name, entry in block["block_types"].items():
        for child in children(value.get(name), entry):
            if child != UNKNOWN:
                leave_unknown(child, entry["block"])


class Inventor:
    """Makes up what only AWS could say. The same resource gets the same values in every run."""

    def __init__(self):
        self.given = set()

    def unique(self, make, seed):
        for attempt in range(1000):
            value = make(hashlib.sha256(f"{seed}/{attempt}".encode()).hexdigest())
            if value not in self.given:
                self.given.add(value)
                return value
        raise RuntimeError("no value left to make up")

    def fill(self, type_name, value, block, seed, path=""):
        for name, spec in block["attributes"].items():
            if value.get(name) == UNKNOWN:
                value[name] = self.made_up(type_name, f"{path}{name}", spec["type"], seed, value.get("bucket"))
        for name, entry in block["block_types"].items():
            for number, child in enumerate(children(value.get(name), entry)):
                self.fill(type_name, child, entry["block"], f"{seed}/{name}/{number}", f"{path}{name}.")

    def made_up(self, type_name, name, cty, seed, bucket):
        seed = f"{type_name}/{name}/{seed}"
        short = type_name.removeprefix("aws_").replace("_", "-")
        if cty == "string":
            if name == "id":
                return self.unique(lambda digest: f"{PREFIX.get(type_name, short)}-{digest[:17]}", seed)
            if type_name == "aws_s3_bucket" and name == "arn":
                return f"arn:aws:s3:::{bucket}"
            if name == "arn" or name.endswith("_arn"):
                return self.unique(lambda digest: f"arn:aws:{short}:{REGION}:{ACCOUNT}:{name}/{digest[:12]}", seed)
            if name in ("public_ip", "private_ip"):
                # Addresses that stand in documentation for real ones.
                return self.unique(lambda digest: f"198.51.100.{int(digest[:8], 16) % 254 + 1}", seed)
            if name == "dns_name":
                return self.unique(lambda digest: f"{short}-{digest[:10]}.elb.{REGION}.amazonaws.com", seed)
            return f"{short}-{name}"
        if cty == "number":
            return 1
        if cty == "bool":
            # Where nothing is said of it AWS says that there is one, for a host with an address of its own.
            return name == "associate_public_ip_address"
        if cty == "dynamic":
            return None
        kind, inner = cty
        if kind in ("list", "set"):
            if name == "domain_validation_options":
                return [{key: f"{key}.invalid" for key in inner[1]}]
            return []
        return {}


class Provider(pb_grpc.ProviderServicer):
    """With `foretell` a plan already has the values that an apply would make up: who refers to whom is then to be seen in the plan."""

    def __init__(self, foretell):
        self.foretell = foretell
        self.schema = schemas.load()
        self.inventor = Inventor()
        self.default_tags = {}

    def block(self, kind, request):
        return self.schema[kind, request.type_name]

    def make_up(self, type_name, value, block):
        self.inventor.fill(type_name, value, block, json.dumps(value, sort_keys=True, default=repr))

    def GetMetadata(self, request, context):
        return pb.GetMetadata.Response(server_capabilities=pb.ServerCapabilities())

    def GetProviderSchema(self, request, context):
        resources = {name: pb.Schema(block=block_message(block)) for (kind, name), block in self.schema.items() if kind == "resource"}
        data = {name: pb.Schema(block=block_message(block)) for (kind, name), block in self.schema.items() if kind == "data"}
        return pb.GetProviderSchema.Response(provider=pb.Schema(block=block_message(PROVIDER)), resource_schemas=resources, data_source_schemas=data)

    def ValidateProviderConfig(self, request, context):
        return pb.ValidateProviderConfig.Response()

    def ConfigureProvider(self, request, context):
        config = unpack(request.config) or {}
        for block in config.get("default_tags") or []:
            self.default_tags = block.get("tags") or {}
        return pb.ConfigureProvider.Response()

    def ValidateResourceConfig(self, request, context):
        return pb.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request, context):
        return pb.ValidateDataResourceConfig.Response()

    def UpgradeResourceState(self, request, context):
        return pb.UpgradeResourceState.Response(upgraded_state=pack(json.loads(request.raw_state.json)))

    def ReadResource(self, request, context):
        return pb.ReadResource.Response(new_state=request.current_state)

    def PlanResourceChange(self, request, context):
        proposed, prior = unpack(request.proposed_new_state), unpack(request.prior_state)
        if proposed is not None:
            block = self.block("resource", request)
            if "tags_all" in block["attributes"]:
                tags = proposed.get("tags")
                # Tags of a value that is not known yet may be any.
                known = tags != UNKNOWN and all(value != UNKNOWN for value in (tags or {}).values())
                proposed["tags_all"] = {**self.default_tags, **(tags or {})} if known else UNKNOWN
            if prior is None:
                leave_unknown(proposed, block)
                if self.foretell:
                    self.make_up(request.type_name, proposed, block)
        return pb.PlanResourceChange.Response(planned_state=pack(proposed))

    def ApplyResourceChange(self, request, context):
        planned = unpack(request.planned_state)
        if planned is not None:
            self.make_up(request.type_name, planned, self.block("resource", request))
        return pb.ApplyResourceChange.Response(new_state=pack(planned))

    def ReadDataSource(self, request, context):
        block = self.block("data", request)
        state = unpack(request.config)
        answers = ANSWERS.get(request.type_name, {})
        leave_unknown(state, block)
        for name, value in state.items():
            if value == UNKNOWN and name in answers:
                state[name] = answers[name]
        self.make_up(request.type_name, state, block)
        return pb.ReadDataSource.Response(state=pack(state))

    def GetFunctions(self, request, context):
        return pb.GetFunctions.Response()

    def StopProvider(self, request, context):
        return pb.StopProvider.Response()


class Controller(controller_grpc.GRPCControllerServicer):
    def Shutdown(self, request, context):
        # Each command of Terraform asks for this at its end; whoever started this process ends it.
        return controller.Empty()


class Running:
    """The stand-in on a socket of its own, for as long as the `with` block runs."""

    def __init__(self, foretell=False):
        self.foretell = foretell

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="kakehashi-provider-")
        socket = f"{self.folder.name}/socket"
        # A schema of all types in one message is larger than gRPC's default allows.
        options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
        self.server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), options=options)
        pb_grpc.add_ProviderServicer_to_server(Provider(self.foretell), self.server)
        controller_grpc.add_GRPCControllerServicer_to_server(Controller(), self.server)
        self.server.add_insecure_port(f"unix://{socket}")
        self.server.start()
        address = {"Network": "unix", "String": socket}
        reattach = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}
        return {"TF_REATTACH_PROVIDERS": json.dumps({NAME: reattach})}

    def __exit__(self, *_):
        self.server.stop(grace=None).wait()
        self.folder.cleanup()
