"""check_param, check_addon: check whether the seller would accept a value. Nothing is changed or stored anywhere.

The error may be shown to a client, so it names the field and nothing of the seller; the full cause goes to the log.
"""

from __future__ import annotations

import ipaddress

from reseller.context import Context
from reseller.ledger import links, tariffmap
from reseller.lifecycle import order_plan, quantities
from reseller.mgr5 import addons, items
from reseller.model import BOOLEAN, ENUMERATION, Item
from reseller.seller import tariffs
from reseller.wire import numbers
from reseller.wire.errors import ResellerError

ADDRESS_FIELD = "ip"


def check_param(context: Context, number: int, name: str, value: str) -> None:
    """Raise ResellerError with the field as its object when parameter `name` of service `number` cannot be `value`."""
    item = items.read_ours(context.db, number)
    if name == ADDRESS_FIELD:
        try:
            ipaddress.ip_address(value.strip())
        except ValueError as error:
            raise ResellerError("reseller_param_address", object=name, value=value) from error
    elif name == order_plan.TEMPLATE_FIELD and value != item.params.get(name, ""):
        if links.of_item(context.db, number) is not None:
            # Another operating system is a new installation, which no setparam does (lifecycle/setparam_plan.py).
            raise ResellerError("reseller_param_fixed", object=name, value=value)
        _require_mapped(context, item, tariffmap.OS, name, value)


def check_addon(context: Context, number: int, name: str, addon: int, value: str) -> None:
    """Raise ResellerError with the field as its object when the add-on of service `number` cannot be `value`.

    The panel names the add-on by its internal `name` or by a number (`addon`): that of the add-on's tariff, or of the
    service's row for it. Which of them the panel uses is not known (platform.md 5.2).
    """
    item = items.read_ours(context.db, number)
    row = addons.find(context.db, item, name, addon)
    field = name or str(addon)
    if row is None:
        raise ResellerError("reseller_param_choice", object=field, value=value)
    if row.addontype == BOOLEAN and value not in ("on", "off"):
        raise ResellerError("reseller_param_choice", object=field, value=value)
    if value in ("", "off"):
        return
    remote = _require_mapped(context, item, tariffmap.ADDON, field, row.key)
    if remote == tariffmap.NONE:
        return
    if row.addontype == ENUMERATION:
        _require_mapped(context, item, tariffmap.ENUM, field, value)
    elif row.addontype != BOOLEAN:
        _require_within(context, item, field, remote, value)


def _require_mapped(context: Context, item: Item, kind: str, field: str, local: str) -> str:
    """The seller's name of `local`; raises ResellerError for the client when the tariff map has none, and logs why."""
    remote = tariffmap.load(context.db, item.pricelist).remote(kind, local)
    if not remote:
        context.log.error(f"item {item.id}: {context.word(quantities.unmapped(item, kind, local[:64]))}")
        raise ResellerError("reseller_param_choice", object=field, value=local)
    return remote


def _require_within(context: Context, item: Item, field: str, addon: str, value: str) -> None:
    """Require a whole number within the bounds of the seller's tariff, which is read for this."""
    try:
        chosen = items.tariff_params(context.db, item.pricelist).get(order_plan.TARIFF_FIELD, "")
        link = links.of_item(context.db, item.id)
        if not context.may_ask(items.account_of(context.db, item.id)):
            raise ResellerError("reseller_param_later", object=field, value=value)
        seller = context.seller_of(link) if link else context.seller(item.module)
        tariff = tariffs.one(seller.transport, chosen)
    except ResellerError as error:
        context.log.error(f"item {item.id}: {field} cannot be checked: {context.word(error)}")
        raise ResellerError("reseller_param_later", object=field, value=value) from error
    bounds = tariff.bounds.get(addon) if tariff else None
    if bounds is None:
        context.log.error(f"item {item.id}: the seller's tariff {chosen} has no add-on {addon}")
        raise ResellerError("reseller_param_choice", object=field, value=value)
    least, most = bounds.least, bounds.most
    amount = numbers.parse(value)
    if amount is None or amount < least or (most is not None and amount > most):
        bound = "-" if most is None else most
        raise ResellerError("reseller_param_range", object=field, value=value, least=least, most=bound)
