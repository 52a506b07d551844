"""A thousand of ten thousand services change at once, at the stand-in's own seller with its journal."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.table import Row
from tests.support import planting
from tests.support.world import Shop

COUNT, CHANGED = 10_000, 1_000
QUICK = 10


def rows(shop: Shop, *, quick: bool = False) -> Iterator[Row]:
    """Half of them are suspended there, half have another address: one call of the panel each."""
    part = QUICK if quick else 1
    yield from changed_at_once(shop, COUNT // part, CHANGED // part)


def changed_at_once(shop: Shop, count: int, changed: int) -> Iterator[Row]:
    """Rows of one run over `count` services of which `changed` have changed."""
    with planting.planted(shop, count) as pairs:
        shop.here.run("sbin/resellerctl", "checkevent", seconds=600)
        planting.looked_at(shop)
        every = count // changed
        mine = pairs[::every][:changed]
        stopped, renamed = mine[::2], mine[1::2]
        numbers = [", ".join(str(pair.remote) for pair in part) for part in (stopped, renamed)]
        shop.there.write(f"UPDATE item SET status = 3, employeesuspend = 'on' WHERE id IN ({numbers[0]})")
        shop.there.write(f"UPDATE itemparam SET value = '203.0.113.7' WHERE intname = 'ip' AND item IN ({numbers[1]})")
        shop.there.call("tool.clearcache")
        before = _journal(shop)
        calls = planting.Calls(shop.here)
        done = shop.here.run("sbin/resellerctl", "checkevent", seconds=600)
        said = f"checkevent: {len(renamed)} changed, {len(stopped)} suspended\n"
        assert done.stdout.decode() == said, done.stdout
        yield Row(
            f"{changed:,} of {count:,} services change: calls of the panel | as many as need one",
            calls.of(planting.CHANGING) / changed,
            1,
        )
        yield Row("writes in the seller's journal meanwhile", _journal(shop) - before, 0, "writes")
        assert _states(shop, pairs) == {3: len(stopped), 2: count - len(stopped)}


def _journal(shop: Shop) -> int:
    return len(shop.there.call("sandbox.journal").findall("elem"))


def _states(shop: Shop, pairs: list[planting.Pair]) -> dict[int, int]:
    found = shop.here.rows(
        "SELECT status, COUNT(*) AS many FROM item WHERE id BETWEEN %s AND %s GROUP BY status",
        pairs[0].item,
        pairs[-1].item,
    )
    return {row["status"]: row["many"] for row in found}
