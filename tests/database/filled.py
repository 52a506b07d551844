"""A panel's database as after years: thousands of services of several modules, most of what was done long settled.

Rows are made by the server itself, from a table of numbers. One service of ten is of the module that is asked about,
and of every table that grows a few rows of a hundred are what is open now; the others are its history.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COUNT = 6000
#: numbers of the services begin here, far from those that were made one by one
FIRST = 5_000_000
TARIFFS = 200
_DIGITS = " UNION ALL ".join(f"SELECT {digit} AS d" for digit in range(10))
_NUMBERS = " CROSS JOIN ".join(f"({_DIGITS}) d{power}" for power in range(5))
_NUMBER = " + ".join(f"d{power}.d * {10**power}" for power in range(5))
_NOW = "UTC_TIMESTAMP(3)"
#: so many days ago, from today to more than a year; and so many days from now
_PAST, _ENDS = f"{_NOW} - INTERVAL n MOD 400 DAY", "CURDATE() + INTERVAL n MOD 400 DAY"
#: the service, link, account or tariff with number n
_NTH, _TARIFF = f"{FIRST} + n", f"{FIRST} + n MOD {TARIFFS}"
_NONE = "''"


def fill(server: Any, module: int, account: int) -> None:
    """Fill the tables of the panel that `server`, a cursor, is on: for a module of ours with its account at the seller,
    a second one, and two of others."""
    rows = _Rows(server, module, account)
    rows.panel()
    rows.services()
    rows.requests()
    rows.links()
    rows.states()
    rows.history()
    rows.tariffs()
    server.execute("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()")
    for row in server.fetchall():
        server.execute(f"ANALYZE TABLE `{row['name']}`")
        server.fetchall()


class _Rows:
    """One method for each kind of tables. What a column gets is SQL, in which `n` is the number of the row."""

    def __init__(self, server: Any, module: int, account: int) -> None:
        self._server = server
        self._module, self._second = module, module + 1000
        self._ours = f"IF(n MOD 10 = 0, {module}, {self._second})"
        self._account = f"{account} + (n MOD 10 > 0)"
        self._vds = "(SELECT MIN(id) FROM itemtype WHERE intname = 'vds')"

    def _add(self, table: str, values: Mapping[str, object], count: int = COUNT) -> None:
        columns = ", ".join(f"`{name}`" for name in values)
        self._server.execute(
            f"INSERT INTO {table} ({columns}) SELECT {', '.join(map(str, values.values()))} "
            f"FROM (SELECT {_NUMBER} AS n FROM {_NUMBERS}) numbers WHERE n < {count}"
        )

    def panel(self) -> None:
        """Modules, clients, tariffs with their parts."""
        ours, others = self._second, f"{self._second} + 1 + n"
        self._add("processingmodule", {"id": ours, "name": "'another seller'", "module": "'pmreseller'"}, 1)
        self._add("processingmodule", {"id": others, "name": "'own'", "module": "'pmauto'"}, 2)
        self._add("account", {"id": _NTH, "name": "CONCAT('client ', n)"}, COUNT // 2)
        self._add("user", {"id": _NTH, "name": "CONCAT('user', n)", "account": _NTH}, COUNT // 2)
        tariff = {"name": "CONCAT('tariff ', n)", "itemtype": self._vds, "intname": "n"}
        self._add("pricelist", {"id": _TARIFF, **tariff}, TARIFFS)
        part = {"id": f"{FIRST} + 1000 + n", "parent": _TARIFF, "addontype": 2}
        self._add("pricelist", {**tariff, **part}, 2000)
        param = {"pricelist": _TARIFF, "intname": "'reseller_pricelist'", "value": "n"}
        self._add("pricelistparam", param, TARIFFS)
        self._add("price", {"id": _NTH, "monthly": "1 + n MOD 50", "annually": "10 + n MOD 500"}, TARIFFS + 2000)
        cost = {"currency": "(SELECT MIN(id) FROM currency)", "price": _NTH}
        self._add("pricelistprice", {"pricelist": _TARIFF, **cost}, TARIFFS)
        self._add("pricelistprice", {"pricelist": f"{FIRST} + 1000 + n", **cost}, 2000)
        self._add("processingmodule2pricelist", {"processingmodule": self._ours, "pricelist": _TARIFF}, TARIFFS)

    def services(self) -> None:
        """Services with an add-on each, parameters, operations and tasks."""
        columns = {"account": f"{FIRST} + n MOD {COUNT // 2}", "period": 1, "expiredate": _ENDS}
        service = {
            "id": _NTH,
            "name": "CONCAT('service ', n)",
            "pricelist": _TARIFF,
            "processingmodule": f"CASE WHEN n MOD 10 = 0 THEN {self._module} WHEN n MOD 3 = 0 THEN {self._second} "
            f"ELSE {self._second} + 1 + n MOD 2 END",
            "status": "CASE WHEN n MOD 9 = 0 THEN 4 WHEN n MOD 50 = 1 THEN 3 WHEN n MOD 500 = 2 THEN 5 ELSE 2 END",
        }
        self._add("item", {**service, **columns})
        addon = {"id": f"{_NTH} + {COUNT}", "parent": _NTH, "pricelist": f"{FIRST} + 1000 + n MOD 2000", "status": 2}
        self._add("item", {**addon, **columns})
        for name in ("domain", "ip", "reseller_remote"):
            self._add("itemparam", {"item": _NTH, "intname": f"'{name}'", "value": "CONCAT('value ', n)"})
        self._add("itemcryptedparam", {"item": _NTH, "intname": "'password'", "value": "'x'"})
        operation = {"item": f"{FIRST} + n * 2", "intname": "'prolong'", "trycount": "n MOD 3", "manual": "'on'"}
        self._add("runningoperation", operation, COUNT // 2)
        sale = {"item": f"{FIRST} + n MOD {COUNT}", "operation": "'prolong'", "amount": 1, "realdate": f"DATE({_PAST})"}
        self._add("expense", sale, COUNT * 3)
        task = {"item": _NTH, "status": "IF(n MOD 40, 2, 0)", "type": "n MOD 5", "params": "'text'"}
        self._add("task", {**task, "runningoperation": "IF(n MOD 3, n, NULL)"})

    def requests(self) -> None:
        """Three of each service, one of a hundred live."""
        live = f"n MOD 100 = 0 AND n < {COUNT}"
        open_states = "ELT(1 + n DIV 100 MOD 4, 'intent', 'sending', 'waiting', 'unconfirmed')"
        request = {
            "item": f"{FIRST} + n MOD {COUNT}",
            "kind": "ELT(1 + n DIV 7 MOD 5, 'order', 'prolong', 'part', 'suspend', 'setparam')",
            "live": f"IF({live}, 1, NULL)",
            "rkey": f"CONCAT('{FIRST}-', n)",
            "state": f"IF({live}, {open_states}, 'done')",
            "module": self._ours,
            "account": self._account,
            "itemtype": "'vds'",
            "cost": "1",
            "created": _PAST,
            "updated": _PAST,
            "sent": _PAST,
            "next_try": f"IF({live}, {_NOW}, NULL)",
            "error_type": "IF(n MOD 1000 = 0, 'reseller_no_money', '')",
        }
        self._add("reseller_request", request, COUNT * 3)

    def links(self) -> None:
        """One live link of each service, one that has ended, and what was seen."""
        for live, state, offset in (("1", "IF(n MOD 300 = 0, 'opening', 'live')", 0), ("NULL", "'ended'", COUNT)):
            link = {
                "id": f"{_NTH} + {offset}",
                "item": _NTH,
                "live": live,
                "module": self._ours,
                "account": self._account,
                "itemtype": "'vds'",
                "remote": _NTH,
                "rkey": f"CONCAT('{FIRST}-', n, '-{offset}')",
                "state": state,
                "created": _PAST,
                "updated": _PAST,
                "accounted": _ENDS,
            }
            self._add("reseller_link", link)
        observation = {
            "link": _NTH,
            "item": _NTH,
            "module": self._ours,
            "status": "IF(n MOD 50 = 1, 3, 2)",
            "pricelist": f"n MOD {TARIFFS}",
            "expiredate": _ENDS,
            "digest": "IF(n MOD 300 = 1, 1, 0)",
            "absences": "IF(n MOD 700 = 1, 1, 0)",
            "seen": _NOW,
            "deep": f"{_NOW} - INTERVAL n MOD 1440 MINUTE",
        }
        self._add("reseller_observation", observation)

    def states(self) -> None:
        """What is so now: refused changes, problems, pages of lists, cursors, leases."""
        change = {"kind": "'suspend'", "detail": _NONE, "digest": 1, "here": 1, "since": _PAST}
        self._add("reseller_plan", {"link": f"{_NTH} + n * 3", "module": self._ours, **change}, COUNT // 4)
        problem = {
            "subject": "'service'",
            "number": f"{FIRST} + n * 2",
            "kind": "ELT(1 + n MOD 4, 'state', 'tariff', 'resources', 'gone')",
            "module": self._ours,
            "error": "'reseller_gone'",
            "touches": _NTH,
            "since": _PAST,
            "updated": _PAST,
        }
        self._add("reseller_problem", problem, COUNT // 2)
        agreed = {"agreed": "n MOD 50", "agreed_by": _NONE, "agreed_at": _PAST, "seen": "n MOD 50 + (n MOD 100 = 0)"}
        price = {"currency": "'EUR'", "pricelist": _TARIFF, "module": self._ours, **agreed, "seen_at": _NOW}
        self._add("reseller_price", {"subject": "'service'", "number": _NTH, "part": "'renewal'", **price})
        part = "CONCAT('part ', n)"
        self._add("reseller_price", {"subject": "'tariff'", "number": _TARIFF, "part": part, **price}, 2000)
        balance = {"account": f"{FIRST} + n", "currency": "'EUR'", "amount": 1, "checked": _PAST}
        self._add("reseller_balance", balance, 100)
        expense = {"account": f"{FIRST} + n MOD 100", "charge": "n", "remote": "n", "operation": "'prolong'"}
        self._add(
            "reseller_expense", {**expense, "day": "CURDATE()", "amount": 1, "currency": "'EUR'", "item": 0}, 2000
        )
        page = {"module": f"{self._module} + n MOD 2", "itemtype": "'vds'", "page": "n", "digest": _NONE, "ids": _NONE}
        self._add("reseller_page", {**page, "total": 1, "rows_in": 1}, 500)
        self._add("reseller_cursor", {"module": f"{self._second} + n", "name": "'deep vds'", "value": _NOW}, 60)
        lease = {"name": f"CONCAT('item:', {_NTH})", "owner": _NONE, "fence": 1, "expires": "'2000-01-01'"}
        self._add("reseller_lease", lease)
        self._add("reseller_asked", {"account": _NTH, "since": _PAST, "times": 1}, COUNT // 2)

    def history(self) -> None:
        """What was done: changes, what people did, licences that were sold again, services that were away."""
        times = {"created": _PAST, "updated": _PAST}
        change = {"kind": "'suspend'", "detail": _NONE, "correlation": "n", "changed": _PAST}
        self._add("reseller_change", {"module": self._ours, "link": _NTH, **change})
        act = {
            "what": "'link'",
            "who": "'admin'",
            "address": _NONE,
            "text": "'text'",
            "correlation": "n",
            "done": _PAST,
        }
        self._add("reseller_act", {"item": _NTH, "module": self._ours, **act})
        licence = {
            "account": self._account,
            "itemtype": "'soft'",
            "pricelist": f"n MOD {TARIFFS}",
            "resources": _NONE,
            "remote": _NTH,
            "state": "IF(n MOD 100 = 0, 'free', 'taking')",
            "owner": f"IF(n MOD 100 = 0, '', CONCAT('{FIRST}-', n))",
        }
        self._add("reseller_free", {**licence, **times})
        swap = {
            "item": _NTH,
            "live": "IF(n MOD 100 = 0, 1, NULL)",
            "home": self._ours,
            "target": f"{self._second} + 1",
            "state": "'away'",
            "who": "'admin'",
            "why": _NONE,
            "pricelist": 1,
            "period": 1,
            "status": 2,
        }
        self._add("reseller_swap", {**swap, **times})

    def tariffs(self) -> None:
        """The map, and runs of imports with their lines."""
        part = {"pricelist": _TARIFF, "part": "CONCAT('part ', n)", "there": _NONE, "here": _NONE}
        row = {"kind": "'addon'", "local": "CONCAT('part ', n)", "remote": "'1'"}
        self._add("reseller_map", {"pricelist": _TARIFF, **row})
        run = {"what": "'import'", "rule": _NONE, "who": "'admin'", "correlation": "n", "started": _PAST}
        self._add("reseller_tariff_run", {"module": self._ours, **run}, 300)
        line = {"run": "1 + n MOD 300", "remote": "n", "outcome": "'done'", "text": _NONE}
        self._add("reseller_tariff_line", {**line, **part})
        self._add("reseller_tariff_value", {**part, "run": 1, "updated": _PAST})
