"""Countries as forms offer them: an id of this panel, a flag, a name (additions-2.md d.2, h.15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.documents import add

if TYPE_CHECKING:
    from sandbox.core.db import Tx

NONE = "null"


def put(tx: Tx, document: etree._Element, field: str, lang: str) -> None:
    """`<slist name=FIELD><val key="12" image="/manimg/common/flag/LV.png">Latvia</val>...`, nothing chosen first."""
    block = etree.SubElement(document, "slist", name=field)
    add(block, "val", "-- none --", key=NONE)
    column = "name_ru" if lang == "ru" else "name"
    for row in tx.rows(f"SELECT id, iso2, {column} AS label FROM country ORDER BY label, id"):
        add(block, "val", row["label"], key=str(row["id"]), image=f"/manimg/common/flag/{row['iso2']}.png")


def chosen(text: str) -> int | None:
    """The id of a country as a form sends it; None for none."""
    return int(text) if text.isdecimal() else None
