"""The product types that are resold: one row each, and every rule asks the row (docs/howto/product-type.md).

A type can be sold when it is ordered through `<type>.order.param` with nothing but fields, add-ons and a template;
domains and certificates have wizards of their own and are not among them (selling-api.md 3). Loaded at every start of
the panel (mgr5/features.py), so nothing is imported here that Python has not loaded anyway.
"""

from __future__ import annotations


class Product:
    """A type; what a row leaves out is as with a plain service that has a domain name."""

    #: parameters of a service that the type's order takes as they are (selling-api.md 3.5)
    order_fields: tuple[str, ...] = ("domain",)
    #: a machine of its own, that is started, stopped and rebooted
    has_power = False
    #: somebody logs in to it
    has_password = False
    #: of no use before the seller has issued its licence key, which may come late (selling-api.md 3.5)
    has_key = False
    #: the seller assigns its address; that of a licence, or of DNS hosting, is whatever its client has typed
    has_assigned_address = False
    #: its tariff changes in one call, and not in the steps of a wizard (selling-api.md 4.2)
    changes_at_once = False
    #: stays on the old order functions, or its documentation never left them (selling-api.md 3.1)
    is_ordered_the_old_way = False
    #: a closed one may be kept for the next order of its tariff (lifecycle/kept_licences.py)
    can_be_kept = False
    #: a change of its disk cannot be automatic (reselling.md 6)
    has_disk = False

    def __init__(self, **what: object) -> None:
        """Raises AttributeError for a word that no rule asks for."""
        for name, value in what.items():
            getattr(self, name)
            setattr(self, name, value)


_MACHINE = {
    "order_fields": ("domain", "recipe"),
    "has_power": True,
    "has_password": True,
    "has_assigned_address": True,
}
_LICENCE = {"has_key": True, "changes_at_once": True, "is_ordered_the_old_way": True}

PRODUCTS = {
    "vds": Product(**_MACHINE, has_disk=True),
    "soft": Product(**_LICENCE, order_fields=("ip", "licname"), can_be_kept=True),
    "dedic": Product(**_MACHINE),
    "vhost": Product(has_password=True),
    "softexternal": Product(**_LICENCE, order_fields=("ip", "licname"), can_be_kept=True),
    "platform": Product(**_LICENCE, order_fields=("comment",)),
    "storage": Product(has_password=True),
    "dnshost": Product(has_password=True),
}
ITEMTYPES = tuple(PRODUCTS)
_OTHER = Product()


def of(itemtype: str) -> Product:
    """The row of a type; of one that is not resold, the plain one."""
    return PRODUCTS.get(itemtype, _OTHER)
