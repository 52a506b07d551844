"""What a provider's panel does by itself once a day: renew, bill by the day, suspend, close (selling-api.md 2)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import billing, clock, items, lifecycle, tariffs
from sandbox.core.documents import done
from sandbox.core.errors import PanelError
from sandbox.core.registry import function
from sandbox.core.request import ROOT
from sandbox.functions.renewal import renew, renewal_cost

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

MOST_NIGHTS = 400
"""A clock moved farther than this is billed for its last nights only."""


@function("service.billdaily", ROOT, "selling-api.md 2")
def billdaily(panel: Panel, request: Request) -> etree._Element:
    """The daily billing: what ended is renewed, suspended or closed; what is billed by the day is charged."""
    return done(**one_night(panel, request, clock.today()))


def days(panel: Panel, request: Request, before: date, after: date) -> None:
    """The nights between two days."""
    for number in range(max(1, (after - before).days - MOST_NIGHTS + 1), (after - before).days + 1):
        one_night(panel, request, before + timedelta(days=number))


def one_night(panel: Panel, request: Request, today: date) -> dict[str, int]:
    """Play the night of `today`: how many services were renewed, suspended and closed.

    A service whose term has ended is renewed, suspended or closed; one that stayed suspended too long is closed. One
    bad service never stops the rest.
    """
    told = {"renewed": 0, "suspended": 0, "closed": 0}
    with panel.db.begin() as tx:
        ended = tx.rows(
            "SELECT id FROM item WHERE parent IS NULL AND status = %s AND expiredate <= %s ORDER BY id",
            items.ACTIVE,
            today,
        )
    for row in ended:
        with panel.db.begin() as tx:
            told[_end_of_period(panel, tx, request, row["id"])] += 1
    told["closed"] += _close_left(panel, request, today)
    panel.queue.wake()
    return told


def _end_of_period(panel: Panel, tx: Tx, request: Request, number: int) -> str:
    items.lock(tx, number)
    item = items.find(tx, number)
    if item is None:
        raise PanelError("item_not_exists", "", number)
    if tx.value("SELECT closeatend FROM item WHERE id = %s", number) == "on":
        _start(panel, tx, request, item, "close")
        return "closed"
    period = lifecycle.DAY if item.period == lifecycle.DAY else item.autoprolong
    tariff = tariffs.load(tx, item.pricelist)
    if period and tariff is not None and period in tariff.prices:
        purse = billing.purse(tx, item.account, tariff.project)
        if purse.available >= renewal_cost(panel, tx, item, tariff, period):
            renew(panel, tx, request, item, tariff, period)
            return "renewed"
    tx.run("UPDATE item SET autosuspend = 'on' WHERE id = %s", number)
    _start(panel, tx, request, item, "suspend")
    return "suspended"


def _close_left(panel: Panel, request: Request, today: date) -> int:
    """Switch autoclose_days: services that stayed suspended for want of money."""
    limit = int(panel.switches.number("autoclose_days"))
    if not limit:
        return 0
    with panel.db.begin() as tx:
        rows = tx.rows(
            "SELECT id FROM item WHERE parent IS NULL AND status = %s AND autosuspend = 'on' AND suspenddate <= %s",
            items.SUSPENDED,
            today - timedelta(days=limit),
        )
        for row in rows:
            item = items.find(tx, row["id"])
            if item is not None:
                _start(panel, tx, request, item, "close")
    return len(rows)


def _start(panel: Panel, tx: Tx, request: Request, item: Item, operation: str) -> None:
    if not lifecycle.start_if_served(panel, tx, item, operation, request.caller.level):
        lifecycle.finish(tx, panel, item, operation)
    entry = billing.Entry(item.account, item.id, item.itemtype, item.remoteid, detail=f"night {operation}")
    billing.journal(tx, panel.name, request, entry)
    billing.history(tx, request, item.id, operation, "status", {"status": operation})
