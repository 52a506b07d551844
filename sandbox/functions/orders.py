"""Ordering: `<type>.order.param` and `v2.<type>.order.param` (selling-api.md 3)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import billing, items, lifecycle, quantities
from sandbox.core.documents import done
from sandbox.core.errors import PanelError, bad_value, missing
from sandbox.core.modules import AUTO
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.functions import cart_rows
from sandbox.functions.order_fields import Order, read_order, read_tariff
from sandbox.functions.order_form import order_form

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request


@function("<itemtype>.order.param", CLIENT, "selling-api.md 3.1-3.3")
def order_param(panel: Panel, request: Request) -> etree._Element:
    """The old order: period in `period`, the new id in /doc/id."""
    _require_api(panel, request, "v2")
    if request.text("force_use_new_cart") == "on":  # lands in the new cart (selling-api.md 3.1)
        return _order(panel, request, "period", "id", "lineitem.id")
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
        tariff = read_tariff(tx, request)
        if not request.sok:
            return order_form(panel, tx, request, tariff, period_field)
        account = _account(request)
        order = read_order(panel, tx, request, tariff, period_field)
        paid = request.text("skipbasket") == "on"
        short: PanelError | None = None
        try:
            made = create(panel, tx, request, order, account, paid)
        except PanelError as error:
            if error.kind != "not_enough_money" or panel.switches["short_balance_leaves"] == "nothing":
                raise
            # selling-api.md 0.3: the error may leave a service in status 1 behind, and that is kept.
            left = create(panel, tx, request, order, account, paid=False)
            _to_cart(tx, order, account, left, "old")
            short = error
        positions = [] if paid or short else _to_cart(tx, order, account, made, _cart(request, cart_field))
    if short is not None:
        raise short
    panel.queue.wake()
    if not paid:
        return done(**{cart_field: ", ".join(str(one) for one in positions)})
    if panel.switches["order_answer_id"] == "no":
        return done()
    if panel.switches["order_answer_id"] == "other":
        with panel.db.begin() as tx:
            made = [_another(tx, account, made)]
    return done(**{id_field: ", ".join(str(item) for item in made)})


def _another(tx: Tx, account: int, made: list[int]) -> int:
    """A service of the account that this order did not make; the next number where it has none."""
    sql = "SELECT MIN(id) FROM item WHERE account = %s AND parent IS NULL AND status <> %s AND id < %s"
    return int(tx.value(sql, account, items.DELETED, min(made)) or max(made) + 1)


def _account(request: Request) -> int:
    if not request.caller.account:
        raise bad_value("account", request.caller.name, "only a client can order")
    return request.caller.account


def _cart(request: Request, cart_field: str) -> str:
    return cart_rows.cart_of(request) if cart_field == "lineitem.id" else "old"


def _to_cart(tx: Tx, order: Order, account: int, made: list[int], cart: str) -> list[int]:
    """The old cart is one order however many services it holds; the new one has a position for each."""
    params = {"period": str(order.period)}
    numbers = [cart_rows.put(tx, account, cart_rows.Position(cart, item, "open", params, order.cost)) for item in made]
    return list(dict.fromkeys(numbers))


def create(
    panel: Panel, tx: Tx, request: Request, order: Order, account: int, paid: bool, operation: str = "open"
) -> list[int]:
    """Services of one order: charged, written to the journal and given to the queue, or left in the cart."""
    purse = billing.purse(tx, account, order.tariff.project)
    if paid:
        billing.require(purse, order.cost * order.count)
        _require_free_remoteid(panel, tx, order.remoteid, account)
    module = _module(tx, order.tariff.id)
    made = []
    for _ in range(order.count):
        item = _insert(panel, tx, order, account, purse.id, module)
        made.append(item.id)
        if paid:
            open_paid(panel, tx, request, item, order.cost, operation)
    return made


def open_paid(panel: Panel, tx: Tx, request: Request, item: items.Item, cost: Decimal, operation: str = "open") -> None:
    """An ordered service is charged, written to the journal and given to the queue."""
    tariff = item.pricelist
    purse = billing.purse(tx, item.account, tx.value("SELECT project FROM pricelist WHERE id = %s", tariff) or 1)
    billing.charge(tx, purse, cost, item.id, "open")
    detail = f"pricelist={tariff} period={item.period}"
    entry = billing.Entry(item.account, item.id, item.itemtype, item.remoteid, cost, detail, charge=True)
    billing.journal(tx, panel.name, request, entry, purse.currency)
    billing.history(tx, request, item.id, "open", "ordered")
    delay = panel.switches.number("provision_seconds") if item.module == AUTO else 0
    lifecycle.begin(tx, panel, item, operation, request.caller.level, delay)
    if panel.switches["order_first_status"] == "1":
        tx.run("UPDATE item SET status = %s WHERE id = %s", items.ORDERED, item.id)


def _require_free_remoteid(panel: Panel, tx: Tx, remoteid: str, account: int) -> None:
    if not remoteid or panel.switches["remoteid_unique"] == "off":
        return
    found = tx.value(
        "SELECT id FROM item WHERE remoteid = %s AND account = %s AND status <> %s", remoteid, account, items.DELETED
    )
    if found is not None:
        raise PanelError("exists", "remoteid", remoteid)


def _module(tx: Tx, pricelist: int) -> int | None:
    """The first active module of the tariff by its priority (platform.md 6.2: orderpriority)."""
    row = tx.row(
        "SELECT m.id FROM processingmodule2pricelist l JOIN processingmodule m ON m.id = l.processingmodule "
        "WHERE l.pricelist = %s AND m.active = 'on' ORDER BY m.orderpriority, m.id LIMIT 1",
        pricelist,
    )
    return None if row is None else int(row["id"])


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
    sql = "SELECT u.id FROM currency u JOIN project j ON j.currency = u.iso WHERE j.id = %s"
    currency = tx.value(sql, order.tariff.project)
    tx.run("UPDATE item SET createdate = CURDATE(), currency = %s WHERE id = %s", currency, number)
    # An add-on of a service is an item whose parent is the service (platform.md 6.2).
    owner = quantities.Owner(number, account, subaccount, items.ORDERED, order.period)
    for addon in order.tariff.addons:
        quantities.put(panel, tx, owner, addon, order.addons[addon.id])
    for name, value in order.params.items():
        items.save_param(tx, number, name, value)
    for name, value in order.crypted.items():
        items.save_crypted(tx, number, name, panel.crypt.encrypt(name, value))
    item = items.find(tx, number)
    if item is None:
        raise PanelError("item_not_exists", value=number)
    return item
