"""Plan the calls that make a remote service equal to its service here, from what differs between the two.

A change of tariff comes first and alone, since the ids of add-ons belong to the tariff. Resources and the fields that
an order takes go together in one edit. A field that the seller's form does not show cannot be changed by the buyer.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import NamedTuple

from reseller.ledger import tariffmap
from reseller.ledger.tariffmap import TariffMap
from reseller.lifecycle import order_plan, quantities
from reseller.lifecycle.quantities import Ask, amount, unmapped
from reseller.model import Item
from reseller.seller.service import Service
from reseller.seller.tariffs import Tariff
from reseller.wire import checked
from reseller.wire.errors import ResellerError

#: internal names of resources that are a disk; the vendor calls it `disk`, and `hdd` in his processing modules
DISKS = ("disk", "hdd", "ssd", "nvme")


class Change(NamedTuple):
    """One call: a change of tariff (`pricelist`, `period`), or fields of the edit form."""

    fields: Mapping[str, str]
    is_tariff: bool = False

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that are the same for the same call; no secret is ever among its fields."""
        call = repr((self.is_tariff, sorted(self.fields.items())))
        return f"{zlib.crc32(call.encode()):08x}"

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.fields.items())


def build(item: Item, form: Service, tariff: Mapping[str, str], mapping: TariffMap, ask: Ask) -> Change | None:
    """The next call that makes the remote service equal to `item`; None when they are equal.

    Raises ResellerError `reseller_unmapped`, `reseller_term`, `reseller_quantity_whole`, or `reseller_reinstall`, and
    what `ask`, which reads the seller's tariff of the service, raises.
    """
    target = tariff.get(order_plan.TARIFF_FIELD, "")
    if not target:
        raise unmapped(item, "tariff", item.pricelist_name)
    if form.pricelist != target:
        return Change({"pricelist": target, "period": str(order_plan.term(item, mapping))}, is_tariff=True)
    # Another operating system is a new installation, which wipes the disk, and never part of a change.
    here, there = item.params.get(order_plan.TEMPLATE_FIELD, ""), form.fields.get(order_plan.TEMPLATE_FIELD, "")
    template = mapping.remote(tariffmap.OS, here) if here else None
    if template and there and template != there:
        raise ResellerError(
            "reseller_reinstall", object=order_plan.TEMPLATE_FIELD, value=here, item=item.id, there=there
        )
    fields = {
        name: item.params[name]
        for name in order_plan.fields(item)
        if name in form.fields
        and checked.canonical(name, item.params[name]) != checked.canonical(name, form.fields[name])
    }
    fields.update(quantities.differing(item, mapping, form, ask))
    return Change(fields) if fields else None


def disk_change(item: Item, form: Service, mapping: TariffMap, now: Tariff | None, then: Tariff | None) -> str:
    """How a change of tariff would alter the disk, in words; empty when it would not.

    Where the seller does not show one of the two tariffs to this account, the change counts as altering the disk
    (`?`). Raises ResellerError `reseller_unmapped` or `reseller_quantity_whole`.
    """
    if now is None or then is None:
        return "?"
    before = {name: form.addons.get(now.addons[name], "") or now.included(name) for name in _disks(now)}
    expected = quantities.expected(item, mapping, then)
    after = {name: expected[then.addons[name]] for name in _disks(then)}
    if {name: amount(value) for name, value in before.items()} == {
        name: amount(value) for name, value in after.items()
    }:
        return ""
    return " / ".join(f"{name} {before.get(name, '-')} -> {after.get(name, '-')}" for name in sorted({*before, *after}))


def _disks(tariff: Tariff) -> list[str]:
    return [name for name in tariff.addons if name.lower() in DISKS]
