"""A replica that was behind takes over the panel's database: what is lost, what heals, and what a person is told.

Two real servers: the replica's SQL thread is stopped while services are bought and renewed, then it is promoted, and
the panel starts anew on it. docs/database.md says of each row what is seen here.
"""

import json
import os

import pytest

from reseller.ledger import observing
from sandbox.database import MORE_FLAGS
from tests.support import environment, telling, world
from tests.support.keeping import changed, remote
from tests.support.replicas import Replica, free_port, lead_to, primary_flags
from tests.support.world import until


@pytest.fixture(scope="module")
def replica_and_shop(tmp_path_factory):
    port = free_port()
    os.environ[MORE_FLAGS] = primary_flags(port)
    try:
        running = world.Sandbox(tmp_path_factory.mktemp("failover") / "root")
    finally:
        del os.environ[MORE_FLAGS]
    here, there = running.at("reseller"), running.at("seller")
    telling.given.update(account["password"] for panel in (here, there) for account in panel.accounts.values())
    world.install(here.base, environment.variables())
    shop = world.connected(here, there)
    for panel, user in ((there, shop.buyer), (here, "client1")):
        panel.call("sandbox.balance", user=user, value=1000)
    replica = Replica(here, tmp_path_factory.mktemp("replica"), port)
    yield replica, shop
    replica.stop()
    running.stop()


@pytest.fixture(scope="module")
def taken_over(replica_and_shop):
    """The shop after the takeover, with the numbers of what was there before and what was lost."""
    replica, shop = replica_and_shop
    kept = shop.order("vds")
    shop.until_active(kept)
    shop.checkevent()
    replica.catch_up()
    replica.fall_behind()
    lost = shop.order("vds")
    shop.until_active(lost)
    shop.act("prolong", kept)
    shop.until_done(kept)
    assert len(shop.charges(kept)) == 2
    until(replica.received, "the replica receives nothing")
    facts = {
        "kept": kept,
        "lost": lost,
        "remote": remote(shop, lost),
        "key": shop.links(lost)[0]["rkey"],
        "before": shop.here.value("SELECT expiredate FROM item WHERE id = %s", kept),
        "newest": int((shop.here.base / observing.MARK).read_text()),
    }
    lead_to(shop.here, replica.socket)
    return replica, shop, facts


def test_a_replica_that_is_named_by_mistake_takes_no_changes_and_nothing_is_sent(taken_over):
    replica, shop, _ = taken_over
    before = changed(shop)
    done = shop.ctl("checkevent")
    assert done.returncode == 1
    assert b"Traceback" not in done.stdout + done.stderr
    assert b"read-only" in (done.stdout + done.stderr).lower() or b"takes no changes" in done.stdout + done.stderr
    assert changed(shop) == before
    replica.promote()


def test_what_is_lost_is_noticed_by_the_first_run_and_nothing_leaves(taken_over):
    _, shop, facts = taken_over
    before = changed(shop)
    shop.checkevent()
    assert "restored" in shop.status()["observes"]
    assert shop.here.rows("SELECT id FROM item WHERE id = %s", facts["lost"]) == []
    assert shop.here.value("SELECT MAX(id) FROM reseller_request") < facts["newest"]
    assert changed(shop) == before


def test_the_audit_names_what_lives_at_the_seller_and_nowhere_here(taken_over):
    _, shop, facts = taken_over
    done = shop.ctl("audit", "--json")
    found = json.loads(done.stdout)
    named = [each for each in found if str(facts["remote"]) in json.dumps(each)]
    assert named, found
    assert {each["kind"] for each in named} <= {"orphan", "foreign", "lost"}


def test_the_panels_date_went_back_and_nothing_is_bought_again(taken_over):
    _, shop, facts = taken_over
    now = shop.here.value("SELECT expiredate FROM item WHERE id = %s", facts["kept"])
    assert now < facts["before"], "the renewal is lost here"
    for _ in range(3):
        shop.checkevent()
    assert len(shop.charges(facts["kept"])) == 2


def test_a_new_service_with_the_number_of_the_lost_one_never_gets_its_machine_nor_a_second_bill(taken_over):
    _, shop, facts = taken_over
    before = len(shop.charges(facts["lost"]))
    item = shop.order("vds")
    assert item == facts["lost"], "the number is given again"
    until(lambda: facts["key"] in shop.error(item), f"it does not name the key: {shop.error(item)}")
    assert len(shop.charges(item)) == before
    shop.ctl("observe", str(shop.module), "--off", "--yes")
    shop.start(item)
    shop.checkevent()
    assert shop.links(item) == []
    assert len(shop.charges(item)) == before
    done = shop.ctl("link", str(item), str(facts["remote"]), "--force")
    assert done.returncode == 0, done.stderr
    shop.until_active(item)
    assert (remote(shop, item), len(shop.charges(item))) == (facts["remote"], before)
