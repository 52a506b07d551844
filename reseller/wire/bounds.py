"""How large an answer may be, by the kind of call: what is over a bound is not read to its end, and proves nothing.

A small answer can become a large tree: 32 MiB of `<a b=""/>` come as 60 KB and take 1.3 GiB. So the bytes are counted
as they come and as they are unpacked, and the elements and attributes in them before a tree is made. How deep a
document may be is libxml2's own bound, the same for all: 256 elements.
"""

from __future__ import annotations

from typing import NamedTuple

MIB = 1024 * 1024
#: what an answer grows to when it is unpacked is no matter before it has this size
SMALL_BYTES = MIB


class Bounds(NamedTuple):
    """What one answer may have at most; `name` says to people what kind of answer it is."""

    name: str
    #: packed, and unpacked
    bytes: int
    elements: int
    attributes: int
    #: children of the root
    rows: int
    #: unpacked bytes to a packed one
    expansion: int = 200


FORM = Bounds("a form", 4 * MIB, 60_000, 60_000, 10_000)
#: 1,000 rows of 100 columns; a seller that does not keep to the size of a page may send some thousand rows of fewer
PAGE = Bounds("a page of a list", 8 * MIB, 150_000, 150_000, 10_000)
#: read row by row, each no larger than a form (document.stream)
EXPORT = Bounds("an export", 32 * MIB, 2_000_000, 2_000_000, 20_000)
#: what our own panel hands over
PANEL = Bounds("a document of the panel", 32 * MIB, 600_000, 600_000, 50_000)
