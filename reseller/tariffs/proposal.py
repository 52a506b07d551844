"""Propose the tariff map of a tariff: parts with the same internal name on both sides belong together.

Where a name stands for two different things at the seller, or has no namesake there, the choice is left to a person. So
is an add-on that the two sides measure in different units: what is ordered here would be bought in another measure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from reseller.context import Context, Seller
from reseller.db import Database
from reseller.ledger import tariffmap
from reseller.lifecycle import order_plan
from reseller.mgr5 import addons, items
from reseller.mgr5 import tariffs as panel_tariffs
from reseller.mgr5.tariffs import Sold
from reseller.seller import order_form, tariffs
from reseller.wire import units
from reseller.wire.errors import ResellerError


class Pair(NamedTuple):
    """A part of a tariff here, and the seller's name for it: as mapped and as proposed, None where there is none.

    `units` are the two units of an add-on where they differ: nothing is proposed then.
    """

    kind: str
    local: str
    mapped: str | None
    proposed: str | None
    units: str = ""


class Overview(NamedTuple):
    """How far a tariff of this panel is mapped: `mapped` of `parts`, and those that are not (kind and name here).

    `remote` is the seller's tariff, empty while none is chosen.
    """

    pricelist: int
    name: str
    module: int
    remote: str
    is_active: bool
    mapped: int
    parts: int
    missing: tuple[tuple[str, str], ...]


class Sides(NamedTuple):
    """A tariff here and at the seller; `ids` are the seller's ids of internal names, by kind of part."""

    here: Sold
    remote: tariffs.Tariff
    ids: dict[str, dict[str, set[str]]]


def overview(context: Context) -> list[Overview]:
    """Every tariff that is sold through a module of ours, by number. The seller is not asked."""
    found = []
    for number, here in panel_tariffs.all_sold(context.db).items():
        chosen = items.tariff_params(context.db, number)
        names = {
            **own_parts(context.db, number, here),
            tariffmap.OS: panel_tariffs.templates(context.db, here, order_plan.TEMPLATE_FIELD),
        }
        parts = [(kind, name) for kind, some in names.items() for name in some]
        rows = tariffmap.load(context.db, number)
        missing = tuple(part for part in parts if rows.remote(*part) is None)
        remote = chosen.get(order_plan.TARIFF_FIELD, "")
        mapped = len(parts) - len(missing)
        active = panel_tariffs.is_active(context.db, number)
        found.append(Overview(number, here.name, here.module, remote, active, mapped, len(parts), missing))
    return found


def own_parts(db: Database, pricelist: int, here: Sold) -> dict[str, list[str]]:
    """All parts of a tariff that an order could name, by kind: nothing of it can be bought without a counterpart."""
    return {
        tariffmap.PERIOD: panel_tariffs.periods(db, pricelist),
        tariffmap.ADDON: [addon.key for addon in addons.of_tariff(db, pricelist)],
        tariffmap.ENUM: [str(number) for number in panel_tariffs.choices_of(db, pricelist)],
        tariffmap.OS: panel_tariffs.values(db, here.itemtype, order_plan.TEMPLATE_FIELD),
    }


def match(context: Context, pricelist: int) -> list[Pair]:
    """The periods of both sides, and every add-on, choice and template of the tariff here.

    Each comes with what it is mapped to and what it could be mapped to.

    Raises ResellerError `reseller_tariff_missing`, `reseller_unmapped` (no tariff of the seller is chosen) or
    `reseller_tariff_gone` (the seller does not offer the chosen one), SellerError.
    """
    sides = _sides(context, pricelist)
    mapping = tariffmap.load(context.db, pricelist)
    measures = panel_tariffs.measures(context.db, pricelist)
    pairs = {}
    for kind, local, namesake in _here(context.db, pricelist, sides):
        ids = sides.ids[kind].get(namesake, set())
        proposed = next(iter(ids)) if len(ids) == 1 else None
        differ = _units(sides, measures, kind, local, proposed)
        told = f"{differ[0]} / {differ[1]}" if differ else ""
        pairs[kind, local] = Pair(kind, local, mapping.remote(kind, local), None if differ else proposed, told)
    for (kind, local), mapped in mapping.rows.items():
        pairs.setdefault((kind, local), Pair(kind, local, mapped, None))
    return list(pairs.values())


def put(  # noqa: PLR0913 - what of which tariff is called what, and a person's word about its unit
    context: Context, pricelist: int, kind: str, here: str, there: str, *, same_unit: bool = False
) -> None:
    """Map one part.

    A period here is what the client pays for, a period there is what is bought each time (docs/decisions.md). Raises
    ResellerError `reseller_no_part` for a part that the tariff here lacks, `reseller_no_counterpart` for one that the
    seller's lacks, `reseller_term` for terms that do not fit, and `reseller_units` for an add-on that the two sides
    measure differently, unless a person says with `same_unit` that they do not.
    """
    sides = _sides(context, pricelist)
    _require_part(context.db, pricelist, sides.here, kind, here)
    offered = sides.ids[kind]
    known = set().union(*offered.values()) if offered else set()
    if kind == tariffmap.ADDON:
        known.add(tariffmap.NONE)
    if there not in known:
        raise ResellerError(
            "reseller_no_counterpart",
            object=kind,
            value=there,
            part=kind,
            tariff=sides.remote.name,
            offered=_listed(known),
        )
    if kind == tariffmap.PERIOD and not order_plan.is_term(here, there):
        raise ResellerError("reseller_term", object=kind, value=there, item="-", here=here, pricelist=pricelist)
    differ = _units(sides, panel_tariffs.measures(context.db, pricelist), kind, here, there)
    if differ and not same_unit:
        raise ResellerError(
            "reseller_units", object=kind, value=here, pricelist=pricelist, here=differ[0], there=differ[1]
        )
    tariffmap.save(context.db, pricelist, kind, here, there)


def drop(context: Context, pricelist: int, kind: str, here: str) -> bool:
    """Unmap one part; whether it was mapped."""
    return tariffmap.drop(context.db, pricelist, kind, here) > 0


def _require_part(db: Database, pricelist: int, sold: Sold, kind: str, here: str) -> None:
    known = set(own_parts(db, pricelist, sold)[kind])
    # Services keep a period that is not sold any more, and add-ons that are only a part of others.
    if kind == tariffmap.PERIOD:
        known |= panel_tariffs.periods_of_services(db, pricelist)
    elif kind == tariffmap.ADDON:
        known |= panel_tariffs.addon_names(db, pricelist)
    if here not in known:
        raise ResellerError(
            "reseller_no_part", object=kind, value=here, part=kind, tariff=sold.name, offered=_listed(known)
        )


def _listed(names: Iterator[str] | set[str] | list[str]) -> str:
    return ", ".join(sorted(names, key=lambda one: (len(one), one))) or "-"


def _units(sides: Sides, measures: dict[str, str], kind: str, local: str, there: str | None) -> tuple[str, str] | None:
    """The units of an add-on on both sides, if they are told and differ."""
    bounds = sides.remote.bounds.get(there or "") if kind == tariffmap.ADDON else None
    here = measures.get(local, "")
    return None if bounds is None or units.are_same(here, bounds.measure) else (here, bounds.measure)


def _sides(context: Context, pricelist: int) -> Sides:
    sold = panel_tariffs.sold(context.db, pricelist)
    if sold is None:
        raise ResellerError("reseller_tariff_missing", object="pricelist", value=str(pricelist))
    chosen = items.tariff_params(context.db, pricelist)
    wanted = chosen.get(order_plan.TARIFF_FIELD, "")
    if not wanted:
        raise ResellerError(
            "reseller_unmapped", object="tariff", item="-", tariff=sold.name, pricelist=pricelist, part="tariff"
        )
    seller = context.seller(sold.module)
    remote = next((found for found in tariffs.export(seller.transport, sold.itemtype) if found.id == wanted), None)
    if remote is None:
        raise ResellerError("reseller_tariff_gone", object="tariff", value=wanted, tariff=sold.name)
    datacenter = chosen.get(order_plan.DATACENTER_FIELD, "")
    return Sides(sold, remote, _there(context, seller, sold.itemtype, remote, datacenter))


def _here(db: Database, pricelist: int, sides: Sides) -> Iterator[tuple[str, str, str]]:
    """(kind, name here, name to look for at the seller) of every part of the tariff."""
    sold = panel_tariffs.periods(db, pricelist)
    for period in dict.fromkeys((*sides.remote.periods, *sold)):
        yield tariffmap.PERIOD, period, period
    for addon in addons.of_tariff(db, pricelist):
        yield tariffmap.ADDON, addon.key, addon.intname
    # Choices of this tariff first; others of the same internal name may belong to add-ons that are switched off.
    named = panel_tariffs.choices(db, {intname for intname, _ in sides.remote.enumitems})
    for number, intname in {**dict(named), **panel_tariffs.choices_of(db, pricelist)}.items():
        yield tariffmap.ENUM, str(number), intname
    for intname in panel_tariffs.values(db, sides.here.itemtype, order_plan.TEMPLATE_FIELD):
        yield tariffmap.OS, intname, intname


def _there(
    context: Context, seller: Seller, itemtype: str, remote: tariffs.Tariff, datacenter: str
) -> dict[str, dict[str, set[str]]]:
    """By kind of part, the seller's ids of each internal name."""
    enums: dict[str, set[str]] = {}
    for intname, number in remote.enumitems:
        enums.setdefault(intname, set()).add(number)
    generation = context.generation(seller, itemtype)
    form = order_form.read(seller.transport, itemtype, generation, remote.id, datacenter)
    return {
        tariffmap.PERIOD: {period: {period} for period in remote.periods},
        tariffmap.ADDON: {intname: {number} for intname, number in remote.addons.items()},
        tariffmap.ENUM: enums,
        tariffmap.OS: {key: {key} for key in form.templates},
    }


def apply(context: Context, pricelist: int, pairs: list[Pair]) -> int:
    """Save the proposals for the parts that are not mapped yet; how many were saved."""
    fresh = [(pair.kind, pair.local, pair.proposed) for pair in pairs if pair.mapped is None and pair.proposed]
    for kind, local, proposed in fresh:
        tariffmap.save(context.db, pricelist, kind, local, proposed)
    return len(fresh)
