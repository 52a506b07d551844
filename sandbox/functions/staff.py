"""sandbox.*: what the panel's staff and the test's author can do. Only through the local socket, as root."""

from __future__ import annotations

import os
import secrets
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import billing, items, lifecycle, prices, provisioning, tariffs
from sandbox.core.documents import done, elem, fields, money
from sandbox.core.errors import bad_value, missing
from sandbox.core.registry import function
from sandbox.core.request import ROOT
from sandbox.functions.accounts import checked_ranges, make_account, make_user
from sandbox.switches import REGISTRY, BadSwitch, NoSwitch
from sandbox.tariff_maker import AddonPlan, TariffPlan, make_tariff

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

FACT = "of the stand-in"


def amount(request: Request, name: str, default: str = "") -> Decimal:
    try:
        return Decimal(request.text(name, default))
    except InvalidOperation as error:
        raise bad_value(name, request.text(name)) from error


@function("sandbox.switch", ROOT, FACT)
def switch(panel: Panel, request: Request) -> etree._Element:
    """Show all switches or, by name=, one; set it with value=."""
    name = request.text("name")
    if name and "value" not in request.params:
        if name not in REGISTRY:
            raise missing("name", name)
        return fields(name=name, value=panel.switches[name])
    if name:
        try:
            panel.switches.set(request.text("name"), request.text("value"))
        except BadSwitch as error:
            field = "name" if isinstance(error, NoSwitch) else "value"
            raise bad_value(field, request.text(field), str(error)) from error
        with panel.db.begin() as tx:
            tx.put("sandbox_switch", {"name": request.text("name")}, value=request.text("value"))
        return done()
    document = etree.Element("doc")
    for known, value in panel.switches.items():
        elem(
            document,
            {
                "name": known.name,
                "value": value,
                "default": known.default,
                "settings": "|".join(known.settings),
                "fact": known.fact,
                "meaning": known.meaning,
            },
        )
    return document


@function("sandbox.version", ROOT, FACT)
def version(panel: Panel, request: Request) -> etree._Element:
    """The version that this panel says it has (switch product_version)."""
    return fields(version=panel.switches["product_version"])


@function("sandbox.balance", ROOT, FACT)
def balance(panel: Panel, request: Request) -> etree._Element:
    """Set a client's money: account= or user=, value=, limit=, and floor=, which is kept back and named nowhere."""
    with panel.db.begin() as tx:
        account = request.text("account")
        if request.text("user"):
            account = tx.value("SELECT account FROM user WHERE name = %s", request.text("user"))
        row = tx.row("SELECT id, balance FROM subaccount WHERE account = %s AND project = 1", account)
        if row is None:
            raise missing("account", account)
        if request.text("value"):
            tx.update("subaccount", {"id": row["id"]}, balance=amount(request, "value"))
        if request.text("limit"):
            tx.update("subaccount", {"id": row["id"]}, creditlimit=amount(request, "limit"))
        if request.text("floor"):
            tx.update("subaccount", {"id": row["id"]}, floor=amount(request, "floor"))
        return done(balance=money(tx.value("SELECT balance FROM subaccount WHERE id = %s", row["id"])))


@function("sandbox.client", ROOT, FACT)
def client(panel: Panel, request: Request) -> etree._Element:
    """Make a client with a user: name=, password=, balance=, allow= addresses, totp=."""
    name = request.text("name")
    if not name:
        raise bad_value("name")
    password = request.text("password") or secrets.token_urlsafe(12)
    with panel.db.begin() as tx:
        account = make_account(tx, name)
        user = make_user(
            tx,
            name,
            password,
            account,
            totp=request.text("totp", "off"),
            allowed_ip_ranges=checked_ranges(request.text("allow") or request.text("allowed_ip_ranges")),
        )
        tx.run("UPDATE subaccount SET balance = %s WHERE account = %s", amount(request, "balance", "0"), account)
    answer = fields(account=account, user=user, name=name)
    if not request.text("password"):
        etree.SubElement(answer, "password").text = password
    return answer


@function("sandbox.tariff", ROOT, FACT)
def tariff(panel: Panel, request: Request) -> etree._Element:
    """Make a tariff: itemtype=, name=, price= of a month, periods=1,3,12, datacenter=1|2|all,
    addons=mem:int:1024:8192:0.01,panel:enum:none/0/lite/3.5,backup:bool:2 (one word more: the most of a trial; the
    choice, or on, that the tariff gives), module= id of a processing module, zone= of a domain tariff."""
    if not request.text("name"):
        raise bad_value("name")
    plan = TariffPlan(
        request.text("itemtype", "vds"),
        request.text("name"),
        amount(request, "price", "10"),
        _periods(request),
        _addons(request),
        request.text("datacenter", "1"),
        request.text("zone"),
    )
    with panel.db.begin() as tx:
        if tx.value("SELECT id FROM itemtype WHERE intname = %s AND parent IS NULL", plan.itemtype) is None:
            raise bad_value("itemtype", plan.itemtype)
        number = make_tariff(tx, plan)
        module = request.text("module") or tx.value("SELECT MIN(id) FROM processingmodule WHERE module = 'pmauto'")
        tx.insert("processingmodule2pricelist", processingmodule=module, pricelist=number)
        made = tariffs.load(tx, number)
    answer = fields(id=number)
    for addon in made.addons if made is not None else ():
        etree.SubElement(answer, "addon", intname=addon.intname).text = str(addon.id)
        for choice in addon.choices:
            etree.SubElement(answer, "choice", addon=str(addon.id), intname=choice.intname).text = str(choice.id)
    return answer


def _periods(request: Request) -> tuple[int, ...]:
    words = request.text("periods", "1,3,12").split(",")
    if not all(word.lstrip("-").isdecimal() and int(word) in prices.WORDS for word in words):
        raise bad_value("periods", request.text("periods"))
    return tuple(int(word) for word in words)


def _addons(request: Request) -> tuple[AddonPlan, ...]:
    try:
        return tuple(AddonPlan.parse(word) for word in request.text("addons").split(",") if word)
    except (ValueError, IndexError, InvalidOperation) as error:
        raise bad_value("addons", request.text("addons")) from error


@function("sandbox.itemtype", ROOT, FACT)
def itemtype(panel: Panel, request: Request) -> etree._Element:
    """Make a product type of its own: intname=, name=, orderparams= names that an order may carry."""
    if not request.text("intname"):
        raise bad_value("intname")
    with panel.db.begin() as tx:
        number = tx.insert(
            "itemtype",
            intname=request.text("intname"),
            name=request.text("name", request.text("intname")),
            orderparams=request.text("orderparams", "domain"),
        )
    panel.clear_cache()
    return done(id=number)


def _item(tx: Tx, request: Request, name: str = "item") -> items.Item:
    item = items.find(tx, request.text(name) or request.elid)
    if item is None:
        raise missing(name, request.text(name))
    return item


@function("sandbox.provision", ROOT, FACT)
def provision(panel: Panel, request: Request) -> etree._Element:
    """Staff finish what is open on a service: item=, and facts such as ip=, username=, userpassword=, lickey=."""
    facts = {name: request.text(name) for name in lifecycle.FACTS if request.text(name)}
    with panel.db.begin() as tx:
        item = _item(tx, request)
        operation = tx.value("SELECT intname FROM runningoperation WHERE item = %s ORDER BY id LIMIT 1", item.id)
        if operation is None:
            lifecycle.save_facts(tx, panel, item.id, facts)
        else:
            provisioning.complete(tx, panel, item, operation, facts)
        status = tx.value("SELECT status FROM item WHERE id = %s", item.id)
    return done(id=item.id, operation=operation or "none", status=status)


_ITEM_COLUMNS = (
    "status",
    "expiredate",
    "remoteid",
    "period",
    "cost",
    "autoprolong",
    "processingmodule",
    "employeesuspend",
    "abusesuspend",
    "autosuspend",
    "hidden_lists",
    "account",
    "pricelist",
    "lastpricelist",
    "opendate",
    "createdate",
    "name",
)


@function("sandbox.item", ROOT, FACT)
def change_item(panel: Panel, request: Request) -> etree._Element:
    """Staff change a service past all rules: item=, any column of it, any param_<name>=. Without a change: show it."""
    changes: dict[str, object] = {name: request.text(name) or None for name in _ITEM_COLUMNS if name in request.params}
    if changes.get("expiredate"):
        try:
            date.fromisoformat(str(changes["expiredate"]))
        except ValueError as error:
            raise bad_value("expiredate", changes["expiredate"]) from error
    with panel.db.begin() as tx:
        item = _item(tx, request)
        if changes:
            tx.update("item", {"id": item.id}, **changes)
        for name, value in request.params.items():
            if name.startswith("param_"):
                items.save_param(tx, item.id, name[6:], value)
                changes[name] = value
        if changes:
            detail = " ".join(f"{name}={value}" for name, value in changes.items())
            entry = billing.Entry(item.account, item.id, item.itemtype, item.remoteid, detail=detail)
            billing.journal(tx, panel.name, request, entry)
        row = tx.row("SELECT * FROM item WHERE id = %s", item.id) or {}
    return fields(**row)


@function("sandbox.journal", ROOT, FACT)
def journal(panel: Panel, request: Request) -> etree._Element:
    """Charges and changes of this panel, oldest first: item=, remoteid=, forfunc=, account= choose."""
    wanted = {name: request.text(name) for name in ("item", "remoteid", "account")}
    wanted["func"] = request.text("forfunc")
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        for row in billing.entries(tx, panel.name, wanted):
            elem(document, row)
    return document


@function("sandbox.queue", ROOT, FACT)
def queue(panel: Panel, request: Request) -> etree._Element:
    """The operation queue: action=pause, resume or nothing; answers its state, what runs now, and the core's pid."""
    action = request.text("action")
    if action not in ("", "pause", "resume"):
        raise bad_value("action", action)
    if action:
        panel.queue.paused = action == "pause"
        panel.queue.wake()
    busy = ",".join(str(number) for number in panel.queue.busy)
    return fields(paused="on" if panel.queue.paused else "off", running=busy, pid=os.getpid())
