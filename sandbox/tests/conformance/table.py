"""The conformance table: what the references say, and which test shows it of the stand-in.

Each `*.tsv` beside this file lists facts: id, place in the reference, mark (D documented, C inferred from code), the
fact in a sentence, and, where no stand-in can show it, why not. A test names the facts that it shows:

    @pytest.mark.fact("R2-07")

A fact that no test names and that says no reason is a failure of `test_table.py`.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Fact:
    """A row of the table; `place` is like `platform.md 2.1`."""

    id: str
    place: str
    mark: str
    text: str
    not_shown: str

    @property
    def reference(self) -> str:
        """The file it stands in."""
        return self.place.split(" ", 1)[0]


def load() -> dict[str, Fact]:
    """All facts by id; raises ValueError for an id that stands twice or a row of the wrong shape."""
    facts: dict[str, Fact] = {}
    for path in sorted(FOLDER.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as rows:
            for number, row in enumerate(csv.reader(rows, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
                if not row or row[0].startswith("#"):
                    continue
                if len(row) not in (4, 5) or row[0] in facts or row[2] not in ("D", "C"):
                    raise ValueError(f"{path.name}:{number}: {row}")
                facts[row[0]] = Fact(row[0], row[1], row[2], row[3], row[4] if len(row) > 4 else "")
    return facts


def summary(facts: dict[str, Fact], shown: set[str]) -> str:
    """`conformance: 310 of 330 facts shown (platform.md 200, selling-api.md 110); 20 cannot be`."""
    by_reference = Counter(facts[number].reference for number in shown)
    told = ", ".join(f"{name} {count}" for name, count in sorted(by_reference.items()))
    impossible = sum(1 for fact in facts.values() if fact.not_shown)
    return f"conformance: {len(shown)} of {len(facts)} facts shown ({told}); {impossible} cannot be shown by a stand-in"


def cases(section):
    """A case of a parametrised test that shows a fact of this section: by the fact's number there, and its values."""
    return lambda number, *values: pytest.param(*values, marks=pytest.mark.fact(f"{section}{number}"))
