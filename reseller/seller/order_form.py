"""Order forms: what this account may really buy (selling-api.md 3.4, 7.2). Opened without `sok`, they buy nothing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from reseller.seller import orders
from reseller.seller.orders import OLD, PERIOD_FIELD, V2, Order
from reseller.seller.transport import Transport
from reseller.wire import document, money
from reseller.wire.bounds import PAGE


class OrderForm(NamedTuple):
    """The form of one tariff; `templates` and `recipes` are labels by key, `given` and `steps` are by add-on number."""

    #: empty where the form lists none
    periods: frozenset[str]
    templates: Mapping[str, str]
    recipes: Mapping[str, str]
    #: what the form shows first of each add-on: what the tariff gives
    given: Mapping[str, str]
    #: by how much a quantity rises
    steps: Mapping[str, Decimal]


def offered(transport: Transport, itemtype: str, generation: str) -> set[str]:
    """Numbers of the tariffs that the account may order; raises SellerError.

    The old list is the first step of the wizard: a later one may be empty until that was called (selling-api.md 7.2).
    """
    func = f"{itemtype}.order" if generation == OLD else f"v2.{itemtype}.order.pricelist"
    root = transport.call(func, bounds=PAGE)
    names = ("list[@name='tariflist']/elem/pricelist", "list[@name='pricelist']/elem/id")
    return {text for name in names for node in root.iterfind(name) if (text := (node.text or "").strip())}


def read(transport: Transport, itemtype: str, generation: str, pricelist: str, datacenter: str) -> OrderForm:
    """The form of a tariff in a data centre; raises SellerError."""
    fields = {"pricelist": pricelist, **({"datacenter": datacenter} if datacenter else {})}
    root = transport.call(orders.function(itemtype, generation), fields)
    return OrderForm(
        periods=frozenset(_choices(root, PERIOD_FIELD[generation])),
        templates=_choices(root, "ostempl"),
        recipes=_choices(root, "recipe"),
        given=_given(root),
        steps={
            name[6:]: step
            for slider in root.iterfind("metadata//slider")
            if _is_addon(name := slider.get("name", "")) and (step := money.parse(slider.get("step", "")))
        },
    )


class Total(NamedTuple):
    """What the form says that an order costs, `full` being without a discount; `place` is what it was rounded to."""

    amount: Decimal
    full: Decimal
    currency: str
    place: Decimal
    #: the totals of add-ons that are in it, by number
    addons: Mapping[str, str]


def total(transport: Transport, order: Order) -> Total | None:
    """What the new form says of the sum of this order; None where it tells no number, or of another term or amounts.

    The old form has a text for people only (selling-api.md 3.4, 7.2). Raises SellerError.
    """
    fields = {"pricelist": order.pricelist, PERIOD_FIELD[V2]: order.period}
    fields.update({"datacenter": order.datacenter} if order.datacenter else {})
    fields.update((f"addon_{number}", value) for number, value in order.addons.items())
    root = transport.call(orders.function(order.itemtype, V2), fields)
    price = root.find("total_summary/cost/price")
    if price is None or document.text(root, PERIOD_FIELD[V2]) != order.period:
        return None
    shown = _given(root)
    amount, currency = money.exact(price.find("cost")), document.text(price, "currency")
    if amount is None or not currency or any(shown.get(number) != value for number, value in order.addons.items()):
        return None
    full = money.exact(price.find("nodiscount"))
    exponent = amount.as_tuple().exponent
    place = Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)
    return Total(amount, amount if full is None else full, currency, place, shown)


def _given(root: document.Element) -> dict[str, str]:
    """What the form shows of each add-on, by number."""
    return {node.tag[6:]: (node.text or "").strip() for node in root if _is_addon(node.tag)}


def _is_addon(tag: object) -> bool:
    return isinstance(tag, str) and tag.startswith("addon_") and tag[6:].isdigit()


def _choices(root: document.Element, name: str) -> dict[str, str]:
    found = {node.get("key", ""): (node.text or "").strip() for node in root.iterfind(f"slist[@name='{name}']/*")}
    return {key: label for key, label in found.items() if key not in ("", "null")}
