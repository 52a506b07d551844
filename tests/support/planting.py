"""Linked services by the dozen: made past orders on both sides, for tests of what follows an order."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reseller.ledger.linked import HERE
from tests.support.world import PanelAt, Shop

PREFIX, KEY = "planted", "-00c0ffee"
#: sandbox.bulk numbers addresses anew after so many
BULK_ROWS = 2000


@dataclass(frozen=True)
class Pair:
    """A service here and its remote service."""

    item: int
    remote: int


@contextlib.contextmanager
def planted(shop: Shop, count: int) -> Iterator[list[Pair]]:
    """So many pairs that are equal in all that is compared; what is left of them is forgotten at the end."""
    first = bulk_there(shop, count)
    with linked(shop, count, first) as pairs:
        key_there(shop, pairs)
        try:
            yield pairs
        finally:
            remove_there(shop, [pair.remote for pair in pairs])


@contextlib.contextmanager
def linked(shop: Shop, count: int, first: int) -> Iterator[list[Pair]]:
    """The half of it that is on this side: services linked with remote services from number `first` on.

    Links and kept licences of other tests are set aside, and what those tests have changed counts for no limit of the
    day.
    """
    shop.here.write("UPDATE reseller_link SET live = NULL WHERE live = 1")
    shop.here.write("DELETE FROM reseller_free WHERE state = 'free'")
    shop.here.write("DELETE FROM reseller_change")
    made = shop.here.call("sandbox.bulk", count=count, user="client1", prefix=PREFIX, pricelist=_number(shop.here))
    item = int(made.findtext("first"))
    ends = (item, item + count - 1)
    shop.here.write("UPDATE item SET processingmodule = %s WHERE id BETWEEN %s AND %s", shop.module, *ends)
    shop.here.write(
        "INSERT INTO itemparam (item, intname, value) SELECT id, 'reseller_expiredate', expiredate FROM item "
        "WHERE id BETWEEN %s AND %s",
        *ends,
    )
    shop.here.write(
        "INSERT INTO reseller_link (item, module, account, itemtype, remote, rkey, state, created, updated) "
        "SELECT id, %s, (SELECT MIN(a.id) FROM reseller_account a WHERE a.username = %s), 'vds', "
        "CAST(id AS SIGNED) + %s, CONCAT(id, %s), 'live', NOW(), NOW() FROM item WHERE id BETWEEN %s AND %s "
        "ORDER BY id",
        shop.module,
        shop.buyer,
        first - item,
        KEY,
        *ends,
    )
    unseen(shop)
    try:
        yield [Pair(item + place, first + place) for place in range(count)]
    finally:
        _forget(shop, ends)


def unseen(shop: Shop) -> None:
    """As if nothing had been seen of any linked service."""
    shop.here.write(
        "REPLACE INTO reseller_observation (link, item, module) SELECT id, item, module FROM reseller_link "
        "WHERE live = 1"
    )


def looked_at(shop: Shop, days: float = 1) -> None:
    """As if all that was seen had been looked at, one after the other over so many days: their first day is over."""
    shop.here.write(
        "UPDATE reseller_observation o JOIN reseller_link k ON k.id = o.link AND k.live = 1 "
        "JOIN item i ON i.id = k.item SET o.settled = o.digest, o.tried = NULL, "
        f"o.here = {HERE}, o.deep = UTC_TIMESTAMP(3) - INTERVAL %s * (k.id * 7919 %% 9973) / 9973 SECOND",
        days * 86400,
    )


def later(shop: Shop, seconds: int) -> None:
    """As if so much time had passed since the last run."""
    shop.here.write(
        "UPDATE reseller_observation SET deep = deep - INTERVAL %s SECOND, tried = tried - INTERVAL %s SECOND",
        seconds,
        seconds,
    )
    # Of the cursors, those that are a time.
    shop.here.write(
        "UPDATE reseller_cursor SET value = CAST(value AS DATETIME) - INTERVAL %s SECOND WHERE name LIKE 'deep %%'",
        seconds,
    )


def _number(panel: PanelAt) -> int:
    return int(panel.value("SELECT id FROM pricelist WHERE name = 'VDS-1' AND parent IS NULL"))


def bulk_there(shop: Shop, count: int) -> int:
    """So many services of the buyer at the seller; the number of the first."""
    tariff = _number(shop.there)
    made = shop.there.call("sandbox.bulk", count=count, user=shop.buyer, prefix=PREFIX, pricelist=tariff)
    return int(made.findtext("first"))


def key_there(shop: Shop, pairs: list[Pair]) -> None:
    """Have the seller know whose they are."""
    first, last = pairs[0].remote, pairs[-1].remote
    shop.there.write(
        "UPDATE item SET remoteid = CONCAT(CAST(id AS SIGNED) - %s, %s) WHERE id BETWEEN %s AND %s",
        first - pairs[0].item,
        KEY,
        first,
        last,
    )


def remove_there(shop: Shop, theirs: list[int]) -> None:
    """The seller's lists are long enough; a change past its functions it would not notice, hence the last call."""
    for table, column in (("itemparam", "item"), ("item", "id")):
        shop.there.write(f"DELETE FROM {table} WHERE {column} BETWEEN %s AND %s", theirs[0], theirs[-1] - 1)
    shop.there.call("sandbox.item", item=theirs[-1], account=0)


def _forget(shop: Shop, ends: tuple[int, int]) -> None:
    links = "(SELECT id FROM reseller_link WHERE item BETWEEN %s AND %s)"
    for table in ("reseller_observation", "reseller_plan", "reseller_change"):
        shop.here.write(f"DELETE FROM {table} WHERE link IN {links}", *ends)
    shop.here.write("DELETE FROM reseller_problem WHERE subject = 'service' AND number BETWEEN %s AND %s", *ends)
    shop.here.write("UPDATE reseller_link SET live = NULL, state = 'ended' WHERE item BETWEEN %s AND %s", *ends)
    # Or every list of services that follows is long.
    shop.here.write("UPDATE item SET status = 4 WHERE id BETWEEN %s AND %s", *ends)
    shop.here.write("UPDATE reseller_request SET live = NULL WHERE item BETWEEN %s AND %s", *ends)
    for table in ("task", "runningoperation"):
        shop.here.write(f"DELETE FROM {table} WHERE item BETWEEN %s AND %s", *ends)


# What the seller's staff do with them, and what is seen of it.


def staff(shop: Shop, pair: Pair, **columns: Any) -> None:
    """The seller's staff change a service."""
    shop.there.call("sandbox.item", item=pair.remote, **columns)


def suspend_there(shop: Shop, pair: Pair) -> None:
    """They stop it."""
    staff(shop, pair, status=3, employeesuspend="on")


def status(shop: Shop, pair: Pair) -> int:
    """Its status here."""
    return int(shop.item(pair.item)["status"])


def hide(shop: Shop, pair: Pair, *, hidden: bool = True) -> None:
    """As if it were another client's: not listed, and unknown when asked for."""
    staff(shop, pair, account=0 if hidden else shop.there.accounts[shop.buyer]["account"])


#: functions of a panel that change a service or a task
CHANGING = r"(?:service|task)\.[a-z]+"


class Calls:
    """What a panel's log says was called since."""

    def __init__(self, panel: PanelAt) -> None:
        self._log = panel.base / "var/billmgr.log"
        self._start = self._log.stat().st_size

    def of(self, pattern: str) -> int:
        """How many calls of functions whose name matches."""
        with self._log.open("rb") as log:
            log.seek(self._start)
            return len(re.findall(f"func={pattern}['&]".encode(), log.read()))
