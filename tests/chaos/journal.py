"""What was charged, by the journals of both panels, and what of it is accounted for.

The seller's journal says what we were charged for, the panel's own says what its clients paid for; neither can be
rewritten, and neither is ours. Our tables count for one thing only: whether what is open is known to be open.

    duplicate   more at the seller than the client paid for: renewals in months, since what is sold for three may be
                bought three times for one; everything else counts as an order, changes of resources and tariffs too
    lost        paid at the seller without a link or a request here that names it; or paid here, with nothing bought
                for it and no request and no task that says so, nor a date of the seller's that has yet to come near.
                A change is not lost where both sides show the same: the seller may take nothing for it, or refuse a
                tariff, which is then taken back here
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.lanes import Lane
from tests.chaos.sides import differences

ORDER, RENEWAL, CHANGE, MONTHS = "order", "renewal", "change", "months"
_CHARGES = """SELECT func, item, remoteid, detail, amount FROM sandbox_journal.entry
WHERE event = 'charge' AND panel = %s"""
#: requests that say that something of a kind is still to come
_REQUESTS = {ORDER: ("order",), MONTHS: ("order", "prolong", "part"), CHANGE: ("setparam",)}


_PERIOD = re.compile(r"\bperiod=(\d+)")


@dataclass
class Verdict:
    """What is wrong with one service, and in words."""

    duplicate_orders: int = 0
    duplicate_renewals: int = 0
    lost: int = 0
    words: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.duplicate_orders or self.duplicate_renewals or self.lost)

    def lose(self, count: int, words: str) -> None:
        """So many are lost, if any."""
        if count > 0:
            self.lost += count
            self.words.append(words)


def kind(charge: dict[str, Any]) -> str:
    """What a charge bought."""
    if charge["func"].endswith(".order.param"):
        return ORDER
    return RENEWAL if charge["func"] == "service.prolong" else CHANGE


def counted(charges: list[dict[str, Any]]) -> Counter[str]:
    """How often what was bought, and how many months in all."""
    found = Counter(kind(charge) for charge in charges)
    found[MONTHS] = sum(int(period) for charge in charges for period in _PERIOD.findall(charge["detail"]))
    return found


def bought(lane: Lane, item: int) -> list[dict[str, Any]]:
    """Charges at the seller for a service of ours, by the key that they carry."""
    rows = lane.ask(lane.there, f"{_CHARGES} AND remoteid LIKE %s", lane.there.name, f"{item}-%")
    return rows + lane.ask(lane.there, f"{_CHARGES} AND remoteid = %s", lane.there.name, str(item))


def paid(lane: Lane, item: int) -> list[dict[str, Any]]:
    """What the client paid for."""
    return lane.ask(lane.here, f"{_CHARGES} AND item = %s", lane.here.name, item)


def verdict(lane: Lane, item: int, withdrawn: Mapping[str, int] | None = None) -> Verdict:
    """Count one service; what staff have `withdrawn` need not be bought any more."""
    found = Verdict()
    charges = bought(lane, item)
    spent, had = counted(charges), counted(paid(lane, item))
    had.update(lane.granted.get(item, {}))
    if _was_handed_over(lane, item, charges):
        # It was bought for the service that had it before.
        had.subtract({ORDER: 1, MONTHS: 1})
    found.duplicate_orders = sum(max(spent[what] - had[what], 0) for what in (ORDER, CHANGE))
    found.duplicate_renewals = max(spent[MONTHS] - had[MONTHS] - found.duplicate_orders, 0)
    if found:
        found.words.append(f"service {item}: charged {dict(spent)} for {dict(had)}")
    found.lose(len(_unknown(lane, item, charges)), f"service {item}: bought and not known here: {charges}")
    for what, requests in _REQUESTS.items():
        missing = had[what] - spent[what] - (withdrawn or {}).get(what, 0)
        if what == CHANGE and not differences(lane, item):
            continue
        if what == MONTHS and _is_to_come(lane, item):
            continue
        if missing > 0 and not _explained(lane, item, requests):
            found.lose(missing, f"service {item}: {what} paid for and not bought, {missing}, and nothing says so")
    return found


def _unknown(lane: Lane, item: int, charges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Remote services that were paid for and that no link and no request names."""
    links = {row["remote"] for row in lane.ask(lane.here, "SELECT remote FROM reseller_link WHERE item = %s", item)}
    keys = {
        row["rkey"]
        for row in lane.ask(lane.here, "SELECT rkey FROM reseller_request WHERE item = %s AND live = 1", item)
    }
    return [
        row for row in charges if kind(row) == ORDER and str(row["item"]) not in links and row["remoteid"] not in keys
    ]


def _was_handed_over(lane: Lane, item: int, charges: list[dict[str, Any]]) -> bool:
    """Whether it has a licence that was kept, which carries its key and was charged for under another."""
    keyed = "SELECT id FROM item WHERE status <> 4 AND parent IS NULL AND remoteid LIKE %s"
    alive = {row["id"] for row in lane.ask(lane.there, keyed, f"{item}-%")}
    return bool(alive - {row["item"] for row in charges})


def _is_to_come(lane: Lane, item: int) -> bool:
    """Whether months that are missing are bought when the seller's date comes near, or nobody wants them any more."""
    rows = lane.ask(
        lane.here,
        "SELECT i.status, k.remote, LEAST(i.expiredate, k.accounted) AS paid FROM item i "
        "LEFT JOIN reseller_link k ON k.item = i.id AND k.live = 1 WHERE i.id = %s",
        item,
    )
    row = rows[0] if rows else {"status": 4, "remote": None}
    if row["remote"] is None:
        return bool(row["status"] == 4)
    there = lane.ask(lane.there, "SELECT expiredate FROM item WHERE id = %s", int(row["remote"]))
    return bool(there and row["paid"] and there[0]["expiredate"] and row["paid"] > there[0]["expiredate"])


def _explained(lane: Lane, item: int, kinds: tuple[str, ...]) -> bool:
    """Whether an open request or task says what is still to be done; or a closed one, that nobody wants it any more."""
    tasks = lane.ask(lane.here, "SELECT id FROM task WHERE item = %s AND status <> 2", item)
    marks = ", ".join(["%s"] * len(kinds))
    requests = lane.ask(
        lane.here,
        f"SELECT id FROM reseller_request WHERE item = %s AND kind IN ({marks}) "
        "AND (live = 1 OR error_type IN ('reseller_operation_deleted', 'reseller_overtaken'))",
        item,
        *kinds,
    )
    return bool(tasks or requests)
