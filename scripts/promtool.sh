#!/bin/sh
# Prints where promtool is, which checks and plays the alarm rules (docs/monitoring). One of this machine is used where
# there is one; otherwise it is taken out of Debian's package into build/prometheus, and nothing is installed.
set -eu
umask 022
cd "$(dirname "$0")/.."
PLACE=$PWD/build/prometheus

fail() {
    echo "No promtool for the tests: $*" >&2
    exit 1
}

if command -v promtool; then
    exit 0
fi
if [ ! -x "$PLACE/promtool" ]; then
    for tool in apt-get dpkg-deb; do
        command -v $tool >/dev/null || fail "there is none here, and no $tool to fetch it with. Install Prometheus."
    done
    mkdir -p "$PLACE"
    fresh=$(mktemp -d "$PLACE/new.XXXXXX")
    trap 'rm -rf "$fresh"' EXIT
    (
        cd "$fresh"
        apt-get -qq download prometheus >/dev/null 2>&1 ||
            { apt-get -qq update >/dev/null 2>&1 && apt-get -qq download prometheus >/dev/null 2>&1; }
    ) || fail "apt-get download prometheus has failed."
    dpkg-deb --fsys-tarfile "$fresh"/prometheus_*.deb | tar -x -C "$fresh" ./usr/bin/promtool
    mv "$fresh/usr/bin/promtool" "$PLACE/promtool"
fi
echo "$PLACE/promtool"
