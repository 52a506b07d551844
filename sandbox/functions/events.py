"""item.events: a stand-in for the seller's event list, whose real name, arguments and payload are unknown.

Only the behaviour is documented (selling-api.md 8.1): it tells of changes of one account's services, and reading it
consumes it, so a second reader on the same account finds nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.documents import listed
from sandbox.core.errors import missing
from sandbox.core.registry import function
from sandbox.core.request import CLIENT

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

_OWNER = "events:{}"


@function("item.events", CLIENT, "selling-api.md 8.1")
def item_events(panel: Panel, request: Request) -> etree._Element:
    """Changes of the account's services since the last reading (switch event_list; the real function is not known)."""
    kind = panel.switches["event_list"]
    if kind == "absent":
        raise missing("func", request.func)
    key = {"owner": _OWNER.format(request.caller.account), "itemtype": ""}
    with panel.db.begin() as tx:
        since = tx.value("SELECT fields FROM listfilter WHERE owner = %s AND itemtype = ''", key["owner"]) or 0
        rows = tx.rows(
            "SELECT h.id, h.reference AS item, i.remoteid, h.request_action AS event, h.changedate FROM history_item h "
            "JOIN item i ON i.id = h.reference WHERE i.account = %s AND h.id > %s ORDER BY h.id",
            request.caller.account,
            int(since),
        )
        if kind == "destructive" and rows:
            tx.put("listfilter", key, fields=str(rows[-1]["id"]))
    return listed(rows)
