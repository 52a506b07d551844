"""An answer that only says that something is missing ends nothing: it has to name the service that was asked for."""

import pytest

from tests.support.keeping import fault, kept, remote, there
from tests.support.planting import hide, planted

#: errors that a careless reader takes for "there is no such service"
OTHERS = {
    "function": {"type": "missed", "object": "func", "value": "vds.edit"},
    "tariff": {"type": "missed", "object": "pricelist", "value": "17"},
    "another service": {"type": "missed", "object": "elid", "value": "1"},
    "nothing": {"type": "missed"},
    "another item": {"type": "item_not_exists", "value": "1"},
}


@pytest.fixture(params=OTHERS)
def unreadable(shop, vds, request):
    """A service whose form the seller refuses with such an error."""
    number = remote(shop, vds)
    fault(shop, "error", "*.edit", times=1000, **OTHERS[request.param])
    yield vds
    shop.there.call("sandbox.fault.clear")
    assert shop.links(vds)[0]["remote"] == number
    assert there(shop, vds)["remoteid"] == shop.links(vds)[0]["rkey"], "our key was taken off"


def test_a_look_does_not_say_that_it_is_gone(shop, unreadable):
    done = shop.here.run("processing/pmreseller", "--command", "sync_item", "--item", str(unreadable))
    assert done.returncode == 1
    assert b"reseller_gone" not in done.stdout


def test_unlinking_ends_no_link_whose_key_may_still_be_there(shop, unreadable):
    done = shop.ctl("unlink", str(unreadable))
    assert done.returncode == 1, done.stdout


def test_linking_another_lets_go_of_nothing(shop, unreadable):
    done = shop.ctl("link", str(unreadable), "999999", "--force")
    assert done.returncode == 1, done.stdout


def test_a_close_is_not_taken_for_done(shop, unreadable):
    shop.act("close", unreadable)
    shop.rest(unreadable)
    assert shop.operation(unreadable)["intname"] == "close"
    assert shop.item(unreadable)["status"] != 4
    shop.there.call("sandbox.fault.clear")
    shop.here.call("runningoperation.delete", elid=shop.operation(unreadable)["id"], sok="ok")
    shop.here.call("sandbox.item", item=unreadable, status=2)


@pytest.mark.parametrize("kind", ["suspend", "prolong"])
def test_no_other_command_says_that_it_is_gone(shop, unreadable, kind):
    shop.act(kind, unreadable)
    shop.rest(unreadable)
    assert "reseller_gone" not in shop.error(unreadable)
    shop.there.call("sandbox.fault.clear")
    shop.here.call("runningoperation.delete", elid=shop.operation(unreadable)["id"], sok="ok")
    shop.here.call("sandbox.item", item=unreadable, status=2)


@pytest.mark.parametrize("name", OTHERS)
def test_what_no_list_shows_is_not_gone_by_such_an_answer(shop, name):
    with planted(shop, 2) as pairs:
        assert shop.checkevent() == "nothing to do"
        hide(shop, pairs[0])
        fault(shop, "error", "vds.edit", times=1000, **OTHERS[name])
        for _ in range(4):
            shop.checkevent()
        shop.there.call("sandbox.fault.clear")
        hide(shop, pairs[0], hidden=False)
        kinds = {row["kind"] for row in shop.here.rows("SELECT kind FROM reseller_problem")}
        assert not kinds & {"gone", "missing"}
        assert shop.tasks(pairs[0].item) == []


@pytest.mark.parametrize("name", OTHERS)
def test_a_kept_licence_is_not_forgotten_by_such_an_answer(shop, name):
    soft = kept(shop, "soft")
    account = shop.here.value("SELECT account FROM reseller_link WHERE item = %s AND live = 1", soft)
    shop.here.write(
        "INSERT INTO reseller_free (account, itemtype, pricelist, resources, remote, state, created, updated) "
        "VALUES (%s, 'soft', '1', '', '999999', 'free', NOW(), NOW())",
        account,
    )
    fault(shop, "error", "soft.edit", times=1000, **OTHERS[name])
    shop.ctl("audit", "--fix", "--yes")
    left = shop.here.value("SELECT COUNT(*) FROM reseller_free WHERE remote = '999999'")
    shop.here.write("DELETE FROM reseller_free WHERE remote = '999999'")
    assert left == 1
