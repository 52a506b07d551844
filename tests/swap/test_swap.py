"""The module swap: to the manual module and back, for the tariff change that cannot be automatic."""

import contextlib
import itertools
import json
import threading

import pytest

from tests.support.keeping import remote
from tests.support.planting import planted
from tests.support.world import Refused, until

VDS = "vds"


@pytest.fixture
def server(shop):
    item = shop.order(VDS)
    shop.until_active(item)
    return item


def module(shop, item):
    return shop.here.value(
        "SELECT m.module FROM item i JOIN processingmodule m ON m.id = i.processingmodule WHERE i.id = %s", item
    )


def tariff(panel, item):
    return panel.value("SELECT p.name FROM item i JOIN pricelist p ON p.id = i.pricelist WHERE i.id = %s", item)


def swap(shop, *words):
    done = shop.ctl("swap", *map(str, words), "--json")
    assert done.stdout, done.stderr.decode()
    return done.returncode, json.loads(done.stdout)


def refused(shop, *words):
    code, told = swap(shop, *words)
    assert code == 1
    return told["services"][0]["refused"]


def away(shop, item, why="bigger disk"):
    code, told = swap(shop, item, "--to", "manual", "--why", why, "--yes")
    assert (code, told["services"][0]["refused"]) == (0, "")


def by_hand(shop, item, name):
    """The tariff changed by hand on both sides: here at the manual module, which asks a person; there by a client."""
    shop.here.call("service.changepricelist", elid=item, pricelist=shop.tariffs[name], su="client1", sok="ok")
    until(lambda: shop.tasks(item), "the manual module asks nobody")
    target = shop.there.value("SELECT id FROM pricelist WHERE name = %s AND parent IS NULL", name)
    shop.there.call("service.changepricelist", elid=remote(shop, item), pricelist=target, su=shop.buyer, sok="ok")
    shop.here.call("service.postsetparam", elid=item, sok="ok")


def test_the_whole_story_of_a_bigger_disk(shop, server):
    shop.here.call("service.changepricelist", elid=server, pricelist=shop.tariffs["VDS-2"], su="client1", sok="ok")
    shop.rest(server)
    assert "resellerctl swap" in shop.error(server)
    shop.start(server)
    shop.until_done(server)
    code, plan = swap(shop, server, "--to", "manual")
    assert code == 0
    assert "pmmanual" in plan["services"][0]["to"]
    assert module(shop, server) == "pmreseller", "a plan changes nothing"
    away(shop, server)
    assert module(shop, server) == "pmmanual"
    _, listed = swap(shop, "--list")
    assert (server, "away", "bigger disk") in [(row["service"], row["state"], row["why"]) for row in listed]
    by_hand(shop, server, "VDS-2")
    code, told = swap(shop, server, "--back", "--yes")
    assert code == 0
    assert "VDS-2" in told["services"][0]["notes"][0]
    assert module(shop, server) == "pmreseller"
    assert tariff(shop.here, server) == tariff(shop.there, remote(shop, server)) == "VDS-2"
    assert len(shop.links(server)) == 1
    assert shop.here.value("SELECT state FROM reseller_swap WHERE item = %s", server) == "back"
    observed = shop.here.value(
        "SELECT pricelist FROM reseller_observation WHERE link = %s", shop.links(server)[0]["id"]
    )
    assert observed == tariff(shop.there, remote(shop, server)), "lists are shown with the tariff's name"
    shop.act("prolong", server)
    shop.until_done(server)
    assert server not in {row["service"] for row in swap(shop, "--list")[1]}


def test_what_must_not_be_moved_is_refused_with_its_reason(shop, server):
    assert "many" not in refused(shop, 999999, "--to", "manual")
    assert b"account move" in shop.ctl("swap", str(server), "--to", str(shop.module)).stderr
    shop.there.call("sandbox.balance", user=shop.buyer, value=0)
    shop.act("prolong", server)
    shop.rest(server)
    assert "operation" in refused(shop, server, "--to", "manual", "--yes")
    assert module(shop, server) == "pmreseller"
    done = shop.ctl("swap", str(server), "--to", "nothing")
    assert done.returncode == 1
    assert b"sandbox provisioning" in done.stderr
    assert shop.ctl("swap", "--to", "manual").returncode == 2


def test_coming_back_is_refused_while_the_tariffs_differ(shop, server):
    assert "not away" in refused(shop, server, "--back")
    away(shop, server)
    assert "away already" in refused(shop, server, "--to", "manual")
    shop.here.call("service.changepricelist", elid=server, pricelist=shop.tariffs["VDS-2"], su="client1", sok="ok")
    until(lambda: shop.tasks(server), "the manual module asks nobody")
    assert "in process" in refused(shop, server, "--back", "--yes")
    shop.here.call("service.postsetparam", elid=server, sok="ok")
    assert "stands for" in refused(shop, server, "--back", "--yes")
    shop.here.write("UPDATE processingmodule SET active = 'off' WHERE id = %s", shop.module)
    assert "switched off" in refused(shop, server, "--back", "--yes")
    shop.here.write("UPDATE processingmodule SET active = 'on' WHERE id = %s", shop.module)
    assert module(shop, server) == "pmmanual"


def test_what_is_owed_since_it_left_is_shown(shop, server):
    away(shop, server)
    shop.act("suspend", server)
    until(lambda: shop.tasks(server), "the manual module asks nobody")
    shop.here.call("service.postsuspend", elid=server, sok="ok")
    _, told = swap(shop, server, "--back")
    assert "status 3 here, 2 at the seller" in told["services"][0]["notes"]


@pytest.mark.parametrize(
    ("state", "at", "becomes"),
    [
        ("intent", "home", "undone"),
        ("intent", "target", "away"),
        ("returning", "target", "away"),
        ("returning", "home", "back"),
    ],
)
def test_what_a_crash_left_half_way_is_finished_or_undone_by_the_next_command(shop, server, state, at, becomes):
    away(shop, server)
    number = shop.here.value("SELECT id FROM reseller_swap WHERE item = %s", server)
    shop.here.write("UPDATE reseller_swap SET state = %s WHERE id = %s", state, number)
    shop.here.write(
        f"UPDATE item i JOIN reseller_swap s ON s.item = i.id SET i.processingmodule = s.{at} WHERE i.id = %s", server
    )
    done = shop.ctl("swap", str(server), "--back")
    assert f"interrupted is {becomes} now" in done.stdout.decode()
    assert shop.here.value("SELECT state FROM reseller_swap WHERE id = %s", number) == becomes


class Clients(threading.Thread):
    """Clients who stop and start their services one after the other; what the panel refuses is theirs to try again."""

    def __init__(self, shop, items):
        super().__init__()
        self.shop, self.over = shop, threading.Event()
        self.wished = dict.fromkeys(items, 2)

    def run(self):
        for item in itertools.cycle(self.wished):
            act, wish = {2: ("suspend", 3), 3: ("resume", 2)}.get(self.shop.item(item)["status"], ("", 0))
            with contextlib.suppress(Refused):
                if act:
                    self.shop.act(act, item)
                    self.wished[item] = wish
            # So that the others can be moved, however slow the machine is.
            while self.shop.item(item)["status"] == 5 and not self.over.wait(0.1):
                pass
            if self.over.is_set():
                return

    def stop(self):
        self.over.set()
        self.join()


def finished_by_hand(shop, items):
    """What clients asked for while these were away, done by a person, as the manual module has it."""
    marks = ", ".join(["%s"] * len(items))
    left = shop.here.rows(
        "SELECT r.item, r.intname FROM runningoperation r JOIN item i ON i.id = r.item JOIN processingmodule m "
        f"ON m.id = i.processingmodule AND m.module = 'pmmanual' WHERE r.manual = 'on' AND r.item IN ({marks})",
        *items,
    )
    for operation in left:
        shop.here.call(f"service.post{operation['intname']}", elid=operation["item"], sok="ok")


def ended(shop, item):
    """Bring a service home that the race left away."""

    def is_home():
        finished_by_hand(shop, [item])
        return module(shop, item) == "pmreseller" or swap(shop, item, "--back", "--yes")[0] == 0

    until(is_home, "it does not come back")
    shop.until_done(item)


def test_a_hundred_swaps_among_operations_never_both_get_a_service(shop):
    """Clients stop and start ten services all the while; each operation is run by the module that the service is at."""
    with planted(shop, 10) as pairs:
        found = [pair.item for pair in pairs]
        clients = Clients(shop, found)
        clients.start()
        moved = 0
        try:
            while moved < 100:
                for words in (("--to", "manual"), ("--back",)):
                    finished_by_hand(shop, found)
                    _, told = swap(shop, *found, *words, "--yes")
                    moved += sum(1 for one in told["services"] if one["done"])
                shop.checkevent()
        finally:
            clients.stop()
        for item in found:
            ended(shop, item)
            assert module(shop, item) == "pmreseller"
            assert len(shop.links(item)) == 1
        # No operation was missed, by whichever module it was run: each client has what was asked for last.
        assert {item: shop.item(item)["status"] for item in found} == clients.wished
        assert not {row["service"] for row in swap(shop, "--list")[1]} & set(found)
        log = (shop.here.base / "var/reseller.log").read_text()
        assert not [line for line in log.splitlines() if "item_not_ours" in line]
