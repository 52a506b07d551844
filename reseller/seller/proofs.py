"""What an error document proves depends on the call: the one table (promise 3).

A panel may answer an error after it has done what was asked, when a later step has failed. So an error proves that
nothing was done only where the table `proofs.tsv` says so of this call; anything else is looked at like a lost answer.
An operator who knows more of his seller adds rows in `etc/reseller-proofs.tsv` of the panel's tree, in the same form.
A line there that cannot be used is told and left out: less is believed then, and nothing stops.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from reseller import files
from reseller.wire.errors import Message, Rejected

SHIPPED = Path(__file__).with_name("proofs.tsv")
OWN = "etc/reseller-proofs.tsv"
_COLUMNS = 4


class Proof(NamedTuple):
    """One row, patterns as `fnmatch` reads them; `objects` are what the error names, any of them."""

    call: str
    type: str
    objects: tuple[str, ...]
    source: str

    def covers(self, func: str, error: Rejected) -> bool:
        """Whether the row is about this error of a call of `func`."""
        return (
            fnmatchcase(func, self.call)
            and fnmatchcase(error.seller_type, self.type)
            and any(fnmatchcase(error.seller_object, each) for each in self.objects)
        )


class Proofs(NamedTuple):
    """The table; `wrong` are lines of the operator's file that are none of it, as errors that can be worded."""

    rows: tuple[Proof, ...]
    wrong: tuple[Message, ...] = ()

    def hold(self, error: Rejected) -> bool:
        """Whether the error proves that its call (`params["func"]`, set by the transport) had no effect."""
        func = error.params.get("func", "")
        return any(row.covers(func, error) for row in self.rows)


def load(base: Path) -> Proofs:
    """The shipped table, and after it what the operator of the panel at `base` has added; raises nothing."""
    shipped, _ = _read(files.lines(SHIPPED), SHIPPED)
    path = base / OWN
    try:
        told = files.lines(path)
    except FileNotFoundError:
        return Proofs(tuple(shipped))
    except OSError as error:
        unread = Message("reseller_proofs", file=path, number=0, line=error.strerror or error)
        return Proofs(tuple(shipped), (unread,))
    own, wrong = _read(told, path)
    return Proofs((*shipped, *own), tuple(wrong))


def _read(lines: Iterable[str], path: Path) -> tuple[list[Proof], list[Message]]:
    rows, wrong = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        told = tuple(column.strip() for column in line.split("\t"))
        objects = tuple(each.strip() for each in told[2].split(",")) if len(told) == _COLUMNS else ()
        if all(told) and objects and all(objects):
            rows.append(Proof(told[0], told[1], objects, told[3]))
        else:
            wrong.append(Message("reseller_proofs", file=path, number=number, line=line.strip()[:200]))
    return rows, wrong
