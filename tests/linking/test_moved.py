"""A copy of a panel looks and spends nothing, until somebody says that the panel is there from now on."""

import json
import re

import pytest

from reseller.ledger import installation
from reseller.wire.errors import Moved
from tests.support.keeping import changed, changing, press, queue, remote
from tests.support.world import until


@pytest.fixture
def moved(shop):
    """The panel has come from elsewhere: its ledger, restored from a backup, names another host."""
    kept = shop.here.rows("SELECT mark, host, path FROM reseller_place")[0]
    shop.here.write("UPDATE reseller_place SET mark = 'x', host = 'old.example', path = '/usr/local/mgr5'")
    yield shop
    put = "UPDATE reseller_place SET mark = %s, host = %s, path = %s"
    shop.here.write(put, kept["mark"], kept["host"], kept["path"])
    shop.checkevent()
    assert problems(shop) == []


def problems(shop):
    return shop.here.rows("SELECT * FROM reseller_problem WHERE kind = 'moved'")


def told_tasks(shop):
    return shop.here.rows("SELECT * FROM task WHERE params LIKE '%%old.example%%' AND runningoperation IS NULL")


def test_an_order_waits_for_a_word_and_is_bought_once(moved):
    shop = moved
    item = shop.order("vds")
    until(lambda: "reseller_moved_unsent" in shop.error(item), "it does not say why")
    for _ in range(3):
        shop.here.write("UPDATE reseller_request SET next_try = '2020-01-01' WHERE item = %s", item)
        assert "restarted" not in shop.checkevent()
    assert (shop.charges(item), shop.operation(item)["manual"]) == ([], "on")
    [problem] = problems(shop)
    assert (problem["subject"], problem["number"]) == ("panel", 0)
    [task] = told_tasks(shop)
    assert task["id"] == problem["task"]
    assert str(item) in problem["touches"].split()
    assert "resellerctl moved --yes" in task["params"]
    assert shop.tasks(item) in ([], [task])
    assert "old.example" in shop.ctl("audit").stdout.decode()
    assert "old.example" in shop.ctl("checkevent").stdout.decode()
    said = shop.ctl("moved", "--yes")
    assert said.returncode == 0, said.stderr.decode()
    assert "1 stopped requests go on" in said.stdout.decode()
    assert (problems(shop), told_tasks(shop)) == ([], [])
    assert re.search(r"panel: moved by \w+[^:]*: the panel is now", (shop.here.base / "var/reseller.log").read_text())
    assert shop.here.value("SELECT who FROM reseller_act WHERE what = 'moved' ORDER BY id DESC LIMIT 1")
    assert "restarted" in shop.checkevent()
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_nothing_of_what_changes_a_service_is_sent(inside, server, moved):
    shop = moved
    before = changed(shop)
    for verb in ("reboot", "stop", "start"):
        press(shop, server, verb)
        until(lambda: "reseller_moved_unsent" in shop.error(server), "it does not say why")
        inside.over(server)
    for name in ("suspend", "prolong", "close", "cancel_prolong"):
        if name == "cancel_prolong":
            shop.there.write("UPDATE item SET autoprolong = 1 WHERE id = %s", remote(shop, server))
        inside.paid(server, 3)
        queue(shop, server, name)
        assert "reseller_moved_unsent" in shop.error(server), name
        inside.over(server)
    shop.there.write("UPDATE item SET autoprolong = NULL WHERE id = %s", remote(shop, server))
    done = shop.ctl("unlink", str(server))
    assert (done.returncode, len(shop.links(server))) == (1, 1)
    assert "old.example" in done.stderr.decode()
    assert changed(shop) == before


def test_no_call_that_changes_something_leaves(inside, server, moved):
    """Each of them, whatever command makes it."""
    transport, number = inside.context.seller(moved.module).transport, remote(moved, server)
    before = changed(moved)
    for call in changing(transport, number):
        with pytest.raises(Moved):
            call()
    assert changed(moved) == before


def test_it_shows_both_places_and_changes_nothing_by_itself(moved):
    shop = moved
    here = installation.here(shop.here.base)
    said = shop.ctl("moved").stdout.decode()
    assert "host old.example, /usr/local/mgr5" in said
    assert f"host {here.host}, {here.path}" in said
    assert json.loads(shop.ctl("moved", "--json").stdout) == {
        "moved": True,
        "was": {"host": "old.example", "path": "/usr/local/mgr5"},
        "here": {"host": here.host, "path": here.path},
        "waiting": 0,
        "done": False,
    }
    assert shop.here.value("SELECT mark FROM reseller_place") == "x"


def test_where_it_has_always_been_nothing_is_held_back(shop):
    assert "is where it was" in shop.ctl("moved").stdout.decode()
    assert "is where it was" in shop.ctl("moved", "--yes").stdout.decode()
    assert json.loads(shop.ctl("moved", "--yes", "--json").stdout)["done"] is False
    assert shop.here.value("SELECT mark FROM reseller_place") == installation.here(shop.here.base).mark
