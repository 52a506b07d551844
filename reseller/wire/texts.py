"""The words of an error, from the same XML file the panel reads them from.

One place holds every text: the `<lang>` blocks of `etc/xml/billmgr_mod_pmreseller.xml`. It is read only when there is
something to say, so an undisturbed run never pays for it.
"""

from __future__ import annotations

import re
from pathlib import Path

from lxml import etree

from reseller.wire.errors import ResellerError

FILE = "billmgr_mod_pmreseller.xml"
FALLBACK = "en"

_PLACEHOLDER = re.compile(r"__([a-z][a-z0-9_]*?)__")


def messages(base: Path, block: str) -> dict[str, dict[str, str]]:
    """Texts of one `<messages name=block>` by language, then by message name; empty when the file cannot be read."""
    try:
        root = etree.parse(str(base / "etc" / "xml" / FILE), etree.XMLParser(resolve_entities=False, no_network=True))
    except (OSError, etree.XMLSyntaxError):
        return {}
    return {
        lang.get("name", ""): {
            msg.get("name", ""): " ".join((msg.text or "").split())
            for msg in lang.iterfind(f"messages[@name='{block}']/msg")
        }
        for lang in root.iterfind("lang")
    }


def word(base: Path, error: ResellerError, lang: str = FALLBACK) -> str:
    """What `error` says in `lang`: its text, placeholders filled; its type and params when no text is found."""
    known = messages(base, "msgerror")
    key = f"msg_error_{error.type}"
    template = known.get(lang, {}).get(key) or known.get(FALLBACK, {}).get(key)
    if not template:
        return str(error)
    told = {"object": error.object, "value": error.value, **error.params}
    return _PLACEHOLDER.sub(lambda found: told.get(found.group(1), found.group()), template)
