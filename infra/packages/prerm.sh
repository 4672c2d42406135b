#!/bin/sh
# A removal stops the services; an upgrade leaves them running until there is something to run instead.
set -e

# Instances that run.
running() {
    [ -z "$1" ] || systemctl list-units --full --plain --no-legend "$@" | cut -d ' ' -f 1
}

if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
    deb-systemd-invoke stop @UNITS@ $(running @INSTANCES@) >/dev/null || true
fi
