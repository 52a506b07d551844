"""Services that are at the provider already: `import` of a module calls back here (platform.md 5.2)."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import clock, items, tariffs
from sandbox.core.documents import done
from sandbox.core.errors import bad_value, missing
from sandbox.core.registry import function
from sandbox.core.request import ADMIN
from sandbox.functions.processing import load_module
from sandbox.functions.profiles import CONTACTS

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

_OWN = frozenset(
    [
        "func",
        "sok",
        "out",
        "lang",
        "auth",
        "authinfo",
        "su",
        "module",
        "status",
        "service_status",
        "expiredate",
        "period",
        "account",
        *CONTACTS,
    ]
)
"""Parameters that are not the service's own (domain, ns0, ...)."""


@function("processing.import.service", ADMIN, "platform.md 5.2")
def import_service(panel: Panel, request: Request) -> etree._Element:
    """Register a service that the module found: its tariff (by intname), state and dates; answers service_id, which is
    empty when no tariff of this name is connected to the module (additions-2.md c.1)."""
    expires = _day(request.text("expiredate"))
    status, period = request.text("status", str(items.ACTIVE)), request.text("period", "1")
    if status not in ("1", "2", "3", "4", "5"):
        raise bad_value("status", status)
    if not period.lstrip("-").isdecimal():
        raise bad_value("period", period)
    with panel.db.begin() as tx:
        module = load_module(tx, request.text("module"))["id"]
        pricelist = _pricelist(tx, request, module)
        if pricelist is None:
            return done(service_id="")
        account = _account(panel, tx, request)
        number = tx.insert(
            "item",
            name=request.text("import_service_name") or request.text("domain"),
            account=account,
            pricelist=pricelist,
            processingmodule=module,
            period=int(period),
            status=int(status),
            expiredate=expires,
            opendate=clock.today(),
            createdate=clock.today() if account else None,
            service_status=int(request.text("service_status")) if request.text("service_status").isdecimal() else None,
        )
        given = {name: value for name, value in request.params.items() if name not in _OWN}
        for name, value in {"startperioddate": clock.today().isoformat(), **given}.items():
            items.save_param(tx, number, name, value)
        for kind in CONTACTS:
            if request.text(kind).isdecimal():
                key = {"item": number, "type": kind}
                tx.put("service_profile2item", key, service_profile=int(request.text(kind)))
    return done(service_id=number)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise bad_value("expiredate", text) from error


def _pricelist(tx: Tx, request: Request, module: int) -> int | None:
    """A tariff of the module by its internal name, which of a domain's tariff is the id of its zone (5.2, 6.2); the
    type may be left out by modules of a single one (additions-2.md c.1)."""
    kind = request.text("import_itemtype_intname")
    found = tx.value(
        "SELECT p.id FROM pricelist p JOIN itemtype t ON t.id = p.itemtype "
        "JOIN processingmodule2pricelist l ON l.pricelist = p.id AND l.processingmodule = %s "
        "WHERE p.parent IS NULL AND (%s = '' OR t.intname = %s) AND p.intname = %s ORDER BY p.id LIMIT 1",
        module,
        kind,
        kind,
        request.text("import_pricelist_intname"),
    )
    return None if found is None else int(found)


def _account(panel: Panel, tx: Tx, request: Request) -> int:
    """Whose it is, the module cannot know: nobody's until staff say (switch import_account)."""
    if request.text("account"):
        found = tx.value("SELECT id FROM account WHERE id = %s", request.text("account"))
        if found is None:
            raise missing("account", request.text("account"))
        return int(found)
    if panel.switches["import_account"] == "first":
        return int(tx.value("SELECT MIN(id) FROM account") or 0)
    return 0


@function("processing.import.assign", ADMIN, "additions-2.md c.1")
def import_assign(panel: Panel, request: Request) -> etree._Element:
    """Give registered services to a client: elid (a list), account, and for each service pricelist_<elid> and
    project_<elid>. It is done a moment later: createdate is empty until then."""
    due = time.time() + panel.switches.number("assign_seconds")
    with panel.db.begin() as tx:
        account = tx.value("SELECT id FROM account WHERE id = %s", request.text("account") or 0)
        if account is None:
            raise missing("account", request.text("account"))
        for elid in request.elids or [""]:
            item = items.load(tx, elid, request.caller)
            pricelist = request.text(f"pricelist_{elid}") or str(item.pricelist)
            tariff = tariffs.load(tx, pricelist)
            if tariff is None or tariff.itemtype != item.itemtype:
                raise bad_value(f"pricelist_{elid}", pricelist)
            if request.text(f"project_{elid}", str(tariff.project)) != str(tariff.project):
                raise bad_value(f"project_{elid}", request.text(f"project_{elid}"))
            tx.put("lateassign", {"item": item.id}, account=account, pricelist=tariff.id, due=due)
    return done()
