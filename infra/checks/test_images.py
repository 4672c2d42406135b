"""Images of servers, against an account that lives in this file."""

import contextlib
import datetime
import importlib.util
import io
import json
import pathlib
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "tools/images.py"
spec = importlib.util.spec_from_file_location("images", SOURCE)
images = importlib.util.module_from_spec(spec)
spec.loader.exec_module(images)

START = datetime.datetime(2026, 12, 1, tzinfo=datetime.timezone.utc)


class Account:
    """As much of EC2 as is asked for."""

    def __init__(self, servers, volumes=None):
        self.servers = servers
        self.volumes = volumes or {}
        self.images = {}
        self.snapshots = set()
        self.reboots = []
        self.fails = None

    def __call__(self, service, verb, *arguments):
        return getattr(self, verb.replace("-", "_"))(*arguments)

    @staticmethod
    def value(arguments, name):
        return arguments[arguments.index(name) + 1]

    def describe_instances(self, *arguments):
        wanted = next(entry.split("Values=")[1] for entry in arguments if "kakehashi:host" in entry)
        mappings = [
            {"DeviceName": device, "Ebs": {"VolumeId": volume}} for device, volume in sorted(self.volumes.get(wanted, {"/dev/sda1": "vol-root"}).items())
        ]
        instances = [{"InstanceId": identity, "BlockDeviceMappings": mappings} for identity, host in self.servers.items() if host == wanted]
        return {"Reservations": [{"Instances": instances}]}

    def describe_volumes(self, *arguments):
        return {
            "Volumes": [
                {"VolumeId": volume, "Tags": [{"Key": "kakehashi:keys", "Value": "yes"}] if "keys" in volume else []}
                for volume in arguments
                if volume.startswith("vol-")
            ]
        }

    def create_image(self, *arguments):
        number = len(self.images) + 1
        identity = f"ami-{number}"
        self.reboots.append("--reboot" in arguments)
        without = (
            [entry["DeviceName"] for entry in json.loads(self.value(arguments, "--block-device-mappings"))] if "--block-device-mappings" in arguments else []
        )
        self.snapshots.add(f"snap-{number}")
        self.images[identity] = {
            "ImageId": identity,
            "State": "pending",
            "CreationDate": f"2026-12-01T00:{number:02}:00.000Z",
            "tags": arguments,
            "without": without,
            "name": self.value(arguments, "--name"),
            "BlockDeviceMappings": [
                {"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": f"snap-{number}"}},
                {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"},
            ],
        }
        return {"ImageId": identity}

    def wait(self, _what, *arguments):
        image = self.images[self.value(arguments, "--image-ids")]
        if self.fails == image["ImageId"]:
            image["State"] = "failed"
            raise images.Failed("aws ec2 wait: failed")
        image["State"] = "available"
        return {}

    def describe_images(self, *arguments):
        wanted = next(entry.split("Values=")[1] for entry in arguments if images.MADE_OF in entry)
        return {"Images": [image for image in self.images.values() if any(f"{{Key={images.MADE_OF},Value={wanted}}}" in part for part in image["tags"])]}

    def deregister_image(self, *arguments):
        del self.images[self.value(arguments, "--image-id")]
        return {}

    def delete_snapshot(self, *arguments):
        self.snapshots.remove(self.value(arguments, "--snapshot-id"))
        return {}


class Images(unittest.TestCase):
    def take(self, account, server, keep=3):
        with contextlib.redirect_stdout(io.StringIO()):
            images.run(account, "kakehashi", [server], keep, START, True)

    def test_the_fourth_removes_the_oldest_with_its_snapshot(self):
        account = Account({"i-1": "auth"})
        for _ in range(3):
            self.take(account, "auth")
        self.assertEqual(sorted(account.images), ["ami-1", "ami-2", "ami-3"])
        # The number of the next follows those that are there: images are named by their number here.
        account.images["ami-9"] = {**account.images["ami-3"], "ImageId": "ami-9", "CreationDate": "2026-12-02T00:00:00.000Z", "BlockDeviceMappings": []}
        with contextlib.redirect_stdout(io.StringIO()):
            removed = images.remove_older(account, "kakehashi", "auth", 3)
        self.assertEqual(removed, ["ami-1"])
        self.assertEqual(sorted(account.images), ["ami-2", "ami-3", "ami-9"])
        self.assertEqual(account.snapshots, {"snap-2", "snap-3"})

    def test_other_servers_images_stay(self):
        account = Account({"i-1": "auth", "i-2": "location"})
        for server in ("location", "auth", "auth", "auth"):
            self.take(account, server)
        self.assertEqual(len(account.images), 4)

    def test_an_image_that_fails_costs_no_old_one(self):
        account = Account({"i-1": "auth"})
        for _ in range(3):
            self.take(account, "auth")
        account.fails = "ami-4"
        with self.assertRaises(images.Failed):
            self.take(account, "auth")
        self.assertEqual(sorted(account.images), ["ami-1", "ami-2", "ami-3", "ami-4"])
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(images.remove_older(account, "kakehashi", "auth", 3), [])

    def test_volumes_with_keys_are_left_out(self):
        account = Account({"i-1": "block-a"}, {"block-a": {"/dev/sda1": "vol-root", "/dev/sdf": "vol-keys"}})
        self.take(account, "block-a")
        self.assertEqual(account.images["ami-1"]["without"], ["/dev/sdf"])

    def test_servers_are_stopped_unless_said_otherwise(self):
        account = Account({"i-1": "auth"})
        self.take(account, "auth")
        with contextlib.redirect_stdout(io.StringIO()):
            images.run(account, "kakehashi", ["auth"], 3, START, False)
        self.assertEqual(account.reboots, [True, False])

    def test_a_server_that_there_is_not_or_twice_is_refused(self):
        for servers in ({}, {"i-1": "auth", "i-2": "auth"}):
            with self.assertRaises(images.Failed):
                self.take(Account(servers), "auth")


if __name__ == "__main__":
    unittest.main()
