"""What a tariff of the seller becomes here, as a value: currency, periods, resources, and what is left out and why.

Nothing is read or written. A period is opened only where the seller states its cost as a number and its form offers it,
and never for a trial: a trial there would open something free here. A resource that clients do not order, whose limits
are no whole numbers, or that is ordered and lacks a cost for a period is not taken over. What is left out is said, part
by part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from reseller.mgr5.tariff_forms import SETUP, WORDS
from reseller.model import BOOLEAN, ENUMERATION, INTEGER
from reseller.seller.order_form import OrderForm
from reseller.seller.price_list import Costs, Offer, Prices, Resource
from reseller.tariffs.price_rule import Rule
from reseller.wire import numbers
from reseller.wire.errors import Message, ResellerError

TRIAL = "-100"
#: `billtype` of a resource: none (what the tariff includes), and ordered by clients (platform.md 6.2)
INCLUDED, ORDERED = "1", "2"
#: `billtype` of resources that a client neither orders nor is given: by use, of others, calculated, by staff
NOT_TAKEN = ("3", "4", "5", "10")


class Price(NamedTuple):
    """What the seller charges, and what is charged here."""

    cost: Decimal
    price: Decimal


class ChoicePart(NamedTuple):
    """A value of an enumeration; `remote` is its number at the seller."""

    intname: str
    name: str
    remote: str
    prices: Mapping[str, Price]


class ResourcePart(NamedTuple):
    """A resource as it is to be here. Limits are whole numbers, or None for none; `given` is what the tariff gives."""

    key: str
    name: str
    remote: str
    addontype: int
    billtype: str
    included: int | None
    least: int | None
    most: int | None
    step: int | None
    given: str
    measure: str
    enumeration: str
    choices: tuple[ChoicePart, ...]
    prices: Mapping[str, Price]

    @property
    def limits(self) -> str:
        """What the resource is, in words."""
        if self.addontype == ENUMERATION:
            return ", ".join(choice.intname for choice in self.choices)
        if self.addontype == BOOLEAN:
            return self.given
        most = "" if self.most is None else f"..{self.most}"
        step = "" if self.step is None else f" by {self.step}"
        return f"{self.included}{most}{step} {self.measure}".strip()


class Design(NamedTuple):
    """A tariff as it is to be here; `left` says what of the seller's is not taken over, and why."""

    remote: str
    name: str
    names: Mapping[str, str]
    itemtype: str
    datacenter: str
    currency_there: str
    currency_here: str
    prices: Mapping[str, Price]
    #: what is charged once; None where the seller tells none
    setup: Price | None
    resources: tuple[ResourcePart, ...]
    templates: Mapping[str, str]
    recipes: Mapping[str, str]
    left: tuple[Message, ...]
    #: the seller tells what each period costs, and nothing of what is charged once: an order may cost more all the same
    has_one_cost: bool = False


def datacenter(offer: Offer, wanted: str) -> str:
    """The seller's data centre to order in: the wanted one, or the only one; empty where the seller names none.

    Raises ResellerError `reseller_import_datacenter` naming those that there are.
    """
    known = {number: name for number, name in offer.datacenters.items() if number}
    if wanted in known:
        return wanted
    if not wanted and len(known) <= 1:
        return next(iter(known), "")
    told = ", ".join(f"{number} {name}" for number, name in known.items()) or "-"
    raise ResellerError("reseller_import_datacenter", value=wanted or "-", tariff=offer.id, offered=told)


def currency(prices: Prices, account: str, rule: Rule) -> tuple[str, str]:
    """The currency of the costs and the one to sell in. `account` is that of the seller's account, empty if unknown.

    Raises ResellerError `reseller_import_currency` where the costs are in several, `reseller_import_rate` where the two
    differ and no rate is given: no rate is ever guessed.
    """
    known = [iso for iso, costs in prices.items() if costs]
    there = account if account in known else known[0] if len(known) == 1 else ""
    if not there:
        raise ResellerError("reseller_import_currency", value=account or "-", offered=", ".join(known) or "-")
    here = rule.currency or there
    if (here != there) != (rule.rate is not None):
        told = "-" if rule.rate is None else numbers.plain(rule.rate)
        raise ResellerError("reseller_import_rate", there=there, here=here, rate=told)
    return there, here


def design(offer: Offer, form: OrderForm, rule: Rule, place: str, money: tuple[str, str]) -> Design:
    """The tariff as it is to be here; `place` is the seller's data centre, `money` the currencies there and here.

    Raises ResellerError `reseller_import_nothing` if no period can be sold.
    """
    there, here = money
    left: list[Message] = []
    prices = _periods(offer.prices.get(there, {}), form, rule, left)
    if not prices:
        why = " ".join(str(each.params.get("period", "")) for each in left)
        raise ResellerError("reseller_import_nothing", tariff=offer.id, currency=there, periods=why or "-")
    return Design(
        remote=offer.id,
        name=offer.name or offer.id,
        names=offer.names,
        itemtype=offer.itemtype,
        datacenter=place,
        currency_there=there,
        currency_here=here,
        prices=prices,
        setup=_setup(offer, there, rule, left),
        resources=_Taking(form, rule, there, prices).parts(offer.resources, left),
        templates=form.templates,
        recipes=form.recipes,
        left=tuple(left),
        has_one_cost=there not in offer.setup,
    )


def _periods(costs: Costs, form: OrderForm, rule: Rule, left: list[Message]) -> dict[str, Price]:
    found = {}
    for period, cost in costs.items():
        if period == TRIAL:
            left.append(Message("reseller_import_trial", period=period))
        elif cost is None:
            left.append(Message("reseller_import_unpriced", period=period))
        elif period not in WORDS:
            left.append(Message("reseller_import_no_word", period=period))
        elif form.periods and period not in form.periods:
            left.append(Message("reseller_import_not_offered", period=period))
        else:
            found[period] = Price(cost, rule.total(cost))
    return found


def _setup(offer: Offer, there: str, rule: Rule, left: list[Message]) -> Price | None:
    """What is charged once; None for nothing, and where it is no number or is not told."""
    cost = offer.setup.get(there)
    if cost is None and there in offer.setup:
        left.append(Message("reseller_import_setup", part=SETUP))
    return Price(cost, rule.total(cost)) if cost else None


class _Taking(NamedTuple):
    """What the resources of a tariff are made by: its form, the rule, the currency there, and the periods sold."""

    form: OrderForm
    rule: Rule
    there: str
    periods: Collection[str]

    def parts(self, resources: Iterable[Resource], left: list[Message]) -> tuple[ResourcePart, ...]:
        """The resources that are taken over; `left` gets the reason for each other one."""
        found: dict[str, ResourcePart] = {}
        for one in resources:
            why = self._reason_against(one)
            if why is None:
                key = one.intname if one.intname not in found else f"{one.intname[:40]}-{one.id}"
                found[key] = self._part(key, one)
            else:
                left.append(why)
        return tuple(found.values())

    def _reason_against(self, one: Resource) -> Message | None:
        if one.addontype == 0 or one.billtype in NOT_TAKEN:
            return Message("reseller_import_not_ordered", part=one.intname, billtype=one.billtype or "-")
        limits = (one.included, one.least, one.most, self.form.steps.get(one.id))
        if one.addontype == INTEGER and (
            one.included is None or any(each is not None and each != each.to_integral_value() for each in limits)
        ):
            return Message("reseller_import_limits", part=one.intname)
        names = [choice.intname for choice in one.choices]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            return Message("reseller_import_choices", part=one.intname, value=twice)
        return self._unpriced(one)

    def _unpriced(self, one: Resource) -> Message | None:
        """What is ordered needs a stated cost in each period, in the currency of the tariff; 0 is one.

        An enumeration's costs are those of its choices.
        """
        is_ordered = one.billtype != INCLUDED
        own = [] if one.addontype == ENUMERATION else [one.prices]
        for prices in (*own, *(choice.prices for choice in one.choices)):
            costs = prices.get(self.there, {})
            for period in self.periods:
                if (is_ordered or period in costs) and costs.get(period) is None:
                    return Message("reseller_import_unit_unpriced", part=one.intname, period=period)
        return None

    def _part(self, key: str, one: Resource) -> ResourcePart:
        is_number = one.addontype == INTEGER
        step = self.form.steps.get(one.id)
        least = one.included if one.least is None else one.least
        return ResourcePart(
            key=key,
            name=one.name,
            remote=one.id,
            addontype=one.addontype,
            billtype=INCLUDED if one.billtype == INCLUDED else ORDERED,
            included=int(one.included or 0) if is_number else None,
            least=int(least or 0) if is_number else None,
            most=int(one.most) if is_number and one.most is not None else None,
            step=int(step) if is_number and step and step > 1 else None,
            given=self._given(one),
            measure=one.measure if is_number else "",
            enumeration=one.enumeration if one.addontype == ENUMERATION else "",
            choices=tuple(
                ChoicePart(choice.intname, choice.name, choice.id, self._priced(choice.prices))
                for choice in one.choices
            ),
            prices=self._priced(one.prices),
        )

    def _given(self, one: Resource) -> str:
        """What the tariff gives to who chooses nothing: `on` or `off`, or the internal name of a choice."""
        given = self.form.given.get(one.id, "")
        if one.addontype == BOOLEAN:
            return "on" if given == "on" else "off"
        return next((choice.intname for choice in one.choices if choice.id == given), "")

    def _priced(self, prices: Prices) -> dict[str, Price]:
        costs = prices.get(self.there, {})
        found = {period: costs.get(period) for period in self.periods}
        return {period: Price(cost, self.rule.unit(cost)) for period, cost in found.items() if cost is not None}
