"""What the stand-in costs: whoever tries a program on it must not wait for it, and a seller must be as large as wished.

It has sandboxes of its own: a hundred thousand services are made, and panels are started from nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pymysql
from lxml import etree

from sandbox.mariadb import MariaDb
from tests.bench import turns
from tests.bench.table import Row
from tests.support.world import ROOT, PanelAt, Sandbox, Shop

CALLS, STARTS, LOADS = 25, 5, 5
LOAD = Path(__file__).with_name("load.py")
CONNECTIONS, ANSWERS, BARE_ANSWERS, ROWS = 50, 150, 30, 1000
SERVICES, QUICK_SERVICES = 100_000, 10_000


def rows(shop: Shop, *, quick: bool = False) -> Iterator[Row]:
    """Its program, its start, its lists."""
    mgrctl = [str(shop.here.base / "sbin/mgrctl"), "-m", "billmgr", "keepalive"]
    # mgrctl takes an interpreter without what an environment adds.
    bare = [sys.executable, "-I", "-S", "-c", "pass"]
    calls = turns.ratio(
        lambda: turns.wall_seconds(mgrctl, shop.here.base), lambda: turns.wall_seconds(bare, shop.here.base), CALLS
    )
    yield Row("stand-in: mgrctl keepalive | python -IS -c pass", calls, 2)
    with tempfile.TemporaryDirectory(prefix="standin-") as folder:
        yield from _starts(Path(folder))
    with tempfile.TemporaryDirectory(prefix="standin-") as folder, _running(Path(folder) / "root", "seller") as running:
        yield _pages(running.at("seller"), QUICK_SERVICES if quick else SERVICES)


# Starts.


def _starts(folder: Path) -> Iterator[Row]:
    """From nothing against the parts that it cannot do without; then with what was kept, and one panel more."""
    numbers = iter(range(2 * STARTS + 2))
    again = []

    def panel() -> float:
        root = folder / f"root{next(numbers)}"
        first = _seconds_to_start(root, "one")
        again.append(_seconds_to_start(root, "one", "two") / first)
        return first

    def parts() -> float:
        """A database server made and started, and an interpreter that loads each of the two programs."""
        home = folder / f"server{next(numbers)}"
        alone = MariaDb(home, "pw", home)
        started = time.perf_counter()
        alone.start()
        for program in ("sandbox.up", "sandbox.core.server"):
            subprocess.run([sys.executable, "-c", f"import {program}"], cwd=ROOT, check=True)
        seconds = time.perf_counter() - started
        alone.stop()
        return seconds

    first = turns.ratio(panel, parts, STARTS)
    yield Row("stand-in: the start of a panel | its server alone, its programs loaded", first, 3)
    yield Row("stand-in: a later start, with one panel more | the first", statistics.median(again[1:]), 2)


@contextlib.contextmanager
def _running(root: Path, *panels: str) -> Iterator[Sandbox]:
    running = Sandbox(root, *panels)
    try:
        yield running
    finally:
        running.stop()


def _seconds_to_start(root: Path, *panels: str) -> float:
    started = time.perf_counter()
    with _running(root, *panels):
        return time.perf_counter() - started


# Lists.


def _pages(seller: PanelAt, services: int) -> Row:
    """Each page whole, of so many clients at once, against one program that reads and writes such rows."""
    seller.call("sandbox.client", name="large", password="pw")
    made = seller.call("sandbox.bulk", user="large", count=services)
    assert made.findtext("count") == str(services)
    first = int(made.findtext("first"))
    authinfo = {"authinfo": "large:pw"}
    last = seller.ask("vds", p_cnt=ROWS, p_num=services // ROWS, **authinfo)
    assert last.findtext("p_elems") == str(services)
    assert len({row.findtext("id") for row in last.iterfind("elem")}) == ROWS
    columns = len(last.find("elem"))
    place, pages = urlsplit(seller.http_url), services // ROWS
    load = [LOAD, place.hostname, place.port, "large", "LOAD_PASSWORD", CONNECTIONS, ANSWERS, ROWS, pages]

    def panel() -> float:
        environment = {**os.environ, "LOAD_PASSWORD": "pw"}
        done = subprocess.run([sys.executable, *map(str, load)], env=environment, capture_output=True, check=True)
        told = json.loads(done.stdout)
        assert told["rows"] == told["pages"] * ROWS, told
        return float(told["seconds"] / told["pages"])

    def bare() -> float:
        started = time.perf_counter()
        with contextlib.closing(seller.connect()) as connection:
            for number in range(BARE_ANSWERS):
                _bare_page(connection, first + number * 7 % pages * ROWS, columns)
        return (time.perf_counter() - started) / BARE_ANSWERS

    what = f"stand-in: a page of {services:,} services, {CONNECTIONS} clients | its rows, bare"
    return Row(what, turns.ratio(panel, bare, LOADS), 1.5)


def _bare_page(connection: Any, first: int, columns: int) -> None:
    """As many rows and cells as a page has, found by their numbers: one query and one document."""
    sql = (
        "SELECT i.*, p.name AS pricelist_name, v.value AS ip FROM item i JOIN pricelist p ON p.id = i.pricelist "
        "LEFT JOIN itemparam v ON v.item = i.id AND v.intname = 'ip' WHERE i.id BETWEEN %s AND %s ORDER BY i.id DESC"
    )
    document = etree.Element("doc")
    with connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute(sql, (first, first + ROWS - 1))
        for row in cursor.fetchall():
            element = etree.SubElement(document, "elem")
            for name, value in list(row.items())[:columns]:
                etree.SubElement(element, name).text = str(value)
    assert len(document) == ROWS
    etree.tostring(document)
