"""Limits on the size of an answer, by the kind of call; an answer over a limit is not read to its end, and proves
nothing.

A small answer can become a large tree: 32 MiB of `<a b=""/>` arrive as 60 KB and take 1.3 GiB. So the bytes are counted
as they arrive and as they are unpacked, and elements and attributes are counted before a tree is made. The depth of a
document is limited by libxml2 itself, to 256 elements for all kinds.
"""

from __future__ import annotations

from typing import NamedTuple

MIB = 1024 * 1024
#: the factor `expansion` is checked only for answers that are larger than this
SMALL_BYTES = MIB


class Bounds(NamedTuple):
    """The limits of one kind of answer; `name` is its name in messages."""

    name: str
    #: most bytes, both packed and unpacked
    bytes: int
    elements: int
    attributes: int
    #: children of the root
    rows: int
    #: most unpacked bytes for each packed byte
    expansion: int = 200


FORM = Bounds("a form", 4 * MIB, 60_000, 60_000, 10_000)
#: 1,000 rows of 100 columns; a seller that ignores the page size may send some thousand rows with fewer columns
PAGE = Bounds("a page of a list", 8 * MIB, 150_000, 150_000, 10_000)
#: read row by row, each row no larger than a form (document.stream)
EXPORT = Bounds("an export", 32 * MIB, 2_000_000, 2_000_000, 20_000)
#: documents of our own panel
PANEL = Bounds("a document of the panel", 32 * MIB, 600_000, 600_000, 50_000)
