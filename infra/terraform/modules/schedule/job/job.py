"""Starts and stops the servers of the trial: the support services first to start, so that connectors find fresh revocation lists; connectors first to stop."""

import json
import os

ORDER = {"start": ("support", "connector"), "stop": ("connector", "support")}


def run(action, hosts, ec2):
    """Starts or stops `hosts` (environment → instances), one environment after the other has arrived."""
    if action not in ORDER:
        raise ValueError(f"{action!r} is neither start nor stop")
    for environment in ORDER[action]:
        instances = sorted(hosts.get(environment, []))
        if not instances:
            continue
        print(json.dumps({"action": action, "environment": environment, "instances": instances}))
        if action == "start":
            ec2.start_instances(InstanceIds=instances)
            arrived = "instance_running"
        else:
            ec2.stop_instances(InstanceIds=instances)
            arrived = "instance_stopped"
        # Raises where they do not arrive: the job has failed then, and says so.
        ec2.get_waiter(arrived).wait(InstanceIds=instances, WaiterConfig={"Delay": 10, "MaxAttempts": 40})
    print(json.dumps({"action": action, "result": "done"}))


def handle(event, _context):
    """What Lambda calls."""
    import boto3  # There in Lambda; tests of `run` do without.

    run(event.get("action"), json.loads(os.environ["HOSTS"]), boto3.client("ec2"))
