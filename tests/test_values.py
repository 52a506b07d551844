"""Values of the seller that clients would see, and that are not what they claim to be."""

import pytest

from tests.planting import planted, staff
from tests.world import until

VDS, SOFT = "vds", "soft"


@pytest.fixture
def pairs(shop):
    """Pairs of equal services, looked at once."""
    with planted(shop, 2) as found:
        assert shop.checkevent() == "nothing to do"
        yield found


def problem(shop, item):
    rows = shop.here.rows("SELECT * FROM reseller_problem WHERE number = %s AND kind = 'value'", item)
    return rows[0] if rows else None


def tasks(shop, number):
    return shop.here.value("SELECT COUNT(*) FROM task WHERE id = %s", number)


def test_a_service_becomes_active_without_a_value_that_cannot_be_and_gets_it_when_it_is_right(shop, switch):
    switch(shop.there, "provision", "manual")
    item = shop.order(VDS, domain="first.example.com")
    shop.rest(item)
    remote = shop.remotes(item)[0]["id"]
    shop.there.call("sandbox.provision", item=remote)
    shop.there.call("sandbox.item", item=remote, param_ip="192.0.2.7%<b>", param_username="root\u202e")
    shop.until_active(item)
    params = shop.params(item)
    assert "ip" not in params
    assert "username" not in params
    assert params["domain"] == "first.example.com"
    kept = problem(shop, item)
    assert kept["there"] == "ip '192.0.2.7%<b>'; username 'root\\u202e'"
    assert tasks(shop, kept["task"]) == 1
    assert shop.operation(item) is None
    shop.checkevent()
    assert problem(shop, item)["task"] == kept["task"], "it is told once"
    audit = shop.ctl("audit")
    assert audit.returncode == 1
    assert f"service {item}".encode() in audit.stdout
    shop.there.call("sandbox.item", item=remote, param_ip="192.0.2.7", param_username="root")
    until(lambda: (shop.checkevent(), problem(shop, item) is None)[1], "the problem does not end")
    assert tasks(shop, kept["task"]) == 0
    params = shop.params(item)
    assert (params["ip"], params["username"]) == ("192.0.2.7", "root")


def test_a_licence_waits_while_its_key_cannot_be_one(shop, switch):
    switch(shop.there, "provision", "manual")
    item = shop.order(SOFT, ip="192.0.2.19", licname="odd key")
    shop.rest(item)
    remote = shop.remotes(item)[0]["id"]
    shop.there.call("sandbox.provision", item=remote)
    until(lambda: shop.there.call("soft.edit", elid=remote).findtext("lickey"), "there is no key")
    key = shop.there.call("soft.edit", elid=remote).findtext("lickey")
    shop.there.call("sandbox.item", item=remote, param_lickey=f"{key}\u202eodd")
    assert "1 waiting" in shop.checkevent()
    assert problem(shop, item)["there"] == "lickey"
    shop.there.call("sandbox.item", item=remote, param_lickey=key)
    shop.until_active(item)
    assert problem(shop, item) is None
    assert shop.params(item)["lickey"] == key


def test_a_value_that_was_right_stays_here_when_the_seller_spoils_it(shop, pairs):
    good = {"param_ip": "203.0.113.9", "param_domain": "good.example.com"}
    staff(shop, pairs[0], **good)
    assert shop.checkevent() == "1 changed"
    staff(shop, pairs[0], param_ip="203.0.113.9\u200b", param_domain="good.example.com/<script>")
    shop.checkevent()
    params = shop.params(pairs[0].item)
    assert {f"param_{name}": params[name] for name in ("ip", "domain")} == good
    task = problem(shop, pairs[0].item)["task"]
    assert tasks(shop, task) == 1
    assert shop.checkevent() == "nothing to do"
    assert problem(shop, pairs[1].item) is None
    staff(shop, pairs[0], **good)
    shop.checkevent()
    assert problem(shop, pairs[0].item) is None
    assert tasks(shop, task) == 0
