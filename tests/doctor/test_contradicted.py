"""Each fact that the program stands on is made untrue, one by one, at a panel and a seller that go on as they are.

The doctor names it; no call at the seller that rests on it leaves, and each other one does; no command and no run ends
in a traceback. The program is started in a second tree that sees the same panel (support/mirror.py): whatever it did
not withhold would be carried out.
"""

import contextlib

import pytest

from reseller.assumption import ANSWER, COLUMN, FUNCTION, PARAMETER, needs
from reseller.doctor import assumed
from reseller.doctor.finding import FAILS, HOLDS, WARNING
from reseller.ledger import stops, verdicts
from reseller.ledger.verdicts import Verdict
from reseller.lifecycle import assumptions
from reseller.mgr5.panel import Panel
from reseller.sync import checkevent
from reseller.wire.errors import ResellerError, SellerError, Unfounded
from tests.support.keeping import changed, changing
from tests.support.mirror import Mirror, waiting_order

#: product types that the panels of the tests do not sell: what belongs to them is not asked
UNSOLD = ("dedic", "vhost", "softexternal", "platform", "storage", "dnshost")
#: no remote service has this number, so that what is not withheld is refused by the seller
NOBODY = "999999999"
ENTRIES = [
    entry
    for entry in (*assumptions.OF_PANEL.values(), *assumptions.OF_SELLER.values())
    if entry.name.partition(".")[0] not in UNSOLD
]


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A busy machine gets to the last question too, however long each takes."""
    monkeypatch.setattr(assumptions, "LOOK_SECONDS", 600)


@pytest.fixture(scope="module")
def mirror(shared, tmp_path_factory):
    found = Mirror(shared, tmp_path_factory.mktemp("mirror"))
    found.open()
    yield found
    found.close()


@pytest.fixture(scope="module")
def calls(shared, mirror):
    """The functions that would be called at the seller, in the order of changing(), by a verdict that stops all."""
    with mirror.context() as context:
        verdicts.put(context.db, Verdict(0, "x.y", holds=False, found="-", rests="everything", off=True))
        found = [name for name, _ in tried(context, shared.module)]
        context.db.execute("DELETE FROM reseller_verdict")
    assert len(found) > 10
    return found


@pytest.fixture
def waiting(shop):
    """An order that has waited for a word, which is said; nothing of it was sent."""
    return waiting_order(shop)


@pytest.fixture
def seen(mirror, shop):
    """All is as assumed, and was seen to be; nothing is left that a test has found."""
    with mirror.context() as context:
        context.db.execute("DELETE FROM reseller_verdict")
        assumptions.look(context, verdicts.PANEL)
        assert verdicts.off(context.db, shop.module) == []
    yield
    with mirror.context() as context:
        context.db.execute("DELETE FROM reseller_verdict")
        context.db.execute("DELETE FROM reseller_problem WHERE kind = 'assumption'")
    mirror.unlink_all()


@pytest.fixture
def untrue(mirror, shop, switch):
    """Make one entry untrue for the block."""

    @contextlib.contextmanager
    def make(entry):
        if entry.kind == COLUMN:
            mirror.link_all()
            with mirror.lacking(entry.name):
                yield
        elif entry.kind == FUNCTION:
            itemtype, _, rest = entry.name.partition(".")
            typed = f",<itemtype>.{rest}" if itemtype in ("vds", "soft") else ""
            switch(shop.here, "absent_functions", f"checkevent,{entry.name}{typed}")
            yield
            switch(shop.here, "absent_functions", "checkevent")
        elif entry.kind == PARAMETER:
            with mirror.silent_about(*entry.name.split()):
                yield
        else:
            function, paths = entry.name.split()
            function = function.replace("<itemtype>", "vds")
            fault = {"kind": "lacks", "forfunc": function, "object": paths.replace("|", " "), "times": 99}
            shop.there.call("sandbox.fault", **fault)
            yield
            shop.there.call("sandbox.fault.clear")

    return make


def tried(context, module):
    """For each call that changes something: its function where it was withheld for want of a fact, and how it ended."""
    for call in changing(context.seller(module).transport, NOBODY):
        try:
            call()
        except Unfounded as error:
            yield str(error.params["func"]), error
        except SellerError as error:
            yield "", error
        else:
            yield "", None


def stopped(entry, functions):
    """Those of the functions that rest on the entry, for the type of which a part is asked."""
    return [name for name in functions if any(needs(ability, name) for ability in entry.rests)]


def found_of(entry):
    return entry.name.replace("<itemtype>", "vds")


def named(findings, name):
    return {each.verdict for each in findings if each.message.params.get("name") == name}


def doctor(mirror, entry, module):
    """What the doctor finds of the panel, or of the seller."""
    base = Panel(mirror.base)
    return list(assumed.of(module if entry.kind == ANSWER else verdicts.PANEL, base))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_what_is_not_so_is_named_and_nothing_rests_on_it(mirror, shop, seen, untrue, calls, soft, vds, waiting, entry):
    name, resting = found_of(entry), stopped(entry, calls)
    with untrue(entry):
        before = changed(shop)
        expected = FAILS if entry.rests else WARNING
        assert named(doctor(mirror, entry, shop.module), name) == {expected}
        with mirror.context() as context:
            # What a seller answers may be what connecting to it needs: then nothing at all can be called.
            with contextlib.suppress(ResellerError):
                assert [func for func, _ in tried(context, shop.module) if func] == resting
            if any(needs(ability, "vds.order.param") for ability in entry.rests):
                opened(mirror, shop, waiting)
            else:
                stops.put(context.db, stops.ALL, "a test", "what does not rest on it would go on")
            with contextlib.suppress(ResellerError):
                assert "internal" not in str(checkevent.run(context).problems)
        assert changed(shop) == before


def opened(mirror, shop, item):
    """The command that the panel starts for the order that waits ends in words."""
    operation = shop.operation(item)["id"]
    done = mirror.here.run(
        "processing/pmreseller", "--command", "open", "--item", str(item), "--runningoperation", str(operation)
    )
    assert b"Traceback" not in done.stdout + done.stderr
    assert "internal" not in shop.error(item)
    assert shop.charges(item) == []


def test_with_all_as_assumed_the_order_that_waits_is_sent(mirror, shop, seen, waiting):
    with mirror.context() as context:
        found = list(assumed.of(verdicts.PANEL, context.panel))
        assert {each.verdict for each in found} == {HOLDS}
    operation = shop.operation(waiting)["id"]
    argv = ("--command", "open", "--item", str(waiting), "--runningoperation", str(operation))
    mirror.here.run("processing/pmreseller", *argv)
    assert len(shop.charges(waiting)) == 1
