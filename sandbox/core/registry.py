"""The table of the panel's own functions: name, least level, the fact it stands on.

A name may begin with `<itemtype>`: then it serves every item type, `vds.edit` as well as a custom `backup.edit`
(selling-api.md 3.5, the generic `{ITEMTYPE}` rule).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

Run = Callable[["Panel", "Request"], etree._Element]
TYPED = "<itemtype>"


@dataclass(frozen=True)
class Function:
    name: str
    level: int
    fact: str
    run: Run

    @property
    def summary(self) -> str:
        return " ".join((self.run.__doc__ or "").split("\n\n")[0].split())


FUNCTIONS: dict[str, Function] = {}


def function(name: str, level: int, fact: str) -> Callable[[Run], Run]:
    def register(run: Run) -> Run:
        if name in FUNCTIONS:
            raise ValueError(f"function {name} is registered twice")
        FUNCTIONS[name] = Function(name, level, fact, run)
        return run

    return register


def find(name: str, itemtypes: frozenset[str]) -> tuple[Function, str] | None:
    """The function and the item type it is called for, empty when it is for none."""
    exact = FUNCTIONS.get(name)
    if exact is not None:
        return exact, ""
    head, version = (name[3:], "v2.") if name.startswith("v2.") else (name, "")
    itemtype, dot, rest = head.partition(".")
    if itemtype not in itemtypes:
        return None
    typed = FUNCTIONS.get(f"{version}{TYPED}{dot}{rest}")
    return (typed, itemtype) if typed is not None else None
