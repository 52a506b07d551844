"""The tariff map of a tariff, side by side, and what it could be: parts with the same internal name belong together.

Where a name stands for two different things at the seller, or has no namesake there, the choice is left to a person. So
is an add-on that the two sides measure in different units: what is ordered here would be bought in another measure.

A part that is mapped to what the seller's tariff does not have is stale: the tariff's target was changed, or the seller
has changed its tariff. The proposals replace it, or it is unmapped, so that nothing else is bought instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from reseller.context import Context
from reseller.ledger import tariff_runs, tariffmap
from reseller.ledger.tariff_runs import MAPPED_TO, UNIT
from reseller.lifecycle import order_plan
from reseller.mgr5 import tariffs as panel_tariffs
from reseller.tariffs import faces, resold
from reseller.tariffs.faces import Face, Sides
from reseller.tariffs.resold import Part, Resold
from reseller.wire.errors import Message, ResellerError

#: what a part of a tariff is: mapped, not mapped, mapped to what the seller's tariff lacks, or none of the tariff here
MAPPED, OPEN, STALE, LEFT = "mapped", "open", "stale", "left"


class Pair(NamedTuple):
    """A part of a tariff here, and the seller's name for it: as mapped and as proposed, None where there is none.

    `units` are the two units of an add-on where they differ: nothing is proposed then. `there` is the face of what is
    mapped, else of what is proposed. `reason` says why it is proposed, or why nothing is. `is_kept`: a period that
    services have, which go on being renewed in it.
    """

    kind: str
    local: str
    mapped: str | None
    proposed: str | None
    units: str = ""
    state: str = OPEN
    here: Face = Face()
    there: Face = Face()
    reason: Message | None = None
    is_kept: bool = False

    @property
    def is_news(self) -> bool:
        """Whether taking the proposals would change it."""
        if self.proposed is None:
            return self.state == STALE and not self.is_kept
        return self.state in (STALE, OPEN)


def match(context: Context, pricelist: int) -> list[Pair]:
    """The periods of both sides, and every add-on, choice and template of the tariff here.

    Each comes with what it is mapped to and what it could be mapped to. Raises as faces.read().
    """
    return _pairs(context, faces.read(context, pricelist))


def _pairs(context: Context, sides: Sides) -> list[Pair]:
    pairs: dict[Part, Pair] = {}
    for kind, local, namesake, face in faces.here(context, sides.here):
        pairs[kind, local] = _pair(sides, kind, local, namesake, face)
    for period in sides.there[tariffmap.PERIOD]:
        if (tariffmap.PERIOD, period) not in pairs:
            pairs[tariffmap.PERIOD, period] = _pair(sides, tariffmap.PERIOD, period, period, Face())
    for (kind, local), mapped in sides.here.mapping.rows.items():
        if (kind, local) not in pairs:
            there = sides.there[kind].get(mapped, Face())
            reason = Message("reseller_map_left", part=kind, value=local)
            pairs[kind, local] = Pair(kind, local, mapped, None, state=LEFT, there=there, reason=reason)
    had = panel_tariffs.periods_of_services(context.db, sides.here.number)
    found = [pair._replace(is_kept=pair.kind == tariffmap.PERIOD and pair.local in had) for pair in pairs.values()]
    order = list(tariffmap.KINDS)
    numbers = {pair.local: int(pair.local) if pair.local.lstrip("-").isdecimal() else 0 for pair in found}
    return sorted(found, key=lambda pair: (order.index(pair.kind), numbers[pair.local], pair.local))


def _pair(sides: Sides, kind: str, local: str, namesake: str, face: Face) -> Pair:
    mapped = sides.here.mapping.remote(kind, local)
    ids = sides.ids[kind].get(namesake, set())
    namesakes = next(iter(ids)) if len(ids) == 1 else None
    differ = sides.differing_units(kind, local, namesakes if mapped is None else mapped)
    proposed = None if differ else namesakes
    state = OPEN if mapped is None else MAPPED if sides.has(kind, mapped) else STALE
    there = sides.there[kind].get((mapped if state == MAPPED else proposed) or "", Face())
    told = f"{differ[0]} / {differ[1]}" if differ else ""
    reason = _reason(sides, Pair(kind, local, mapped, proposed, state=state), len(ids), differ)
    return Pair(kind, local, mapped, proposed, told, state, face, there, reason)


def _reason(sides: Sides, pair: Pair, namesakes: int, differ: tuple[str, str] | None) -> Message | None:
    """Why a part is proposed, or what is wrong with it; None for one that is mapped as it should be."""
    if differ is not None:
        return Message("reseller_map_units", value=pair.local, here=differ[0], there=differ[1])
    if pair.state == STALE:
        return Message("reseller_map_stale", value=pair.mapped or "-", tariff=sides.remote.id)
    if pair.state == MAPPED:
        is_term = pair.kind != tariffmap.PERIOD or order_plan.is_term(pair.local, pair.mapped or "")
        return None if is_term else Message("reseller_map_term", here=pair.local, there=pair.mapped or "-")
    if pair.proposed is not None:
        return Message("reseller_map_same")
    return Message("reseller_map_several" if namesakes else "reseller_map_none", tariff=sides.remote.id)


def offered(context: Context, pricelist: int, kind: str, here: str) -> tuple[Pair, dict[str, Face]]:
    """A part, and all that it could be mapped to, by the seller's number; for a period only terms that fit.

    Raises ResellerError `reseller_no_part` for a part that the tariff here lacks, and as faces.read().
    """
    sides = faces.read(context, pricelist)
    _require_part(context, sides.here, kind, here)
    pairs = {(pair.kind, pair.local): pair for pair in _pairs(context, sides)}
    found = dict(sides.there[kind])
    if kind == tariffmap.PERIOD:
        found = {term: face for term, face in found.items() if order_plan.is_term(here, term)}
    return pairs.get((kind, here), Pair(kind, here, sides.here.mapping.remote(kind, here), None)), found


def put(  # noqa: PLR0913 - what of which tariff is called what, and a person's word about its unit
    context: Context, pricelist: int, kind: str, here: str, there: str, *, same_unit: bool = False
) -> None:
    """Map one part.

    A period here is what the client pays for, a period there is what is bought each time (docs/decisions.md). Raises
    ResellerError `reseller_no_part` for a part that the tariff here lacks, `reseller_no_counterpart` for one that the
    seller's lacks, `reseller_term` for terms that do not fit, and `reseller_units` for an add-on that the two sides
    measure differently, unless a person says with `same_unit` that they do not.
    """
    sides = faces.read(context, pricelist)
    _require_part(context, sides.here, kind, here)
    if not sides.has(kind, there):
        known = {*sides.there[kind], *((tariffmap.NONE,) if kind == tariffmap.ADDON else ())}
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
    differ = sides.differing_units(kind, here, there)
    if differ and not same_unit:
        raise ResellerError(
            "reseller_units", object=kind, value=here, pricelist=pricelist, here=differ[0], there=differ[1]
        )
    if differ:
        tariff_runs.agree(context.db, pricelist, f"{UNIT} {here}", differ[1], differ[0])
    _forget_stale(context, sides)
    tariffmap.save(context.db, pricelist, kind, here, there)
    tariff_runs.agree(context.db, pricelist, MAPPED_TO, sides.remote.id, str(pricelist))


def _forget_stale(context: Context, sides: Sides) -> None:
    """Unmap what a map for another tariff of the seller has and this one does not.

    While the seller's tariff is the same, what it does not offer any more stays: services have it, and are renewed.
    Where it is not known for which tariff the map was made, only numbers that belong to one tariff can tell.
    """
    made_for = sides.here.mapped_to
    kinds = (tariffmap.ADDON, tariffmap.ENUM) if not made_for else tariffmap.KINDS
    for (kind, local), mapped in sides.here.mapping.rows.items():
        if made_for != sides.remote.id and kind in kinds and not sides.has(kind, mapped):
            tariffmap.drop(context.db, sides.here.number, kind, local)


def drop(context: Context, pricelist: int, kind: str, here: str) -> bool:
    """Unmap one part; whether it was mapped."""
    return tariffmap.drop(context.db, pricelist, kind, here) > 0


def _require_part(context: Context, sold: Resold, kind: str, here: str) -> None:
    known = {local for each, local in sold.parts if each == kind}
    # Services keep a period that is not sold any more, and add-ons that are only a part of others.
    if kind == tariffmap.PERIOD:
        known |= panel_tariffs.periods_of_services(context.db, sold.number)
    elif kind == tariffmap.ADDON:
        known |= panel_tariffs.addon_names(context.db, sold.number)
    elif kind == tariffmap.OS:
        known |= set(panel_tariffs.values(context.db, sold.itemtype, order_plan.TEMPLATE_FIELD))
    if here not in known:
        raise ResellerError(
            "reseller_no_part", object=kind, value=here, part=kind, tariff=sold.name, offered=_listed(known)
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names, key=lambda one: (len(one), one))) or "-"


def apply(context: Context, pricelist: int, pairs: Sequence[Pair]) -> int:
    """Save the proposals for the parts that are not mapped yet or are stale, and unmap the stale ones without a
    proposal; how many were changed.
    """
    target = resold.target(context, pricelist)
    fresh = [pair for pair in pairs if pair.is_news]
    for pair in fresh:
        if pair.proposed is None:
            tariffmap.drop(context.db, pricelist, pair.kind, pair.local)
        else:
            tariffmap.save(context.db, pricelist, pair.kind, pair.local, pair.proposed)
    if fresh or any(pair.state == MAPPED for pair in pairs):
        tariff_runs.agree(context.db, pricelist, MAPPED_TO, target, str(pricelist))
    return len(fresh)
