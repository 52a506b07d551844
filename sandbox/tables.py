"""What there is, as lists for people and as tables of sandbox/docs: functions, switches, faults, commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import sandbox.functions  # noqa: F401  (registers them)
from sandbox.core.faults import KINDS
from sandbox.core.registry import FUNCTIONS, Function
from sandbox.switches import REGISTRY


def sorted_functions() -> list[Function]:
    return [FUNCTIONS[name] for name in sorted(FUNCTIONS)]


def plain() -> str:
    return "\n".join(f"{one.name:34} {one.level:2}  {one.fact:34} {one.summary}" for one in sorted_functions())


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def functions() -> str:
    rows = ((f"`{one.name}`", str(one.level), one.fact, one.summary) for one in sorted_functions())
    return _table(("function", "level", "stands on", "what it does"), rows)


def switches() -> str:
    rows = (
        (
            f"`{one.name}`",
            ", ".join(f"`{setting}`" if setting else "(empty)" for setting in one.settings)
            + (" ..." if one.free else ""),
            one.fact,
            one.meaning,
        )
        for one in REGISTRY.values()
    )
    return _table(("switch", "settings, the default first", "unknown in", "what it decides"), rows)


def faults() -> str:
    return _table(("fault", "what happens"), ((f"`{kind}`", meaning) for kind, meaning in KINDS.items()))


TABLES: dict[str, Callable[[], str]] = {"functions": functions, "switches": switches, "faults": faults}


def refreshed(text: str) -> str:
    """The text with the tables between `<!-- table NAME -->` and `<!-- end -->` made anew."""
    for name, make in TABLES.items():
        pattern = re.compile(rf"(<!-- table {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        table = make()
        text = pattern.sub(lambda match, table=table: f"{match[1]}{table}\n{match[2]}", text)  # type: ignore[misc]
    return text
