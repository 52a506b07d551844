"""The SQL that stands in the source, piece by piece, and whether a statement that was run is made of it.

A piece is a string of `reseller/ledger` or `reseller/mgr5` that holds a word of SQL. Where a statement is put together
of several, each is looked for by itself, so that a condition that only some calls add does not count as run because the
rest of its statement was.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOMS = ("ledger", "mgr5")
#: how a piece of SQL is known: words in capitals that no other text of these rooms has
_WORDS = re.compile(
    r"\b(SELECT|FROM|WHERE|JOIN|UPDATE|INSERT|REPLACE|DELETE|VALUES|SET|HAVING|LIMIT|INTERVAL|EXISTS|COUNT|ORDER BY|"
    r"GROUP BY|IS NULL|IS NOT NULL|UTC_TIMESTAMP)\b|\b(AND|OR) [a-z]"
)
#: what takes the place of a value, or of a part, when a statement is made
_GAPS = re.compile(r"%%|%s|\{[a-z_0-9]*\}")


@dataclass(frozen=True)
class Piece:
    """A string of the source; `place` is its file and line."""

    place: str
    text: str

    @cached_property
    def _parts(self) -> list[str]:
        """Its words between the gaps."""
        text = _plain(_GAPS.sub(lambda gap: "%" if gap[0] == "%%" else "\0", self.text.replace("{{", "{")))
        return [part.strip() for part in text.split("\0") if part.strip()]

    def is_in(self, statement: str) -> bool:
        """Whether a statement, as _plain has it, holds its words in their order."""
        at = 0
        for part in self._parts:
            at = statement.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return True


def _plain(text: str) -> str:
    return " ".join(text.split())


def pieces(root: Path) -> list[Piece]:
    """All of them, in the order of the files."""
    return [piece for room in ROOMS for file in sorted((root / room).glob("*.py")) for piece in _pieces(root, file)]


def _pieces(root: Path, file: Path) -> Iterator[Piece]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    # Docstrings, what is a part of a longer string, and patterns.
    passed_over = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    passed_over |= {id(arg) for call in calls if ast.unparse(call.func) == "re.compile" for arg in call.args}
    passed_over |= {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        text = _text(node)
        if isinstance(node, ast.expr) and id(node) not in passed_over and _WORDS.search(text):
            yield Piece(f"{file.relative_to(root)}:{node.lineno}", text)


def _text(node: ast.AST) -> str:
    """What a string holds, with a gap for each value that is put into it; empty for anything else."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "%s" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def not_run(known: Iterable[Piece], statements: Iterable[str]) -> list[Piece]:
    """The pieces that none of the statements holds."""
    run = [_plain(statement) for statement in statements]
    return [piece for piece in known if not any(piece.is_in(statement) for statement in run)]
