"""What an order says, read from the request and checked field by field (selling-api.md 3.2, 3.5)."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.core import tariffs
from sandbox.core.errors import PanelError, bad_value, missing
from sandbox.core.tariffs import Tariff

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

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


def read_tariff(tx: Tx, request: Request) -> Tariff:
    """`wizard_unavailable` without the tariff of the step before (selling-api.md 2)."""
    if not request.text("pricelist"):
        raise PanelError("wizard_unavailable", "pricelist")
    tariff = tariffs.load(tx, request.text("pricelist"))
    if tariff is None or tariff.itemtype != request.itemtype:
        raise missing("pricelist", request.text("pricelist"))
    if not tariff.active:
        raise bad_value("pricelist", request.text("pricelist"), "the tariff is off")
    return tariff


def read_order(panel: Panel, tx: Tx, request: Request, tariff: Tariff, period_field: str) -> Order:
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
