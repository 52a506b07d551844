"""Hold the assumptions (reseller/assumption.py) against the panel and the sellers at hand, changing nothing there.

A fact that does not hold switches off what rests on it, and only that: such a call is withheld where it would leave
(reseller/context.py), and the operation that needed it says so. Two things keep this from doing harm. What has worked
until now is not switched off by an upgrade of this program: a fact that the program before did not check, or checked
otherwise, is only a warning and a problem while services are linked. And a person may accept that a fact does not hold.

A run holds a fingerprint against the one before: the columns that are read, with their types, and the panel's files of
descriptions. That is one query and one folder; everything is looked at again only when it has changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from reseller import __version__, products
from reseller.assumption import ANSWER, COLUMN, FORM, FUNCTION, LIST, Assumption, merged
from reseller.context import Context
from reseller.db import Database
from reseller.ledger import linked, links, overview, problems, requests, verdicts
from reseller.ledger.leases import Lease, lease
from reseller.ledger.problems import Cause, Problem
from reseller.ledger.verdicts import Verdict
from reseller.lifecycle import operations
from reseller.lifecycle import problems as troubles
from reseller.mgr5 import addons, function_list, functions, items, modules, settings, tables, tariff_forms, tariffs
from reseller.seller import account, renewals, service, services
from reseller.seller.transport import Transport
from reseller.wire import document
from reseller.wire.bounds import PAGE
from reseller.wire.errors import BusyError, PanelError, Rejected, Unfounded

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
    )
    for entry in room.ASSUMED
)
OF_SELLER = merged(entry for room in (account, services, service, renewals) for entry in room.ASSUMED)
CAUSE = Cause(problems.PANEL, 0, problems.ASSUMPTION)
#: the row of the fingerprint among the verdicts; no entry is called so
FINGERPRINT = "*"
#: the descriptions of the panel's interface, which an upgrade of the panel replaces
DESCRIPTIONS = "etc/xml"
_NOTHING = "-"


class Found(NamedTuple):
    """What was found of an entry; `holds` is None where it could not be seen."""

    entry: Assumption
    holds: bool | None
    found: str


def of_panel(context: Context) -> list[Found]:
    """Each entry about the panel; its functions could not be seen where it does not list any."""
    sold = {itemtype for module in items.modules(context.db) for itemtype in tariffs.sold_types(context.db, module)}
    called = [entry for entry in OF_PANEL.values() if entry.kind == FUNCTION and _is_needed(entry.name, sold)]
    found = of_tables(context.db)
    try:
        known = function_list.of(context.panel)
    except PanelError as error:
        return found + [Found(entry, holds=None, found=f"no list: {error.panel_type}") for entry in called]
    return found + [_function(context, entry, known) for entry in called]


def of_tables(db: Database) -> list[Found]:
    """The entries about columns of the panel's tables."""
    there = tables.columns(db, _tables())
    return [_column(entry, there) for entry in OF_PANEL.values() if entry.kind == COLUMN]


def _tables() -> set[str]:
    return {entry.name.partition(".")[0] for entry in OF_PANEL.values() if entry.kind == COLUMN}


def _column(entry: Assumption, there: dict[str, str]) -> Found:
    type_ = there.get(entry.name, "")
    return Found(entry, bool(type_) and tables.class_of(type_) == entry.expected, type_ or _NOTHING)


def _is_needed(function: str, sold: set[str]) -> bool:
    """Whether a function is called here: those of a product type only while a tariff of that type is sold."""
    itemtype = function.partition(".")[0]
    return itemtype not in products.ITEMTYPES or itemtype in sold


def _function(context: Context, entry: Assumption, known: frozenset[str]) -> Found:
    """A function that is not listed is called without a parameter, so that nothing is named that it could change."""
    if function_list.has(known, entry.name):
        return Found(entry, holds=True, found="listed")
    try:
        context.mgrctl.call(entry.name)
    except PanelError as error:
        if error.panel_type in ("missed", "access") and error.object in ("", entry.name, "func", "function", "action"):
            return Found(entry, holds=False, found=_NOTHING)
        if error.panel_type in ("client", "timeout"):
            return Found(entry, holds=None, found=error.panel_type)
    return Found(entry, holds=True, found="not listed, but answers")


def of_seller(context: Context, module: int) -> list[Found]:
    """Each entry about the seller of a module; raises SellerError when it cannot be asked."""
    transport = context.seller(module).transport
    found = _parts(transport, "whoami", {}) + _parts(transport, "subaccount", {})
    remote = ""
    for itemtype in tariffs.sold_types(context.db, module):
        page = transport.call(itemtype, {"p_num": "1", "p_cnt": "1"}, bounds=PAGE)
        found += [_part(entry, page, itemtype) for entry in _entries(LIST)]
        first = document.text(page, "elem/id")
        if first:
            remote = remote or first
            found += _parts(transport, FORM, {"elid": first}, itemtype)
    return found + (_parts(transport, "service.prolong", {"elid": remote}) if remote else [])


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
        return [Found(_of_type(entry, itemtype), holds=False, found=error.seller_type) for entry in entries]
    return [_part(entry, root, itemtype) for entry in entries]


def _part(entry: Assumption, root: document.Element, itemtype: str) -> Found:
    """Whether an answer has a part; a list without rows does not show which columns it has."""
    paths = entry.name.split()[1]
    entry = _of_type(entry, itemtype)
    if paths.startswith("elem/") and root.find("elem") is None:
        return Found(entry, holds=None, found="no row")
    return Found(entry, holds=any(_has(root, path) for path in paths.split("|")), found="")


def _has(root: document.Element, path: str) -> bool:
    place, _, attribute = path.partition("@")
    node = root.find(place)
    return node is not None and (not attribute or node.get(attribute) is not None)


def _of_type(entry: Assumption, itemtype: str) -> Assumption:
    return entry._replace(name=entry.name.replace(LIST, itemtype)) if itemtype else entry


def record(context: Context, module: int, found: Sequence[Found]) -> list[Verdict]:
    """Record what was seen, for the panel (0) or for the seller of a module; the facts that do not hold."""
    known = {each.name: each for each in verdicts.every(context.db) if each.module == module}
    works = links.is_any(context.db)
    seen = [each for each in found if each.holds is not None]
    for each in seen:
        before = known.get(each.entry.name)
        if before is None or _differs(before, each):
            verdicts.put(context.db, _verdict(module, each, before, works=works))
    verdicts.forget(context.db, module, [each.entry.name for each in found] + [FINGERPRINT])
    return [each for each in verdicts.every(context.db) if each.module == module and not each.holds]


def _differs(before: Verdict, now: Found) -> bool:
    told = (now.holds, now.found, " ".join(now.entry.rests))
    return (before.holds, before.found, before.rests) != told or (before.holds and before.version != __version__)


def _verdict(module: int, now: Found, before: Verdict | None, *, works: bool) -> Verdict:
    """The row for what was found; `works` says whether services are linked already.

    An upgrade never switches off what worked the day before: a fact that this very version has not seen hold switches
    nothing off while services are linked.
    """
    rests = " ".join(now.entry.rests)
    version = __version__ if now.holds else before.version if before else ""
    is_off = bool(not now.holds and rests and (not works or version == __version__))
    return Verdict(module, now.entry.name, bool(now.holds), now.found, rests, version, is_off)


def fingerprint(context: Context) -> str:
    """A digest of what the panel is: the columns that are read, and the descriptions of its interface."""
    digest = hashlib.blake2b(__version__.encode(), digest_size=16)
    for column, type_ in sorted(tables.columns(context.db, _tables()).items()):
        digest.update(f"{column} {type_}\n".encode())
    with contextlib.suppress(OSError), os.scandir(context.panel.base / DESCRIPTIONS) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            state = entry.stat()
            digest.update(f"{entry.name} {state.st_size} {state.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def watch(context: Context, module_numbers: Sequence[int]) -> list[str]:
    """Look at the panel anew when its fingerprint has changed; the sentence of the problem while there is one.

    Raises ResellerError when that is not possible: the next run tries again.
    """
    now = fingerprint(context)
    rows = verdicts.every(context.db)
    if not any(each.name == FINGERPRINT and each.found == now for each in rows):
        record(context, verdicts.PANEL, of_panel(context))
        verdicts.put(context.db, Verdict(verdicts.PANEL, FINGERPRINT, holds=True, found=now))
        rows = verdicts.every(context.db)
    return tell(context, rows, module_numbers)


def tell(context: Context, rows: Iterable[Verdict], module_numbers: Sequence[int]) -> list[str]:
    """Raise the problem of what does not hold and is not accepted, or end it; its sentence, or none."""
    open_ = [each for each in rows if not each.holds and each.rests and not each.who]
    before = problems.of(context.db, CAUSE)
    if not open_ and before is None:
        return []
    told = {
        "names": ", ".join(each.name for each in open_),
        "off": ", ".join(dict.fromkeys(word for each in open_ if each.off for word in each.rests.split())) or _NOTHING,
    }
    problem = Problem(CAUSE, next(iter(module_numbers), 0), "reseller_assumption", told, touches=_some(context, open_))
    with contextlib.suppress(BusyError), _held(context) as held:
        if open_ and module_numbers:
            troubles.raise_(context, held, problem)
        elif not open_:
            troubles.end(context, held, CAUSE)
            requests.wake(held, [Unfounded.unsent], module_numbers)
    return [context.word(troubles.message(problem))] if open_ else []


def _some(context: Context, failing: Sequence[Verdict]) -> tuple[int, ...]:
    return tuple(links.some(context.db)) if failing else ()


def _held(context: Context) -> contextlib.AbstractContextManager[Lease]:
    return lease(context.db, "assumptions", context.limits.lease_seconds)
