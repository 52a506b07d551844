"""What the two sides show of one service, and where they do not show the same."""

from __future__ import annotations

from tests.chaos.lanes import Lane
from tests.chaos.settle import standing

DELETED = 4
ADDON = (
    "SELECT a.pricelist, COALESCE(a.addonlimit, p.addonlimit, 0) + a.intvalue AS total, p.intname FROM item a "
    "JOIN pricelist p ON p.id = a.pricelist WHERE a.parent = %s"
)
PARAMS = "SELECT intname, value FROM itemparam WHERE item = %s AND intname IN ('licname', 'lickey', 'ip')"
TARIFF = "SELECT p.name FROM item i JOIN pricelist p ON p.id = i.pricelist"


def differences(lane: Lane, item: int) -> str:
    """Tariff, resources and a licence's parameters where the two sides do not show the same, empty where they do."""
    remote = standing(lane, item)[0]["remote"]
    if not remote:
        return ""
    shown = []
    for panel, number in ((lane.here, item), (lane.there, remote)):
        addons = {row["intname"]: row["total"] for row in lane.ask(panel, f"{ADDON} AND a.status <> 4", number)}
        params = {row["intname"]: row["value"] for row in lane.ask(panel, PARAMS, number)}
        shown.append((lane.ask(panel, f"{TARIFF} WHERE i.id = %s", number)[0]["name"], addons, params))
    return "" if shown[0] == shown[1] else f"{shown[0]} here, {shown[1]} there"


def wrong(lane: Lane, item: int, ends: int) -> list[str]:
    """What either side shows and should not, when the service was to end in this status."""
    keyed = "SELECT id, status FROM item WHERE parent IS NULL AND (remoteid = %s OR remoteid LIKE %s)"
    remotes = lane.ask(lane.there, keyed, str(item), f"{item}-%")
    here = standing(lane, item)[0]["status"]
    module = lane.ask(lane.here, "SELECT processingmodule FROM item WHERE id = %s", item)[0]["processingmodule"]
    tasks = lane.ask(lane.here, "SELECT type, params FROM task WHERE item = %s AND status <> 2", item)
    alive = [row["status"] for row in remotes if row["status"] != DELETED]
    found = []
    if here != ends:
        found.append(f"service {item} has status {here}, not {ends}")
    if alive != ([] if ends == DELETED else [ends]):
        found.append(f"the seller shows {remotes} for service {item}, not one with status {ends}")
    if module != lane.shop.module:
        found.append(f"service {item} belongs to module {module}")
    if differences(lane, item):
        found.append(f"service {item} has {differences(lane, item)}")
    if tasks:
        found.append(f"tasks are left of service {item}: {tasks}")
    return found
