"""Hold the assumptions (reseller/assumption.py) against the panel and the sellers at hand, changing nothing there.

A fact that does not hold switches off what rests on it, and only that: such a call is withheld where it would leave
(reseller/context.py), and the operation that needed it says so. While services are linked, only a fact about the panel
does so, and only one that this very entry has seen hold (Assumption.digest): a column at once, since the database
describes itself, a function when it is still missing after `assumption_seconds`. Everything else is a warning and a
problem. While nothing is linked, nothing can be stopped that has worked, and each fact does so at once. What is off
stays off until the fact holds, or a person accepts that it does not.

A run holds a fingerprint against the one before: these entries, the columns that are read, with their types, and the
panel's files of descriptions. That is one query and one folder. It looks at everything again when that has changed, and
every `assumption_seconds` while something does not hold or could not be seen; at a seller while a fact of its is off.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from reseller import products
from reseller.assumption import ANSWER, COLUMN, FORM, FUNCTION, LIST, PARAMETER, Assumption, merged
from reseller.context import Context
from reseller.db import Database
from reseller.ledger import linked, links, margins, mid_term, overview, problems, requests, terms, verdicts
from reseller.ledger.problems import Cause, Problem
from reseller.ledger.verdicts import Verdict
from reseller.lifecycle import operations
from reseller.lifecycle import problems as troubles
from reseller.mgr5 import addons, function_list, functions, items, modules, settings, tables, tariff_forms, tariffs
from reseller.seller import account, expenses, renewals, service, services
from reseller.seller.transport import Transport
from reseller.wire import document
from reseller.wire.bounds import PAGE
from reseller.wire.errors import BusyError, PanelError, Rejected, ResellerError, Unfounded

#: the entries about the panel, and those about a seller, by name
OF_PANEL = merged(
    entry
    for room in (
        items,
        addons,
        tariffs,
        tariff_forms,
        modules,
        functions,
        settings,
        operations,
        linked,
        requests,
        overview,
        terms,
        margins,
        mid_term,
    )
    for entry in room.ASSUMED
)
OF_SELLER = merged(entry for room in (account, services, service, renewals, expenses) for entry in room.ASSUMED)
CAUSE = Cause(problems.PANEL, 0, problems.ASSUMPTION)
#: the descriptions of the panel's interface, which an upgrade of the panel replaces
DESCRIPTIONS = "etc/xml"
#: how long one look may call functions; what was not reached by then is unseen
LOOK_SECONDS = 30
#: how many services of a type are read: one alone may lack what others have
ROWS = 3
_NOTHING, _NO_TIME, _NOT_KNOWN, _NO_HELP = "-", "no time left", "not known what is sold", "no help"


class Found(NamedTuple):
    """What was found of an entry; `holds` is None where it could not be seen."""

    entry: Assumption
    holds: bool | None
    found: str

    @property
    def is_missed(self) -> bool:
        """Whether it could not be seen now and may be later; a panel without help on a function never has it."""
        return self.holds is None and self.found != _NO_HELP


def of_panel(context: Context) -> list[Found]:
    """Each entry about the panel; its functions could not be seen where it does not list any."""
    found = of_tables(context.db)
    called = [entry for entry in OF_PANEL.values() if entry.kind in (FUNCTION, PARAMETER)]
    try:
        sold = {itemtype for module in items.modules(context.db) for itemtype in tariffs.sold_types(context.db, module)}
    except ResellerError:
        # A column that tells what is sold is missing, which was found above: the functions of all types are unseen.
        found += [Found(entry, holds=None, found=_NOT_KNOWN) for entry in called if not _is_needed(entry.name, set())]
        sold = set()
    called = [entry for entry in called if _is_needed(entry.name, sold)]
    try:
        known = function_list.of(context.panel)
    except PanelError as error:
        why = f"the panel lists no functions: {error.panel_type}"
        return found + [Found(entry, holds=None, found=why) for entry in called]
    until = time.monotonic() + LOOK_SECONDS
    found += [_function(context, entry, known, until) for entry in called if entry.kind == FUNCTION]
    return found + _parameters(context, [entry for entry in called if entry.kind == PARAMETER], until)


def of_tables(db: Database) -> list[Found]:
    """The entries about columns of the panel's tables."""
    there, found = tables.columns(db, _tables()), []
    for entry in OF_PANEL.values():
        if entry.kind == COLUMN:
            type_ = there.get(entry.name, "")
            found.append(Found(entry, tables.CLASS.get(type_) == entry.expected, type_ or _NOTHING))
    return found


def _tables() -> set[str]:
    return {entry.name.partition(".")[0] for entry in OF_PANEL.values() if entry.kind == COLUMN}


def _is_needed(function: str, sold: set[str]) -> bool:
    """Whether a function is called here: those of a product type only while a tariff of that type is sold."""
    itemtype = function.partition(".")[0]
    return itemtype not in products.ITEMTYPES or itemtype in sold


def _parameters(context: Context, entries: Sequence[Assumption], until: float) -> list[Found]:
    """The entries about parameters, by the panel's help on each function; one that names none leaves them unseen."""
    found, known = [], dict[str, frozenset[str]]()
    for entry in entries:
        function, parameter = entry.name.split()
        if function not in known:
            known[function] = frozenset()
            if time.monotonic() < until:
                with contextlib.suppress(PanelError):
                    known[function] = function_list.parameters(context.panel, function)
        listed = known[function]
        holds = parameter in listed if listed else None
        found.append(Found(entry, holds, "listed" if holds else _NOTHING if listed else _NO_HELP))
    return found


def _function(context: Context, entry: Assumption, known: frozenset[str], until: float) -> Found:
    """A function that is not listed is called without a parameter, so that nothing is named that it could change."""
    if function_list.has(known, entry.name):
        return Found(entry, holds=True, found="listed")
    if time.monotonic() > until:
        return Found(entry, holds=None, found=_NO_TIME)
    try:
        context.mgrctl.call(entry.name)
    except PanelError as error:
        if error.panel_type in ("missed", "access") and error.object in ("", entry.name, "func", "function", "action"):
            return Found(entry, holds=False, found=_NOTHING)
        # `answer` is what mgrctl.py calls an output that is no document.
        if error.panel_type in ("client", "timeout", "answer"):
            return Found(entry, holds=None, found=error.panel_type)
    return Found(entry, holds=True, found="not listed, but answers")


def of_seller(context: Context, module: int) -> list[Found]:
    """Each entry about the seller of a module; raises SellerError when it cannot be asked."""
    until = time.monotonic() + LOOK_SECONDS
    transport = context.seller(module).transport
    found = _parts(transport, "whoami", {}) + _parts(transport, "subaccount", {})
    try:
        found += _parts(transport, "expense", {"p_num": "1", "p_cnt": str(ROWS)})
    except Rejected as error:
        # An account may have no right to it, and nothing but the look at unplanned charges needs it.
        found += [Found(entry, holds=None, found=error.seller_type) for entry in _entries("expense")]
    remotes: list[str] = []
    for itemtype in tariffs.sold_types(context.db, module):
        if time.monotonic() > until:
            entries = (entry.of_type(itemtype) for entry in (*_entries(LIST), *_entries(FORM)))
            found += [Found(entry, holds=None, found=_NO_TIME) for entry in entries]
            continue
        page = transport.call(itemtype, {"p_num": "1", "p_cnt": str(ROWS)}, bounds=PAGE)
        found += [_part(entry, page, itemtype) for entry in _entries(LIST)]
        listed = [told for elem in page.iterfind("elem") if (told := document.text(elem, "id"))]
        some = list(dict.fromkeys(links.active(context.db, module, itemtype, ROWS) + listed))[:ROWS]
        found += _forms(transport, FORM, some, itemtype)
        remotes += some
    return found + _forms(transport, "service.prolong", remotes[:ROWS])


def _forms(transport: Transport, function: str, remotes: Sequence[str], itemtype: str = "") -> list[Found]:
    """The entries about a form: one holds if the form of any of these services has it, and fails if none has.

    A service whose form is refused, such as one that was deleted since, says nothing.
    """
    seen: list[list[Found]] = []
    for remote in remotes:
        with contextlib.suppress(Rejected):
            seen.append(_parts(transport, function, {"elid": remote}, itemtype))
    if not seen:
        return [Found(entry.of_type(itemtype), holds=None, found="no service") for entry in _entries(function)]
    return [next((each for each in every if each.holds), every[0]) for every in zip(*seen)]


def _entries(function: str) -> list[Assumption]:
    return [entry for entry in OF_SELLER.values() if entry.kind == ANSWER and entry.name.split()[0] == function]


def _parts(transport: Transport, function: str, fields: dict[str, str], itemtype: str = "") -> list[Found]:
    """The entries about the answer of one function; a seller without the function has none of them.

    Any other refusal, such as a wrong password, says nothing about them, and is raised.
    """
    entries, func = _entries(function), function.replace(LIST, itemtype)
    try:
        root = transport.call(func, fields, bounds=PAGE)
    except Rejected as error:
        if not service.lacks_function(error, func):
            raise
        return [Found(entry.of_type(itemtype), holds=False, found=error.seller_type) for entry in entries]
    return [_part(entry, root, itemtype) for entry in entries]


def _part(entry: Assumption, root: document.Element, itemtype: str) -> Found:
    """Whether an answer has a part; a list without rows does not show which columns it has."""
    paths = entry.name.split()[1]
    entry = entry.of_type(itemtype)
    if paths.startswith("elem/") and root.find("elem") is None:
        return Found(entry, holds=None, found="no row")
    return Found(entry, holds=any(_has(root, path) for path in paths.split("|")), found="")


def _has(root: document.Element, path: str) -> bool:
    place, _, attribute = path.partition("@")
    node = root.find(place)
    return node is not None and (not attribute or node.get(attribute) is not None)


def record(context: Context, module: int, found: Sequence[Found]) -> list[Verdict]:
    """Record what was seen, for the panel (0) or for the seller of a module; the facts that do not hold.

    Requests that wait for a fact go on when one has been switched on again.
    """
    known = _rows(context.db, module)
    works = links.is_any(context.db, module)
    for each in found:
        if each.holds is not None:
            before = known.get(each.entry.name)
            now = _verdict(context, module, each, before, works=works)
            if before is None or before[:7] != now[:7]:
                verdicts.put(context.db, now)
    verdicts.forget(context.db, module, [each.entry.name for each in found])
    rows = _rows(context.db, module)
    if any(each.is_off and not (each.name in rows and rows[each.name].is_off) for each in known.values()):
        wake(context)
    return [each for each in rows.values() if not each.holds]


def _rows(db: Database, module: int) -> dict[str, Verdict]:
    return {each.name: each for each in verdicts.every(db) if each.module == module}


def _verdict(context: Context, module: int, now: Found, before: Verdict | None, *, works: bool) -> Verdict:
    """The row for what was found; `works` says whether services are linked already. The rule is in the file's head."""
    rests, digest = " ".join(now.entry.rests), now.entry.digest
    row = Verdict(module, now.entry.name, bool(now.holds), now.found, rests)
    if row.holds or before is None:
        return row._replace(version=digest if row.holds else "", off=bool(rests) and not (row.holds or works))
    was_off = before.off and before.rests == rests
    lasts = not before.holds and before.seconds >= context.limits.assumption_seconds
    fell = module == verdicts.PANEL and before.version == digest and (now.entry.kind == COLUMN or lasts)
    return row._replace(version=before.version, off=bool(rests) and (not works or was_off or fell))


def wake(context: Context) -> None:
    """Make what waits for a fact due now. If that is not possible, it waits for its next try instead."""
    wait = context.limits.lock_wait_seconds
    with contextlib.suppress(ResellerError), context.leased("assumptions", wait_seconds=wait) as held:
        requests.wake(held, [Unfounded.unsent], items.modules(context.db))


def fingerprint(context: Context) -> str:
    """A digest of what is checked, and of the panel: its columns, and the descriptions of its interface."""
    digest = hashlib.blake2b("".join(entry.digest for entry in OF_PANEL.values()).encode(), digest_size=16)
    for column, type_ in sorted(tables.columns(context.db, _tables()).items()):
        digest.update(f"{column} {type_}\n".encode())
    with contextlib.suppress(OSError), os.scandir(context.panel.base / DESCRIPTIONS) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            state = entry.stat()
            digest.update(f"{entry.name} {state.st_size} {state.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def look(context: Context, module: int) -> tuple[list[Found], list[Verdict]]:
    """Look at the panel (0) or at the seller of a module now, and record it; what was found, and what does not hold.

    Raises ResellerError when that is not possible: it is tried again after `assumption_seconds`.
    """
    state = "" if module else fingerprint(context)
    verdicts.looked(context.db, module, state, is_whole=False)
    found = of_seller(context, module) if module else of_panel(context)
    failing = record(context, module, found)
    verdicts.looked(context.db, module, state, is_whole=not any(each.is_missed for each in found))
    return found, failing


def watch(context: Context, module_numbers: Sequence[int]) -> list[str]:
    """Look at the panel and at sellers where that is due; the sentence of the problem while there is one.

    Raises ResellerError when the panel cannot be looked at. A seller that cannot be asked is left for the next time.
    """
    rows = verdicts.every(context.db)
    last = verdicts.last_look(context.db, verdicts.PANEL)
    failing = any(each.module == verdicts.PANEL and each.is_open for each in rows)
    is_changed = last is None or last.state != fingerprint(context)
    is_panel_due = is_changed or ((failing or not (last and last.is_whole)) and _is_old(context, last))
    if is_panel_due:
        look(context, verdicts.PANEL)
    off = {each.module for each in rows if each.is_off}
    due = [each for each in module_numbers if each in off and _is_old(context, verdicts.last_look(context.db, each))]
    for module in due:
        with contextlib.suppress(ResellerError):
            look(context, module)
    return tell(context, verdicts.every(context.db) if is_panel_due or due else rows, module_numbers)


def _is_old(context: Context, last: verdicts.Look | None) -> bool:
    return last is None or last.seconds >= context.limits.assumption_seconds


def tell(context: Context, rows: Iterable[Verdict], module_numbers: Sequence[int]) -> list[str]:
    """Raise the problem of what does not hold and is not accepted, or end it; its sentence, or none."""
    open_ = [each for each in rows if each.is_open]
    before = problems.of(context.db, CAUSE)
    if not open_ and before is None:
        return []
    told = {
        "names": ", ".join(each.name for each in open_),
        "off": ", ".join(dict.fromkeys(word for each in open_ if each.off for word in each.rests.split())) or _NOTHING,
    }
    touches = tuple(links.some(context.db)) if open_ else ()
    problem = Problem(CAUSE, next(iter(module_numbers), 0), "reseller_assumption", told, touches=touches)
    try:
        with contextlib.suppress(BusyError), context.leased("assumptions") as held:
            if open_ and module_numbers:
                troubles.raise_(context, held, problem)
            elif not open_:
                troubles.end(context, held, CAUSE)
    except ResellerError as error:
        # Its task may need the very column, or the function, that is missing; the next run tries again.
        context.log.error(f"assumptions: {context.word(error)}")
    return [context.word(troubles.message(problem))] if open_ else []
