"""What to order for a service: its parameters and add-ons, by the tariff map; everything unmapped is refused here."""

from __future__ import annotations

from reseller.ledger import tariffmap
from reseller.ledger.tariffmap import TariffMap
from reseller.model import ENUMERATION, Addon, Item
from reseller.seller.orders import Order
from reseller.wire.errors import ResellerError

#: fields of the panel's tariff form (xml/billmgr_mod_pmreseller.xml)
TARIFF_FIELD, DATACENTER_FIELD = "reseller_pricelist", "reseller_datacenter"

#: the parameters of a service that each type's order takes as they are (reference/selling-api.md 3.5)
FIELDS = {
    "vds": ("domain", "recipe"),
    "dedic": ("domain", "recipe"),
    "soft": ("ip", "licname"),
    "softexternal": ("ip", "licname"),
    "platform": ("comment",),
}
OTHER_FIELDS = ("domain",)
TEMPLATE_FIELD = "ostempl"


def build(item: Item, key: str, tariff: dict[str, str], mapping: TariffMap) -> Order:
    """The order for `item`; raises ResellerError `reseller_unmapped` naming the first part that has no counterpart."""
    pricelist = tariff.get(TARIFF_FIELD, "")
    if not pricelist:
        raise _unmapped(item, "tariff", item.pricelist_name)
    fields = {name: item.params[name] for name in FIELDS.get(item.itemtype, OTHER_FIELDS) if item.params.get(name)}
    template = item.params.get(TEMPLATE_FIELD, "")
    if template:
        fields[TEMPLATE_FIELD] = mapped(item, mapping, tariffmap.OS, template)
    addons = dict(_addon(item, mapping, addon) for addon in item.addons if addon.value not in ("", "off"))
    return Order(
        itemtype=item.itemtype,
        key=key,
        pricelist=pricelist,
        datacenter=tariff.get(DATACENTER_FIELD, ""),
        period=mapped(item, mapping, tariffmap.PERIOD, str(item.period)),
        fields=fields,
        addons=addons,
    )


def _addon(item: Item, mapping: TariffMap, addon: Addon) -> tuple[str, str]:
    number = mapped(item, mapping, tariffmap.ADDON, addon.intname or str(addon.pricelist))
    value = mapped(item, mapping, tariffmap.ENUM, addon.value) if addon.addontype == ENUMERATION else addon.value
    return number, value


def mapped(item: Item, mapping: TariffMap, kind: str, local: str) -> str:
    """What `local` is called at the seller; raises ResellerError `reseller_unmapped`."""
    remote = mapping.remote(kind, local)
    if not remote:
        raise _unmapped(item, kind, local)
    return remote


def _unmapped(item: Item, kind: str, local: str) -> ResellerError:
    return ResellerError(
        "reseller_unmapped",
        object=kind,
        value=local,
        item=item.id,
        tariff=item.pricelist_name,
        pricelist=item.pricelist,
        part=kind,
    )
