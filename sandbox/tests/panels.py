"""The sandbox from outside: its process, a panel's mgrctl, its HTTP API and its database."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pymysql
import requests
from lxml import etree

CHECKOUT = Path(__file__).parents[2]
#: how long a test waits for what must come: no figure that is tested, so it leaves room for a busy machine
WAIT_SECONDS = 60


def parsed(data: str | bytes) -> Any:
    """The root of a document."""
    return etree.fromstring(data.encode() if isinstance(data, str) else data)


def write_plugin(folder, name, description, handler):
    """A plug-in of two files as a folder that can be installed: its description, and the program behind it."""
    for path, text in ((f"xml/billmgr_mod_{name}.xml", description), (f"addon/{name}", handler)):
        file = folder / path
        file.parent.mkdir()
        file.write_text(text)
        file.chmod(0o755)


class Up:
    """A running `python -m sandbox up`."""

    def __init__(self, root, *names, at=(), options=()):
        self.root = Path(root)
        words = [word for name in names for word in ("--panel", name)]
        words += [*(word for place in at for word in ("--at", place)), *options]
        command = [sys.executable, "-m", "sandbox", "up", "--root", str(root), *words]
        self.output = self.root.with_suffix(".out")
        with self.output.open("wb") as file:
            self.process = subprocess.Popen(command, cwd=CHECKOUT, stdout=file, stderr=subprocess.STDOUT)
        until(self._is_ready, "the sandbox does not become ready")

    def _is_ready(self):
        assert self.process.poll() is None, self.output.read_text()
        with contextlib.suppress(FileNotFoundError, ValueError):
            self.facts = json.loads((self.root / "sandbox.json").read_text())
            return self.facts["pid"] == self.process.pid
        return False

    def panel(self, name):
        return Panel(name, self.facts["panels"][name], self.facts["mysql"]["socket"])

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(WAIT_SECONDS)


class Panel:
    def __init__(self, name, facts, socket):
        self.name = name
        self.facts = facts
        self.base = Path(facts["base"])
        self.accounts = facts["accounts"]
        self._socket = socket

    def mgrctl(self, *words, env=None, cwd=None):
        command = [facts_path(self), "-m", "billmgr", *words]
        environment = {**os.environ, **(env or {})}
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=WAIT_SECONDS, check=False, cwd=cwd
        )

    def call(self, func, /, **params):
        """A function as root; the document, or AssertionError with the panel's error."""
        root = self.ask(func, **params)
        assert root.find("error") is None, etree.tostring(root)
        return root

    def ask(self, func, /, **params):
        done = self.mgrctl("-o", "xml", func, *(f"{name}={value}" for name, value in params.items()))
        return parsed(done.stdout)

    def error(self, func, /, **params):
        return self.ask(func, **params).find("error")

    def http(self, func, /, user="buyer", timeout=WAIT_SECONDS, **params):
        """A function over HTTPS with authinfo; the document."""
        return parsed(self.post(func, user, timeout, **params).content)

    def post(self, func, /, user="buyer", timeout=WAIT_SECONDS, **params):
        data = {"func": func, "out": "xml", **params}
        if user:
            password = self.accounts[user]["password"] if isinstance(user, str) else user[1]
            data["authinfo"] = f"{user if isinstance(user, str) else user[0]}:{password}"
        return requests.post(self.facts["url"], data=data, timeout=timeout, verify=self.facts["ca"])

    def tariff(self, name):
        return self.facts["tariffs"][name]

    def rows(self, sql, *values, database=None):
        connection = pymysql.connect(
            unix_socket=self._socket,
            user=self.facts["dbuser"],
            password=self.facts["dbpassword"],
            database=database or self.facts["database"],
            autocommit=True,
            cursorclass=pymysql.cursors.DictCursor,
            ssl_disabled=True,
        )
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())

    def order(self, itemtype="vds", user="buyer", **params):
        """Order over HTTP; the whole document."""
        defaults = {"vds": {"pricelist": self.tariff("VDS-1")}, "soft": {"ip": "192.0.2.1", "licname": "lic"}}
        defaults["soft"]["pricelist"] = self.tariff("ISPmanager Lite")
        given = {**defaults.get(itemtype, {}), "period": 1, "skipbasket": "on", "sok": "ok", **params}
        return self.http(f"{itemtype}.order.param", user, **given)

    def bought(self, itemtype="vds", user="buyer", **params):
        root = self.order(itemtype, user, **params)
        assert root.find("error") is None, etree.tostring(root)
        return int(root.findtext("id"))

    def live(self, itemtype="vds", **params):
        """A service that is bought and active."""
        item = self.bought(itemtype, **params)
        self.until_status(item, 2)
        return item

    def row(self, item, itemtype="vds", user="buyer"):
        """The service in its client's list, or None."""
        rows = self.http(itemtype, user, p_cnt=1000).findall("elem")
        return next((row for row in rows if row.findtext("id") == str(item)), None)

    def status(self, item):
        return self.rows("SELECT status FROM item WHERE id = %s", item)[0]["status"]

    def until_status(self, item, status, seconds=WAIT_SECONDS):
        until(lambda: self.status(item) == status, f"service {item} does not reach status {status}", seconds)

    @contextlib.contextmanager
    def paused(self):
        """Its queue starts nothing meanwhile: what is seen on the way to an end is not over before it is looked at."""
        self.call("sandbox.queue", action="pause")
        try:
            yield
        finally:
            self.call("sandbox.queue", action="resume")

    def deliver(self):
        """Keys of licences that are to come late come now; the panel's queue brings them, so this waits for it."""
        self.rows("UPDATE lateparam SET due = 0")
        until(lambda: self.rows("SELECT item FROM lateparam") == [], "keys that come late do not come")

    def install(self, folder, name, text):
        file = self.base / folder / name
        file.write_text(text)
        file.chmod(0o755 if folder in ("addon", "processing") else 0o644)
        return file

    def journal(self, **wanted):
        return [
            {cell.tag: cell.text or "" for cell in row}
            for row in self.call("sandbox.journal", **wanted).findall("elem")
        ]


def facts_path(panel):
    return str(panel.base / "sbin" / "mgrctl")


def until(holds, otherwise, seconds=WAIT_SECONDS):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(0.03)
