"""All functions of a panel, each with the fact it stands on: `sandbox functions`, docs/sandbox.md."""

from __future__ import annotations

import sandbox.functions  # noqa: F401  (registers them)
from sandbox.core.registry import FUNCTIONS, Function


def sorted_functions() -> list[Function]:
    return [FUNCTIONS[name] for name in sorted(FUNCTIONS)]


def plain() -> str:
    return "\n".join(f"{one.name:34} {one.level:2}  {one.fact:34} {one.summary}" for one in sorted_functions())


def markdown() -> str:
    rows = ["| function | level | stands on | what it does |", "|---|---|---|---|"]
    for one in sorted_functions():
        cells = (f"`{one.name}`", str(one.level), one.fact, one.summary)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)
