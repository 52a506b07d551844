"""Renewal: the form that tells the new date, and the charge (selling-api.md 4.1)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import billing, clock, items, lifecycle, tariffs
from sandbox.core.documents import add, done, fields, slist, text_of
from sandbox.core.errors import PanelError, bad_value
from sandbox.core.modules import AUTO
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.functions.service_edit import addon_rows, addon_value

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request
    from sandbox.core.tariffs import Tariff


@function("service.prolong", CLIENT, "selling-api.md 4.1")
def service_prolong(panel: Panel, request: Request) -> etree._Element:
    """Renew a service by a period. Not idempotent: every accepted call adds one."""
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller)
        items.lock(tx, item.id)
        tariff = tariffs.load(tx, item.pricelist)
        if tariff is None:
            raise PanelError("missed", "pricelist", item.pricelist)
        period = _period(request, item, tariff)
        until = lifecycle.add_period(item.expiredate or clock.today(), period)
        if not request.sok:
            return _form(item, tariff, period, until)
        if item.status not in (items.ACTIVE, items.SUSPENDED):
            raise PanelError("value", "status", item.status)
        later = panel.switches["prolong_runs"] == "operation"
        purse = billing.purse(tx, item.account, tariff.project)
        cost = _cost(tx, item, tariff, period)
        billing.charge(tx, purse, cost, item.id, "prolong")
        entry = billing.Entry(
            item.account, item.id, item.itemtype, item.remoteid, cost, f"period={period} until={until}", charge=True
        )
        billing.journal(tx, panel.name, request, entry, purse.currency)
        billing.history(
            tx,
            request,
            item.id,
            "prolong",
            f"The service validity period has been changed. The old value "
            f"{text_of(item.expiredate)}. The new value {text_of(until)}",
        )
        if not later:
            tx.run("UPDATE item SET expiredate = %s WHERE id = %s OR parent = %s", until, item.id, item.id)
        started = (later or item.module != AUTO) and lifecycle.start_if_served(
            panel, tx, item, "prolong", request.caller.level
        )
        if later:
            _set_at_the_end(tx, item, until, started)
    panel.queue.wake()
    return _nested(until)


def _cost(tx: Tx, item: Item, tariff: Tariff, period: int) -> Decimal:
    """The tariff and the service's own add-ons for this period."""
    values = {row["pricelist"]: addon_value(row) for row in addon_rows(tx, item.id)}
    extra = (addon.cost(values.get(addon.id, addon.default), period) for addon in tariff.addons)
    return tariff.prices[period] + sum(extra, Decimal(0))


def _set_at_the_end(tx: Tx, item: Item, until: date | None, started: bool) -> None:
    """Switch prolong_runs=operation: the date moves when the operation ends."""
    if started:
        tx.run("UPDATE runningoperation SET newexpiredate = %s WHERE item = %s AND intname = 'prolong'", until, item.id)
    else:
        tx.run("UPDATE item SET expiredate = %s WHERE id = %s OR parent = %s", until, item.id, item.id)


def _period(request: Request, item: Item, tariff: Tariff) -> int:
    text = request.text("period") or str(item.period)
    if not text.lstrip("-").isdigit() or int(text) not in tariff.prices or int(text) <= 0:
        raise bad_value("period", text)
    return int(text)


def _nested(until: date | None) -> etree._Element:
    """The new date is one level deeper: the call ends by showing another form (selling-api.md 3.3, 4.1)."""
    document = done()
    inner = etree.SubElement(document, "doc")
    add(inner, "newexpiredate", until)
    return document


def _form(item: Item, tariff: Tariff, period: int, until: date | None) -> etree._Element:
    document = fields(
        elid=item.id,
        title_name=item.name,
        expiredate=item.expiredate,
        newexpiredate=until,
        period=period,
        status=item.status,
    )
    add(document, "suspendpenaltywarn", "off")
    slist(document, "period", [(one, tariffs.period_name(one)) for one in tariff.periods if one > 0])
    return document
