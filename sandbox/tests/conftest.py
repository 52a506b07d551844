"""One sandbox for the tests of the sandbox itself; each test leaves switches and faults as it found them."""

import pytest

from sandbox.tests.browsing import chromium
from sandbox.tests.panels import Up

pytest_plugins = ["sandbox.tests.facts"]

SHORT = {"provision_seconds": "0.2", "lickey_seconds": "0.4", "retry_seconds": "0.3"}


@pytest.fixture(scope="session")
def up(tmp_path_factory):
    running = Up(tmp_path_factory.mktemp("panels") / "root")
    for name in ("seller", "reseller"):
        for switch, value in SHORT.items():
            running.panel(name).call("sandbox.switch", name=switch, value=value)
    yield running
    running.stop()


@pytest.fixture
def seller(up):
    panel = up.panel("seller")
    yield panel
    panel.call("sandbox.fault.clear")
    panel.call("sandbox.balance", user="buyer", value=1000)


@pytest.fixture
def reseller(up):
    return up.panel("reseller")


@pytest.fixture
def switch(up):
    """Set a switch of a panel for one test."""
    changed = []

    def change(panel, name, value):
        changed.append((panel, name, panel.call("sandbox.switch", name=name).findtext("value") or ""))
        panel.call("sandbox.switch", name=name, value=value)

    yield change
    for panel, name, value in reversed(changed):
        panel.call("sandbox.switch", name=name, value=value)


@pytest.fixture(scope="session")
def browser():
    with chromium() as running:
        yield running
