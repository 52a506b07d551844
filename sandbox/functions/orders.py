"""Ordering: `<type>.order.param` and `v2.<type>.order.param` (selling-api.md 3)."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import billing, items, lifecycle, tariffs
from sandbox.core.documents import add, done, fields, money, slist
from sandbox.core.errors import PanelError, bad_value, missing
from sandbox.core.modules import AUTO
from sandbox.core.registry import function
from sandbox.core.request import CLIENT

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request
    from sandbox.core.tariffs import Tariff

CRYPTED = ("password", "userpassword")
LONGEST_REMOTEID = 128
OFF = ("", "null", "off")
"""`autoprolong=null` switches it off (selling-api.md 3.2)."""


@dataclass(frozen=True)
class Order:
    """An order whose every field has been checked."""

    tariff: Tariff
    period: int
    datacenter: int
    name: str
    addons: dict[int, str]
    params: dict[str, str]
    crypted: dict[str, str]
    remoteid: str
    autoprolong: int | None
    count: int

    @property
    def cost(self) -> Decimal:
        extra = sum((addon.cost(self.addons[addon.id], self.period) for addon in self.tariff.addons), Decimal(0))
        return self.tariff.prices[self.period] + extra


@function("<itemtype>.order.param", CLIENT, "selling-api.md 3.1-3.3")
def order_param(panel: Panel, request: Request) -> etree._Element:
    """The old order: period in `period`, the new id in /doc/id."""
    _require_api(panel, request, "v2")
    return _order(panel, request, "period", "id", "billorder")


@function("v2.<itemtype>.order.param", CLIENT, "selling-api.md 3.1-3.3")
def order_param_v2(panel: Panel, request: Request) -> etree._Element:
    """The new order: period in `order_period`, the new id in /doc/item.id."""
    _require_api(panel, request, "old")
    return _order(panel, request, "order_period", "item.id", "lineitem.id")


def _require_api(panel: Panel, request: Request, other: str) -> None:
    if panel.switches["order_api"] == other:
        raise missing("func", request.func)


def _order(panel: Panel, request: Request, period_field: str, id_field: str, cart_field: str) -> etree._Element:
    with panel.db.begin() as tx:
        tariff = _tariff(tx, request)
        if not request.sok:
            return _form(tx, request, tariff, period_field)
        account = _account(request)
        order = _checked(panel, tx, request, tariff, period_field)
        paid = request.text("skipbasket") == "on"
        short: PanelError | None = None
        try:
            made = _create(panel, tx, request, order, account, paid)
        except PanelError as error:
            if error.kind != "not_enough_money" or panel.switches["short_balance_leaves"] == "nothing":
                raise
            # selling-api.md 0.3: the error may leave a service in status 1 behind, and that is kept.
            _create(panel, tx, request, order, account, paid=False)
            short = error
    if short is not None:
        raise short
    panel.queue.wake()
    if not paid:
        return done(**{cart_field: made[0]})
    if panel.switches["order_answer_id"] == "no":
        return done()
    return done(**{id_field: ", ".join(str(item) for item in made)})


def _account(request: Request) -> int:
    if not request.caller.account:
        raise bad_value("account", request.caller.name, "only a client can order")
    return request.caller.account


def _tariff(tx: Tx, request: Request) -> Tariff:
    """`wizard_unavailable` without the tariff of the step before (selling-api.md 2)."""
    if not request.text("pricelist"):
        raise PanelError("wizard_unavailable", "pricelist")
    tariff = tariffs.load(tx, request.text("pricelist"))
    if tariff is None or tariff.itemtype != request.itemtype:
        raise missing("pricelist", request.text("pricelist"))
    if not tariff.active:
        raise bad_value("pricelist", request.text("pricelist"), "the tariff is off")
    return tariff


def _checked(panel: Panel, tx: Tx, request: Request, tariff: Tariff, period_field: str) -> Order:
    period = request.text(period_field)
    if not period.lstrip("-").isdigit() or int(period) not in tariff.prices:
        raise bad_value(period_field, period)
    count = request.text("order_count", "1")
    if not count.isdigit() or not 1 <= int(count) <= tariff.most_at_once:
        raise bad_value("order_count", count)
    remoteid = request.text("remoteid")
    if len(remoteid) > LONGEST_REMOTEID:
        raise bad_value("remoteid", remoteid)
    allowed = (tx.value("SELECT orderparams FROM itemtype WHERE id = %s", tariff.itemtype_id) or "").split()
    params = {name: request.text(name) for name in allowed if request.text(name)}
    _check_params(panel, tx, tariff, params, allowed)
    if "domain" in allowed and "domain" not in params:
        params["domain"] = f"{secrets.token_hex(4)}.{tariff.itemtype}.example"  # random when absent (3.2)
    unknown = [
        name
        for name in request.params
        if name.startswith("addon_")
        and name[6:].isdigit()
        and int(name[6:]) not in {addon.id for addon in tariff.addons}
    ]
    if unknown:
        raise bad_value(unknown[0], request.text(unknown[0]))
    values = {addon.id: addon.check(request.text(f"addon_{addon.id}", addon.default)) for addon in tariff.addons}
    return Order(
        tariff,
        int(period),
        _datacenter(tariff, request.text("datacenter")),
        params.get("domain") or params.get("licname") or tariff.name,
        values,
        params,
        {name: request.text(name) for name in CRYPTED if request.text(name)},
        remoteid,
        _autoprolong(tariff, int(period), request.text("autoprolong")),
        int(count),
    )


def _check_params(panel: Panel, tx: Tx, tariff: Tariff, params: dict[str, str], allowed: list[str]) -> None:
    needs_ip = tariff.itemtype == "soft" and panel.switches["soft_ip_required"] == "on"
    if "ip" in allowed and (needs_ip or params.get("ip")):
        check_ip(params.get("ip", ""))
    known = {
        row["intname"]
        for row in tx.rows(
            "SELECT v.intname FROM itemtypeparamvalue v JOIN itemtypeparam p ON p.id = v.itemtypeparam "
            "WHERE p.itemtype = %s AND p.intname = 'ostempl'",
            tariff.itemtype_id,
        )
    }
    if params.get("ostempl") and params["ostempl"] not in known:
        raise bad_value("ostempl", params["ostempl"])


def check_ip(text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError as error:
        raise bad_value("ip", text) from error


def _datacenter(tariff: Tariff, text: str) -> int:
    """Needed, but a tariff with a single data centre accepts its absence (selling-api.md 3.2)."""
    known = [centre for centre, _ in tariff.datacenters]
    if not text and len(known) <= 1:
        return known[0] if known else 0
    if not text.isdigit() or int(text) not in known:
        raise bad_value("datacenter", text)
    return int(text)


def _autoprolong(tariff: Tariff, period: int, text: str) -> int | None:
    if text in OFF:
        return None
    if text == "on":  # the new order's form of it (selling-api.md 3.2)
        return period
    if not text.isdigit() or int(text) not in tariff.prices:
        raise bad_value("autoprolong", text)
    return int(text)


def _create(panel: Panel, tx: Tx, request: Request, order: Order, account: int, paid: bool) -> list[int]:
    """Services of one order: charged, written to the journal and given to the queue, or left in the cart."""
    purse = billing.purse(tx, account, order.tariff.project)
    if paid:
        billing.require(purse, order.cost * order.count)
        _require_free_remoteid(panel, tx, order.remoteid, account)
    module, module_name = _module(tx, order.tariff.id)
    made = []
    for _ in range(order.count):
        item = _insert(panel, tx, order, account, purse.id, module)
        made.append(item.id)
        if not paid:
            continue
        billing.charge(tx, purse, order.cost, item.id, "open")
        entry = billing.Entry(
            account,
            item.id,
            item.itemtype,
            item.remoteid,
            order.cost,
            f"pricelist={order.tariff.id} period={order.period}",
            charge=True,
        )
        billing.journal(tx, panel.name, request, entry, purse.currency)
        billing.history(tx, request, item.id, "open", "The service has been ordered")
        delay = panel.switches.number("provision_seconds") if module_name == AUTO else 0
        lifecycle.begin(tx, panel, item, "open", delay)
        if panel.switches["order_first_status"] == "1":
            tx.run("UPDATE item SET status = %s WHERE id = %s", items.ORDERED, item.id)
    return made


def _require_free_remoteid(panel: Panel, tx: Tx, remoteid: str, account: int) -> None:
    if not remoteid or panel.switches["remoteid_unique"] == "off":
        return
    found = tx.value(
        "SELECT id FROM item WHERE remoteid = %s AND account = %s AND status <> %s", remoteid, account, items.DELETED
    )
    if found is not None:
        raise PanelError("exists", "remoteid", remoteid)


def _module(tx: Tx, pricelist: int) -> tuple[int | None, str]:
    """The first active module of the tariff by its priority (platform.md 6.2: orderpriority)."""
    row = tx.row(
        "SELECT m.id, m.module FROM processingmodule2pricelist l JOIN processingmodule m ON m.id = l.processingmodule "
        "WHERE l.pricelist = %s AND m.active = 'on' ORDER BY m.orderpriority, m.id LIMIT 1",
        pricelist,
    )
    return (None, "") if row is None else (row["id"], row["module"])


def _insert(panel: Panel, tx: Tx, order: Order, account: int, subaccount: int, module: int | None) -> items.Item:
    number = tx.insert(
        "item",
        name=order.name,
        account=account,
        subaccount=subaccount,
        pricelist=order.tariff.id,
        processingmodule=module,
        remoteid=order.remoteid or None,
        period=order.period,
        status=items.ORDERED,
        cost=order.cost,
        autoprolong=order.autoprolong,
        datacenter=order.datacenter or None,
        hidden_lists=int(panel.switches.number("new_row_hidden_lists")),
    )
    tx.run("UPDATE item SET createdate = CURDATE() WHERE id = %s", number)
    for addon in order.tariff.addons:
        _insert_addon(tx, order, addon, number, account, subaccount)
    for name, value in order.params.items():
        items.save_param(tx, number, name, value)
    for name, value in order.crypted.items():
        items.save_crypted(tx, number, name, panel.crypt.encrypt(name, value))
    item = items.find(tx, number)
    if item is None:
        raise PanelError("item_not_exists", value=number)
    return item


def _insert_addon(tx: Tx, order: Order, addon: tariffs.Addon, parent: int, account: int, subaccount: int) -> None:
    """An add-on of a service is an item whose parent is the service (platform.md 6.2)."""
    value = order.addons[addon.id]
    tx.insert(
        "item",
        name=addon.name,
        parent=parent,
        account=account,
        subaccount=subaccount,
        pricelist=addon.id,
        period=order.period,
        status=items.ORDERED,
        cost=addon.cost(value, order.period),
        addonlimit=addon.included,
        addonmax=addon.most,
        intvalue=Decimal(value) if addon.addontype == tariffs.INTEGER else None,
        boolvalue=value if addon.addontype == tariffs.BOOLEAN else None,
        enumerationitem=int(value) if addon.addontype == tariffs.ENUMERATION else None,
    )


def _form(tx: Tx, request: Request, tariff: Tariff, period_field: str) -> etree._Element:
    """The order form: what this client may really buy (selling-api.md 3.4, 7.2)."""
    document = fields(pricelist=tariff.id, pricelist_name=tariff.name, **{period_field: tariff.periods[0]})
    slist(document, period_field, [(period, tariffs.period_name(period)) for period in tariff.periods])
    slist(document, "datacenter", tariff.datacenters)
    slist(
        document,
        "autoprolong",
        [("null", "off"), *((period, tariffs.period_name(period)) for period in tariff.periods)],
    )
    if tariff.datacenters:
        add(document, "datacenter", tariff.datacenters[0][0])
    templates = tx.rows(
        "SELECT v.intname, v.name FROM itemtypeparamvalue v JOIN itemtypeparam p ON p.id = v.itemtypeparam "
        "WHERE p.itemtype = %s AND p.intname = 'ostempl' ORDER BY v.id",
        tariff.itemtype_id,
    )
    if templates:
        slist(document, "ostempl", [(row["intname"], row["name"] or row["intname"]) for row in templates])
    for addon in tariff.addons:
        add(document, f"addon_{addon.id}", request.text(f"addon_{addon.id}", addon.default))
        if addon.choices:
            slist(document, f"addon_{addon.id}", [(choice.id, choice.name) for choice in addon.choices])
    add(document, "orderinfo", f"Total amount: {money(tariff.prices[tariff.periods[0]])} EUR")
    return document
