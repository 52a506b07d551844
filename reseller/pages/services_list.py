"""The list `reseller.services`: the resold services, as they are here and at the seller."""

from __future__ import annotations

from collections.abc import Mapping

from reseller.ledger import overview
from reseller.pages import listing
from reseller.pages.call import Call
from reseller.wire import document


def show(call: Call) -> document.Element:
    """A page of the list."""
    words = call.words("reseller.services")

    def cells(row: dict[str, object]) -> Mapping[str, object]:
        swap, link = row.pop("swap"), row.pop("link")
        drifts = str(row["drift"] or "").split()
        there = row["there"] or ""
        return {
            **row,
            "there": there,
            "status_msg": words.get(f"status_{row['status']}", row["status"]),
            "there_msg": words.get(f"status_{there}", there),
            "drift": ", ".join(words.get(f"drift_{kind}", kind) for kind in drifts),
            "link_msg": words.get(f"link_{'away' if swap else link or 'none'}", link),
            # The buttons are shown by these cells.
            "linked": "on" if link else "off",
            "away": "on" if swap else "off",
        }

    return listing.show(call, overview.SERVICES, listing.wanted(call, overview.SERVICES), cells)
