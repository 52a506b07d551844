"""The words of an error, from the same XML files the panel reads them from.

One place holds every text: the `<lang>` blocks of our files in `etc/xml`. They are read only when there is something
to say, so an undisturbed run never pays for it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from reseller import files
from reseller.wire.errors import Message
from reseller.wire.secrets import hide_known

if TYPE_CHECKING:
    from lxml import etree

FILES = "billmgr_mod_*reseller*.xml"
FALLBACK = "en"

#: error types of the panel that we answer too, in words of our own
_OF_THE_PANEL = {"access": "reseller_not_allowed"}

#: of a sentence that the panel is told: what is longer is cut, so that a call of the panel can carry it
SENTENCE_CHARACTERS = 2000
#: what turns a line of text around or ends it unseen: control characters and the bidirectional ones
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]+")
#: with the full stop after it, if there is one: a value may be a sentence that has its own
_PLACEHOLDER = re.compile(r"__([a-z][a-z0-9_]*?)__(\.?)")


def fit(text: str, most: int = SENTENCE_CHARACTERS) -> str:
    """`text` on one line, without characters that cannot be seen, and no longer than `most`."""
    clean = " ".join(UNSEEN.sub(" ", text).split())
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"


def said(text: str, most: int = SENTENCE_CHARACTERS) -> str:
    """What somebody else has said, as fit() does, but first without our secrets: a cut one would not be known again."""
    return fit(hide_known(text), most)


def visible(line: str) -> str:
    """`line` with `?` for each run of characters that cannot be seen: a terminal would obey them. Blanks stay."""
    return line if line.isascii() and line.isprintable() else UNSEEN.sub("?", line)


def plain(text: str) -> str:
    """`text` in ASCII, for a table that cannot hold more: what it has no sign for becomes `?`."""
    return text.encode("ascii", "replace").decode("ascii")


@lru_cache
def messages(base: Path, block: str) -> dict[str, dict[str, str]]:
    """Texts of one `<messages name=block>` by language, then by message name; a file that cannot be read has none."""
    found: dict[str, dict[str, str]] = {}
    folder = base / "etc" / "xml"
    for path in sorted(folder.glob(FILES)):
        for lang in _languages(path):
            said = found.setdefault(lang.get("name", ""), {})
            for msg in lang.iterfind(f"messages[@name='{block}']/msg"):
                said[msg.get("name", "")] = " ".join((msg.text or "").split())
    return found


def _languages(path: Path) -> list[etree._Element]:
    from lxml import etree

    try:
        return etree.fromstring(files.read(path), etree.XMLParser(resolve_entities=False, no_network=True)).findall(
            "lang"
        )
    except (OSError, etree.XMLSyntaxError):
        return []


def word(base: Path, error: Message, lang: str = FALLBACK) -> str:
    """What `error` says in `lang`: its text, placeholders filled; its type and params when no text is found.

    One line that can be shown anywhere, whatever a seller or a client has put into it.
    """
    known = messages(base, "msgerror")
    key = f"msg_error_{_OF_THE_PANEL.get(error.type, error.type)}"
    template = known.get(lang, {}).get(key) or known.get(FALLBACK, {}).get(key)
    if not template:
        return fit(str(error))
    told = {"object": error.object, "value": error.value, **error.params}

    def filled(found: re.Match[str]) -> str:
        value, stop = told.get(found.group(1), f"__{found.group(1)}__"), found.group(2)
        return value if value.endswith(".") else f"{value}{stop}"

    return hide_known(fit(_PLACEHOLDER.sub(filled, template)))
