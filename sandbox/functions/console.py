"""What a client does with a running service: power, password, addresses, its pages (selling-api.md 4.2)."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import billing, items, lifecycle, tariffs
from sandbox.core.documents import add, done, elem, fields, listed
from sandbox.core.errors import PanelError, bad_value, missing
from sandbox.core.modules import BUILT_IN
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.functions.module_reports import ADDRESS_ACTIVE, ADDRESS_NEW, address_options

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

POWER = ("start", "stop", "reboot", "hardreboot")


def _act(panel: Panel, tx: Tx, request: Request, item: Item, operation: str, options: dict[str, str]) -> None:
    """An operation of the service's module on a service that is active."""
    items.lock(tx, item.id)
    taken = item.status == items.PROCESSING and panel.switches["calls_in_process"] == "taken"
    if item.status != items.ACTIVE and not taken:
        raise PanelError("value", "status", item.status)
    if not lifecycle.start_if_served(panel, tx, item, operation, request.caller.level, options):
        raise PanelError("unsupported", operation, item.id)
    if operation in POWER and panel.switches["power_status"] == "2":
        tx.run("UPDATE item SET status = %s WHERE id = %s", items.ACTIVE, item.id)
    billing.journal(tx, panel.name, request, billing.Entry(item.account, item.id, item.itemtype, item.remoteid))


def _power(operation: str) -> None:
    def run(panel: Panel, request: Request) -> etree._Element:
        with panel.db.begin() as tx:
            for elid in request.elids or [""]:
                item = items.load(tx, elid, request.caller)
                _act(panel, tx, request, item, operation, {})
                billing.history(tx, request, item.id, operation, "status", {"status": operation})
        panel.queue.wake()
        return done()

    run.__doc__ = f"Power: {operation} of services."
    function(f"service.{operation}", CLIENT, "selling-api.md 4.2")(run)


for _operation in POWER:
    _power(_operation)


@function("service.changepassword", CLIENT, "selling-api.md 4.2")
def changepassword(panel: Panel, request: Request) -> etree._Element:
    """A new password for a service: passwd, confirm."""
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller)
        if not request.sok:
            return fields(elid=item.id, username=items.params(tx, item.id).get("username", ""))
        if not request.text("passwd"):
            raise bad_value("passwd")
        if request.text("passwd") != request.text("confirm"):
            raise PanelError("value", "confirm")
        crypted = panel.crypt.encrypt("password", request.text("passwd"))
        _act(panel, tx, request, item, "changepassword", {"userid": "0", "password": crypted})
        name = "userpassword" if item.itemtype in ("vds", "dedic", "instances") else "password"
        items.save_crypted(tx, item.id, name, panel.crypt.encrypt(name, request.text("passwd")))
        billing.history(tx, request, item.id, "changepassword", "password")
    panel.queue.wake()
    return done()


@function("service.ip", CLIENT, "selling-api.md 4.2")
def ip_list(panel: Panel, request: Request) -> etree._Element:
    """Addresses of a service: its main one, and those ordered beside it."""
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid or request.text("plid"), request.caller)
        main = items.params(tx, item.id).get("ip", "")
        rows = tx.rows(
            "SELECT id, name, domain, status FROM ip "
            "WHERE item = %s OR item IN (SELECT id FROM item WHERE parent = %s) ORDER BY id",
            item.id,
            item.id,
        )
    if main and main not in {row["name"] for row in rows}:
        elem(document, {"id": main, "ip": main, "domain": item.name, "type": "main", "status": ADDRESS_ACTIVE})
    for row in rows:
        cells = {"id": row["id"], "ip": row["name"], "domain": row["domain"], "type": "public", "status": row["status"]}
        elem(document, cells)
    add(document, "plid", item.id)
    add(document, "p_elems", len(document.findall("elem")))
    return document


@function("service.ip.edit", CLIENT, "selling-api.md 4.2")
def ip_edit(panel: Panel, request: Request) -> etree._Element:
    """Change an address's name: plid=SERVICE, elid=IP, domain=; without elid: take more, type=, count=, maxcount=."""
    with panel.db.begin() as tx:
        item = items.load(tx, request.text("plid"), request.caller)
        if request.elid:
            row = _row(tx, item, request.elid)
            if not request.sok:
                return fields(plid=item.id, elid=row["id"], ip=row["name"], domain=row["domain"])
            tx.run("UPDATE ip SET domain = %s WHERE id = %s", request.text("domain"), row["id"])
            return done(id=row["id"])
        most = _most(tx, item)
        if not request.sok:
            return fields(plid=item.id, type="public", count=1, maxcount=most)
        count = request.text("count", "1")
        if not count.isdecimal() or not 1 <= int(count) <= most:
            raise bad_value("count", count)
        made = [_take(panel, tx, request, item) for _ in range(int(count))]
    panel.queue.wake()
    return done(id=", ".join(str(one) for one in made))


def _row(tx: Tx, item: Item, elid: str) -> dict[str, object]:
    row = tx.row(
        "SELECT * FROM ip WHERE id = %s AND (item = %s OR item IN (SELECT id FROM item WHERE parent = %s))",
        int(elid) if elid.isdecimal() else 0,
        item.id,
        item.id,
    )
    if row is None:
        raise missing("ip", elid)
    return row


def _most(tx: Tx, item: Item) -> int:
    """How many more addresses the service's own resource allows."""
    tariff = tariffs.load(tx, item.pricelist)
    addon = next((one for one in tariff.addons if one.intname == "ip"), None) if tariff else None
    if addon is None:
        return 0
    used = tx.value(
        "SELECT COUNT(*) FROM ip WHERE item = %s OR item IN (SELECT id FROM item WHERE parent = %s)", item.id, item.id
    )
    most = tariffs.UNLIMITED if addon.most is None else addon.most
    return max(most - addon.included - int(used), 0)


def _take(panel: Panel, tx: Tx, request: Request, item: Item) -> int:
    """A row that the module fills; the panel's own provisioning fills it at once."""
    number = tx.insert("ip", name="", item=item.id, status=ADDRESS_NEW, domain=request.text("domain") or item.name)
    if item.module in BUILT_IN:
        address = f"198.19.{number >> 8 & 255}.{number & 255}"
        tx.update("ip", {"id": number}, name=address, status=ADDRESS_ACTIVE)
        billing.history(tx, request, item.id, "addip", "ip_add", {"name": address})
    else:
        _act(panel, tx, request, item, "addip", address_options(panel, number))
    return number


@function("service.ip.delete", CLIENT, "selling-api.md 4.2")
def ip_delete(panel: Panel, request: Request) -> etree._Element:
    """Give addresses back: plid=SERVICE, elid=IP."""
    with panel.db.begin() as tx:
        item = items.load(tx, request.text("plid"), request.caller)
        for elid in request.elids or [""]:
            row = _row(tx, item, elid)
            if item.module in BUILT_IN:
                tx.run("DELETE FROM ip WHERE id = %s", row["id"])
                billing.history(tx, request, item.id, "delip", "ip_delete", {"name": row["name"]})
            else:
                _act(panel, tx, request, item, "delip", address_options(panel, int(str(row["id"]))))
    panel.queue.wake()
    return done()


@function("gotoserver", CLIENT, "selling-api.md 4.2")
def gotoserver(panel: Panel, request: Request) -> etree._Element:
    """The way into the service's own panel: a URL with a key that works once, in /doc/ok."""
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller)
        known = items.params(tx, item.id)
    if item.status != items.ACTIVE:
        raise PanelError("value", "status", item.status)
    if item.module not in BUILT_IN:
        words = ["--command", "transition_controlpanel", "--item", str(item.id), "--lang", request.lang]
        answer = panel.modules.command(item.module, words)
        url = answer.findtext(".//url") or ""
    else:
        own = known.get("domain") if panel.switches["panel_link"] == "domain" else known.get("ip")
        url = _way_in(panel, request, own or item.name)
    document = etree.Element("doc")
    add(document, "ok", url)
    return document


def _way_in(panel: Panel, request: Request, own: str) -> str:
    """Where a seller's link leads is not documented: switch panel_link."""
    key, leads = secrets.token_hex(16), panel.switches["panel_link"]
    name = request.caller.name
    if leads in ("account", "account_key"):
        with panel.db.begin() as tx:
            row = {"name": request.caller.user, "ip": "", "atime": int(time.time())}
            tx.put("core_session", {"id": f"key:{key}"}, **row)
    if leads == "account":
        host = request.origin.headers.get("Host", "localhost")
        return f"https://{host}/billmgr?func=auth&username={name}&key={key}"
    return f"https://{own}:1500/?func=auth&username={name}&key={key}"


@function("service.instruction.html", CLIENT, "selling-api.md 4.2")
def instruction(panel: Panel, request: Request) -> etree._Element:
    """What a client is told about a new service, as a page."""
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller)
        known = items.params(tx, item.id)
    rows = "".join(f"<p>{name}: {value}</p>" for name, value in known.items())
    return fields(elid=item.id, body=f"<h1>{item.name}</h1>{rows}")


@function("service.stat", CLIENT, "selling-api.md 4.2")
def stat(panel: Panel, request: Request) -> etree._Element:
    """Measured use of a service's resources, newest first."""
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller)
        rows = tx.rows(
            "SELECT statdate, param, value FROM itemstat WHERE item = %s ORDER BY statdate DESC, param", item.id
        )
    return listed(rows)


@function("soft.checkip", CLIENT, "selling-api.md 3.5")
def soft_checkip(panel: Panel, request: Request) -> etree._Element:
    """May this address take this licence: one licence of a tariff for an address, one trial ever."""
    with panel.db.begin() as tx:
        check_licence_address(panel, tx, request.text("pricelist"), request.text("ip"), request.text("period", "1"))
    return done()


def check_licence_address(panel: Panel, tx: Tx, pricelist: str, ip: str, period: str) -> None:
    tariff = tariffs.load(tx, pricelist)
    if tariff is None or tariff.itemtype != "soft":
        raise missing("pricelist", pricelist)
    if not period.lstrip("-").isdecimal() or int(period) not in tariff.prices:
        raise bad_value("period", period)
    taken = "SELECT i.id FROM item i JOIN itemparam f ON f.item = i.id AND f.intname = 'ip' AND f.value = %s WHERE "
    trial = int(period) == lifecycle.TRIAL and panel.switches["trial_again"] == "no"
    if trial and tx.value(f"{taken} i.period = %s LIMIT 1", ip, lifecycle.TRIAL) is not None:
        raise PanelError("exists", "trial", ip)
    live = f"{taken} i.pricelist = %s AND i.status <> %s LIMIT 1"
    if tx.value(live, ip, tariff.id, items.DELETED) is not None:
        raise PanelError("exists", "ip", ip)


@function("license.print", CLIENT, "selling-api.md 4.2")
def license_print(panel: Panel, request: Request) -> etree._Element:
    """A licence as it is handed to its user."""
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller, "soft")
        known = items.params(tx, item.id)
    shown = {name: known.get(name, "") for name in ("licname", "ip", "lickey")}
    return fields(elid=item.id, pricelist=item.tariff, expiredate=item.expiredate, **shown)
