"""The product types that are resold: one row each, and every rule asks the row (docs/howto/product-type.md).

A type can be resold when it is ordered through `<type>.order.param` with nothing but fields, add-ons and a template;
domains and certificates have order wizards of their own and are not among the types (selling-api.md 3). This file is
loaded at every start of the panel (mgr5/features.py), so it imports nothing that Python has not loaded anyway.
"""

from __future__ import annotations


class Product:
    """A product type; the defaults of its attributes suit a plain service that has a domain name."""

    #: parameters of a service that the type's order takes as they are (selling-api.md 3.5)
    order_fields: tuple[str, ...] = ("domain",)
    #: a service of this type is a machine of its own, which can be started, stopped and rebooted
    has_power = False
    #: somebody logs in to the service, so it has a password
    has_password = False
    #: the service is of no use before the seller has issued its licence key, which may come late (selling-api.md 3.5)
    has_key = False
    #: the seller assigns the service's address; that of a licence, or of DNS hosting, is whatever its client has typed
    has_assigned_address = False
    #: a change of tariff is one call, and not the steps of a wizard (selling-api.md 4.2)
    changes_at_once = False
    #: the type is still ordered by the old functions, or its documentation names no others (selling-api.md 3.1)
    is_ordered_the_old_way = False
    #: a closed service may be kept for the next order of its tariff (lifecycle/kept_licences.py)
    can_be_kept = False
    #: the service has a disk, which a change of tariff must not alter automatically (reselling.md 6)
    has_disk = False

    def __init__(self, **what: object) -> None:
        """Set these attributes of the row; raises AttributeError for a name that no rule uses."""
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
    """The row of a type; a row of the defaults for a type that is not resold."""
    return PRODUCTS.get(itemtype, _OTHER)
