"""The tariff map as pages: all tariffs, the parts of one on both sides, one part, and all proposals at once.

The first list asks no seller. The key of a part is TARIFF-KIND-NAME.
"""

from __future__ import annotations

import re

from reseller.ledger import tariffmap
from reseller.pages import listing, several
from reseller.pages.call import Call, done, refused
from reseller.tariffs import period_words, proposal, resold
from reseller.tariffs.faces import Face
from reseller.tariffs.proposal import STALE
from reseller.tariffs.resold import Part
from reseller.wire import document, texts
from reseller.wire.errors import ResellerError

_KEY = re.compile(rf"([1-9][0-9]{{0,9}})-({'|'.join(tariffmap.KINDS)})-(.{{1,190}})")
#: how many parts that are not mapped a row of the list names
NAMED = 5
_WORDS = "reseller.mapping"


def show(call: Call) -> document.Element:
    """The list `reseller.mapping`: every tariff that is sold through a module of ours."""
    found = resold.read(call.context)
    count = call.number("p_cnt", 1, call.context.limits.page_rows, listing.FIRST_ROWS)
    page = call.number("p_num", 1, listing.LAST_PAGE, 1)
    words = call.words(_WORDS)
    for each in found[(page - 1) * count : page * count]:
        missing = each.missing
        row = {
            "id": each.number,
            "name": each.name,
            "module": each.module,
            "remote": each.remote or words.get("no_target", ""),
            "active": words.get("sold_on" if each.is_active else "sold_off", ""),
            "mapped": f"{len(each.parts) - len(missing)} / {len(each.parts)}",
            "missing": texts.some(missing, NAMED, lambda part: _part(call, part)),
            "services": each.services,
        }
        call.page.append(listing.elem(row))
    call.put(p_elems=len(found), p_num=page, p_cnt=count)
    return call.page


def _part(call: Call, part: Part) -> str:
    kind, local = part
    return f"{call.words(_WORDS).get(f'kind_{kind}', kind)} {_local(call, kind, local)}"


def _local(call: Call, kind: str, local: str | None) -> str:
    if local == tariffmap.NONE:
        return call.words(_WORDS).get("nothing", local)
    return period_words.word(call.context, local or "") if kind == tariffmap.PERIOD else local or ""


def parts(call: Call) -> document.Element:
    """The list `reseller.mapping.parts`: the parts of one tariff (`elid`), side by side."""
    tariff = call.number("elid", 1, 2**31 - 1, 0)
    if not tariff:
        raise ResellerError("reseller_page_none", object="elid")
    pairs, words = proposal.match(call.context, tariff), call.words(_WORDS)
    for pair in pairs:
        row = {
            "id": f"{tariff}-{pair.kind}-{pair.local}",
            "part": _part(call, (pair.kind, pair.local)),
            "here": _face(pair.here),
            "price": pair.here.prices,
            "state": words.get(f"state_{pair.state}", pair.state),
            "mapped": _local(call, pair.kind, pair.mapped),
            "there": _face(pair.there),
            "cost": pair.there.prices,
            "proposed": _local(call, pair.kind, pair.proposed) if pair.is_news else "",
            "reason": call.context.word(pair.reason) if pair.reason else "",
        }
        call.page.append(listing.elem(row))
    call.put(p_elems=len(pairs), elid=tariff)
    return call.page


def _face(face: Face) -> str:
    return " ".join(part for part in (face.name, face.amount, face.unit) if part)


def edit(call: Call) -> document.Element:
    """The form `reseller.mapping.set`: what one part is mapped to; saved with nothing chosen it is unmapped."""
    key = _KEY.fullmatch(call.text("elid"))
    if key is None:
        raise refused("elid", call.text("elid"))
    tariff, kind, here = int(key[1]), key[2], key[3]
    if call.sok:
        chosen = call.text("there")
        if chosen:
            proposal.put(call.context, tariff, kind, here, chosen, same_unit=call.text("same_unit") == "on")
        else:
            proposal.drop(call.context, tariff, kind, here)
        return done()
    pair, found = proposal.offered(call.context, tariff, kind, here)
    words = call.words(_WORDS)
    nothing = [(tariffmap.NONE, words.get("nothing", tariffmap.NONE))] if kind == tariffmap.ADDON else []
    choices = [(number, _label(call, kind, number, face)) for number, face in found.items()]
    listing.choices(call, "there", [("", words.get("not_mapped", "-")), *nothing, *choices])
    stays = pair.mapped if pair.state != STALE else None
    call.put(
        elid=key[0],
        part=_part(call, (kind, here)),
        here=" ".join(filter(None, (_face(pair.here), pair.here.prices))),
        reason=call.context.word(pair.reason) if pair.reason else "",
        there=stays or pair.proposed or "",
    )
    return call.page


def _label(call: Call, kind: str, number: str, face: Face) -> str:
    name = _face(face) or _local(call, kind, number)
    return f"{name} ({face.prices})" if face.prices else name


def propose(call: Call) -> document.Element:
    """The form `reseller.mapping.all`: what the proposals would change of the marked tariffs, and to change it."""
    if not several.has_turn(call):
        return several.nothing(call)
    tariffs = several.marked(call)
    found = {tariff: proposal.match(call.context, tariff) for tariff in tariffs}
    lines = [(tariff, pair) for tariff, pairs in found.items() for pair in pairs if pair.is_news]
    said = [(tariff, pair.kind, pair.local, pair.mapped, pair.proposed) for tariff, pair in lines]
    if call.sok:
        several.require_shown(call, said)
        for tariff, pairs in found.items():
            proposal.apply(call.context, tariff, pairs)
        return done()
    words = call.words(_WORDS)
    rows = [
        {
            "tariff": tariff,
            "part": _part(call, (pair.kind, pair.local)),
            "now": _local(call, pair.kind, pair.mapped),
            "becomes": " ".join(
                filter(None, (_local(call, pair.kind, pair.proposed) or words.get("not_mapped", ""), _face(pair.there)))
            ),
            "why": call.context.word(pair.reason) if pair.reason else "",
        }
        for tariff, pair in lines
    ]
    listing.plan(call, rows)
    call.put(elid=", ".join(map(str, tariffs)), shown=several.digest(said))
    return call.page
