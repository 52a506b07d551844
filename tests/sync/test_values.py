"""Values of the seller that clients would see, and that are not what they claim to be."""

import pytest

from tests.support.planting import planted, staff
from tests.support.world import until

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
    # Only its form shows it, which is read once a day.
    shop.here.write("UPDATE reseller_observation SET settled = 0 WHERE item = %s", item)
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


# What the seller writes in its own way.

SPELLINGS = {
    "domain": ("Bücher.Example.com.", "xn--bcher-kva.example.com"),
    "ip": ("2001:0DB8:0:0:0:0:0:7", "2001:db8::7"),
}


def test_another_spelling_is_no_difference_and_the_sellers_is_kept(shop, pairs):
    item, number = pairs[0].item, pairs[0].remote
    for name, (typed, _) in SPELLINGS.items():
        shop.here.call("service.saveparam", elid=item, name=name, value=typed, sok="ok")
    staff(shop, pairs[0], **{f"param_{name}": shown for name, (_, shown) in SPELLINGS.items()})
    shop.here.write("UPDATE reseller_observation SET settled = 0 WHERE item = %s", item)
    changes = (
        "SELECT COUNT(*) FROM reseller_change WHERE link = (SELECT id FROM reseller_link WHERE item = %s AND live = 1)"
    )
    assert shop.checkevent() == "nothing to do"
    assert {name: shop.params(item)[name] for name in SPELLINGS} == {
        name: shown for name, (_, shown) in SPELLINGS.items()
    }
    assert (shop.here.value(changes, item), shop.tasks(item)) == (0, [])
    assert number


def test_a_change_that_the_seller_spells_in_its_own_way_is_done(shop):
    item = shop.order(VDS, domain="first.example.com")
    shop.until_active(item)
    remote = shop.links(item)[0]["remote"]
    typed, shown = SPELLINGS["domain"]
    shop.here.call("service.saveparam", elid=item, name="domain", value=typed, sok="ok")
    shop.there.call("sandbox.item", item=remote, param_domain=shown)
    shop.here.call("sandbox.operation", item=item, name="setparam")
    shop.until_done(item)
    assert shop.tasks(item) == []


@pytest.mark.parametrize("mask", ["********", "-", "•••"])
def test_a_password_that_the_seller_only_hints_at_overwrites_none(shop, mask):
    item = shop.order(VDS, domain="first.example.com")
    shop.until_active(item)
    shop.checkevent()
    kept = "SELECT value FROM itemcryptedparam WHERE item = %s"
    before = shop.here.rows(kept, item)
    remote = shop.links(item)[0]["remote"]
    shop.there.call("sandbox.item", item=remote, param_userpassword=mask, param_password=mask)
    shop.here.write("UPDATE reseller_observation SET settled = 0 WHERE item = %s", item)
    assert shop.checkevent() == "nothing to do"
    assert shop.here.rows(kept, item) == before


def test_a_licence_is_not_active_with_a_key_that_is_only_hinted_at(shop, switch):
    switch(shop.there, "provision", "manual")
    item = shop.order(SOFT, ip="192.0.2.31", licname="hidden key")
    shop.rest(item)
    remote = shop.remotes(item)[0]["id"]
    shop.there.call("sandbox.provision", item=remote)
    until(lambda: shop.there.call("soft.edit", elid=remote).findtext("lickey"), "there is no key")
    key = shop.there.call("soft.edit", elid=remote).findtext("lickey")
    shop.there.call("sandbox.item", item=remote, param_lickey="********")
    for _ in range(3):
        shop.checkevent()
    assert shop.item(item)["status"] == 5
    shop.there.call("sandbox.item", item=remote, param_lickey=key)
    shop.until_active(item)
    assert shop.params(item)["lickey"] == key


def test_the_first_change_after_activation_is_seen_in_the_next_run(shop):
    item = shop.order(VDS, domain="first.example.com")
    shop.until_active(item)
    shop.there.call("sandbox.item", item=shop.links(item)[0]["remote"], status=3, employeesuspend="on")
    shop.checkevent()
    assert shop.item(item)["status"] == 3
