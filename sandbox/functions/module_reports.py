"""Call-backs by which modules report addresses, profiles, certificates, statistics and tariff changes (5.2)."""

from __future__ import annotations

import base64
import io
import ipaddress
import zipfile
from datetime import date
from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core import items, lifecycle
from sandbox.core.documents import done
from sandbox.core.errors import bad_value, missing
from sandbox.core.registry import function
from sandbox.core.request import ADMIN
from sandbox.functions import tariff_change

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

FACT = "platform.md 5.2"
CERTIFICATE_FAILED = 6
"""service_status of a certificate (platform.md 5.2)."""
ADDRESS_NEW, ADDRESS_ACTIVE = 1, 2
"""ip.status has the values of items here; the reference names only the column (platform.md 6.2)."""


def day(request: Request, name: str) -> date:
    try:
        return date.fromisoformat(request.text(name))
    except ValueError as error:
        raise bad_value(name, request.text(name)) from error


@function("service.poststat", ADMIN, FACT)
def service_poststat(panel: Panel, request: Request) -> etree._Element:
    """A module has written its statistics of a day into itemstat: elid is the module, date the day."""
    with panel.db.begin() as tx:
        if tx.value("SELECT id FROM processingmodule WHERE id = %s", request.elid or 0) is None:
            raise missing("elid", request.elid)
        rows = tx.value(
            "SELECT COUNT(*) FROM itemstat s JOIN item i ON i.id = s.item WHERE i.processingmodule = %s "
            "AND s.statdate = %s",
            request.elid,
            day(request, "date"),
        )
    return done(rows=rows)


@function("service.changepricelist.rollback", ADMIN, FACT)
def changepricelist_rollback(panel: Panel, request: Request) -> etree._Element:
    """The tariff from before a change that the module could not do: pricelist is lastpricelist again."""
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller)
        items.lock(tx, item.id)
        last = tariff_change.roll_back(panel, tx, item)
    return done(pricelist=last)


def _address(tx: Tx, request: Request) -> dict[str, Any]:
    row = tx.row("SELECT * FROM ip WHERE id = %s FOR UPDATE", int(request.elid)) if request.elid.isdecimal() else None
    if row is None:
        raise missing("elid", request.elid)
    return row


def _service_of(tx: Tx, row: dict[str, Any]) -> items.Item | None:
    """Addresses are rows tied to an add-on item of the service, or to the service (platform.md 6.2)."""
    number = tx.value("SELECT COALESCE(parent, id) FROM item WHERE id = %s", row["item"])
    return items.find(tx, number)


@function("service.ip.add", ADMIN, FACT)
def ip_add(panel: Panel, request: Request) -> etree._Element:
    """The module names the address of a row: ip, mask, gateway, domain; answers the row as `ip.id`."""
    try:
        ipaddress.ip_address(request.text("ip"))
    except ValueError as error:
        raise bad_value("ip", request.text("ip")) from error
    with panel.db.begin() as tx:
        row = _address(tx, request)
        known = {name: request.text(name) for name in ("mask", "gateway", "domain") if name in request.params}
        tx.update("ip", {"id": row["id"]}, name=request.text("ip"), **known)
    return done(**{"ip.id": row["id"]})


@function("service.ip.add.commit", ADMIN, FACT)
def ip_add_commit(panel: Panel, request: Request) -> etree._Element:
    """The address works: the row is active, the operation addip is over."""
    with panel.db.begin() as tx:
        row = _address(tx, request)
        if not row["name"]:
            raise bad_value("ip")
        tx.update("ip", {"id": row["id"]}, status=ADDRESS_ACTIVE)
        _end(tx, panel, row, "addip")
    panel.queue.wake()
    return done(**{"ip.id": row["id"]})


@function("service.ip.del", ADMIN, FACT)
def ip_del(panel: Panel, request: Request) -> etree._Element:
    """The address is gone at the remote side: its row goes too, the operation delip is over."""
    with panel.db.begin() as tx:
        row = _address(tx, request)
        tx.run("DELETE FROM ip WHERE id = %s", row["id"])
        _end(tx, panel, row, "delip")
    panel.queue.wake()
    return done()


def _end(tx: Tx, panel: Panel, row: dict[str, Any], operation: str) -> None:
    item = _service_of(tx, row)
    if item is not None and lifecycle.has_operation(tx, item.id, operation):
        lifecycle.finish(tx, panel, item, operation)


def address_options(panel: Panel, row: int) -> dict[str, str]:
    """How addip and delip are told their row (switch address_option; the reference has only "--item ...")."""
    how = panel.switches["address_option"]
    if how == "param":
        return {"param": "ip", "value": str(row)}
    return {"ip": str(row)} if how == "ip" else {}


@function("certificate.save", ADMIN, FACT)
def certificate_save(panel: Panel, request: Request) -> etree._Element:
    """Store a certificate (`crt`), and with it `csr` and `pkey` when they are given; crt_type=zip: `crt` is an archive
    in base64 that holds it (additions-2.md d.3)."""
    given = {name: request.text(name) for name in ("crt", "csr", "pkey") if request.text(name)}
    if request.text("crt_type") == "zip" and "crt" in given:
        given["crt"] = _unpacked(given["crt"])
    if not given:
        raise bad_value("crt")
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller)
        tx.put("certificate", {"item": item.id}, **given)
    return done()


def _unpacked(text: str) -> str:
    """The first certificate of an archive. Raises PanelError for what is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(text, validate=True))) as archive:
            names = [name for name in archive.namelist() if name.endswith((".crt", ".pem", ".cer"))]
            if not names:
                raise bad_value("crt", desc="no certificate in the archive")
            return archive.read(names[0]).decode()
    except (ValueError, zipfile.BadZipFile) as error:
        raise bad_value("crt", desc="not an archive in base64") from error


@function("certificate.failed", ADMIN, FACT)
def certificate_failed(panel: Panel, request: Request) -> etree._Element:
    """The certificate was not issued: service_status 6."""
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller)
        tx.run("UPDATE item SET service_status = %s WHERE id = %s", CERTIFICATE_FAILED, item.id)
    return done()
