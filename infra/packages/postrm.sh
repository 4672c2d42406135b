#!/bin/sh
# A removal keeps data and configuration; a purge takes both. Users stay: a number that comes back as somebody else's would own what is left elsewhere.
set -e

if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null || true
fi

if [ "$1" = purge ]; then
    if command -v deb-systemd-helper >/dev/null; then
        deb-systemd-helper purge @UNITS@ >/dev/null || true
    fi
    for program in @PROGRAMS@; do
        rm -rf "/var/lib/kakehashi/$program" "/var/lib/kakehashi/$program"-*
        rm -f "/etc/kakehashi/$program.toml" "/etc/kakehashi/$program"-*.toml
    done
    # Others of ours may be there still.
    rmdir --ignore-fail-on-non-empty /var/lib/kakehashi /etc/kakehashi 2>/dev/null || true
fi
