#!/bin/sh
# Users and folders, then the services: started if they are new, and restarted (which drains them) if they ran.
set -e

# Instances that run.
running() {
    [ -z "$1" ] || systemctl list-units --full --plain --no-legend "$@" | cut -d ' ' -f 1
}

if [ "$1" = configure ] || [ "$1" = abort-upgrade ] || [ "$1" = abort-deconfigure ] || [ "$1" = abort-remove ]; then
    systemd-sysusers @PACKAGE@.conf
    # A container without an init has no use for the rest of what this says.
    systemd-tmpfiles --create @PACKAGE@.conf || true
    for unit in @UNITS@; do
        if deb-systemd-helper --quiet was-enabled "$unit"; then
            deb-systemd-helper enable "$unit" >/dev/null || true
        else
            deb-systemd-helper update-state "$unit" >/dev/null || true
        fi
    done
    if [ -d /run/systemd/system ]; then
        systemctl --system daemon-reload >/dev/null || true
        action=start
        if [ -n "$2" ]; then action=restart; fi
        # A service is there when all that it needs is; an installation does not wait for another host.
        timeout 120 deb-systemd-invoke "$action" @UNITS@ $(running @INSTANCES@) >/dev/null || true
    fi
fi
