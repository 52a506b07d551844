"""sandbox.clock, sandbox.night, sandbox.bulk: what a test needs of time and of size."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import clock, tariffs
from sandbox.core.documents import done, fields
from sandbox.core.errors import bad_value, missing
from sandbox.core.panel import CLOCK
from sandbox.core.registry import function
from sandbox.core.request import ROOT
from sandbox.functions import night
from sandbox.functions.staff import FACT

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MOST_AT_ONCE = 1_000_000
ROWS_A_STATEMENT = 2000


@function("sandbox.clock", ROOT, FACT)
def move_clock(panel: Panel, request: Request) -> etree._Element:
    """Show the panel's time; set=2027-01-31 or 2027-01-31 12:00:00, advance=40d (s, m, h, d), set=real goes back."""
    before = clock.today()
    if request.text("set"):
        clock.move(_set(request.text("set")))
    if request.text("advance"):
        clock.move(clock.ahead() + _seconds(request.text("advance")))
    if request.text("set") or request.text("advance"):
        with panel.db.begin() as tx:
            tx.put("sandbox_switch", {"name": CLOCK}, value=f"{clock.ahead():.3f}")
        if panel.switches["night_billing"] == "clock":
            night.days(panel, request, before, clock.today())
    return fields(now=clock.stamp(), today=clock.today(), ahead=f"{clock.ahead():.0f}")


def _set(text: str) -> float:
    if text == "real":
        return 0.0
    try:
        wanted = datetime.fromisoformat(text).astimezone()
    except ValueError as error:
        raise bad_value("set", text) from error
    return wanted.timestamp() - (clock.now() - clock.ahead())


def _seconds(text: str) -> float:
    number, unit = text[:-1], text[-1:]
    if unit not in UNITS or not number.lstrip("-").replace(".", "", 1).isdecimal():
        raise bad_value("advance", text)
    return float(number) * UNITS[unit]


@function("sandbox.night", ROOT, FACT)
def run_night(panel: Panel, request: Request) -> etree._Element:
    """The nightly billing now, as service.billdaily does it."""
    return night.billdaily(panel, request)


@function("sandbox.bulk", ROOT, FACT)
def bulk(panel: Panel, request: Request) -> etree._Element:
    """Many active services at once, past orders and journal: count=, user=, pricelist=, prefix= of their names."""
    text = request.text("count", "1000")
    if not text.isdecimal() or not 1 <= int(text) <= MOST_AT_ONCE:
        raise bad_value("count", text)
    with panel.db.begin() as tx:
        account = tx.value("SELECT account FROM user WHERE name = %s", request.text("user", "buyer"))
        tariff = tariffs.load(tx, request.text("pricelist")) if request.text("pricelist") else _any_tariff(tx)
        if account is None or tariff is None:
            raise missing("user" if account is None else "pricelist", request.text("user"))
        purse = tx.value("SELECT id FROM subaccount WHERE account = %s", account)
        before = tx.value("SELECT IFNULL(MAX(id), 0) FROM item")
        shared = (account, purse, tariff.id, tariff.prices.get(1, Decimal(0)))
        _insert(tx, shared, int(text), request.text("prefix", "bulk"))
        made = tx.rows("SELECT MIN(id) AS first, MAX(id) AS last FROM item WHERE id > %s", before)[0]
    return done(count=text, first=made["first"], last=made["last"])


def _any_tariff(tx: Tx) -> tariffs.Tariff | None:
    return tariffs.load(
        tx,
        tx.value(
            "SELECT MIN(p.id) FROM pricelist p JOIN itemtype t ON t.id = p.itemtype "
            "WHERE t.intname = 'vds' AND p.parent IS NULL"
        ),
    )


def _insert(tx: Tx, shared: tuple[int, int, int, Decimal], count: int, prefix: str) -> None:
    today, module = clock.today(), tx.value("SELECT MIN(id) FROM processingmodule WHERE module = 'pmauto'")
    ends = today + timedelta(days=30)
    for start in range(0, count, ROWS_A_STATEMENT):
        names = [f"{prefix}{number}.example" for number in range(start, min(start + ROWS_A_STATEMENT, count))]
        row = "(%s, %s, %s, %s, %s, %s, 1, 2, %s, %s, %s, %s)"
        tx.run(
            "INSERT INTO item (account, subaccount, pricelist, cost, name, processingmodule, period, status, "
            f"createdate, opendate, expiredate, remoteid) VALUES {', '.join([row] * len(names))}",
            *(part for name in names for part in (*shared, name, module, today, today, ends, f"r-{name}")),
        )
        # The database numbers the rows of one statement without gaps, in their order.
        first = tx.value("SELECT LAST_INSERT_ID()")
        params = [
            (first + place, field, value)
            for place, name in enumerate(names)
            for field, value in (("domain", name), ("ip", f"198.18.{place >> 8 & 255}.{place & 255}"))
        ]
        marks = ", ".join(["(%s, %s, %s)"] * len(params))
        tx.run(
            f"INSERT INTO itemparam (item, intname, value) VALUES {marks}", *(part for row in params for part in row)
        )
