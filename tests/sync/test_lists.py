"""What the seller's lists say, however cut, repeated, mixed up or false, never makes a living service gone or stopped.

Lists and forms come over the wire from a seller that says what it is told to (tests/bench/prerendered.py), and go
through checkevent into the real ledger. A longer search: LIST_EXAMPLES=2000 make test ARGS='-k test_lists'.
"""

import json
import os
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reseller.context import Context
from reseller.mgr5.panel import Panel
from reseller.seller import orders, services
from reseller.sync import checkevent
from tests.bench import ready
from tests.support import planting, world

EXAMPLES = int(os.environ.get("LIST_EXAMPLES", "50"))
COUNT, PAGE_ROWS = 7, 3
RESTING_RUNS = 30
FIRST_REMOTE = 900_000
PLACES = st.integers(0, COUNT - 1)


@pytest.fixture(scope="module")
def seller(connected, tmp_path_factory):
    """The module connected to a seller that says what it is told to."""
    with ready.connected(connected, Path(tmp_path_factory.mktemp("ready")), ready.KINDS) as running:
        yield running


def pages(rows, total=None, filtered=""):
    """A list as the seller is told to answer it."""
    cut = [rows[start : start + PAGE_ROWS] for start in range(0, len(rows), PAGE_ROWS)] or [[]]
    return [{"rows": page, "total": len(rows) if total is None else total, "filter": filtered} for page in cut]


@st.composite
def lists(draw):
    """One reading of the list, by place of the service and kind: true in part, at most."""
    rows = [[place, "plain"] for place in range(COUNT)]
    harms = draw(st.lists(st.sampled_from(["drop", "repeat", "order", "state", "twin"]), max_size=4))
    for harm in harms:
        place = draw(st.integers(0, max(len(rows) - 1, 0)))
        if harm == "order":
            rows = draw(st.permutations(rows))
        elif harm == "twin":
            rows = [*rows, [draw(PLACES), "deleted"]]
        elif rows and harm == "drop":
            rows = rows[:place] + rows[place + 1 :]
        elif rows and harm == "repeat":
            rows = [*rows[:place], rows[place], *rows[place:]]
        elif rows:
            rows = [*rows[:place], [rows[place][0], draw(st.sampled_from(sorted(ready.KINDS)))], *rows[place + 1 :]]
    if draw(st.booleans()):
        rows = rows[: draw(st.integers(0, len(rows)))]
    total = draw(st.sampled_from([None, COUNT, 0, len({place for place, _ in rows}), 1000]))
    told = pages(rows, total, draw(st.sampled_from(["", "", "domain=x"])))
    if draw(st.booleans()):
        told = draw(st.permutations(told))
    return told


class Ledger:
    """Linked services in step, and what the program says of them."""

    def __init__(self, shop, seller, pairs):
        self.shop, self.seller, self.pairs = shop, seller, pairs
        self.context = Context.start(Panel(shop.here.base))

    def begin(self):
        """As if nothing had ever been amiss."""
        self.seller.fill(self.pairs)
        planting.unseen(self.shop)
        for table in ("problem", "plan", "change", "page", "cursor", "circuit"):
            self.context.db.execute(f"DELETE FROM reseller_{table}")
        self.rest()

    def tell(self, told):
        """Let the list be this from now on."""
        first = self.pairs[0].remote
        self.seller.do(
            "tell", pages=[{**page, "rows": [[first + at, kind] for at, kind in page["rows"]]} for page in told]
        )

    def run(self):
        return str(checkevent.run(self.context))

    def rest(self):
        """What other tests have left comes to its end."""
        said = []
        while not said or said[-1] != "nothing to do":
            assert len(said) < RESTING_RUNS, said
            time.sleep(1 if said else 0)
            said.append(self.run())

    def said(self):
        """Services that are not active here, and everything that was done or would be done, or is said of them."""
        ends = self.pairs[0].item, self.pairs[-1].item
        states = self.context.db.rows("SELECT id, status FROM item WHERE id BETWEEN %s AND %s AND status <> 2", *ends)
        gone = self.context.db.rows(
            "SELECT number, kind FROM reseller_problem WHERE kind IN ('gone', 'state', 'alarm')"
        )
        tasks = self.context.db.rows("SELECT id FROM task WHERE item BETWEEN %s AND %s", *ends)
        plans = self.context.db.rows("SELECT link, detail FROM reseller_plan")
        changes = self.context.db.rows("SELECT link, detail FROM reseller_change")
        live = self.context.db.value(
            "SELECT COUNT(*) FROM reseller_link WHERE live = 1 AND item BETWEEN %s AND %s", *ends
        )
        return [*states, *gone, *tasks, *plans, *changes, *[("links", live)] * (live != len(self.pairs))]


@pytest.fixture
def ledger(shop, seller):
    """Small pages, and all forms of one run are within the deep check's share."""
    world.limits(shop.here, page_rows=PAGE_ROWS, deep_seconds=86400)
    with planting.linked(shop, COUNT, FIRST_REMOTE) as pairs:
        made = Ledger(shop, seller, pairs)
        yield made
        seller.do("tell", pages=None)
        seller.do("never_end", how="")
        made.context.db.execute("DELETE FROM reseller_page")
        made.context.db.execute("DELETE FROM reseller_cursor")
        made.context.db.close()


SEARCH = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize="LIST_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@SEARCH
@given(readings=st.lists(lists(), min_size=1, max_size=5))
def test_no_list_makes_a_living_service_gone_closed_or_suspended(ledger, readings):
    """Lists may say anything, also that they are complete: the forms are true."""
    ledger.begin()
    for told in readings:
        ledger.tell(told)
        ledger.run()
        assert ledger.said() == []


@SEARCH
@given(data=st.data(), unknown=st.dictionaries(PLACES, st.sampled_from(["missed", "html"]), max_size=COUNT))
def test_no_form_makes_a_living_service_gone_that_no_complete_list_misses(ledger, data, unknown):
    """Forms may be missing; lists lack rows, but say how many there are, or that they are filtered."""
    ledger.begin()
    ledger.seller.do("deny", forms={str(ledger.pairs[place].remote): how for place, how in unknown.items()})
    for _ in range(data.draw(st.integers(1, 5))):
        rows = data.draw(st.permutations([[place, "plain"] for place in range(COUNT)]))
        rows = [row for row in rows if row[0] not in data.draw(st.sets(PLACES, max_size=COUNT))]
        rows = rows + [rows[0]] * data.draw(st.integers(0, 3)) if rows else rows
        kept = len({place for place, _ in rows})
        honest = {"total": COUNT} if kept < COUNT and data.draw(st.booleans()) else {}
        ledger.tell(pages(rows, **honest) if honest or kept == COUNT else pages(rows, kept, "status=2"))
        ledger.context.db.execute("UPDATE reseller_circuit SET failures = 0")
        ledger.run()
        assert ledger.said() == []


def test_one_that_is_gone_is_said_to_be(ledger):
    """Or the two searches above would prove nothing."""
    ledger.begin()
    ledger.seller.do("become", changes={str(ledger.pairs[2].remote): ""})
    assert [ledger.run() for _ in range(3)] == ["nothing to do", "1 gone", "nothing to do"]


# Turns.


def test_every_service_is_visited_in_turn_when_a_run_has_too_little_time(shop, seller):
    """Of N services that moved, of which a run covers at least k, all are visited within N / k runs.

    None twice, except where a run's end cut its answer off: that one is asked for again in the next.
    """
    world.limits(shop.here, run_seconds=1)
    with planting.linked(shop, 40, FIRST_REMOTE) as pairs:
        seller.fill(pairs)
        seller.do("slow", seconds=0.05)
        visits = []
        while {remote for run in visits for remote in run} < {pair.remote for pair in pairs}:
            seller.do("asked")
            shop.checkevent()
            visits.append(seller.do("asked")["forms"])
            assert visits[-1], "a run visits no service"
        seller.do("slow", seconds=0)
        assert len(visits) > 1
        whole = [run[:-1] if run[-1] in following else run for run, following in pairwise(visits)]
        visited = [remote for run in whole for remote in run]
        assert len(visited) == len(set(visited))
        assert set(visited).isdisjoint(visits[-1])
        assert len(visits) <= -(-len(pairs) // min(map(len, whole)))


def test_services_that_cannot_be_read_do_not_keep_the_daily_check_from_the_others(shop, seller):
    """More of them than one run reads: they were the first in every run."""
    world.limits(shop.here, circuit_times=1000)
    with planting.linked(shop, 30, FIRST_REMOTE) as pairs:
        seller.fill(pairs)
        shop.checkevent()
        planting.looked_at(shop)
        seller.do("deny", forms={str(pair.remote): "html" for pair in pairs[:10]})
        seen = set()
        for _ in range(24):
            # As much of a day as a run an hour has.
            planting.later(shop, 3600)
            seller.do("asked")
            shop.checkevent()
            seen.update(seller.do("asked")["forms"])
        assert seen == {pair.remote for pair in pairs}


# A list that never ends.

LIST_PAGES = 40


@pytest.fixture
def endless(shop, ledger):
    """Lists may have forty pages, and no longer than any test waits."""
    world.limits(shop.here, page_rows=PAGE_ROWS, list_pages=LIST_PAGES, list_seconds=60, run_seconds=60)
    ledger.begin()
    ledger.context = Context.start(Panel(shop.here.base))
    return ledger


def asked(seller):
    return seller.do("asked")["calls"].get("vds", 0)


@pytest.mark.parametrize(("how", "most"), [("repeat", 2), ("invent", LIST_PAGES)])
def test_a_list_that_never_ends_is_read_to_a_bound_and_proves_nothing(shop, endless, seller, how, most):
    transport = endless.context.seller(shop.module).transport
    seller.do("never_end", how=how)
    asked(seller)
    found = services.read_list(transport, "vds", endless.context.limits)
    assert (found.complete, len(found.rows)) == (False, (1 if how == "repeat" else most) * PAGE_ROWS)
    assert asked(seller) == most


def open_(shop):
    item = shop.order("vds")
    shop.rest(item)
    assert shop.request(item)["state"] == "unsent"
    assert "is not complete" in shop.request(item)["error_text"]


def audit_(shop):
    kinds = [found["kind"] for found in json.loads(shop.ctl("audit", "--json").stdout)]
    assert "unread_list" in kinds
    assert "absent" not in kinds


def discover_(shop):
    done = shop.ctl("link", "--discover", "--json")
    assert done.returncode == (1 if json.loads(done.stdout)["unread"] else 0), done


def checkevent_(shop):
    shop.checkevent()


@pytest.mark.parametrize("command", [open_, audit_, discover_, checkevent_])
@pytest.mark.parametrize("how", ["repeat", "invent"])
def test_no_command_reads_such_a_list_for_ever(shop, endless, seller, how, command):
    seller.do("never_end", how=how)
    asked(seller)
    command(shop)
    # A reading or two of it, whoever reads: the audit reads a list that is not whole once more.
    assert asked(seller) <= 3 * LIST_PAGES
    assert endless.said() == []


@pytest.mark.parametrize("how", ["repeat", "invent"])
def test_an_unpaid_row_is_not_looked_for_in_it_for_ever(shop, endless, seller, how):
    transport = endless.context.seller(shop.module).transport
    seller.do("never_end", how=how)
    asked(seller)
    first = str(endless.pairs[0].remote)
    assert not orders.remove_unpaid(transport, "vds", first, "1-abc", endless.context.limits)
    assert asked(seller) <= 2 * LIST_PAGES
