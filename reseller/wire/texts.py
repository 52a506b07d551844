"""The sentences of messages, from the same XML files from which the panel reads them.

All texts are in the `<lang>` blocks of our files in `etc/xml`. They are read only when a sentence is needed, so a run
without messages does not pay for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from reseller import files
from reseller.wire.errors import Message
from reseller.wire.secrets import hide_known

FILES = "billmgr_mod_*reseller*.xml"
FALLBACK = "en"

#: error types of the panel that we return too, with texts of our own
_OF_THE_PANEL = {"access": "reseller_not_allowed"}

#: most characters of a sentence for the panel: a longer one is cut, so that it fits into a call
SENTENCE_CHARACTERS = 2000
#: invisible characters that end or reverse a line: control characters and bidirectional marks
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]+")
#: a placeholder with the full stop after it, since its value may be a sentence with its own full stop
_PLACEHOLDER = re.compile(r"__([a-z][a-z0-9_]*?)__(\.?)")
_Named = TypeVar("_Named")


def fit(text: str, most: int = SENTENCE_CHARACTERS) -> str:
    """`text` on one line, without invisible characters, and no longer than `most`."""
    clean = " ".join(UNSEEN.sub(" ", text).split())
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"


def said(text: str, most: int = SENTENCE_CHARACTERS) -> str:
    """A foreign text as fit() returns it, with our secrets removed first, since a cut secret would not be
    recognised.
    """
    return fit(hide_known(text), most)


def some(found: Sequence[_Named], most: int, named: Callable[[_Named], object] = str) -> str:
    """The first `most` of these, by what `named` calls each, with "..." where there are more; empty for none."""
    return ", ".join(str(named(each)) for each in found[:most]) + (", ..." if len(found) > most else "")


def visible(line: str) -> str:
    """`line` with `?` for each run of invisible characters, which a terminal would obey. Spaces stay."""
    return line if line.isascii() and line.isprintable() else UNSEEN.sub("?", line)


def plain(text: str) -> str:
    """`text` in ASCII, for a table that holds nothing else: other characters become `?`."""
    return text.encode("ascii", "replace").decode("ascii")


@lru_cache
def messages(base: Path, block: str, *, name: str = "") -> dict[str, dict[str, str]]:
    """Texts of one `<messages name=block>` by language, then by message name; an unreadable file is skipped.

    With `name`, those of the files in which it occurs: one sentence costs the parsing of one file, and not of all.
    """
    from lxml import etree

    by_lang: dict[str, dict[str, str]] = {}
    folder = base / "etc" / "xml"
    for path in sorted(folder.glob(FILES)):
        try:
            content = files.read(path)
            if name.encode() not in content:
                continue
            root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
        except (OSError, etree.XMLSyntaxError):
            continue
        for lang in root.iterfind("lang"):
            known = by_lang.setdefault(lang.get("name", ""), {})
            for msg in lang.iterfind(f"messages[@name='{block}']/msg"):
                known[msg.get("name", "")] = " ".join((msg.text or "").split())
    return by_lang


def word(base: Path, error: Message, lang: str = FALLBACK) -> str:
    """The sentence of `error` in `lang`, with its placeholders filled; its type and params if there is no text.

    The result is one line that can be shown anywhere, whatever a seller or a client has put into it.
    """
    key = f"msg_error_{_OF_THE_PANEL.get(error.type, error.type)}"
    known = messages(base, "msgerror", name=key)
    template = known.get(lang, {}).get(key) or known.get(FALLBACK, {}).get(key)
    if not template:
        return fit(str(error))
    values = {"object": error.object, "value": error.value, **error.params}

    def filled(match: re.Match[str]) -> str:
        value, stop = values.get(match.group(1), f"__{match.group(1)}__"), match.group(2)
        return value if value.endswith(".") else f"{value}{stop}"

    return hide_known(fit(_PLACEHOLDER.sub(filled, template)))
