"""Both carts and paying for what is in them (selling-api.md 3.6)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import billing, items, tariffs
from sandbox.core.documents import add, done, fields, money, slist
from sandbox.core.errors import PanelError, bad_value, missing
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.core.tariffs import period_name
from sandbox.functions import cart_rows, orders, renewal, service_changes, tariff_change
from sandbox.functions.money import for_people
from sandbox.functions.page_parts import is_page
from sandbox.functions.services import remove_unpaid

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request
    from sandbox.functions.cart_rows import Position

BALANCE = "0"
"""paymethod_id=0 pays from the balance (selling-api.md 3.6)."""
CREDITED = 4
"""Status of a payment that has arrived (selling-api.md 6)."""


@function("basket", CLIENT, "selling-api.md 3.6")
def basket(panel: Panel, request: Request) -> etree._Element:
    """The old cart. Buttons: `free` takes what costs nothing, `delete id=` removes one, `clearbasket` all."""
    button = request.text("clicked_button")
    with panel.db.begin() as tx:
        there = cart_rows.positions(tx, request.caller.account, "old")
        if button == "free":
            return _free(panel, tx, request, there)
        if button in ("delete", "clearbasket"):
            chosen = (
                there
                if button == "clearbasket"
                else [one for one in there if str(one.item) in request.text("id").split(", ")]
            )
            if button == "delete" and not chosen:
                raise missing("id", request.text("id"))  # a position already gone (selling-api.md 2)
            for position in chosen:
                _remove(panel, tx, request, position)
            return done()
        if request.sok and request.text("promocode"):
            raise PanelError("promocode_not_use", "promocode", request.text("promocode"))
        document = _basket(tx, request, there)
        if is_page(request):
            _for_people(tx, request, document)
        return document


def _basket(tx: Tx, request: Request, there: list[Position]) -> etree._Element:
    total = sum((one.cost for one in there), Decimal(0))
    document = fields(
        billorder=there[0].billorder if there else "", total_sum=money(total), tax="0.00", full_discount="0.00"
    )
    block = etree.SubElement(document, "list", name="itemlist")
    for position in there:
        item = items.load(tx, position.item, request.caller)
        row = etree.SubElement(block, "elem")
        add(row, "item.id", item.id)
        add(row, "item.type", item.itemtype)
        add(row, "item.period", position.params.get("period", item.period))
        add(row, "item.autoprolong", item.autoprolong)
        add(row, "operation", position.operation)
        add(row, "cost", money(position.cost))
    return document


def _for_people(tx: Tx, request: Request, document: etree._Element) -> None:
    """Types, terms and money as people read them."""
    currency = tx.value("SELECT currency FROM project ORDER BY id LIMIT 1")
    for row in document.iterfind("list[@name='itemlist']/elem"):
        add(row, "itemtype", row.findtext("item.type"))
        add(row, "period", period_name(int(row.findtext("item.period", "0")), request.lang))
        add(row, "currency", currency)
    total = document.find("total_sum")
    if total is not None:
        total.text = for_people(Decimal(total.text or "0"), currency, request.lang)


def _free(panel: Panel, tx: Tx, request: Request, there: list[Position]) -> etree._Element:
    """An order that costs nothing needs no payment."""
    chosen = [one for one in there if str(one.billorder) == request.text("id")]
    if not chosen:
        raise missing("id", request.text("id"))
    if any(one.cost for one in chosen):
        raise bad_value("billorder", request.text("id"), "it has to be paid")
    return _settle(panel, tx, request, chosen, "order")


def _remove(panel: Panel, tx: Tx, request: Request, position: Position) -> None:
    item = items.find(tx, position.item)
    if position.operation == "open" and item is not None and item.status == items.ORDERED:
        remove_unpaid(panel, tx, request, item)
    cart_rows.drop(tx, position.id)


def _settle(panel: Panel, tx: Tx, request: Request, chosen: list[Position], where: str) -> etree._Element:
    """All of them are paid, or none: what is short of money stays in the cart."""
    total = sum((one.cost for one in chosen), Decimal(0))
    billing.require(billing.purse(tx, request.caller.account), total)
    payment = tx.insert("payment", status=CREDITED, account=request.caller.account, amount=total)
    tx.run("UPDATE payment SET createdate = CURDATE() WHERE id = %s", payment)
    for position in chosen:
        _fulfil(panel, tx, request, position)
        cart_rows.drop(tx, position.id)
    panel.queue.wake()
    document = etree.Element("doc")
    add(document, "ok", f"func={where}")
    add(document, "payment", payment)
    return document


def _fulfil(panel: Panel, tx: Tx, request: Request, position: Position) -> None:
    item = items.load(tx, position.item, request.caller)
    items.lock(tx, item.id)
    if position.operation == "open":
        orders.open_paid(panel, tx, request, item, position.cost, position.params.get("operation", "open"))
    elif position.operation == "edit":
        changes = service_changes.Changes(position.params, position.cost)
        service_changes.charge_change(panel, tx, request, item, changes)
        service_changes.apply(panel, tx, request, item, changes)
    else:
        tariff = tariffs.load(tx, position.params.get("pricelist", item.pricelist))
        if tariff is None:
            raise missing("pricelist", item.pricelist)
        if position.operation == "prolong":
            renewal.renew(panel, tx, request, item, tariff, int(position.params["period"]))
        else:
            tariff_change.change(panel, tx, request, item, tariff, int(position.params["period"]))


def _order(panel: Panel, tx: Tx, request: Request) -> list[Position]:
    there = cart_rows.positions(tx, request.caller.account, "old")
    chosen = [one for one in there if str(one.billorder) == request.text("billorder")]
    if not chosen:
        raise missing("billorder", request.text("billorder"))
    return chosen


@function("payment.add", CLIENT, "selling-api.md 3.6")
def payment_add(panel: Panel, request: Request) -> etree._Element:
    """First step of paying an order: the ways to pay."""
    with panel.db.begin() as tx:
        chosen = _order(panel, tx, request)
        methods = tx.rows("SELECT id, module FROM paymethod ORDER BY id")
        balance = billing.purse(tx, request.caller.account).available
        currency = tx.value("SELECT currency FROM project ORDER BY id LIMIT 1")
    total = sum((one.cost for one in chosen), Decimal(0))
    amount, first = money(total), f"balance {money(balance)}"
    if is_page(request):
        words = panel.plugins.messages(request.lang, request.func)
        amount = for_people(total, currency, request.lang)
        first = f"{words.get('balance', '')}: {for_people(balance, currency, request.lang)}"
    document = fields(billorder=request.text("billorder"), amount=amount)
    block = etree.SubElement(document, "list", name="methodlist")
    for number, name in [(BALANCE, first), *((row["id"], row["module"]) for row in methods)]:
        row = etree.SubElement(block, "elem")
        add(row, "paymethod", number)
        add(row, "name", name)
    return document


@function("payment.add.method", CLIENT, "selling-api.md 3.6")
def payment_add_method(panel: Panel, request: Request) -> etree._Element:
    """Second step: a way is chosen; the balance pays at once."""
    return _pay(panel, request, "payment.add.pay")


@function("payment.add.pay", CLIENT, "selling-api.md 3.6")
def payment_add_pay(panel: Panel, request: Request) -> etree._Element:
    """Last step; not without the ones before."""
    return _pay(panel, request, "")


def _pay(panel: Panel, request: Request, following: str) -> etree._Element:
    if not request.text("paymethod"):
        raise PanelError("wizard_unavailable", "paymethod")
    with panel.db.begin() as tx:
        chosen = _order(panel, tx, request)
        if request.text("paymethod") != BALANCE:
            raise bad_value("paymethod", request.text("paymethod"), "only the balance pays here")
        if not request.sok:
            document = fields(billorder=request.text("billorder"), paymethod=BALANCE)
            slist(document, "paymethod", [(BALANCE, "balance")])
            return document
        return _settle(panel, tx, request, chosen, "order")


@function("cart", CLIENT, "selling-api.md 3.6")
def cart(panel: Panel, request: Request) -> etree._Element:
    """The new cart: its line items and their total; `clicked_button=delete id=` removes one."""
    with panel.db.begin() as tx:
        there = cart_rows.positions(tx, request.caller.account, cart_rows.cart_of(request))
        if request.text("clicked_button") == "delete":
            chosen = [one for one in there if str(one.id) in request.text("id").split(", ")]
            if not chosen:
                raise missing("id", request.text("id"))
            for position in chosen:
                _remove(panel, tx, request, position)
            return done()
        currency = tx.value("SELECT currency FROM project ORDER BY id LIMIT 1")
        document = etree.Element("doc")
        total = etree.SubElement(document, "total")
        add(total, "cost", money(sum((one.cost for one in there), Decimal(0))))
        add(total, "currency", currency)
        add(total, "count", len(there))
        block = etree.SubElement(document, "list", name="lineitems")
        for position in there:
            item = items.load(tx, position.item, request.caller)
            row = etree.SubElement(block, "elem")
            add(row, "id", position.id)
            add(row, "elid", item.id)
            add(row, "main", item.tariff)
            add(row, "configuration", item.name)
            add(row, "price", money(position.cost))
    return document


@function("cart.empty", CLIENT, "selling-api.md 3.6")
def cart_empty(panel: Panel, request: Request) -> etree._Element:
    """Throw away all line items of the new cart."""
    with panel.db.begin() as tx:
        for position in cart_rows.positions(tx, request.caller.account, cart_rows.cart_of(request)):
            _remove(panel, tx, request, position)
    return done()


@function("cartorder.create.confirm", CLIENT, "selling-api.md 3.6")
def cartorder_confirm(panel: Panel, request: Request) -> etree._Element:
    """Pay line items: elid= their ids, paymethod_id=0 from the balance."""
    with panel.db.begin() as tx:
        there = cart_rows.positions(tx, request.caller.account, cart_rows.cart_of(request))
        chosen = [one for one in there if str(one.id) in request.elids]
        if not chosen or len(chosen) < len(request.elids):
            raise missing("elid", request.elid)
        if not request.sok:
            return fields(elid=request.elid, cost=money(sum((one.cost for one in chosen), Decimal(0))))
        if request.text("paymethod_id") != BALANCE:
            raise bad_value("paymethod_id", request.text("paymethod_id"))
        return _settle(panel, tx, request, chosen, "cartorder")
