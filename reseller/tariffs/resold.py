"""The tariffs of this panel that are sold through modules of ours, with all that a comparison needs.

They are read together, so that thousands of them cost as many statements as one. The seller is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from reseller.context import Context
from reseller.ledger import tariff_runs, tariffmap
from reseller.ledger.tariff_runs import MAPPED_TO, UNIT, Value
from reseller.ledger.tariffmap import TariffMap
from reseller.lifecycle.order_plan import DATACENTER_FIELD, TARIFF_FIELD, TEMPLATE_FIELD
from reseller.mgr5 import addons, items, tariffs
from reseller.mgr5.tariffs import Made
from reseller.model import ENUMERATION, INTEGER, Addon
from reseller.wire import units

#: a part of a tariff: its kind in the tariff map, and its name here
Part = tuple[str, str]


class Resold(NamedTuple):
    """One tariff. `remote` is the seller's, empty while none is chosen; `services` counts those that are not closed.

    `known` are the values that were kept when they were agreed, `units` the measures of add-ons.
    """

    number: int
    name: str
    module: int
    itemtype: str
    remote: str
    datacenter: str
    is_active: bool
    services: int
    mapping: TariffMap
    known: Mapping[str, Value]
    prices: Mapping[str, Mapping[str, Decimal]]
    #: what is charged once, by currency
    setup: Mapping[str, Decimal]
    addons: tuple[Addon, ...]
    resources: Mapping[str, Made]
    choices: Mapping[int, str]
    templates: tuple[str, ...]
    units: Mapping[str, str]

    @property
    def is_used(self) -> bool:
        """Whether it is on sale, or services have it."""
        return self.is_active or self.services > 0

    @property
    def periods(self) -> list[str]:
        """The periods that are for sale."""
        return tariffs.priced(self.prices)

    @property
    def given(self) -> dict[str, str]:
        """The amounts that everybody is given, by the seller's number: what the seller does not include costs extra.

        A switch and a choice have a price of their own on both sides.
        """
        numbers = {addon: self.mapping.remote(tariffmap.ADDON, addon.key) for addon in self.addons}
        return {number: addon.value for addon, number in numbers.items() if number and addon.addontype == INTEGER}

    def is_same_unit(self, key: str, measure: str) -> bool:
        """Whether an add-on's unit here is this one of the seller's, or a person has said so."""
        here, known = self.units.get(key, ""), self.known.get(f"{UNIT} {key}")
        return units.are_same(here, measure) or (known is not None and (known.there, known.here) == (measure, here))

    @property
    def mapped_to(self) -> str:
        """The seller's tariff for which the map was made: as a person has mapped it, else as the import has made it.

        Empty where that is not known.
        """
        kept = self.known.get(MAPPED_TO) or self.known.get("target")
        return kept.there.partition(" ")[0] if kept else ""

    @property
    def parts(self) -> list[Part]:
        """What an order could name, with its kind: nothing of it can be bought without a counterpart."""
        return [
            *((tariffmap.PERIOD, period) for period in self.periods),
            *((tariffmap.ADDON, addon.key) for addon in self.addons),
            *((tariffmap.ENUM, str(number)) for number in self.choices),
            *((tariffmap.OS, name) for name in self.templates),
        ]

    @property
    def missing(self) -> tuple[Part, ...]:
        """The parts without a counterpart. Numbers of another tariff of the seller are none."""
        is_stale = self.mapped_to not in ("", self.remote)
        lost = (tariffmap.ADDON, tariffmap.ENUM) if is_stale else ()
        return tuple(
            part
            for part in self.parts
            if (there := self.mapping.remote(*part)) is None or (part[0] in lost and there != tariffmap.NONE)
        )

    @property
    def is_lost(self) -> bool:
        """Whether every order of it is refused: no seller's tariff, no period mapped, or not what everybody is given.

        An add-on of which the tariff gives nothing needs no counterpart until somebody orders it
        (lifecycle/quantities.py).
        """
        missing = set(self.missing)
        periods = {(tariffmap.PERIOD, period) for period in self.periods}
        if not self.remote or (periods and periods <= missing):
            return True
        return any(
            (tariffmap.ADDON, addon.key) in missing
            or (
                addon.addontype == ENUMERATION
                and (tariffmap.ENUM, addon.value) in missing
                and self.mapping.remote(tariffmap.ADDON, addon.key) != tariffmap.NONE
            )
            for addon in self.addons
            if not addon.is_nothing
        )


def read(context: Context, module: int = 0) -> list[Resold]:
    """The tariffs of a module, or of all of ours for 0, by number."""
    db = context.db
    sold = {number: each for number, each in tariffs.all_sold(db).items() if module in (0, each.module)}
    numbers = list(sold)
    chosen, maps = items.tariff_params_of(db, numbers), tariffmap.load_all(db, numbers)
    known, prices = tariff_runs.values_of(db, numbers), tariffs.prices_of(db, numbers)
    setups = tariffs.setups_of(db, numbers)
    active, services = tariffs.active(db, numbers), tariffs.with_services(db, numbers)
    given, choices = addons.of_tariffs(db, numbers), tariffs.choices_of(db, numbers)
    resources, units = tariffs.resources_of(db, numbers), tariffs.measures_of(db, numbers)
    served = {
        (each.itemtype, each.module): tuple(tariffs.templates(db, each, TEMPLATE_FIELD))
        for each in dict.fromkeys(one._replace(name="") for one in sold.values())
    }
    return [
        Resold(
            number=number,
            name=each.name,
            module=each.module,
            itemtype=each.itemtype,
            remote=chosen.get(number, {}).get(TARIFF_FIELD, ""),
            datacenter=chosen.get(number, {}).get(DATACENTER_FIELD, ""),
            is_active=number in active,
            services=services.get(number, 0),
            mapping=maps.get(number, TariffMap({})),
            known=known.get(number, {}),
            prices=prices.get(number, {}),
            setup=setups.get(number, {}),
            addons=tuple(given.get(number, ())),
            resources=resources.get(number, {}),
            choices=choices.get(number, {}),
            templates=served[each.itemtype, each.module],
            units=units.get(number, {}),
        )
        for number, each in sold.items()
    ]


def target(context: Context, pricelist: int) -> str:
    """The seller's tariff that one of this panel stands for, empty while none is chosen."""
    return items.tariff_params(context.db, pricelist).get(TARIFF_FIELD, "")
