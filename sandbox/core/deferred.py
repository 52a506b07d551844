"""Rows of a long list as text: they join the answer when it is written, unless somebody needs them as elements.

Parsing a thousand rows and writing them again costs more than reading them from the database. A list that nothing
looks at on its way out (no handler, no cut by level, no other format) is therefore a document with a mark in it.
"""

from __future__ import annotations

import itertools
import threading

from lxml import etree

TARGET = "rows"
MOST_KEPT = 256
"""Answers under way at most; what was never written is forgotten in the end."""

_guard = threading.Lock()
_numbers = itertools.count(1)
_texts: dict[bytes, str] = {}


def mark(document: etree._Element, text: str) -> None:
    """Put a mark for these rows at the beginning of the document."""
    key = str(next(_numbers))
    with _guard:
        while len(_texts) >= MOST_KEPT:
            _texts.pop(next(iter(_texts)))
        _texts[key.encode()] = text
    document.insert(0, etree.ProcessingInstruction(TARGET, key))


def fill(document: etree._Element, written: bytes) -> bytes:
    """The written document with its rows in the place of the mark."""
    first = document[0] if len(document) else None
    if not isinstance(first, etree._ProcessingInstruction):  # noqa: SLF001  (lxml has no other name for it)
        return written
    key = (first.text or "").encode()
    with _guard:
        text = _texts.pop(key)
    return written.replace(b"<?%s %s?>" % (TARGET.encode(), key), text.encode(), 1)
