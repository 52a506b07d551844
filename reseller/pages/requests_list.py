"""The list `reseller.requests`: the requests to the seller for one service (elid), or for all."""

from __future__ import annotations

from collections.abc import Mapping

from reseller.ledger import overview, states
from reseller.ledger.states import State
from reseller.pages import listing
from reseller.pages.call import Call
from reseller.wire import document


def show(call: Call) -> document.Element:
    """A page of the list; the service is in `plid` if the list is reopened by one of its own buttons."""
    service = call.number("elid" if call.text("elid") else "plid", 1, 2**31 - 1, 0)
    fixed = {"item": service} if service else {}
    words = call.words("reseller.requests")

    def cells(row: dict[str, object]) -> Mapping[str, object]:
        live = row.pop("live")
        return {
            **row,
            "kind_msg": words.get(f"kind_{row['kind']}", row["kind"]),
            "state_msg": words.get(f"state_{row['state']}", row["state"]),
            "operation": row["operation"] or "",
            "open": "on" if live else "off",
            # The button is shown by this cell.
            "decidable": "on" if live and State.of(row["state"]).means(states.DECIDABLE) else "off",
            "error_text": row["error_text"] or row["error_type"],
        }

    page = listing.show(call, overview.REQUESTS, listing.wanted(call, overview.REQUESTS, fixed), cells)
    if service:
        call.put(plid=service)
    return page
