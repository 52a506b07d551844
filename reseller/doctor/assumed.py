"""The assumptions of the program, held against the panel and against the seller of each module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from reseller.assumption import Assumption
from reseller.context import Context
from reseller.doctor.finding import FAILS, HOLDS, UNCHECKED, WARNING, Finding
from reseller.ledger import verdicts
from reseller.ledger.verdicts import Verdict
from reseller.lifecycle import assumptions
from reseller.mgr5 import items
from reseller.mgr5.panel import Panel
from reseller.wire.errors import Message, ResellerError

_NOTHING = "-"


def of(module: int, panel: Panel) -> Iterator[Finding]:
    """Each fact about the seller of a module, or about the panel for verdicts.PANEL.

    What was found is recorded, and switches on or off what rests on it.
    """
    context = Context.start(panel)
    found, failing = assumptions.look(context, module)
    by_name = {each.entry.name: each for each in found}
    for verdict in failing:
        if verdict.name in by_name:
            yield _failing(by_name[verdict.name].entry, verdict)
    unseen = [each for each in found if each.is_missed]
    if unseen:
        text = ", ".join(f"{count} {why}" for why, count in Counter(each.found for each in unseen).items())
        yield Finding(UNCHECKED, Message("reseller_doctor_unseen", count=len(unseen), text=text))
    # For the report: whether it holds, and what was found, which is a type of a column or a word of ours.
    words = {None: UNCHECKED, True: HOLDS, False: FAILS}
    facts = {each.entry.name: words[each.holds] + (f": {each.found}" if each.found else "") for each in found}
    told = Message("reseller_doctor_assumptions", count=sum(bool(each.holds) for each in found), all=len(found))
    yield Finding(HOLDS, told, facts={"assumptions": facts})
    _tell(context)


def _tell(context: Context) -> None:
    """The problem as it is now. That it cannot be told hides no finding: the next run tries again."""
    try:
        assumptions.tell(context, verdicts.every(context.db), items.modules(context.db))
    except ResellerError as error:
        context.log.error(f"doctor: {context.word(error)}")


def _failing(entry: Assumption, verdict: Verdict) -> Finding:
    names = {"name": entry.name, "source": entry.source}
    told = {**names, "found": verdict.found or _NOTHING, "expected": entry.expected or "there"}
    if verdict.who:
        accepted = {"who": verdict.who, "day": verdict.accepted, "why": verdict.why or _NOTHING}
        return Finding(WARNING, Message("reseller_doctor_accepted", **told, **accepted))
    if verdict.off:
        off = ", ".join(verdict.rests.split())
        return Finding(FAILS, Message("reseller_doctor_off", **told, off=off))
    return Finding(WARNING, Message("reseller_doctor_astray", **told, rests=", ".join(entry.rests) or _NOTHING))


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
