"""Plan the order of a service: its parameters and add-ons by the tariff map; what is not mapped is refused here."""

from __future__ import annotations

from collections.abc import Mapping

from reseller import products
from reseller.ledger import tariffmap
from reseller.ledger.tariffmap import TariffMap
from reseller.lifecycle import quantities
from reseller.lifecycle.quantities import unmapped
from reseller.model import Item
from reseller.seller.orders import Order
from reseller.seller.tariffs import Tariff
from reseller.wire import numbers
from reseller.wire.errors import ResellerError

#: fields of the panel's tariff form (xml/billmgr_mod_pmreseller.xml)
TARIFF_FIELD, DATACENTER_FIELD = "reseller_pricelist", "reseller_datacenter"

TEMPLATE_FIELD = "ostempl"


def build(item: Item, key: str, tariff: Mapping[str, str], mapping: TariffMap, offered: Tariff | None) -> Order:
    """The order for `item`, `offered` being the seller's tariff where the seller shows it.

    Raises ResellerError `reseller_unmapped` naming the first part that has no counterpart, and what `term()` and
    `quantities.named()` raise.
    """
    pricelist = tariff.get(TARIFF_FIELD, "")
    if not pricelist:
        raise unmapped(item, "tariff", item.pricelist_name)
    values = {name: item.params[name] for name in fields(item)}
    template = item.params.get(TEMPLATE_FIELD, "")
    if template:
        values[TEMPLATE_FIELD] = mapped(item, mapping, tariffmap.OS, template)
    return Order(
        itemtype=item.itemtype,
        key=key,
        pricelist=pricelist,
        datacenter=tariff.get(DATACENTER_FIELD, ""),
        period=str(term(item, mapping)),
        fields=values,
        addons=quantities.named(item, mapping, offered),
    )


def fields(item: Item) -> list[str]:
    """Names of the service's parameters that an order of its type takes as they are, and that have a value."""
    return [name for name in products.of(item.itemtype).order_fields if item.params.get(name)]


def term(item: Item, mapping: TariffMap) -> int:
    """Months that the seller sells where the client pays for `item.period` months.

    Either may be longer, as long as one is a whole multiple of the other: the rest of a longer period here is bought
    later, the rest of a longer term there covers the renewals to come (term_to_buy.py). Special periods (trial, day,
    for ever) only map to themselves. Raises ResellerError `reseller_unmapped` or `reseller_term`.
    """
    months = mapped(item, mapping, tariffmap.PERIOD, str(item.period))
    if not is_term(str(item.period), months):
        raise ResellerError(
            "reseller_term", object="period", value=months, item=item.id, here=item.period, pricelist=item.pricelist
        )
    return int(months)


def is_term(here: str, there: str) -> bool:
    """Whether a period of `here` months can be bought in terms of `there` months, or the other way round."""
    if here == there:
        return True
    short, long = sorted(numbers.parse(text) or 0 for text in (here, there))
    return short > 0 and long % short == 0


def mapped(item: Item, mapping: TariffMap, kind: str, local: str) -> str:
    """The seller's name of the part `local`; raises ResellerError `reseller_unmapped`."""
    remote = mapping.remote(kind, local)
    if not remote:
        raise unmapped(item, kind, local)
    return remote
