"""The job that starts and stops servers, against a client that writes down what it is told."""

import importlib.util
import pathlib
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "terraform/modules/schedule/job"


def module(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


job = module("job")
HOSTS = {"support": ["i-auth", "i-location"], "connector": ["i-receiver", "i-provider"]}


class Client:
    def __init__(self, refuses=None):
        self.said = []
        self.refuses = refuses

    def start_instances(self, InstanceIds):
        self.said.append(("start", *InstanceIds))

    def stop_instances(self, InstanceIds):
        self.said.append(("stop", *InstanceIds))

    def get_waiter(self, name):
        self.waits_for = name
        return self

    def wait(self, InstanceIds, WaiterConfig):
        if self.waits_for == self.refuses:
            raise TimeoutError(self.waits_for)
        self.said.append((self.waits_for, *InstanceIds))


class Order(unittest.TestCase):
    def test_support_services_start_first_and_have_arrived_before_connectors_start(self):
        client = Client()
        job.run("start", HOSTS, client)
        self.assertEqual(
            client.said,
            [
                ("start", "i-auth", "i-location"),
                ("instance_running", "i-auth", "i-location"),
                ("start", "i-provider", "i-receiver"),
                ("instance_running", "i-provider", "i-receiver"),
            ],
        )

    def test_connectors_stop_first(self):
        client = Client()
        job.run("stop", HOSTS, client)
        self.assertEqual([entry[0] for entry in client.said], ["stop", "instance_stopped"] * 2)
        self.assertEqual(client.said[0], ("stop", "i-provider", "i-receiver"))

    def test_servers_that_do_not_arrive_fail_the_job_and_nothing_else_is_started(self):
        client = Client(refuses="instance_running")
        with self.assertRaises(TimeoutError):
            job.run("start", HOSTS, client)
        self.assertEqual(client.said, [("start", "i-auth", "i-location")])

    def test_anything_else_is_refused(self):
        client = Client()
        for action in (None, "", "restart"):
            with self.assertRaises(ValueError):
                job.run(action, HOSTS, client)
        self.assertEqual(client.said, [])


class Archive(unittest.TestCase):
    def test_what_is_applied_is_what_is_written(self):
        self.assertEqual((FOLDER / "job.zip").read_bytes(), module("pack").packed())
