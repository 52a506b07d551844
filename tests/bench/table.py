"""Rows of the table: what was measured, what came out, what is promised."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

WIDTHS = (76, 12, 12)


@dataclass(frozen=True)
class Row:
    """A promise holds while `result` is not above `limit`, both in `unit` (`x` for a ratio)."""

    what: str
    result: float
    limit: float
    unit: str = "x"

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        return self.result <= self.limit


@dataclass
class Table:
    """Prints each row as it comes: a long run shows how far it is."""

    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Print and keep a row."""
        if not self.rows:
            _line("what", "result", "limit")
            print("-|-".join("-" * width for width in WIDTHS), flush=True)
        self.rows.append(row)
        _line(row.what, f"{row.result:.3g} {row.unit}", f"{row.limit:.3g} {row.unit}" + ("" if row.holds else " OVER"))

    def broken(self) -> list[Row]:
        """Rows above their limit."""
        return [row for row in self.rows if not row.holds]

    def write(self, path: Path) -> None:
        """`{"rows": [{"what", "result", "limit", "unit"}]}`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"rows": [asdict(row) for row in self.rows]}, indent=1) + "\n")


def _line(*cells: str) -> None:
    print(" | ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS)).rstrip(), flush=True)
