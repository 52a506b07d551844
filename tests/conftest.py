"""One pair of panels for the whole run, shared by all tests: what each test finds, and what is put back after it."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from sandbox import servers
from tests.chaos.lanes import Arena
from tests.support import environment, keeping, telling, watch, world
from tests.support.forked import Programs
from tests.support.inside import Inside

pytest_plugins = ["tests.support.workers", "sandbox.tests.facts"]

BALANCE = 1000
ARENA_LANES = 3


def pytest_report_header():
    """What the panels and the ledger run on."""
    try:
        return f"database: {servers.chosen().name} {servers.chosen().version()}"
    except RuntimeError as missing:
        return f"database: {missing}"


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    """Both panels running; ended by its own process id."""
    running = world.Sandbox(tmp_path_factory.mktemp("sb") / "root")
    panels = [running.at(name) for name in running.panels]
    telling.given.update(account["password"] for panel in panels for account in panel.accounts.values())
    with watch.Watch(telling.given) as watching:
        yield running
    # Of the whole run: nothing that any test did has shown a password.
    in_tables = [found for panel in panels for found in watch.tables_with(panel, telling.given)]
    running.stop()
    assert watching.seen == set()
    assert in_tables == []
    assert [found for panel in panels for found in watch.files_with(panel.base, telling.given)] == []


def rich(shop):
    """Money on both sides, and no credit at the seller."""
    shop.there.call("sandbox.balance", user=shop.buyer, value=BALANCE, limit=0)
    shop.here.call("sandbox.balance", user="client1", value=BALANCE)


@pytest.fixture(scope="session")
def shared(request):
    """The panels that most files share: the add-on installed on the reseller's, a module connected, tariffs sold."""
    if world.KEPT in os.environ:
        return pickle.loads(Path(os.environ[world.KEPT]).read_bytes())
    sandbox = request.getfixturevalue("sandbox")
    here = sandbox.at("reseller")
    if not (here.base / "lib/reseller/manifest").exists():
        world.install(here.base, environment.variables())
    found = world.connected(here, sandbox.at("seller"))
    rich(found)
    # From now on it is known which order functions the seller has: a fault of them meets an order, not the question.
    for itemtype in ("vds", "soft"):
        found.until_active(found.order(itemtype))
    return found


@pytest.fixture(scope="session")
def connected(shared):
    """The same; a file that needs panels of its own puts them in this place."""
    return shared


@pytest.fixture(scope="session")
def programs(shared, tmp_path_factory):
    """How the programs of the shared panel are started."""
    found = Programs(shared.here.base, tmp_path_factory.mktemp("programs"))
    yield found
    found.stop()


@pytest.fixture(scope="module", autouse=True)
def _started(request):
    """The shared panel's programs are started as this file wants it, and what its tests add is its own."""
    mine = (item for item in request.session.items if getattr(item, "module", None) is request.module)
    if not any("shared" in item.fixturenames for item in mine):
        yield
        return
    request.getfixturevalue("programs").are_for(request.module.__name__.rpartition(".")[2])
    with keeping.own_services(request.getfixturevalue("shared")):
        yield


@pytest.fixture(scope="session")
def arena(tmp_path_factory):
    """Three pairs of panels beside those, with the add-on of this tree, for what would disturb all other tests."""
    running = Arena(tmp_path_factory.mktemp("arena"), ARENA_LANES)
    yield running
    running.stop()


@pytest.fixture
def shop(connected):
    """The connected panels with money on both sides, no faults, and every switch as it was at the end."""
    told = watch.Told(connected.here.base)
    rich(connected)
    yield connected
    connected.there.call("sandbox.fault.clear")
    world.limits(connected.here)
    # What a test left undone on purpose must not be looked for, nor begun, in the next one.
    connected.here.write("UPDATE runningoperation SET manual = 'on'")
    connected.here.write("UPDATE reseller_request SET live = NULL, state = 'abandoned' WHERE live = 1")
    connected.here.write("UPDATE reseller_link SET live = NULL, state = 'ended' WHERE live = 1 AND state = 'opening'")
    connected.here.write("DELETE FROM reseller_circuit")
    connected.there.call("sandbox.queue", action="resume")
    connected.here.call("sandbox.queue", action="resume")
    assert told.faults() == []


@pytest.fixture
def switch(connected):
    """Set a switch of a panel for one test."""
    changed = []

    def change(panel, name, value):
        known = {
            elem.findtext("name"): elem.findtext("value") for elem in panel.call("sandbox.switch").iterfind("elem")
        }
        changed.append((panel, name, known[name]))
        panel.call("sandbox.switch", name=name, value=value)

    yield change
    for panel, name, value in reversed(changed):
        panel.call("sandbox.switch", name=name, value=value)


@pytest.fixture
def vds(shop):
    """A virtual server."""
    return keeping.kept(shop, "vds")


@pytest.fixture
def inside(shop):
    """The program's functions in this process, see inside.py."""
    found = Inside(shop)
    yield found
    found.db.close()


@pytest.fixture
def server(inside, vds):
    """A virtual server of which nothing is open afterwards, whatever the test has left."""
    yield vds
    inside.over(vds)


@pytest.fixture
def soft(shop):
    """A licence, of which the key has not been changed yet."""
    item = keeping.kept(shop, "soft")
    shop.there.write("UPDATE item SET real_keychange = 0 WHERE id = %s", keeping.remote(shop, item))
    return item


@pytest.fixture(params=["at_once", "operation"])
def moving(shop, switch, request):
    """When the panel moves its date; what was learned of it before is forgotten."""
    switch(shop.here, "prolong_runs", request.param)
    shop.here.write("DELETE FROM reseller_cursor WHERE module = 0")
    yield request.param
    shop.here.write("DELETE FROM reseller_cursor WHERE module = 0")
