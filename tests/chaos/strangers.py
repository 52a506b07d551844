"""Remote services that are somebody else's and look like ours: nothing that we do may reach them (promise 9).

Each function returns sentences about strangers that were struck; none where all is well.
"""

from __future__ import annotations

from typing import Any

from tests.chaos.commands import ACTIVE, take
from tests.chaos.lanes import SERVER, Lane
from tests.chaos.settle import rest, standing
from tests.support import world


def by_key(lane: Lane) -> list[str]:
    """A restored ledger names a remote service that is somebody else's by now, and the client closes its own."""
    item, victim = take(lane, ACTIVE), _bought_by_hand(lane, "4711-somebody")
    lane.here.write("UPDATE reseller_link SET remote = %s WHERE item = %s AND live = 1", str(victim), item)
    return _strike(lane, item, "close", lane, victim)


def by_module(lane: Lane, other: Lane) -> list[str]:
    """Two modules at two sellers with equal numbers; staff wrote the second one into a service of the first."""
    item = take(lane, ACTIVE)
    victim = _bought_by_hand(other, "")
    number = int(standing(lane, item)[0]["remote"])
    for table, column in (("item", "parent"), ("itemparam", "item"), ("itemcryptedparam", "item"), ("item", "id")):
        other.there.write(f"UPDATE {table} SET {column} = %s WHERE {column} = %s", number, victim)
    second = world.connect(lane.here, other.there, "buyer", other.there.accounts["buyer"]["password"])
    lane.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", second, item)
    try:
        return _strike(lane, item, "suspend", other, number)
    finally:
        lane.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", lane.shop.module, item)
        lane.here.write("DELETE FROM processingmodule WHERE id = %s", second)
        lane.here.call("tool.clearcache")


def _bought_by_hand(lane: Lane, key: str) -> int:
    """An active service at a seller that no panel of ours knows."""
    there = lane.there
    tariff = there.value("SELECT id FROM pricelist WHERE name = %s AND parent IS NULL", SERVER)
    place = there.value("SELECT MIN(id) FROM datacenter")
    more: dict[str, Any] = {"period": 1, "datacenter": place, "skipbasket": "on", "sok": "ok"}
    words: dict[str, Any] = {"domain": f"hand{tariff}.example.com", "remoteid": key}
    words["ostempl"] = "ISPsystem__Debian-12-amd64"
    answer = there.call("vds.order.param", pricelist=tariff, su=lane.shop.buyer, **words, **more)
    number = int(answer.findtext("id"))
    world.until(lambda: _status(lane, number) == ACTIVE, "what was bought by hand does not open")
    return number


def _strike(lane: Lane, item: int, act: str, side: Lane, victim: int) -> list[str]:
    """The client does this with its own service; what became of the stranger."""
    lane.shop.act(act, item)
    rest(lane, item)
    for _ in range(3):
        lane.shop.checkevent()
    rest(lane, item)
    status = _status(side, victim)
    lane.forget(item)
    return [] if status == ACTIVE else [f"{act} of service {item} has struck remote service {victim}: {status}"]


def _status(lane: Lane, number: int) -> int:
    return int(lane.there.value("SELECT status FROM item WHERE id = %s", number))
