"""The assumptions of the program, held against the panel and against the seller of each module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from reseller.assumption import Assumption
from reseller.context import Context
from reseller.doctor.finding import FAILS, HOLDS, UNCHECKED, WARNING, Finding
from reseller.ledger import verdicts
from reseller.ledger.verdicts import Verdict
from reseller.lifecycle import assumptions
from reseller.lifecycle.assumptions import Found
from reseller.mgr5 import items
from reseller.mgr5.panel import Panel
from reseller.wire.errors import Message, ResellerError

_NOTHING = "-"


def of_panel(panel: Panel) -> Iterator[Finding]:
    """Each fact about the panel; what was found is recorded, and switches on or off what rests on it."""
    context = Context.start(panel)
    found, failing = assumptions.look(context, verdicts.PANEL)
    yield from _findings(found, failing)
    _tell(context)


def of_seller(module: int, panel: Panel) -> Iterator[Finding]:
    """Each fact about the seller of a module, as of_panel()."""
    context = Context.start(panel)
    found, failing = assumptions.look(context, module)
    yield from _findings(found, failing)
    _tell(context)


def _tell(context: Context) -> None:
    """The problem as it is now. That it cannot be told hides no finding: the next run tries again."""
    try:
        assumptions.tell(context, verdicts.every(context.db), items.modules(context.db))
    except ResellerError as error:
        context.log.error(f"doctor: {context.word(error)}")


def _findings(found: Sequence[Found], failing: Sequence[Verdict]) -> Iterator[Finding]:
    facts = {"assumptions": {each.entry.name: _fact(each) for each in found}}
    by_name = {each.entry.name: each for each in found}
    for verdict in failing:
        if verdict.name in by_name:
            yield _failing(by_name[verdict.name], verdict)
    unseen = [each for each in found if each.is_missed]
    if unseen:
        names = Counter(each.found for each in unseen)
        told = ", ".join(f"{count} {why}" for why, count in names.items())
        yield Finding(UNCHECKED, Message("reseller_doctor_unseen", count=len(unseen), text=told))
    held = sum(bool(each.holds) for each in found)
    yield Finding(HOLDS, Message("reseller_doctor_assumptions", count=held, all=len(found)), facts=facts)


def _fact(each: Found) -> str:
    """What was found, for the report: a type of a column, a word of ours."""
    return {None: UNCHECKED, True: HOLDS, False: FAILS}[each.holds] + (f": {each.found}" if each.found else "")


def _failing(found: Found, verdict: Verdict) -> Finding:
    entry = found.entry
    told = _names(entry, verdict)
    if verdict.who:
        accepted = {"who": verdict.who, "day": verdict.accepted, "why": verdict.why or _NOTHING}
        return Finding(WARNING, Message("reseller_doctor_accepted", **told, **accepted))
    if verdict.off:
        off = ", ".join(verdict.rests.split())
        return Finding(FAILS, Message("reseller_doctor_off", **told, off=off))
    return Finding(WARNING, Message("reseller_doctor_astray", **told, rests=", ".join(entry.rests) or _NOTHING))


def _names(entry: Assumption, verdict: Verdict) -> Mapping[str, str]:
    expected = entry.expected or "there"
    return {"name": entry.name, "source": entry.source, "found": verdict.found or _NOTHING, "expected": expected}


def accept(context: Context, name: str, why: str, module: int | None = None) -> None:
    """Record that a person accepts that a fact does not hold: what rests on it goes on, what waited for it is due.

    `module` says at which seller, 0 for the panel. Raises ResellerError `reseller_doctor_no_finding` when nothing of
    that name was found not to hold, `reseller_doctor_which` when it does not hold at several and none was said.
    """
    rows = [each for each in verdicts.every(context.db) if not each.holds]
    chosen = _chosen(rows, name, module)
    verdicts.accept(context.db, chosen.module, name, str(context.caller), why)
    context.note("accept", f"that {name} does not hold{_at(chosen)}: {why or _NOTHING}")
    if chosen.is_off:
        assumptions.wake(context)
    _tell(context)


def retract(context: Context, name: str, module: int | None = None) -> None:
    """Take back what was accepted; `module` and errors as for accept()."""
    chosen = _chosen([each for each in verdicts.every(context.db) if each.who], name, module)
    verdicts.retract(context.db, chosen.module, name)
    context.note("retract", f"what was accepted of {name}{_at(chosen)}")
    _tell(context)


def _chosen(rows: Sequence[Verdict], name: str, module: int | None) -> Verdict:
    """The one of these rows that a person means."""
    named = [each for each in rows if each.name == name and module in (None, each.module)]
    if not named:
        names = ", ".join(dict.fromkeys(each.name for each in rows)) or _NOTHING
        raise ResellerError("reseller_doctor_no_finding", name=name, names=names)
    if len(named) > 1:
        modules = ", ".join(str(each.module) for each in named)
        raise ResellerError("reseller_doctor_which", name=name, modules=modules)
    return named[0]


def _at(row: Verdict) -> str:
    return f" (module {row.module})" if row.module else ""
