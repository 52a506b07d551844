"""checkevent over many linked services against a loop that only reads and parses what it reads (bare_loop.py).

The seller's answers lie ready (prerendered.py), so what is measured is who asks. Between two runs the ledger is told
that five minutes have passed, as between two runs of cron; the deep check reads its share in every run. The loop reads
as many forms as that was, and their time is taken off both: what is left is the list.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import picture, turns
from tests.bench.ready import IP_THERE, ITEMTYPE, KINDS, Ready, connected
from tests.bench.table import Row
from tests.support import planting
from tests.support.planting import CHANGING, Calls, Pair
from tests.support.world import Shop

SIZES = (1_000, 10_000, 100_000)
QUICK_SIZES = (1_000, 10_000)
ROUNDS = 9
#: at most so much of the loop's time; of 10,000 services the start of the program is the larger part (docs/bench.md)
MOST = {10_000: 1.1, 100_000: 0.3}
#: number of the first remote service; any will do
FIRST_REMOTE = 1_000
PAGE_ROWS = 1_000
CRON_SECONDS, HOUR_SECONDS, HOURS = 300, 3600, 24
LOOP = Path(__file__).with_name("bare_loop.py")
#: of ten changed services: the kinds that a list shows, and those that only a form shows
LISTED = ("renamed", "renamed", "stopped", "stopped", "longer")
FORMS_ONLY = ("password", "password", "keyed")
#: by the panel that these ten need: see _change
CALLS_NEEDED = 15
ANSWER_SECONDS = 0.005


@dataclass(frozen=True)
class Cost:
    """Of a quiet run: medians of the seconds of both, without the forms; the median of their ratio by rounds, since a
    machine is slower in one minute than in the next; the most memory that ours took.
    """

    ours: float
    loop: float
    ratio: float
    peak_bytes: int


class Bench:
    """One size: so many linked services, all looked at, and the seller that has them."""

    def __init__(self, shop: Shop, seller: Ready, pairs: Sequence[Pair]) -> None:
        self.shop = shop
        self.seller = seller
        self.pairs = pairs
        self.base = shop.here.base

    def checkevent(self, *, wait_seconds: int = CRON_SECONDS) -> tuple[turns.Run, dict[str, int]]:
        """One run after such a pause, and the calls of the seller that it made."""
        planting.later(self.shop, wait_seconds)
        self.seller.do("asked")
        done = turns.run([str(self.base / "sbin/resellerctl"), "checkevent"], self.base)
        calls: dict[str, int] = self.seller.do("asked")["calls"]
        return done, calls

    def loop(self, rows: int, forms: int) -> tuple[float, float]:
        """Seconds of the loop, and of its forms alone."""
        python = str(self.base / "lib/reseller/venv/bin/python")
        words = [self.seller.url, self.seller.ca, self.shop.buyer, ITEMTYPE, str(rows), str(forms), str(FIRST_REMOTE)]
        password = self.shop.there.accounts[self.shop.buyer]["password"]
        done = turns.run([python, "-I", str(LOOP), *words], self.base, PASSWORD=password)
        listed, read, seconds = done.output.split()
        assert (int(listed), int(read)) == (len(self.pairs) if rows else 0, forms)
        return done.seconds, float(seconds)

    def quiet(self, rounds: int) -> Cost:
        """Runs in which nothing has changed, in turns with the loop; the first of each only warms up."""
        ours, lists, peaks = [], [], []
        for _ in range(rounds + 1):
            done, calls = self.checkevent()
            assert done.output == b"checkevent: nothing to do\n", done.output
            seconds, of_forms = self.loop(PAGE_ROWS, calls.get(f"{ITEMTYPE}.edit", 0))
            ours.append(done.seconds - of_forms)
            lists.append(seconds - of_forms)
            peaks.append(done.peak_bytes)
        ratio = statistics.median(mine / theirs for mine, theirs in zip(ours[1:], lists[1:]))
        return Cost(statistics.median(ours[1:]), statistics.median(lists[1:]), ratio, max(peaks))


def rows(shop: Shop, *, quick: bool = False) -> Iterator[Row]:
    """All sizes, and what grows with them."""
    sizes = QUICK_SIZES if quick else SIZES
    costs: dict[int, Cost] = {}
    with tempfile.TemporaryDirectory(prefix="ready-") as folder, connected(shop, Path(folder), KINDS) as seller:
        for count in sizes:
            with planting.linked(shop, count, FIRST_REMOTE) as pairs:
                seller.fill(pairs)
                bench = Bench(shop, seller, pairs)
                # The lists are read for the first time, and forms for as long as the run lasts.
                bench.checkevent()
                planting.looked_at(shop)
                costs[count] = bench.quiet(ROUNDS)
                yield from _size(count, costs[count])
                yield from _changed(bench)
                if count == (QUICK_SIZES[0] if quick else QUICK_SIZES[1]):
                    yield from _against_each(bench)
    if not quick:
        picture.draw({count: (cost.ours, cost.loop) for count, cost in costs.items()})
        growth = costs[100_000].ours / costs[10_000].ours
        yield Row("checkevent, 100,000 services | 10,000 services", growth, 11)
        yield Row("checkevent, memory at 100,000 services", costs[100_000].peak_bytes / 2**20, 120, "MiB")


def _size(count: int, cost: Cost) -> Iterator[Row]:
    # At a thousand services both are little more than the start of an interpreter: drawn, and not promised.
    if count in MOST:
        yield Row(f"checkevent, {count:,} services, without the forms | a bare loop", cost.ratio, MOST[count])


def _changed(bench: Bench) -> Iterator[Row]:
    """Ten services change: all are found in time, and with as many calls of the panel as they need."""
    count = len(bench.pairs)
    step = count // 10
    ten = [bench.pairs[place * step + step // 2] for place in range(10)]
    calls = Calls(bench.shop.here)
    _change(bench, ten)
    missing, hours = set(range(10)), 0
    for hours in range(1, HOURS + 1):
        bench.checkevent(wait_seconds=HOUR_SECONDS)
        missing -= {place for place in missing if _is_done(bench.shop, place, ten[place])}
        if hours == 1:
            assert not missing & {0, 1, 2, 3, 4, 8}, f"what a list or a row here shows was not found at once: {missing}"
        if not missing:
            break
    assert not missing, f"not found within {HOURS} hours: {missing}"
    yield Row(f"ten changes of {count:,} services found, by runs once an hour", hours, HOURS, "h")
    yield Row(
        "calls of the panel for them | one for each function they need", calls.of(CHANGING), CALLS_NEEDED, "calls"
    )


def _change(bench: Bench, ten: Sequence[Pair]) -> None:
    """Five that the list shows, three that only a form does, two that only the panel knows of.

    Calls needed: an address, a key, a password and a date are saved by one each (2 + 1 + 2 + 1), a suspension is shown
    by one (2), the address that was overwritten here is saved by one, the suspension here is a task: its type is asked
    for, and it is made (2). So is each of the two that the seller has made while the service is paid (4).
    """
    there = zip((*LISTED, *FORMS_ONLY), ten)
    bench.seller.do("become", changes={str(pair.remote): kind for kind, pair in there})
    stopped, overwritten = ten[8], ten[9]
    bench.shop.here.write("UPDATE item SET status = 3, employeesuspend = 'on' WHERE id = %s", stopped.item)
    bench.shop.here.write(
        "UPDATE itemparam SET value = '192.0.2.1' WHERE item = %s AND intname = 'ip'", overwritten.item
    )


def _is_done(shop: Shop, place: int, pair: Pair) -> bool:
    params = shop.params(pair.item)
    kind = (*LISTED, *FORMS_ONLY, "stopped here", "overwritten here")[place]
    secret = "SELECT COUNT(*) FROM itemcryptedparam WHERE item = %s AND intname = 'password'"
    return {
        "renamed": lambda: params["ip"] == IP_THERE,
        "stopped": lambda: int(shop.item(pair.item)["status"]) == 3,
        "longer": lambda: params["reseller_expiredate"] == str(KINDS["longer"]["expiredate"]),
        "password": lambda: bool(shop.here.value(secret, pair.item)),
        "keyed": lambda: params.get("lickey") == str(KINDS["keyed"]["param_lickey"]),
        "stopped here": lambda: len(shop.tasks(pair.item)) == 1,
        "overwritten here": lambda: params["ip"] != "192.0.2.1",
    }[kind]()


def _against_each(bench: Bench) -> Iterator[Row]:
    """A seller that takes five milliseconds an answer, and a program that asks it for each service."""
    count = len(bench.pairs)
    bench.seller.do("slow", seconds=ANSWER_SECONDS)
    done, calls = bench.checkevent()
    seconds, _ = bench.loop(0, count)
    bench.seller.do("slow", seconds=0)
    # What was changed before, and is there for both.
    yield Row(f"requests to the seller, {count:,} services | one for each service", sum(calls.values()) / count, 1 / 20)
    yield Row("time of that, 5 ms an answer | of a program that asks for each service", done.seconds / seconds, 1 / 10)
