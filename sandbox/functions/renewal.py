"""Renewal of a service, as a form (a dry run), at once from the balance, or by the cart (selling-api.md 4.1)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import bill, billing, clock, items, lifecycle, quantities, tariffs
from sandbox.core.documents import Cell, add, done, fields, shown_date, slist, text_of
from sandbox.core.errors import PanelError, bad_value
from sandbox.core.modules import AUTO
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.functions import cart_rows

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request
    from sandbox.core.tariffs import Tariff


@function("service.prolong", CLIENT, "selling-api.md 4.1")
def service_prolong(panel: Panel, request: Request) -> etree._Element:
    """Renew services by a period, `clicked_button=basket`: by the cart. Every accepted call adds a period."""
    with panel.db.begin() as tx:
        if not request.sok:
            return _form(panel, tx, request, items.load(tx, request.elid, request.caller))
        until: date | None = None
        for elid in request.elids or [""]:
            item = items.load(tx, elid, request.caller)
            items.lock(tx, item.id)
            tariff = _tariff(tx, item)
            period = _period(request, item, tariff)
            _require_allowed(panel, item)
            if request.text("clicked_button") == "basket":
                cost = renewal_cost(panel, tx, item, tariff, period)
                position = cart_rows.Position("old", item.id, "prolong", {"period": str(period)}, cost)
                return done(billorder=cart_rows.put(tx, item.account, position))
            until = renew(panel, tx, request, item, tariff, period)
    panel.queue.wake()
    return _nested(shown_date(panel.switches["shown_dates"], until))


def _tariff(tx: Tx, item: Item) -> Tariff:
    tariff = tariffs.load(tx, item.pricelist)
    if tariff is None:
        raise PanelError("missed", "pricelist", item.pricelist)
    return tariff


def _require_allowed(panel: Panel, item: Item) -> None:
    taken = item.status == items.PROCESSING and panel.switches["calls_in_process"] == "taken"
    if item.status not in (items.ACTIVE, items.SUSPENDED) and not taken:
        raise PanelError("value", "status", item.status)
    days = int(panel.switches.number("prolong_window_days"))
    if days and item.expiredate and item.expiredate - timedelta(days=days) > clock.today():
        # The service can be renewed only after <date>: the date is the param `value` (selling-api.md 2).
        raise PanelError("value", "prolong", text_of(item.expiredate - timedelta(days=days)))


def renew(panel: Panel, tx: Tx, request: Request, item: Item, tariff: Tariff, period: int) -> date | None:
    """Charge a renewal and move the date, at once or by an operation; the new date."""
    until = _until(panel, item, period)
    if until is not None:
        until += timedelta(days=int(panel.switches["renewal_gives_days"]))
    # A module learns the period of the renewal from the service: its command gets no other (platform.md 5.2).
    tx.run("UPDATE item SET period = %s, cost = %s WHERE id = %s", period, tariff.prices[period], item.id)
    later = panel.switches["prolong_runs"] == "operation"
    purse = billing.purse(tx, item.account, tariff.project)
    cost = renewal_cost(panel, tx, item, tariff, period)
    billing.charge(tx, purse, cost, item.id, "prolong")
    entry = billing.Entry(
        item.account, item.id, item.itemtype, item.remoteid, cost, f"period={period} until={until}", charge=True
    )
    billing.journal(tx, panel.name, request, entry, purse.currency)
    dates = {"old": text_of(item.expiredate), "new": text_of(until)}
    billing.history(tx, request, item.id, "prolong", "prolong", dates)
    if not later:
        tx.run("UPDATE item SET expiredate = %s WHERE id = %s OR parent = %s", until, item.id, item.id)
    started = (later or item.module != AUTO) and lifecycle.start_if_served(
        panel, tx, item, "prolong", request.caller.level
    )
    if later:
        _set_at_the_end(tx, item, until, started)
    if not started:
        lifecycle.resume_paid(panel, tx, item, request.caller.level)
    return until


def _until(panel: Panel, item: Item, period: int) -> date | None:
    """Until when a renewal pays, as its form promises it; None for ever."""
    today = clock.today()
    start = item.expiredate or today
    if panel.switches["late_renewal_from"] == "today":
        start = max(start, today)
    return lifecycle.add_period(start, period)


def renewal_cost(panel: Panel, tx: Tx, item: Item, tariff: Tariff, period: int) -> Decimal:
    """The tariff and the service's own add-ons for this period, without what an order has once (additions-2.md i)."""
    extra = (held.cost(held.value, period) for held in quantities.of_tariff(tx, tariff, item.id, period))
    return bill.taxed(panel, tariff.prices[period] + sum(extra, Decimal(0)))


def _set_at_the_end(tx: Tx, item: Item, until: date | None, started: bool) -> None:
    """Switch prolong_runs=operation: the date moves when the operation ends."""
    if started:
        tx.run("UPDATE runningoperation SET newexpiredate = %s WHERE item = %s AND intname = 'prolong'", until, item.id)
    else:
        tx.run("UPDATE item SET expiredate = %s WHERE id = %s OR parent = %s", until, item.id, item.id)


def _period(request: Request, item: Item, tariff: Tariff) -> int:
    renewable = [one for one in tariff.periods if one > 0]
    own = item.period if item.period in renewable or not renewable else renewable[0]
    text = request.text("period") or str(own)
    if not re.fullmatch("[0-9]+", text) or int(text) not in renewable:
        raise bad_value("period", text)
    return int(text)


def _nested(until: Cell) -> etree._Element:
    """The new date is one level deeper: the call ends by showing another form (selling-api.md 3.3, 4.1)."""
    document = done()
    inner = etree.SubElement(document, "doc")
    add(inner, "newexpiredate", until)
    return document


def _form(panel: Panel, tx: Tx, request: Request, item: Item) -> etree._Element:
    """The dry run: until when a renewal would pay, and nothing charged."""
    tariff = _tariff(tx, item)
    period = _period(request, item, tariff)
    until = _until(panel, item, period)
    style = panel.switches["shown_dates"]
    document = fields(
        elid=item.id,
        title_name=item.name,
        expiredate=shown_date(style, item.expiredate),
        newexpiredate=shown_date(style, until),
        period=period,
        status=item.status,
    )
    add(document, "suspendpenaltywarn", "off")
    slist(document, "period", [(one, tariffs.period_name(one, request.lang)) for one in tariff.periods if one > 0])
    return document
