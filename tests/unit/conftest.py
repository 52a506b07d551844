"""The ledger's tests need no panel: a database server, and of the panel's tables what the ledger looks into."""

from __future__ import annotations

import itertools
import json
import os
import random
import tempfile
from pathlib import Path

import pytest

from reseller.ledger import leases, links, requests, schema
from reseller.ledger.requests import Effect
from reseller.mgr5.panel import Panel
from reseller.model import Item
from sandbox import servers
from sandbox.database import Login, connect
from tests.unit import statements

#: a server that outlives the run (tests/quality/mutation.py), as JSON of a Login
SERVER = "RESELLER_TEST_SERVER"
PANEL_TABLES = (
    """CREATE TABLE item (id INT PRIMARY KEY, processingmodule INT NULL, status TINYINT NOT NULL, name VARCHAR(64) NULL,
    account INT NULL, pricelist INT NULL, parent INT NULL, expiredate DATE NULL,
    employeesuspend VARCHAR(3) NOT NULL DEFAULT 'off', abusesuspend VARCHAR(3) NOT NULL DEFAULT 'off')""",
    """CREATE TABLE processingmodule (id INT PRIMARY KEY, name VARCHAR(64), module VARCHAR(64),
    active VARCHAR(3) NOT NULL DEFAULT 'on')""",
    "CREATE TABLE pricelist (id INT PRIMARY KEY, name VARCHAR(64), itemtype INT)",
    "CREATE TABLE itemtype (id INT PRIMARY KEY, intname VARCHAR(64))",
    "CREATE TABLE account (id INT PRIMARY KEY, name VARCHAR(64))",
    "CREATE TABLE runningoperation (id INT PRIMARY KEY, item INT NOT NULL, intname VARCHAR(64))",
)


def pytest_collection_modifyitems(config, items):
    """On another database than the usual one, what never asks a database says nothing new: it is left out."""
    if not os.environ.get("DATABASE"):
        return
    folder = Path(__file__).parent
    silent = [item for item in items if item.path.parent == folder and "server" not in item.fixturenames]
    config.hook.pytest_deselected(items=silent)
    items[:] = [item for item in items if item not in set(silent)]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Who to log in as."""
    if SERVER in os.environ:
        yield Login(**json.loads(os.environ[SERVER]))
        return
    with tempfile.TemporaryDirectory(prefix="ledger-") as short:
        running = servers.chosen()(tmp_path_factory.mktemp("ledger") / "mysql", "pw", Path(short))
        running.start()
        administrator = connect(running.login).cursor()
        statements.keep(administrator)
        yield running.login
        refused = [said for said in statements.kept(administrator) if statements.reads_what_it_changes(said)]
        running.stop()
        # Of the whole run: nothing that any test made the ledger do would fail on MySQL.
        assert refused == []


@pytest.fixture(scope="session")
def base(server, tmp_path_factory):
    """A panel's tree with what says how to reach its database, and that database: this run's own."""
    tree, name = tmp_path_factory.mktemp("tree"), f"ledger_{os.getpid()}"
    told = {"DBUser": server.user, "DBPassword": server.password, "DBName": name, "DBSocket": server.socket}
    (tree / "etc").mkdir()
    (tree / "etc/billmgr.conf").write_text("".join(f"{key} {value}\n" for key, value in told.items()))
    admin = connect(server).cursor()
    admin.execute(f"CREATE DATABASE {name}")
    database = Panel(tree).database()
    for statement in PANEL_TABLES:
        database.execute(statement)
    schema.ensure(database, tree)
    database.close()
    yield tree
    admin.execute(f"DROP DATABASE {name}")


@pytest.fixture
def db(base):
    """A connection to the panel's database, with the ledger's tables."""
    database = Panel(base).database()
    yield database
    database.close()


@pytest.fixture
def still(db):
    """The database's clock stands still for this connection: what is counted from now is exact on any machine."""
    db.execute("SET timestamp = UNIX_TIMESTAMP(NOW(3))")


@pytest.fixture(scope="session")
def numbers():
    """Numbers of services that nobody else uses."""
    return itertools.count(random.randrange(10**8, 10**9))


@pytest.fixture
def item(numbers):
    """A service of a number that nobody else uses."""
    return made(next(numbers))


@pytest.fixture
def held(db):
    """A lease, for writing."""
    with leases.lease(db, "t:held", 30) as taken:
        yield taken


def made(number, module=1, itemtype="vds"):
    """A service as the ledger knows one."""
    return Item(number, "", itemtype, 5, 1, "", 1, None, module, "pmreseller")


def age(db, table, row, name):
    """Seconds since, or until, a moment that a row holds; None without one."""
    return db.value(f"SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), {name}) FROM {table} WHERE id = %s", row)


def bought(held, item):
    """The link of a service whose order was carried out."""
    request = requests.create(held, item)
    requests.sending(held, request, Effect("x", months=1))
    return links.adopt(held, request, str(item.id))


def away(item, **more):
    """What a swap's row is written with."""
    left = {"pricelist": 4, "period": 1, "expiredate": None, "status": 2}
    return {"item": item.id, "home": 1, "target": 2, "who": "root", "why": "a disk", **left, **more}
