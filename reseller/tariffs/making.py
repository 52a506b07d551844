"""Make the parts of a tariff here: each is made by the panel's own functions, read back, and only then mapped.

A part is looked for before it is made, so an import that was interrupted is completed by the next one, and one that is
repeated finds nothing to do. The tariff itself is known by the seller's number as its internal name, and its module.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from reseller.context import Context
from reseller.ledger import tariffmap
from reseller.ledger.tariff_runs import TARIFF
from reseller.lifecycle.order_plan import DATACENTER_FIELD, TARIFF_FIELD, TEMPLATE_FIELD
from reseller.mgr5 import items, tariff_forms, tariffs
from reseller.mgr5.tariff_forms import SETUP
from reseller.model import BOOLEAN, ENUMERATION
from reseller.tariffs.design import Design, Price, ResourcePart
from reseller.wire import money, numbers
from reseller.wire.errors import ResellerError

TARGET, PERIOD, RESOURCE, TEMPLATE, RECIPE = "target", "period", "resource", "system", "recipe"
#: a new tariff may need a moment to be in the panel's table (additions-2.md a.2)
APPEAR_SECONDS, LOOK_SECONDS = 10, 0.25


class Part(NamedTuple):
    """A part to be made: `there` and `here` are its values in words."""

    kind: str
    name: str
    there: str
    here: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".strip()


@dataclass(frozen=True)
class Place:
    """Where on this panel: numbers of the module, product type, currency and provider."""

    module: int
    itemtype: int
    currency: int
    project: int


@dataclass(frozen=True)
class Maker:
    """Makes one tariff. Every method raises PanelError as the panel's functions do."""

    context: Context
    place: Place
    design: Design

    @property
    def pricelist(self) -> int:
        """The tariff here, the oldest of several; 0 while there is none."""
        place = self.place
        return next(iter(tariffs.named(self.context.db, place.module, self.design.remote, place.itemtype)), 0)

    def parts(self) -> list[Part]:
        """Everything that the tariff consists of, in the order in which it is made."""
        plan = self.design
        target = f"{plan.remote} {plan.datacenter}".strip()
        found = [Part(TARIFF, "", plan.name, plan.name), Part(TARGET, "", target, target)]
        found += [Part(PERIOD, period, *self.words(price)) for period, price in plan.prices.items()]
        found += [Part(SETUP, "", *self.words(plan.setup))] if plan.setup else []
        found += [Part(RESOURCE, one.key, one.limits, one.limits) for one in plan.resources]
        found += [Part(TEMPLATE, key, label, key) for key, label in plan.templates.items() if self._param(TEMPLATE)]
        found += [Part(RECIPE, key, label, key) for key, label in plan.recipes.items() if self._param(RECIPE)]
        return found

    def words(self, price: Price) -> tuple[str, str]:
        """A cost and a price, in words."""
        return money.text(price.cost, self.design.currency_there), money.text(price.price, self.design.currency_here)

    def is_there(self, part: Part) -> bool:
        """Whether the part is made and mapped already, whatever its values."""
        number = self.pricelist
        if part.kind == TARIFF or not number:
            return number > 0
        if part.kind == TARGET:
            return self._has_target(number)
        rows = tariffmap.load(self.context.db, number)
        if part.kind == PERIOD:
            return rows.remote(tariffmap.PERIOD, part.name) is not None and part.name in self._prices(number)
        if part.kind == SETUP:
            return bool(self._setup(number))
        if part.kind == RESOURCE:
            one = self._resource(part.name)
            has_row = rows.remote(tariffmap.ADDON, one.key) is not None
            return has_row and one.key in tariffs.resources(self.context.db, number) and not self._unmapped(one, number)
        is_mapped = part.kind == RECIPE or rows.remote(tariffmap.OS, part.name) is not None
        return is_mapped and self._values(part.kind).get(part.name, (0, False))[1]

    def require_off(self, parts: Iterable[Part]) -> None:
        """Raise ResellerError `reseller_import_active` if the tariff is on sale: so would be what is added to it."""
        number = self.pricelist
        if tariffs.is_active(self.context.db, number):
            told = ", ".join(map(str, parts))
            raise ResellerError("reseller_import_active", pricelist=number, tariff=self.design.remote, parts=told)

    def make(self, part: Part) -> None:
        """Make the part and read it back.

        Raises ResellerError `reseller_import_not_kept` if the panel has not kept it, and as require_off().
        """
        if part.kind != TARIFF:
            self.require_off([part])
        steps = {TARIFF: self._make_tariff, TARGET: self._make_target, SETUP: self._make_setup}
        named = {PERIOD: self._make_period, RESOURCE: self._make_resource}
        if part.kind in steps:
            steps[part.kind]()
        elif part.kind in named:
            named[part.kind](part.name)
        else:
            self._make_value(part)

    def kept(self, part: Part) -> dict[str, Price]:
        """The prices that a part has here, each with the name under which it is kept."""
        if part.kind == PERIOD:
            # A period that was there already may have another price than the plan.
            sold = tariffs.prices(self.context.db, self.pricelist).get(self.design.currency_here, {})
            planned = self.design.prices[part.name]
            return {str(part): planned._replace(price=sold.get(part.name, planned.price))}
        if part.kind == SETUP and self.design.setup:
            price = self._setup(self.pricelist) or self.design.setup.price
            return {SETUP: self.design.setup._replace(price=price)}
        if part.kind != RESOURCE:
            return {}
        one = self._resource(part.name)
        found = {f"{part} {period}": price for period, price in one.prices.items()}
        for choice in one.choices:
            found.update({f"{part}/{choice.intname} {period}": price for period, price in choice.prices.items()})
        return found

    def _make_tariff(self) -> None:
        plan, place = self.design, self.place
        own = {
            "name": plan.name,
            **{f"name_{lang}": name for lang, name in plan.names.items()},
            "intname": plan.remote,
            "itemtype": place.itemtype,
            "project": place.project,
            "processingmodule": place.module,
        }
        costs = {period: price.price for period, price in plan.prices.items()}
        tariff_forms.add(self.context.mgrctl, own, costs, place.currency)
        until = time.monotonic() + APPEAR_SECONDS
        while not self.pricelist and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
        if not self.pricelist:
            raise self._not_kept("intname", plan.remote, "-")
        if tariffs.is_active(self.context.db, self.pricelist):
            raise self._not_kept("active", "off", "on")

    def _make_target(self) -> None:
        fields = {TARIFF_FIELD: self.design.remote, DATACENTER_FIELD: self.design.datacenter}
        tariff_forms.change(self.context.mgrctl, self.pricelist, fields)
        if not self._has_target(self.pricelist):
            told = items.tariff_params(self.context.db, self.pricelist)
            raise self._not_kept(TARIFF_FIELD, self.design.remote, told.get(TARIFF_FIELD) or "-")

    def _has_target(self, number: int) -> bool:
        told = items.tariff_params(self.context.db, number)
        wanted = (self.design.remote, self.design.datacenter)
        return (told.get(TARIFF_FIELD, ""), told.get(DATACENTER_FIELD, "")) == wanted

    def _make_period(self, period: str) -> None:
        number, price = self.pricelist, self.design.prices[period].price
        if period not in self._prices(number):
            tariff_forms.set_prices(self.context.mgrctl, number, {period: price}, self.place.currency)
        self._require_price(f"{PERIOD} {period}", price, self._prices(number).get(period))
        tariffmap.save(self.context.db, number, tariffmap.PERIOD, period, period)

    def _make_setup(self) -> None:
        number, wanted = self.pricelist, self.design.setup.price if self.design.setup else Decimal(0)
        if not self._setup(number):
            tariff_forms.set_prices(self.context.mgrctl, number, {SETUP: wanted}, self.place.currency)
        self._require_price(SETUP, wanted, self._setup(number))

    def _setup(self, number: int) -> Decimal | None:
        """What the tariff charges once, as the panel's table has it."""
        return tariffs.setups_of(self.context.db, [number]).get(number, {}).get(self.design.currency_here)

    def _prices(self, number: int) -> dict[str, Decimal]:
        return tariff_forms.prices(tariff_forms.form(self.context.mgrctl, number), self.place.currency)

    def _make_resource(self, key: str) -> None:
        one, number, db = self._resource(key), self.pricelist, self.context.db
        choices = self._choices(one)
        there = tariffs.resources(db, number)
        if key not in there:
            fields = self._columns(one, choices)
            tariff_forms.save_resource(self.context.mgrctl, number, 0, fields)
            there = tariffs.resources(db, number)
        if key not in there:
            raise self._not_kept(f"{RESOURCE} {key}", one.name, "-")
        self._require_limits(one, there[key])
        self._require_prices(one, choices, there[key].id)
        for choice in one.choices:
            tariffmap.save(db, number, tariffmap.ENUM, str(choices[choice.intname]), choice.remote)
        tariffmap.save(db, number, tariffmap.ADDON, key, one.remote)

    def _columns(self, one: ResourcePart, choices: Mapping[str, int]) -> dict[str, object]:
        """The fields of a resource's form; a limit that is not set is not named."""
        currency = self.place.currency
        fields: dict[str, object] = {
            "name": one.name,
            "intname": one.key,
            "itemtype": self._type(one),
            "addontype": one.addontype,
            "billtype": one.billtype,
            "addonlimit": one.included,
            "addonmin": one.least,
            "addonmax": one.most,
            "addonstep": one.step,
            "measure": (tariffs.measure(self.context.db, one.measure) or None) if one.measure else None,
            "active": "on",
            **tariff_forms.price_fields({period: price.price for period, price in one.prices.items()}, currency),
        }
        if one.addontype == BOOLEAN:
            fields["addonbool"] = one.given
        if one.addontype == ENUMERATION:
            fields["enumeration"] = self._enumeration(one)
            fields["enumerationitem"] = choices.get(one.given)
            for choice in one.choices:
                costs = {period: price.price for period, price in choice.prices.items()}
                fields.update(tariff_forms.price_fields(costs, currency, choices[choice.intname]))
        return {name: value for name, value in fields.items() if value is not None}

    def _type(self, one: ResourcePart) -> int:
        """The resource's type on this panel, made where there is none."""
        db, parent = self.context.db, self.place.itemtype
        if not tariffs.resource_type(db, parent, one.key):
            tariff_forms.add_type(self.context.mgrctl, one.key, one.name, parent)
        number = tariffs.resource_type(db, parent, one.key)
        if not number:
            raise self._not_kept(f"{RESOURCE} {one.key}", "itemtype", "-")
        return number

    def _enumeration_name(self, one: ResourcePart) -> str:
        """An enumeration is named by its module and its number there: other sellers have the same numbers."""
        return f"reseller-{self.place.module}-{one.enumeration}"

    def _enumeration(self, one: ResourcePart) -> int:
        intname = self._enumeration_name(one)
        if not tariffs.enumeration(self.context.db, intname):
            tariff_forms.add_enumeration(self.context.mgrctl, intname, one.name)
        number = tariffs.enumeration(self.context.db, intname)
        if not number:
            raise self._not_kept(f"{RESOURCE} {one.key}", intname, "-")
        return number

    def _choices(self, one: ResourcePart) -> dict[str, int]:
        """The numbers of an enumeration's values here, made where they are missing; none for another resource."""
        if one.addontype != ENUMERATION:
            return {}
        number = self._enumeration(one)
        known = tariffs.enumeration_items(self.context.db, number)
        for choice in one.choices:
            if choice.intname not in known:
                tariff_forms.add_choice(self.context.mgrctl, number, choice.intname, choice.name)
        known = tariffs.enumeration_items(self.context.db, number)
        missing = next((choice.intname for choice in one.choices if choice.intname not in known), None)
        if missing is not None:
            raise self._not_kept(f"{RESOURCE} {one.key}", missing, "-")
        return known

    def _unmapped(self, one: ResourcePart, pricelist: int) -> bool:
        """Whether a value of the resource has no counterpart."""
        if one.addontype != ENUMERATION:
            return False
        db = self.context.db
        known = tariffs.enumeration_items(db, tariffs.enumeration(db, self._enumeration_name(one)))
        rows = tariffmap.load(db, pricelist)
        numbers_ = [known.get(choice.intname, 0) for choice in one.choices]
        return any(rows.remote(tariffmap.ENUM, str(number)) is None for number in numbers_)

    def _require_limits(self, one: ResourcePart, made: tariffs.Made) -> None:
        wanted = (one.addontype, int(one.billtype), one.included, one.least, one.most, one.step)
        found = (made.addontype, made.billtype, made.addonlimit, made.addonmin, made.addonmax, made.addonstep)
        for name, mine, its in zip(
            ("addontype", "billtype", "addonlimit", "addonmin", "addonmax", "addonstep"), wanted, found
        ):
            if mine is not None and mine != its:
                raise self._not_kept(f"{RESOURCE} {one.key} {name}", str(mine), "-" if its is None else str(its))

    def _require_prices(self, one: ResourcePart, choices: Mapping[str, int], resource: int) -> None:
        form = tariff_forms.resource_form(self.context.mgrctl, self.pricelist, resource)
        currency = self.place.currency
        shown = tariff_forms.prices(form, currency)
        for period, price in one.prices.items():
            self._require_price(f"{RESOURCE} {one.key} {period}", price.price, shown.get(period))
        for choice in one.choices:
            shown = tariff_forms.prices(form, currency, choices[choice.intname])
            for period, price in choice.prices.items():
                self._require_price(f"{RESOURCE} {one.key}/{choice.intname} {period}", price.price, shown.get(period))

    def _require_price(self, part: str, wanted: Decimal, found: Decimal | None) -> None:
        if found != wanted:
            told = "-" if found is None else numbers.plain(found)
            raise self._not_kept(part, numbers.plain(wanted), told)

    def _make_value(self, part: Part) -> None:
        param, label = self._param(part.kind), part.there[:128] or part.name
        value, is_served = self._values(part.kind).get(part.name, (0, False))
        if not is_served:
            fields = {"intname": part.name, **({} if value else {"name": label})}
            tariff_forms.save_value(self.context.mgrctl, param, value, fields, self.place.module)
        if not self._values(part.kind).get(part.name, (0, False))[1]:
            raise self._not_kept(str(part), part.name, "-")
        if part.kind == TEMPLATE:
            tariffmap.save(self.context.db, self.pricelist, tariffmap.OS, part.name, part.name)

    def _param(self, kind: str) -> int:
        name = TEMPLATE_FIELD if kind == TEMPLATE else RECIPE
        return tariffs.param(self.context.db, self.place.itemtype, name)

    def _values(self, kind: str) -> dict[str, tuple[int, bool]]:
        return tariffs.served_values(self.context.db, self._param(kind), self.place.module)

    def _resource(self, key: str) -> ResourcePart:
        return next(one for one in self.design.resources if one.key == key)

    def _not_kept(self, part: str, wanted: str, found: str) -> ResellerError:
        return ResellerError(
            "reseller_import_not_kept", tariff=self.design.remote, part=part, wanted=wanted, found=found
        )
