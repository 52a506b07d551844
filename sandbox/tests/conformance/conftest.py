"""One sandbox for all conformance tests; each test finds switches, faults, clock and balances as they were."""

import fcntl
import tempfile
from pathlib import Path

import pytest

from sandbox.tests.conformance.probe import Probe
from sandbox.tests.panels import Up

HOME = "/usr/local/mgr5"
"""Foreign programs hard-code it (platform.md 1.1, 2.1)."""
QUICK = {"provision_seconds": "0.2", "lickey_seconds": "0.4", "retry_seconds": "0.3"}
"""The only switches that are not at their default: a test must not wait for a service longer than it has to."""


class Pair:
    """A seller and a reseller, running."""

    def __init__(self, running):
        self.up = running
        self.seller = running.panel("seller")
        self.reseller = running.panel("reseller")

    @property
    def panels(self):
        return (self.seller, self.reseller)


@pytest.fixture(scope="session")
def conformance_sandbox(tmp_path_factory):
    running = Up(tmp_path_factory.mktemp("conformance") / "root")
    made = Pair(running)
    for panel in made.panels:
        for name, value in QUICK.items():
            panel.call("sandbox.switch", name=name, value=value)
    yield made
    running.stop()


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A pair whose reseller's tree is at /usr/local/mgr5. One run of tests at a time has that place; another waits."""
    with (Path(tempfile.gettempdir()) / "sandbox-home.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        running = Up(tmp_path_factory.mktemp("home") / "root", at=[f"reseller={HOME}"])
        made = Pair(running)
        for panel in made.panels:
            for name, value in QUICK.items():
                panel.call("sandbox.switch", name=name, value=value)
        yield made
        running.stop()
    assert not Path(HOME).exists(), "the tree is gone with the sandbox that put it there"


@pytest.fixture(scope="module")
def made(request, conformance_sandbox):
    """A foreign module on the reseller's panel, called as the file says."""
    found = Probe(conformance_sandbox.reseller, request.module.MODULE)
    yield found
    found.leave()


@pytest.fixture
def probe(made):
    """The same, doing nothing but what the test tells it."""
    made.do()
    yield made
    made.do()


@pytest.fixture
def switch():
    """Set a switch of a panel for one test."""
    changed = []

    def change(panel, name, value):
        changed.append((panel, name, panel.call("sandbox.switch", name=name).findtext("value") or ""))
        panel.call("sandbox.switch", name=name, value=value)

    yield change
    for panel, name, value in reversed(changed):
        panel.call("sandbox.switch", name=name, value=value)


@pytest.fixture
def pair(conformance_sandbox):
    """The two panels, calm at the end of every test."""
    yield conformance_sandbox
    for panel in conformance_sandbox.panels:
        panel.call("sandbox.fault.clear")
        # In one statement: this is done after every test.
        panel.rows(
            "UPDATE subaccount s JOIN user u ON u.account = s.account SET s.balance = IF(u.name = 'buyer', 1000, 500) "
            "WHERE u.name IN ('buyer', 'client1') AND s.project = 1"
        )
