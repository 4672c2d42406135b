#!/usr/bin/env python3
"""Takes an image of servers at a change of configuration, and keeps the newest three of each.

    images.py [--environment kakehashi] [--keep 3] [--without-stop] SERVER...

Wants the `aws` command line, signed in as an operator. A server is restarted for its image, so that its files are whole, unless --without-stop is said. Volumes tagged
kakehashi:keys are left out: what was erased must not come back from an image.
"""

import argparse
import datetime
import json
import subprocess
import sys

MADE_OF = "kakehashi:image-of"


class Failed(Exception):
    """The `aws` command line refused; the text is what it said."""


def aws(*arguments):
    """One call of the `aws` command line, and its answer."""
    done = subprocess.run(["aws", *arguments, "--output", "json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"aws {' '.join(arguments[:2])}: {done.stderr.strip()}")
    return json.loads(done.stdout) if done.stdout.strip() else {}


def instance_of(call, environment, server):
    answer = call(
        "ec2",
        "describe-instances",
        "--filters",
        f"Name=tag:kakehashi:environment,Values={environment}",
        f"Name=tag:kakehashi:host,Values={server}",
        "Name=instance-state-name,Values=running,stopped",
    )
    found = [instance for reservation in answer["Reservations"] for instance in reservation["Instances"]]
    if len(found) != 1:
        raise Failed(f"{server}: {len(found)} instances of this name in {environment}, there has to be one")
    return found[0]


def left_out(call, instance):
    """The devices whose volumes hold keys."""
    volumes = {mapping["Ebs"]["VolumeId"]: mapping["DeviceName"] for mapping in instance.get("BlockDeviceMappings", [])}
    answer = call("ec2", "describe-volumes", "--volume-ids", *sorted(volumes)) if volumes else {"Volumes": []}
    return sorted(volumes[volume["VolumeId"]] for volume in answer["Volumes"] if any(tag["Key"] == "kakehashi:keys" for tag in volume.get("Tags", [])))


def take(call, environment, server, now, stop):
    instance = instance_of(call, environment, server)
    mappings = [{"DeviceName": device, "NoDevice": ""} for device in left_out(call, instance)]
    tags = f"Tags=[{{Key=kakehashi:environment,Value={environment}}},{{Key={MADE_OF},Value={server}}}]"
    answer = call(
        "ec2",
        "create-image",
        "--instance-id",
        instance["InstanceId"],
        "--name",
        f"{environment}-{server}-{now:%Y%m%dT%H%M%SZ}",
        "--description",
        f"Server {server} of {environment}",
        *(["--block-device-mappings", json.dumps(mappings)] if mappings else []),
        "--tag-specifications",
        f"ResourceType=image,{tags}",
        f"ResourceType=snapshot,{tags}",
        "--reboot" if stop else "--no-reboot",
    )
    return answer["ImageId"]


def remove_older(call, environment, server, keep):
    """Removes all but the newest, each with its snapshots. One that is not finished is not counted on: an image that fails must not cost an old one."""
    answer = call(
        "ec2", "describe-images", "--owners", "self", "--filters", f"Name=tag:kakehashi:environment,Values={environment}", f"Name=tag:{MADE_OF},Values={server}"
    )
    finished = [image for image in answer["Images"] if image["State"] == "available"]
    finished.sort(key=lambda image: image["CreationDate"], reverse=True)
    removed = []
    for image in finished[keep:]:
        call("ec2", "deregister-image", "--image-id", image["ImageId"])
        for mapping in image["BlockDeviceMappings"]:
            if "SnapshotId" in mapping.get("Ebs", {}):
                call("ec2", "delete-snapshot", "--snapshot-id", mapping["Ebs"]["SnapshotId"])
        removed.append(image["ImageId"])
    return removed


def run(call, environment, servers, keep, now, stop):
    for server in servers:
        image = take(call, environment, server, now, stop)
        print(f"{server}: {image} begun", flush=True)
        call("ec2", "wait", "image-available", "--image-ids", image)
        removed = remove_older(call, environment, server, keep)
        print(f"{server}: {image} is there; removed {', '.join(removed) or 'none'}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", default="kakehashi", help="beginning of the names of everything")
    parser.add_argument("--keep", type=int, default=3, help="how many images of a server stay")
    parser.add_argument("--without-stop", action="store_true", help="take the image while the server runs: its files may be half written")
    parser.add_argument("servers", nargs="+", metavar="SERVER", help="such as auth or provider-a")
    arguments = parser.parse_args()
    if arguments.keep < 3:
        parser.error("three generations at least are kept")
    try:
        run(aws, arguments.environment, arguments.servers, arguments.keep, datetime.datetime.now(datetime.timezone.utc), not arguments.without_stop)
    except Failed as failed:
        sys.exit(str(failed))


if __name__ == "__main__":
    main()
