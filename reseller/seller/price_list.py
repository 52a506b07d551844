"""The seller's published tariffs with all that a tariff here is made of: `pricelist.export` (selling-api.md 7.1).

An export may have tens of megabytes, so a caller says what it keeps of each tariff, and the rest is forgotten at once.
A price is a machine number or unknown: nothing is guessed from a text that people read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, Optional, TypeVar

from reseller.model import BOOLEAN, ENUMERATION, INTEGER
from reseller.seller.transport import Transport
from reseller.wire import document, numbers
from reseller.wire.bounds import EXPORT

#: most characters of a name and of an internal name, as the panel's columns hold them
NAME_CHARACTERS, INTNAME_CHARACTERS = 128, 64
#: stands for no maximum (selling-api.md 7.1)
UNLIMITED = Decimal(999999)
_NUMBER = re.compile("[0-9]{1,12}(?:[.][0-9]{1,10})?")
_PERIOD = re.compile("-?[0-9]{1,4}")
_LANGUAGE = re.compile("name_[a-z]{2}")
#: `billtype` of add-ons that are billed by use, and of all that a client does not order (platform.md 6.2)
METERED = "3"
NOT_ORDERED = ("1", METERED, "4", "5", "10")
_KINDS = {"1": BOOLEAN, "2": INTEGER, "3": ENUMERATION}
_Kept = TypeVar("_Kept")
#: the term, and the part of a Charge, that stands for what is charged once, at the purchase
ONCE = "once"

#: what a period costs; None where the seller names the period and its price is no number. A period that is missing is
#: not offered, and 0 is free: three different things.
Costs = Mapping[str, Optional[Decimal]]
#: by currency
Prices = Mapping[str, Costs]


class Choice(NamedTuple):
    """A value of an enumeration; `intname` is its number where it has no internal name."""

    id: str
    intname: str
    name: str
    prices: Prices

    @classmethod
    def of(cls, node: document.Element) -> Choice:
        """The value in an `enumerationitem` of the export."""
        number = _number(node, "id")
        intname = document.text(node, "intname")[:INTNAME_CHARACTERS] or number
        return cls(number, intname, _text(node, "name", NAME_CHARACTERS) or intname, _prices(node))


class Resource(NamedTuple):
    """An add-on of a tariff. A limit is None where the seller states none, or not as a number."""

    id: str
    intname: str
    name: str
    #: BOOLEAN, INTEGER or ENUMERATION of model.py, 0 for what is none of them
    addontype: int
    billtype: str
    included: Decimal | None
    least: Decimal | None
    most: Decimal | None
    measure: str
    enumeration: str
    choices: tuple[Choice, ...]
    #: of a unit, or of the switch
    prices: Prices

    @classmethod
    def of(cls, node: document.Element) -> Resource:
        """The add-on in an `addon` of the export."""
        number = _number(node, "id")
        # `measure` and `enumeration` stand twice: the number, then the object.
        enumeration = next((one for one in node.iterfind("enumeration") if len(one)), None)
        intname = document.text(node, "intname") or document.text(node, "addon_itemtype_info/intname")
        most = _amount(document.text(node, "addonmax"))
        return cls(
            id=number,
            intname=intname[:INTNAME_CHARACTERS] or number,
            name=_text(node, "name", NAME_CHARACTERS) or intname or number,
            addontype=_KINDS.get(document.text(node, "addontype"), 0),
            billtype=document.text(node, "billtype"),
            included=_amount(document.text(node, "addonlimit")),
            least=_amount(document.text(node, "addonmin")),
            most=None if most is None or most >= UNLIMITED else most,
            measure=next((_text(one, "name", NAME_CHARACTERS) for one in node.iterfind("measure") if len(one)), ""),
            enumeration="" if enumeration is None else _number(enumeration, "id"),
            choices=() if enumeration is None else tuple(map(Choice.of, enumeration.iterfind("enumerationitem"))),
            prices=_prices(node),
        )

    def charges(self, currency: str, term: str, value: str) -> Iterator[Charge]:
        """What an add-on costs beside the tariff, if anything."""
        part, units, prices = self.id, Decimal(0), self.prices
        if self.addontype == ENUMERATION:
            choice = next((choice for choice in self.choices if choice.id == value), None)
            if choice is not None:
                part, units, prices = f"{self.id}/{value}", Decimal(1), choice.prices
        elif self.addontype == BOOLEAN:
            units = Decimal(value == "on")
        elif self.addontype == INTEGER:
            units = max((_amount(value) or Decimal(0)) - (self.included or Decimal(0)), Decimal(0))
        costs = prices.get(currency, {})
        if units and term in costs:
            yield Charge(part, units, costs[term])


class Offer(NamedTuple):
    """A tariff as the seller publishes it; `names` are those in other languages, `values` the choices of parameters."""

    id: str
    name: str
    names: Mapping[str, str]
    itemtype: str
    #: words about it that keep it from sale: off, hidden, archived
    marks: tuple[str, ...]
    datacenters: Mapping[str, str]
    prices: Prices
    #: what is charged once, by currency; None where that is no number, missing where the seller does not tell it
    setup: Costs
    resources: tuple[Resource, ...]
    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, node: document.Element) -> Offer:
        """The tariff in a `pricelist` of the export."""
        flags = {"off": ("active", "off"), "hidden": ("hideinorder", "on"), "archived": ("archived", "on")}
        # `name_ru` and its like
        names = {one.tag[5:]: one.text for one in node if _LANGUAGE.fullmatch(str(one.tag)) and one.text}
        choices = {param: param.iterfind("itemtypeparamvalue") for param in node.iterfind("itemtypeparam")}
        centres = node.iterfind("datacenter")
        return cls(
            id=_number(node, "id"),
            name=_text(node, "name", NAME_CHARACTERS),
            names={lang: name.strip()[:NAME_CHARACTERS] for lang, name in names.items()},
            itemtype=document.text(node, "itemtype_info/intname"),
            marks=tuple(mark for mark, (name, value) in flags.items() if document.text(node, name) == value),
            datacenters={_number(one, "id"): _text(one, "name", NAME_CHARACTERS) for one in centres},
            prices=_prices(node),
            setup=_setup(node),
            resources=tuple(map(Resource.of, node.iterfind("addon"))),
            # of each parameter that has choices, such as operating systems
            values={
                document.text(param, "intname"): tuple(filter(None, (document.text(one, "intname") for one in ones)))
                for param, ones in choices.items()
            },
        )

    def taxed(self, percent: Decimal) -> Offer:
        """The tariff with this tax on each of its prices: what it costs an account that pays the tax."""
        if not percent:
            return self
        resources = tuple(
            one._replace(
                prices=_taxed(one.prices, percent),
                choices=tuple(each._replace(prices=_taxed(each.prices, percent)) for each in one.choices),
            )
            for one in self.resources
        )
        setup = {iso: with_tax(cost, percent) for iso, cost in self.setup.items()}
        return self._replace(prices=_taxed(self.prices, percent), setup=setup, resources=resources)

    def currency_of(self, account: str) -> str:
        """The currency in which an account pays for the tariff: its own, else the only one that there is; else empty.

        `account` is the account's currency.
        """
        known = [currency for currency, costs in self.prices.items() if costs]
        return account if account in known else known[0] if len(known) == 1 else ""

    def first_charges(self, currency: str, term: str, totals: Mapping[str, str]) -> list[Charge]:
        """As charges(), for an order: with what is charged once, as far as the seller tells it (additions-2.md i.1)."""
        found = self.charges(currency, term, totals)
        if found and currency in self.setup:
            found.append(Charge(ONCE, Decimal(1), self.setup[currency]))
        return found

    def charges(self, currency: str, term: str, totals: Mapping[str, str]) -> list[Charge]:
        """What each term of a service of this tariff costs, part by part; empty where the tariff is not offered for it.

        `totals` are the values of add-ons by the seller's numbers. What a tariff includes costs nothing beside its own
        price (additions-2.md h.1), nor does an add-on without a price for the term.
        """
        costs = self.prices.get(currency, {})
        if term not in costs:
            return []
        found = [Charge("", Decimal(1), costs[term])]
        for one in self.resources:
            value = totals.get(one.id, "")
            if one.billtype not in NOT_ORDERED and value:
                found.extend(one.charges(currency, term, value))
        return found

    def total(self, currency: str, term: str, totals: Mapping[str, str]) -> Decimal | None:
        """The sum of charges(); None where the tariff is not offered for the term, or a price that counts is no
        number.
        """
        return sum_of(self.charges(currency, term, totals))

    def unit_prices(self) -> dict[tuple[str, str, str], Decimal]:
        """Every price of a tariff that is a number, by currency, term and part (as in Charge); ONCE is a term too.

        What charges() and first_charges() leave out since the seller names no price for it is 0 here, for terms of
        which the tariff's own price is known: so a price that the seller starts to name is a rise, and no first price.
        """
        blocks = [("", self.prices)]
        for one in self.resources:
            if one.billtype not in NOT_ORDERED:
                blocks += [(one.id, one.prices)] if one.addontype != ENUMERATION else []
                blocks += [(f"{one.id}/{choice.id}", choice.prices) for choice in one.choices]
        found = {
            (currency, term, part): cost
            for part, prices in blocks
            for currency, costs in prices.items()
            for term, cost in costs.items()
            if cost is not None
        }
        found.update({(currency, ONCE, ""): cost for currency, cost in self.setup.items() if cost is not None})
        known = [(currency, term) for currency, term, part in found if not part and term != ONCE]
        for currency, term in known:
            found.update(
                {(currency, term, part): Decimal(0) for part, prices in blocks if term not in prices.get(currency, {})}
            )
            if currency not in self.setup:
                found[currency, ONCE, ""] = Decimal(0)
        return found

    def most_units(self, part: str) -> Decimal:
        """How many units a purchase may have of what has this price (as in Charge): one, but for amounts.

        Without a maximum, so many that a rise of the price always counts.
        """
        one = next((each for each in self.resources if each.id == part), None)
        if one is None or one.addontype != INTEGER:
            return Decimal(1)
        return max((UNLIMITED if one.most is None else one.most) - (one.included or Decimal(0)), Decimal(0))


def each(
    transport: Transport,
    itemtype: str,
    keep: Callable[[Offer], _Kept | None],
    seconds: int | None = None,
    *,
    only_available: bool = False,
) -> list[_Kept]:
    """What `keep` returns for each tariff of a type, without None; raises SellerError.

    Tariffs without a number of their own are passed over: nothing could be ordered by them. `seconds` bounds the whole
    answer, None as each call is bounded; `only_available` asks only for those that are for sale.
    """

    def of_type(offer: Offer) -> _Kept | None:
        return keep(offer) if offer.itemtype in ("", itemtype) else None

    filters = {"itemtype": itemtype, **({"onlyavailable": "on"} if only_available else {})}
    return _read(transport, filters, of_type, seconds)


def one(transport: Transport, pricelist: str, seconds: int | None = None) -> Offer | None:
    """One tariff, even if it is no longer sold; None if the account cannot see it; raises SellerError."""
    filters = {"pricelist": pricelist}
    found = _read(transport, filters, lambda offer: offer if offer.id == pricelist else None, seconds)
    return found[0] if found else None


def with_tax(cost: Decimal | None, percent: Decimal) -> Decimal | None:
    """A price with tax on top, all its digits kept; None if it is not known."""
    return None if cost is None else cost * (100 + percent) / 100


def _taxed(prices: Prices, percent: Decimal) -> Prices:
    return {iso: {term: with_tax(cost, percent) for term, cost in costs.items()} for iso, costs in prices.items()}


class Charge(NamedTuple):
    """A part of what an order costs: so many units at a price each, which is None where the seller tells no number.

    `part` is empty for the tariff itself, ONCE for what it costs once, else the number of the add-on, with `/` and that
    of the choice.
    """

    part: str
    units: Decimal
    price: Decimal | None


def sum_of(found: Sequence[Charge]) -> Decimal | None:
    """The sum of charges; None for none, and where one is no number."""
    if not found or any(each.price is None for each in found):
        return None
    return sum((each.units * each.price for each in found if each.price is not None), Decimal(0))


def _read(
    transport: Transport, filters: Mapping[str, str], keep: Callable[[Offer], _Kept | None], seconds: int | None
) -> list[_Kept]:
    found: list[_Kept | None] = []

    def read(node: document.Element) -> _Kept | None:
        offer = Offer.of(node)
        return keep(offer) if offer.id else None

    def parse(body: bytes) -> document.Element:
        nonlocal found
        # A document with a character that XML forbids is read twice, so only what is returned counts.
        root, found = document.stream(body, "pricelist", read, EXPORT)
        return root

    transport.call("pricelist.export", filters, seconds=seconds, bounds=EXPORT, parse=parse)
    return [kept for kept in found if kept is not None]


def _prices(node: document.Element) -> dict[str, dict[str, Decimal | None]]:
    """Costs by currency and period; only `month` is a kind of period that is known (selling-api.md 7.1)."""
    found: dict[str, dict[str, Decimal | None]] = {}
    for block in node.iterfind("price"):
        costs = found.setdefault(block.get("currency", "")[:16], {})
        for period in block.iterfind("period"):
            length = period.get("length", "")
            if period.get("type", "month") == "month" and _PERIOD.fullmatch(length):
                costs[length] = _amount(period.get("cost", ""))
    return found


def _setup(node: document.Element) -> dict[str, Decimal | None]:
    """What is charged once, by currency, where the export tells it: no source says where (additions-2.md i.3)."""
    found = {}
    for block in node.iterfind("price"):
        period = block.find("period[@type='setup']")
        told = block.get("setup") if period is None else period.get("cost", "")
        if told is not None:
            found[block.get("currency", "")[:16]] = _amount(told)
    return found


def _amount(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _number(node: document.Element, path: str) -> str:
    text = document.text(node, path)
    return text if numbers.whole(text) else ""


def _text(node: document.Element, path: str, most: int) -> str:
    return document.text(node, path)[:most].strip()
