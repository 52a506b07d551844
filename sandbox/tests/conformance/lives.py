"""A foreign module in a panel at /usr/local/mgr5, and what its life is looked at by (sandbox/tests/foreign/LIFE.md)."""

from __future__ import annotations

import subprocess
import sys

from sandbox.tests.panels import CHECKOUT, until

FOREIGN = CHECKOUT / "sandbox/tests/foreign"


class Life:
    """One program of sandbox/tests/foreign, installed by the sandbox's own command, with a module and a tariff."""

    def __init__(self, home, folder, module, **settings):
        command = [sys.executable, "-m", "sandbox", "install", "--root", str(home.up.root), "--panel", "reseller"]
        done = subprocess.run(
            [*command, str(FOREIGN / folder)], cwd=CHECKOUT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        self.panel = home.reseller
        self.module = module
        self.program = self.panel.base / "processing" / module
        self.id = self.add(**settings).findtext("id") if settings else ""

    def add(self, **settings):
        return self.panel.ask("processing.add.settings", module=self.module, name=self.module, sok="ok", **settings)

    def set(self, **settings):
        return self.panel.call("processing.edit", elid=self.id, sok="ok", **settings)

    def run(self, *words, data=""):
        """The program itself, as the panel starts it."""
        return subprocess.run(
            [str(self.program), *words],
            cwd=self.panel.base,
            input=data,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"},
        )

    def command(self, name, **params):
        if "item" not in params:
            params["module"] = self.id
        return self.panel.ask("sandbox.module", command=name, **params)

    def ordered(self, itemtype, tariff, **params):
        given = {"pricelist": tariff, "period": 1, "skipbasket": "on", "sok": "ok", **params}
        answer = self.panel.http(f"{itemtype}.order.param", "client1", **given)
        assert answer.find("error") is None, answer.findtext("error/msg")
        return int(answer.findtext("id"))

    def bought(self, itemtype, tariff, **params):
        item = self.ordered(itemtype, tariff, **params)
        self.panel.until_status(item, 2)
        return item

    def operations(self, item):
        return self.panel.rows("SELECT * FROM runningoperation WHERE item = %s ORDER BY id", item)

    def tasks(self, item):
        return self.panel.rows("SELECT * FROM task WHERE item = %s ORDER BY id", item)

    def over(self, item):
        until(lambda: not self.operations(item), f"the operation of {item} does not end")

    def manual(self, item):
        """The operation that was given to a person; its task."""
        until(lambda: self.tasks(item), "no task")
        until(lambda: self.operations(item)[0]["lastexit"] is not None, "not settled")
        return self.operations(item)[0], self.tasks(item)[0]

    def again(self, item):
        self.panel.call("runningoperation.start", elid=self.operations(item)[0]["id"])
        self.over(item)

    def param(self, item, name, table="itemparam"):
        rows = self.panel.rows(f"SELECT value FROM {table} WHERE item = %s AND intname = %s", item, name)
        return rows[0]["value"] if rows else None

    def row(self, item):
        return self.panel.rows("SELECT * FROM item WHERE id = %s", item)[0]


def lines(path):
    """A file of `name=value` lines."""
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
