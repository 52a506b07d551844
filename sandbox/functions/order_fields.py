"""What an order says, read from the request and checked field by field (selling-api.md 3.2, 3.5)."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.core import bill, tariffs
from sandbox.core.errors import PanelError, bad_value, missing
from sandbox.core.tariffs import INTEGER, TRIAL, Addon, Tariff

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

CRYPTED = ("password", "userpassword")


LONGEST_REMOTEID = 128
LONGEST_NAME = 255
LONGEST_LICNAME = 255
"""selling-api.md 3.5, softexternal."""


COMMON = ("comment", "pid")
"""Parameters that an order of any type may carry and that are only kept (selling-api.md 3.2)."""
NAMED_BY = ("domain", "licname", "CN", "servername", "pa_ip", "comment")
EQUAL_AUTOPROLONG = ("softexternal", "addition")


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
    cost: Decimal


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
    _check_common(tx, request, tariff)
    if not period.lstrip("-").isdecimal() or int(period) not in tariff.prices:
        raise bad_value(period_field, period)
    count = request.text("order_count", "1")
    if not count.isdecimal() or not 1 <= int(count) <= tariff.most_at_once:
        raise bad_value("order_count", count)
    remoteid = request.text("remoteid")
    if len(remoteid) > LONGEST_REMOTEID:
        raise bad_value("remoteid", remoteid)
    allowed = (tx.value("SELECT orderparams FROM itemtype WHERE id = %s", tariff.itemtype_id) or "").split()
    params = {name: request.text(name) for name in (*allowed, *COMMON) if request.text(name)}
    _check_params(panel, tx, tariff, params, allowed)
    check_type(panel, tx, request, tariff, params)
    if "domain" in allowed and "domain" not in params:
        params["domain"] = f"{secrets.token_hex(4)}.{tariff.itemtype}.example"  # random when absent (3.2)
    unknown = [
        name
        for name in request.params
        if name.startswith("addon_")
        and name[6:].isdecimal()
        and int(name[6:]) not in {addon.id for addon in tariff.addons}
    ]
    if unknown:
        raise bad_value(unknown[0], request.text(unknown[0]))
    values = {addon.id: addon_value(panel, request, addon, int(period)) for addon in tariff.addons}
    return Order(
        tariff,
        int(period),
        _datacenter(tariff, request.text("datacenter")),
        _name(tariff, params),
        values,
        params,
        {name: request.text(name) for name in CRYPTED if request.text(name)},
        remoteid,
        autoprolong(tariff, int(period), request.text("autoprolong")),
        int(count),
        order_cost(panel, tariff, int(period), values),
    )


def _name(tariff: Tariff, params: dict[str, str]) -> str:
    """What the service is called, by the first field that says it; refused under that field's name when too long."""
    named_by = next((name for name in NAMED_BY if params.get(name)), "")
    name = params.get(named_by, tariff.name)
    if len(name) > LONGEST_NAME:
        raise bad_value(named_by, desc="too_much")
    return name


def order_cost(panel: Panel, tariff: Tariff, period: int, values: dict[int, str]) -> Decimal:
    """What is charged at once for so much of each add-on."""
    extra = sum((addon.cost(values[addon.id], period) for addon in tariff.addons), Decimal(0))
    return bill.of_order(panel, tariff, period, extra).total


def addon_value(panel: Panel, request: Request, addon: Addon, period: int) -> str:
    """How much of an add-on is wanted; of what nobody orders, and of a trial, the switches say what is refused."""
    field = f"addon_{addon.id}"
    if field not in request.params:
        return addon.default
    value = request.text(field)
    if not addon.is_ordered:
        refuse_fixed(panel, field, value)
        return addon.given
    checked = addon.check(value)
    too_much = addon.addontype == INTEGER and addon.trial_most is not None and int(checked) > addon.trial_most
    if period == TRIAL and too_much and panel.switches["trial_over"] == "refused":
        raise bad_value(field, value)
    return checked


def refuse_fixed(panel: Panel, field: str, value: str) -> None:
    """Switch fixed_addon: an add-on that is not ordered is passed over, or refused, where it is named."""
    if panel.switches["fixed_addon"] == "refused":
        raise bad_value(field, value)


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


def check_ip(text: str, field: str = "ip") -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError as error:
        raise bad_value(field, text) from error


def _check_common(tx: Tx, request: Request, tariff: Tariff) -> None:
    """What orders of all types share beside period and tariff (selling-api.md 3.2)."""
    if request.text("promocode"):  # the stand-in's provider has none
        raise PanelError("promocode_not_use", "promocode", request.text("promocode"))
    if request.text("project") not in ("", str(tariff.project)):
        raise bad_value("project", request.text("project"))
    agreed = tx.value("SELECT licence_agreement FROM pricelist WHERE id = %s", tariff.id)
    if agreed == "on" and request.text("licence_agreement") != "on":
        raise bad_value("licence_agreement", request.text("licence_agreement"))


def check_type(panel: Panel, tx: Tx, request: Request, tariff: Tariff, params: dict[str, str]) -> None:
    """What single types ask of an order (selling-api.md 3.5)."""
    if tariff.itemtype == "softexternal" and not 0 < len(params.get("licname", "")) <= LONGEST_LICNAME:
        raise bad_value("licname", params.get("licname", ""))
    if tariff.itemtype == "parallelslic":
        check_ip(params.get("pa_ip", ""), "pa_ip")
    if tariff.itemtype == "certificate" and not (params.get("CN") and params.get("csr")):
        raise PanelError("wizard_unavailable", "csr")
    if tariff.itemtype == "addition":
        _check_parent(tx, request, params.get("item", ""))


def _check_parent(tx: Tx, request: Request, number: str) -> None:
    """A module belongs to a licence of the same client: item is its id (selling-api.md 3.5)."""
    found = tx.value(
        "SELECT i.id FROM item i JOIN pricelist p ON p.id = i.pricelist JOIN itemtype t ON t.id = p.itemtype "
        "WHERE i.id = %s AND i.account = %s AND t.intname IN ('soft', 'platform') AND i.status IN (2, 3, 5)",
        int(number) if number.isdecimal() else 0,
        request.caller.account,
    )
    if found is None:
        raise bad_value("item", number)


def _datacenter(tariff: Tariff, text: str) -> int:
    """Needed, but a tariff with a single data centre accepts its absence (selling-api.md 3.2)."""
    known = [centre for centre, _ in tariff.datacenters]
    if not text and len(known) <= 1:
        return known[0] if known else 0
    if not text.isdecimal() or int(text) not in known:
        raise bad_value("datacenter", text)
    return int(text)


def autoprolong(tariff: Tariff, period: int, text: str) -> int | None:
    if text in OFF:
        return None
    if tariff.itemtype in EQUAL_AUTOPROLONG and text not in ("on", str(period)):
        return None  # autoprolong must equal period or it is not switched on (selling-api.md 3.5)
    if text == "on":  # the new order's form of it (selling-api.md 3.2)
        return period
    if not text.isdecimal() or int(text) not in tariff.prices:
        raise bad_value("autoprolong", text)
    return int(text)
