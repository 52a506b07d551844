#!/bin/sh
# Tests the HTTP client in an environment of its own: clients.sh NAME PYTHON REQUIREMENT... (`make clients`)
set -eu
cd "$(dirname "$0")/.."
name=$1 python=$2
shift 2
environment=build/clients/$name
rm -rf "$environment"
"$python" -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check "$@" lxml pytest pytest-timeout trustme
"$environment/bin/python" -c 'import requests, sys, urllib3
print("Python", sys.version.split()[0], "requests", requests.__version__, "urllib3", urllib3.__version__)'
# Without conftest.py, which makes the stand-in panels.
"$environment/bin/python" -m pytest --noconftest -q -p no:cacheprovider \
    tests/unit/test_exchange.py tests/unit/test_client.py tests/unit/test_deadline.py
