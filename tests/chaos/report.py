"""What a search found, as a matrix, as one line, and as build/chaos.json."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from tests.chaos.cases import KILL, STOP, Result
from tests.chaos.commands import Command
from tests.chaos.search import ALL, Found
from tests.support.world import ROOT

FILE = ROOT / "build/chaos.json"
#: of the matrix of faults, by what runs
COLUMNS = {
    "open": ("open", "reopen"),
    "prolong": ("prolong",),
    "state": ("suspend", "resume", "close"),
    "change": ("setparam",),
    "power": ("start", "stop", "reboot", "hardreboot", "changepassword"),
    "other": ("gen_key", "cancel_prolong", "sync_item", "swap"),
    "cron": ("checkevent",),
    "reorder": ("reorder",),
}
COUNTS = ("duplicate_orders", "duplicate_renewals", "lost")


def figures(found: Found, seed: int) -> dict[str, int]:
    """What build/chaos.json holds."""
    counts = {name: found.total(name) for name in COUNTS}
    more = {"unserved": len(found.unserved), "seed": seed}
    return {"crash_points": len(found.points), "faults": len(found.faults), **counts, **more}


def line(found: Found) -> str:
    """The last line."""
    told = figures(found, 0)
    return (
        f"chaos: {told['crash_points']} crash points, {told['faults']} faults, "
        f"{told['duplicate_orders']} duplicate orders, {told['duplicate_renewals']} duplicate renewals, "
        f"{told['lost']} lost, {told['unserved']} unserved"
    )


def write(found: Found, seed: int, server: str) -> None:
    """Keep the figures, and what the panels ran on."""
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps({**figures(found, seed), "server": server}, indent=1) + "\n")


def matrix(found: Found) -> str:
    """Commands x crash kinds, then faults x commands; the number of tries in each place, `!` where one went wrong."""
    return "\n".join([*_crashes(found), "", *_faults(found)])


def _crashes(found: Found) -> Iterator[str]:
    yield f"{'':<28}{'points':>8}{'kill':>8}{'stop':>8}{'faults':>8}{'decided':>9}"
    for command in ALL:
        mine = [result for result in found.results if result.case.command is command]
        if mine:
            points = sum(1 for name, _ in found.points if name == command.name)
            kills, stops = (
                _cell(result for result in mine if result.met and result.case.how == how) for how in (KILL, STOP)
            )
            faults = _cell(result for result in mine if result.case.fault)
            decided = sum(1 for result in mine if result.decided)
            yield f"{command.name:<28}{points:>8}{kills:>8}{stops:>8}{faults:>8}{decided:>9}"


def _faults(found: Found) -> Iterator[str]:
    """Like commands share a column."""
    groups = list(dict.fromkeys(map(_column, ALL)))
    yield f"{'':<28}" + "".join(f"{group:>10}" for group in groups)
    cells: dict[tuple[str, str], list[Result]] = {}
    for result in found.results:
        if result.case.fault:
            group = _column(result.case.command)
            cells.setdefault((result.case.fault.name, group), []).append(result)
    for name in dict.fromkeys(fault for fault, _ in cells):
        yield f"{name:<28}" + "".join(f"{_cell(iter(cells.get((name, group), ()))):>10}" for group in groups)


def _column(command: Command) -> str:
    return next((column for column, plans in COLUMNS.items() if command.plan in plans), "other")


def _cell(results: Iterator[Result]) -> str:
    counted = Counter(bool(result) for result in results)
    total = sum(counted.values())
    return "-" if not total else f"{total}{'!' if counted[False] else ''}"
