"""Assumptions: the facts about a panel and a seller that this program stands on, each as one entry with its source.

An entry stands next to the code that uses it: a tuple ASSUMED in that file. What is found of it at a real panel is a
verdict (ledger/verdicts.py); lifecycle/assumptions.py holds entries against the panel, and what rests on one that does
not hold is refused where a call to the seller would leave (context.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

#: what may rest on a fact: by its name, the functions of the seller that would be called for it
ORDER, RENEW, CHANGE, STATE, POWER, EVERYTHING = "order", "renew", "change", "state", "power", "everything"
ABILITIES = {
    ORDER: ("*.order.param",),
    RENEW: ("service.prolong",),
    CHANGE: ("service.changepricelist*", "*.edit"),
    STATE: ("*.suspend", "*.resume", "*.delete", "basket"),
    POWER: ("service.start", "service.stop", "service.reboot", "service.hardreboot", "service.changepassword"),
    EVERYTHING: ("*",),
}
#: classes of the types of columns: a text read as a number, or a flag stored as one, would never match
NUMBER, TEXT, DATE = "number", "text", "date"
#: what an entry is about
COLUMN, FUNCTION, ANSWER, PARAMETER = "column", "function", "answer", "parameter"
#: functions of a seller that each product type has: its list, and the form of one service
LIST, FORM = "<itemtype>", "<itemtype>.edit"


class Assumption(NamedTuple):
    """One fact. `name` is `TABLE.COLUMN`, a function of the panel, `FUNCTION PATH` for a part of an answer, or
    `FUNCTION PARAMETER`.

    `source` is the section that it comes from; `rests` are the abilities that are nothing without it (needs()), none
    where only a page or a text would be missing. `expected` is the class of a column's type.
    """

    kind: str
    name: str
    source: str
    rests: tuple[str, ...] = ()
    expected: str = ""

    @property
    def digest(self) -> str:
        """What is checked and what rests on it, in 32 characters: an entry that says something else has another."""
        told = "\n".join((self.kind, self.name, self.expected, *self.rests))
        return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()

    def of_type(self, itemtype: str) -> Assumption:
        """The entry for one product type, where it is about the list or the form of any; itself for none."""
        return self._replace(name=self.name.replace(LIST, itemtype)) if itemtype else self


def needs(ability: str, function: str) -> bool:
    """Whether this function of the seller is called for an ability: one of ABILITIES, or `order:vds` for one type."""
    name, _, itemtype = ability.partition(":")
    globs = ABILITIES[name]
    if itemtype:
        globs = tuple(glob.replace("*", version + itemtype) for glob in globs for version in ("", "v2."))
    return any(fnmatchcase(function, glob) for glob in globs)


def columns(table: str, names: str, source: str, *rests: str) -> tuple[Assumption, ...]:
    """Entries for the columns of a table: `names` are words `NAME` for a number, `NAME:text` and `NAME:date`."""
    found = []
    for word in names.split():
        name, _, expected = word.partition(":")
        found.append(Assumption(COLUMN, f"{table}.{name}", source, rests, expected or NUMBER))
    return tuple(found)


def functions(names: str, source: str, *rests: str) -> tuple[Assumption, ...]:
    """Entries for functions of the panel, which are called with the parameters that the code beside them shows."""
    return tuple(Assumption(FUNCTION, name, source, rests) for name in names.split())


def parameters(function: str, names: str, source: str) -> tuple[Assumption, ...]:
    """Entries for parameters of a function of the panel: those that we pass, and fields that our descriptions add.

    Nothing rests on them: how a panel lists them is not documented, so one that is not listed is only told of.
    """
    return tuple(Assumption(PARAMETER, f"{function} {name}", source) for name in names.split())


def answers(function: str, paths: str, source: str, *rests: str) -> tuple[Assumption, ...]:
    """Entries for what the answer of a seller's function has to contain: `a/b` for an element, `a@b` for an attribute.

    `a|b` are two places of which one is enough.
    """
    return tuple(Assumption(ANSWER, f"{function} {path}", source, rests) for path in paths.split())


def merged(entries: Iterable[Assumption]) -> dict[str, Assumption]:
    """One entry for each name; if several files state it, its `rests` are those of all of them."""
    found: dict[str, Assumption] = {}
    for entry in entries:
        known = found.setdefault(entry.name, entry)
        if known is not entry:
            rests = tuple(dict.fromkeys((*known.rests, *entry.rests)))
            found[entry.name] = known._replace(rests=rests)
    return found
