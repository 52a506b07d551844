"""Which error documents prove that a call had no effect: one table, by the call (promise 3).

A seller may answer with an error after it has done the work, when a later step failed. So an error proves that nothing
was done only if the table `proofs.tsv` lists it for this call; any other error is handled like a lost answer. An
operator who knows more about his seller adds rows to `etc/reseller-proofs.tsv` in the panel's directory, in the same
form. An unusable line there is reported and ignored: then fewer errors count as proof, and nothing stops.
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
    """One row; its patterns are those of `fnmatch`. `objects` are alternatives for the object that the error names."""

    call: str
    type: str
    objects: tuple[str, ...]
    source: str

    def covers(self, func: str, error: Rejected) -> bool:
        """Whether the row applies to this error of a call of `func`."""
        return (
            fnmatchcase(func, self.call)
            and fnmatchcase(error.seller_type, self.type)
            and any(fnmatchcase(error.seller_object, each) for each in self.objects)
        )


class Proofs(NamedTuple):
    """The table; `wrong` are messages about unusable lines of the operator's file."""

    rows: tuple[Proof, ...]
    wrong: tuple[Message, ...] = ()

    def hold(self, error: Rejected) -> bool:
        """Whether the error proves that its call (`params["func"]`, set by the transport) had no effect."""
        func = error.params.get("func", "")
        return any(row.covers(func, error) for row in self.rows)


def load(base: Path) -> Proofs:
    """The shipped table, followed by the operator's rows of the panel at `base`; errors of his file are in `wrong`."""
    shipped, _ = _read(files.lines(SHIPPED), SHIPPED)
    path = base / OWN
    try:
        lines = files.lines(path)
    except FileNotFoundError:
        return Proofs(tuple(shipped))
    except OSError as error:
        unread = Message("reseller_proofs", file=path, number=0, line=error.strerror or error)
        return Proofs(tuple(shipped), (unread,))
    own, wrong = _read(lines, path)
    return Proofs((*shipped, *own), tuple(wrong))


def _read(lines: Iterable[str], path: Path) -> tuple[list[Proof], list[Message]]:
    rows, wrong = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        columns = tuple(column.strip() for column in line.split("\t"))
        objects = tuple(each.strip() for each in columns[2].split(",")) if len(columns) == _COLUMNS else ()
        if all(columns) and objects and all(objects):
            rows.append(Proof(columns[0], columns[1], objects, columns[3]))
        else:
            wrong.append(Message("reseller_proofs", file=path, number=number, line=line.strip()[:200]))
    return rows, wrong
