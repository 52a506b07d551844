"""Which account a module buys with: spellings, other names of a host, a seller that moves, and never its own panel."""

import contextlib

import pytest

from tests.support import world
from tests.support.planting import planted
from tests.support.world import Refused, until

PASSWORD = "s3cret:of another"


@pytest.fixture
def client(shop):
    """Another client of the seller, and the number of its account there."""

    def make(name):
        if not shop.there.value("SELECT COUNT(*) FROM user WHERE name = %s", name):
            shop.there.call("sandbox.client", name=name, secrets={"password": PASSWORD}, balance=100)
        return shop.there.value("SELECT account FROM user WHERE name = %s", name)

    return make


@contextlib.contextmanager
def settings(shop, module, **changed):
    """Settings changed by hand in MySQL, and put back."""
    before = {
        row["intname"]: row["value"]
        for row in shop.here.rows("SELECT intname, value FROM processingparam WHERE processingmodule = %s", module)
    }

    def put(values):
        for name, value in values.items():
            shop.here.write(
                "UPDATE processingparam SET value = %s WHERE processingmodule = %s AND intname = %s",
                value,
                module,
                name,
            )
        shop.here.call("tool.clearcache")

    put(changed)
    try:
        yield
    finally:
        put({name: before[name] for name in changed})


def accounts(shop, username):
    return shop.here.rows("SELECT * FROM reseller_account WHERE username = %s", username)


def port(shop):
    return shop.there.url.rpartition(":")[2].partition("/")[0]


def test_three_spellings_of_an_address_are_one_account(shop, client):
    client("speller")
    host = f"127.0.0.1:{port(shop)}"
    for url in (host, f"HTTPS://{host}/", f"https://{host}/billmgr"):
        world.connect(shop.here, shop.there, "speller", PASSWORD, url=url)
    assert len(accounts(shop, "speller")) == 1


def test_another_user_of_the_account_is_the_same_account(shop, client):
    number = client("owner")
    client("clerk")
    shop.there.write("UPDATE user SET account = %s WHERE name = 'clerk'", number)
    for name in ("owner", "clerk"):
        world.connect(shop.here, shop.there, name, PASSWORD)
    assert (len(accounts(shop, "owner")), accounts(shop, "clerk")) == (1, [])


@pytest.mark.parametrize("count", [2, 3])
def test_another_name_of_the_host_is_recognised_by_three_keys(shop, count):
    shop.here.write("DELETE FROM reseller_address WHERE host LIKE 'localhost:%%'")
    shop.here.write("DELETE FROM reseller_account WHERE endpoint LIKE '%%localhost%%'")
    with planted(shop, count), settings(shop, shop.module, url=f"https://localhost:{port(shop)}/billmgr"):
        done = shop.ctl("checkevent")
        text = (done.stdout + done.stderr).decode()
        assert ("account move" in text) == (count < 3), text
        [alias] = shop.here.rows("SELECT * FROM reseller_address WHERE host = %s", f"localhost:{port(shop)}")
        mine = shop.here.value("SELECT MAX(account) FROM reseller_link WHERE live = 1")
        assert (alias["account"] == mine) == (count == 3)
    shop.here.write("DELETE FROM reseller_address WHERE host LIKE 'localhost:%%'")
    shop.here.write("DELETE FROM reseller_account WHERE endpoint LIKE '%%localhost%%'")
    shop.checkevent()


def test_other_settings_are_refused_while_links_live_and_the_way_is_named(shop, client):
    client("mover")
    with planted(shop, 2):
        until(lambda: (shop.checkevent(), noted(shop))[1], "the module's number is not noted")
        with pytest.raises(Refused) as refused:
            shop.here.call(
                "processing.edit", elid=shop.module, username="mover", sok="ok", secrets={"password": PASSWORD}
            )
        assert refused.value.type == "reseller_account_differs"
        assert f"account move {shop.module}" in refused.value.text
        shop.here.call("processing.edit", elid=shop.module, url=f"127.0.0.1:{port(shop)}", sok="ok")
        shop.here.call("processing.edit", elid=shop.module, url=shop.there.url, sok="ok")


def noted(shop):
    return shop.here.value(
        "SELECT value FROM processingparam WHERE processingmodule = %s AND intname = 'module_number'", shop.module
    ) == str(shop.module)


def move(shop, username, password, *more):
    return shop.here.run(
        "sbin/resellerctl",
        *("account", "move", str(shop.module), "--username", username, "--password-stdin", *more),
        stdin=f"{password}\n".encode(),
    )


def test_an_account_is_moved_once_every_link_is_proven_there(shop, client):
    mine = shop.there.value("SELECT account FROM user WHERE name = %s", shop.buyer)
    other = client("mover")
    password = shop.there.accounts[shop.buyer]["password"]
    with planted(shop, 3) as pairs:
        shop.checkevent()
        before = {link["account"] for pair in pairs for link in shop.links(pair.item)}
        handed = [pair.remote for pair in pairs]
        for number in handed[:2]:
            shop.there.write("UPDATE item SET account = %s WHERE id = %s", other, number)
        done = move(shop, "mover", PASSWORD, "--yes")
        assert (done.returncode, done.stdout.count(b"Service ")) == (1, 1), done
        assert {link["account"] for pair in pairs for link in shop.links(pair.item)} == before
        shop.there.write("UPDATE item SET account = %s WHERE id = %s", other, handed[2])
        done = move(shop, "mover", PASSWORD)
        assert (done.returncode, b"nothing was changed" in done.stdout) == (0, True), done
        assert {link["account"] for pair in pairs for link in shop.links(pair.item)} == before
        done = move(shop, "mover", PASSWORD, "--yes")
        assert done.returncode == 0, done
        after = {link["account"] for pair in pairs for link in shop.links(pair.item)}
        assert len(after) == 1
        assert not after & before
        assert shop.checkevent() == "nothing to do"
        shop.act("suspend", pairs[0].item)
        shop.until_done(pairs[0].item)
        assert shop.there.value("SELECT status FROM item WHERE id = %s", handed[0]) == 3
        shop.act("resume", pairs[0].item)
        shop.until_done(pairs[0].item)
        for number in handed:
            shop.there.write("UPDATE item SET account = %s WHERE id = %s", mine, number)
        done = move(shop, shop.buyer, password, "--yes")
        assert done.returncode == 0, done
        assert {link["account"] for pair in pairs for link in shop.links(pair.item)} == before


def test_a_module_is_not_connected_to_its_own_panel(shop):
    password = shop.here.accounts["client1"]["password"]
    with pytest.raises(Refused) as refused:
        world.connect(shop.here, shop.here, "client1", password)
    assert refused.value.type == "reseller_own_panel"


def test_one_order_at_a_module_that_leads_to_its_own_panel_is_not_fifty(shop):
    count = "SELECT COUNT(*) FROM item WHERE parent IS NULL"
    row = shop.here.rows(
        "SELECT * FROM processingcryptedparam WHERE processingmodule = %s AND intname = 'password'", shop.module
    )[0]
    with settings(shop, shop.module, url=shop.here.url, username="client1", cafile=shop.here.ca):
        shop.here.write("UPDATE reseller_link SET live = NULL WHERE live = 1")
        shop.here.call(
            "processing.saveparam",
            elid=shop.module,
            param="password",
            sok="ok",
            secrets={"value": shop.here.accounts["client1"]["password"]},
        )
        before = shop.here.value(count)
        item = shop.order("vds")
        shop.rest(item)
        assert "reseller_own_panel" in shop.error(item)
        assert shop.here.value(count) == before + 1
        shop.here.write("UPDATE processingcryptedparam SET value = %s WHERE id = %s", row["value"], row["id"])
