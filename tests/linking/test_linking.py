"""Linking by hand: both sides or none, and a refusal that says which of the two numbers is wrong."""

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from lxml import etree

from tests.support import world
from tests.support.keeping import is_held, remote
from tests.support.planting import planted
from tests.support.world import Refused, until

VDS = "vds"
SETTER = "item.setremoteid"


@pytest.fixture
def server(vds):
    return vds


def key(shop, number):
    return shop.there.value("SELECT remoteid FROM item WHERE id = %s", number) or ""


def bought_there(shop):
    """A service that somebody bought at the seller by hand, in our account."""
    number = shop.there.value("SELECT id FROM pricelist WHERE name = 'VDS-1' AND parent IS NULL")
    place = shop.there.value("SELECT MIN(id) FROM datacenter")
    fields = {"pricelist": number, "datacenter": place, "period": 1, "skipbasket": "on"}
    answer = shop.there.call("vds.order.param", su=shop.buyer, sok="ok", **fields)
    found = int(answer.findtext("id"))
    until(lambda: shop.there.value("SELECT status FROM item WHERE id = %s", found) == 2, "it does not become active")
    return found


def refused(shop, *words):
    done = shop.ctl("link", *map(str, words))
    assert done.returncode == 1
    return done.stderr.decode()


def test_a_service_bought_by_hand_is_linked_unlinked_and_linked_again(shop, server):
    other = bought_there(shop)
    first = remote(shop, server)
    assert shop.ctl("link", str(server), str(other)).returncode == 0
    assert remote(shop, server) == str(other)
    assert key(shop, other).startswith(f"{server}-")
    assert key(shop, first) == "", "the former remote service still carries our key"
    assert shop.params(server)["reseller_remote"] == str(other)
    assert "already" in shop.ctl("link", str(server), str(other)).stdout.decode()
    assert shop.ctl("unlink", str(server)).returncode == 0
    assert shop.links(server) == []
    assert key(shop, other) == ""
    assert shop.there.value("SELECT status FROM item WHERE id = %s", other) == 2
    assert "reseller_remote" not in shop.params(server)
    assert shop.ctl("link", str(server), first).returncode == 0
    shop.act("suspend", server)
    shop.until_done(server)
    assert shop.there.value("SELECT status FROM item WHERE id = %s", first) == 3


@pytest.fixture
def pairs(shop):
    """Linked services made past orders; the seller's keys can be changed by SQL."""
    with planted(shop, 5) as found:
        yield found


def asked(shop, elid, value, lang="en", **more):
    """What the panel's function answers an employee: the type of the error and its text."""
    with pytest.raises(Refused) as refused:
        shop.here.call(SETTER, elid=elid, value=value, sok="ok", lang=lang, **more)
    return refused.value.type, refused.value.text


def test_every_refusal_has_a_type_and_words_of_its_own_in_both_languages(shop, pairs):
    first, second, third, over, busy = pairs
    licence = bulk(shop, "ISPmanager Lite")
    free, unpaid, foreign, kept = bulk(shop, "VDS-1", 4)
    shop.there.write("UPDATE item SET status = 1, remoteid = NULL WHERE id = %s", unpaid)
    shop.there.write("UPDATE item SET status = 4 WHERE id = %s", over.remote)
    shop.here.write("UPDATE reseller_link SET live = NULL, state = 'ended' WHERE item = %s", over.item)
    shop.there.write("UPDATE item SET remoteid = '77-abcdef01' WHERE id = %s", foreign)
    shop.there.write("UPDATE item SET remoteid = NULL WHERE id IN (%s, %s)", free, kept)
    shop.here.write(
        "INSERT INTO reseller_free (account, itemtype, pricelist, resources, remote, state, created, updated) "
        "SELECT account, 'vds', '1', '', %s, 'free', NOW(), NOW() FROM reseller_link WHERE item = %s",
        kept,
        first.item,
    )
    closed, away = second.item, third.item
    shop.here.write("UPDATE item SET status = 4 WHERE id = %s", closed)
    shop.here.write(
        "INSERT INTO reseller_swap (item, home, target, state, who, why, pricelist, period, status, created, updated) "
        "VALUES (%s, %s, 1, 'away', 'x', '', 1, 1, 2, NOW(), NOW())",
        away,
        shop.module,
    )
    shop.here.write(
        "INSERT INTO reseller_request (item, kind, rkey, state, module, account, itemtype, created, updated) "
        "SELECT item, 'prolong', 'busy-1', 'looking', module, account, itemtype, NOW(), NOW() FROM reseller_link "
        "WHERE item = %s",
        busy.item,
    )
    shop.there.write("UPDATE item SET id = %s WHERE id = %s", first.item, free)
    shop.there.call("sandbox.fault", kind="error", forfunc="dedic.edit", type="access", object="func")
    said = {
        ("not the panel's", first.item, "12x"): "reseller_link_number",
        ("one spelling", first.item, f"0{third.remote}"): "reseller_link_number",
        ("not there", first.item, 999999): "reseller_link_missing",
        ("type", first.item, licence[0]): "reseller_link_type",
        ("unpaid", first.item, unpaid): "reseller_link_unpaid",
        ("deleted", first.item, over.remote): "reseller_link_deleted",
        ("taken", first.item, second.remote): "reseller_link_taken",
        ("foreign", first.item, foreign): "reseller_link_foreign",
        ("kept", first.item, kept): "reseller_link_kept",
        ("swapped", first.item, third.item): "reseller_link_swapped",
        ("closed", closed, foreign): "reseller_link_closed",
        ("away", away, foreign): "reseller_link_away",
        ("unlink away", away, ""): "reseller_link_away",
        ("busy", busy.item, foreign): "reseller_link_busy",
    }
    texts = set()
    for place, ((what, elid, value), type_) in enumerate(said.items()):
        lang = ("en", "ru")[place % 2]  # that each exists in both is test_texts.py's
        found, text = asked(shop, elid, value, lang)
        assert found == type_, what
        assert str(elid) in text, what
        assert bool(re.search("[а-я]", text)) == (lang == "ru"), what
        assert "__" not in text, what
        texts.add(text)
    assert len(texts) == len(said)
    # The command takes what is kept, or carries another's key, when it is told to.
    for number in (kept, foreign):
        assert shop.ctl("link", str(first.item), str(number)).returncode == 1
        assert shop.ctl("link", str(first.item), str(number), "--force").returncode == 0
        assert links_to(shop, first.item) == str(number)
    done = shop.ctl("link", "999999", str(first.item))
    assert "no such" in done.stderr.decode() or "not exist" in done.stderr.decode()
    assert shop.ctl("unlink", "999999").returncode == 1
    shop.here.write("UPDATE reseller_swap SET live = NULL WHERE item = %s", away)


def links_to(shop, item):
    return shop.links(item)[0]["remote"]


def bulk(shop, tariff, count=1):
    """Services in our account at the seller that nobody ordered from here."""
    number = shop.there.value("SELECT id FROM pricelist WHERE name = %s AND parent IS NULL", tariff)
    made = shop.there.call("sandbox.bulk", count=count, user=shop.buyer, prefix="bulk", pricelist=number)
    return [int(made.findtext("first")) + place for place in range(count)]


def test_the_page_shows_what_would_be_done_before_it_is_done(shop, pairs):
    first, second, *_ = pairs
    other = bulk(shop, "VDS-1")[0]
    shop.there.write("UPDATE item SET remoteid = NULL WHERE id = %s", other)

    def plan(func="reseller.link", **fields):
        page = shop.here.call(func, elid=first.item, **fields)
        assert page.findtext("service").startswith(f"{first.item} ")
        return page.findtext("plan").split("\n")

    assert plan() == [
        f"Now: service {first.item} is linked with remote service {first.remote} (key {first.item}-00c0ffee)."
    ]
    shown = plan(remote=other)
    assert [line.partition(":")[0] for line in shown] == [
        "Now",
        "At the seller",
        "At the seller",
        "Here",
        "At the seller",
    ]
    assert f'{other} is "bulk0.example" (vds, active), address 198.18.0.0, tariff VDS-1' in shown[1]
    assert "taken off remote service" in shown[2]
    assert "gets a new key" in shown[4]
    assert "linked to service" in plan(remote=second.remote)[-1]
    assert "already; nothing has to be written" in plan("reseller.link.force", remote=first.remote)[-1]
    assert plan(remote=other, lang="ru")[0].startswith("Сейчас")
    assert shop.links(first.item)[0]["remote"] == str(first.remote), "looking changes nothing"
    assert shop.here.call("reseller.link", elid=first.item, remote=other, sok="ok").find("ok") is not None
    assert (key(shop, first.remote), links_to(shop, first.item)) == ("", str(other))
    assert plan("reseller.unlink")[1:] == [
        f"At the seller: the key is taken off remote service {other}, which lives on there without a service here."
    ]
    assert shop.here.call("reseller.unlink", elid=first.item, sok="ok").find("ok") is not None
    assert shop.links(first.item) == []
    assert shop.ctl("unlink", str(second.item)).returncode == 0
    assert plan("reseller.unlink")[0] == f"Now: service {first.item} is not linked."
    shop.there.write("UPDATE item SET remoteid = %s, status = 5 WHERE id = %s", f"{first.item}-0a", first.remote)
    assert "carries a key of service" in plan(remote=first.remote)[-1]
    shop.there.write("UPDATE item SET status = 0 WHERE id = %s", first.remote)
    assert "(vds, 0)" in plan(remote=first.remote)[1]
    raw = shop.here.run("sbin/mgrctl", "-m", "billmgr", "-o", "devel", "reseller.link", f"elid={first.item}").stdout
    drawn = etree.fromstring(raw)
    assert [field.get("name") for field in drawn.iterfind("metadata/form/field")] == [
        "service",
        "remote",
        "plan",
    ]
    assert drawn.find("messages/msg[@name='title']").text == "Link with a service at the seller"
    for func in ("reseller.link", "reseller.unlink"):
        with pytest.raises(Refused) as refused:
            shop.here.call(func, elid=f"{first.item}, {second.item}", remote=other, sok="ok")
        assert refused.value.type == "reseller_elid"


def test_a_handler_that_is_started_by_hand_says_what_is_wrong(shop, server):
    """Rights are checked by the handler too, whatever the panel has let through; and a page needs its document."""

    def handled(given=b"", **environment):
        words = [f"{name}={value}" for name, value in environment.items()]
        done = subprocess.run(
            ["env", *words, "./addon/reseller"],
            cwd=shop.here.base,
            input=given,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0
        return etree.fromstring(done.stdout).find("error")

    fields = {"PARAM_func": "reseller.link", "PARAM_elid": server}
    for level in ("", "0", "9", "16", "28", "x", "²"):
        assert handled(AUTH_LEVEL=level, **fields).get("type") == "access"
    assert handled(AUTH_LEVEL=29, **fields) is None
    assert handled(b"<html>", AUTH_LEVEL=29, **fields).get("type") == "reseller_form"
    russian = handled(AUTH_LEVEL=16, HTTP_COOKIE="billmgrlang5=orion:ru", **fields)
    assert "не разрешено" in russian.findtext("msg")
    low = handled(AUTH_LEVEL=9, PARAM_func=SETTER, PARAM_elid=server, PARAM_sok="ok")
    assert low.get("type") == "access"


@pytest.fixture
def loose(shop):
    """Pairs of which nothing is linked, with names of their own; no other service of a module of ours is looked at."""
    with planted(shop, 8) as found:
        numbers = [pair.item for pair in found]
        others = shop.here.rows(
            "SELECT i.id, m.id AS module FROM item i JOIN processingmodule m ON m.id = i.processingmodule "
            "WHERE m.module = 'pmreseller' AND i.id NOT IN %s",
            tuple(numbers),
        )
        move = "UPDATE item SET processingmodule = %s WHERE id = %s"
        for row in others:
            shop.here.write(move, None, row["id"])
        shop.here.write("UPDATE reseller_link SET live = NULL WHERE item IN %s", tuple(numbers))
        for place, pair in enumerate(found):
            for panel, number in ((shop.here, pair.item), (shop.there, pair.remote)):
                facts(panel, number, domain=f"loose{place}.example", ip=f"203.0.113.{place}")
        shop.there.write("UPDATE item SET remoteid = NULL WHERE id IN %s", tuple(pair.remote for pair in found))
        yield found
        for row in others:
            shop.here.write(move, row["module"], row["id"])


def test_a_list_that_cannot_be_read_hides_no_other(shop, soft, loose):
    shop.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", shop.module, soft)
    shop.there.write("UPDATE item SET remoteid = %s WHERE id = %s", f"{loose[0].item}-0badcafe", loose[0].remote)
    shop.there.call("sandbox.item", item=loose[0].remote, name="x")
    shop.there.call("sandbox.fault", kind="error", forfunc="soft", type="access", object="soft", times=9)
    done = shop.ctl("link", "--discover", "--json")
    told = json.loads(done.stdout)
    assert [(row["itemtype"], row["module"]) for row in told["unread"]] == [("soft", shop.module)], done
    assert (loose[0].item, "sure") in {(row["service"], row["verdict"]) for row in told["pairs"]}
    assert done.returncode == 1
    done = shop.ctl("link", "--discover", "--yes")
    assert (done.returncode, b"soft of module" in done.stderr) == (1, True), done
    assert shop.links(loose[0].item)


def facts(panel, item, **values):
    for name, value in values.items():
        panel.write("UPDATE itemparam SET value = %s WHERE item = %s AND intname = %s", value, item, name)


def test_likely_pairs_are_found_by_exact_facts_and_no_ambiguous_one_is_linked(shop, loose):
    keyed, alike, twin, other_twin, moved, foreign, gone, renamed = loose
    number = shop.there.value
    shop.there.write("UPDATE item SET remoteid = %s WHERE id = %s", f"{keyed.item}-0badcafe", keyed.remote)
    facts(shop.there, keyed.remote, domain="renamed-there.example", ip="203.0.113.200")
    for panel, item in ((shop.here, other_twin.item), (shop.there, other_twin.remote)):
        facts(panel, item, domain="loose2.example", ip="203.0.113.2")
    facts(shop.there, moved.remote, ip="203.0.113.201")
    shop.there.write("UPDATE item SET remoteid = %s WHERE id = %s", f"{gone.item + 100000}-00c0ffee", foreign.remote)
    shop.there.write("UPDATE item SET status = 4 WHERE id = %s", gone.remote)
    second_tariff = number("SELECT id FROM pricelist WHERE name = 'VDS-2' AND parent IS NULL")
    shop.there.write("UPDATE item SET pricelist = %s WHERE id = %s", second_tariff, renamed.remote)
    shop.there.write("UPDATE item SET expiredate = '2030-01-01' WHERE id = %s", alike.remote)
    plain = shop.here.value("SELECT id FROM pricelist WHERE name = 'Host-1' AND parent IS NULL")
    shop.here.write("UPDATE item SET pricelist = %s WHERE id = %s", plain, gone.item)
    facts(shop.here, renamed.item, ip="")
    # Two that share a name with what is sure by more than that: one without an address, one with another.
    weaker, other = bulk(shop, "VDS-1", 2)
    facts(shop.there, weaker, domain="loose1.example", ip="")
    facts(shop.there, other, domain="loose1.example", ip="203.0.113.202")
    shop.there.write("UPDATE item SET remoteid = NULL WHERE id IN (%s, %s)", weaker, other)
    shop.there.call("sandbox.item", item=keyed.remote, name="x")

    done = shop.ctl("link", "--discover", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    verdicts = {(row["service"], row["remote"]): row["verdict"] for row in told["pairs"]}
    assert verdicts == {
        (keyed.item, str(keyed.remote)): "sure",
        (alike.item, str(alike.remote)): "sure",
        **{(here.item, str(there.remote)): "ambiguous" for here in (twin, other_twin) for there in (twin, other_twin)},
        (moved.item, str(moved.remote)): "contradicted",
        (renamed.item, str(renamed.remote)): "contradicted",
    }
    why = {row["service"]: row["why"] for row in told["pairs"]}
    assert why[keyed.item].startswith(f"same key ({keyed.item}-0badcafe)")
    assert "name differs (here loose0.example, there renamed-there.example)" in why[keyed.item]
    assert (
        "same address (203.0.113.1); same name (loose1.example); same tariff (VDS-1); date differs" in why[alike.item]
    )
    assert "tariff differs" in why[renamed.item]
    assert {row["service"] for row in told["alone_here"]} == {foreign.item, gone.item}
    assert str(foreign.remote) in {row["remote"] for row in told["alone_there"]}
    shown = shop.ctl("link", "--discover").stdout.decode()
    assert "2 sure, 4 ambiguous, 2 contradicted; without a counterpart: 2 here" in shown
    assert "Nothing was changed" in shown
    assert shop.links(keyed.item) == []

    done = shop.ctl("link", "--discover", "--yes")
    assert done.returncode == 0, done.stderr
    assert {pair.item for pair in loose if shop.links(pair.item)} == {keyed.item, alike.item}
    assert (links_to(shop, keyed.item), key(shop, keyed.remote)) == (str(keyed.remote), f"{keyed.item}-0badcafe")
    assert key(shop, alike.remote) == shop.links(alike.item)[0]["rkey"]
    again = json.loads(shop.ctl("link", "--discover", "--json").stdout)
    assert {row["verdict"] for row in again["pairs"]} == {"ambiguous", "contradicted"}


def test_what_a_client_has_typed_makes_no_server_his(shop, loose, soft):
    """The domain, and for a licence its name and its address, are typed by clients: no pair is sure by them."""
    mine, victim, rival, *_ = loose
    # The client of `mine` has called his server like another one there that nobody here is linked with.
    for panel, number in ((shop.here, mine.item), (shop.there, mine.remote), (shop.here, victim.item)):
        facts(panel, number, ip="")
    shop.there.write("UPDATE item SET status = 4 WHERE id IN (%s, %s)", mine.remote, rival.remote)
    shop.here.write("UPDATE item SET status = 4 WHERE id = %s", victim.item)
    facts(shop.here, mine.item, domain="loose1.example")
    # Two at one address: a name makes neither of them the better one.
    alike = loose[3]
    facts(shop.here, rival.item, ip="203.0.113.3", domain="other.example")
    licence = shop.links(soft)[0]["remote"]
    key = shop.there.value("SELECT remoteid FROM item WHERE id = %s", licence)
    shop.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", shop.module, soft)
    shop.here.write("UPDATE reseller_link SET live = NULL WHERE item = %s", soft)
    shop.there.write("UPDATE item SET remoteid = NULL WHERE id = %s", licence)
    told = json.loads(shop.ctl("link", "--discover", "--json").stdout)
    verdicts = {(row["service"], row["remote"]): row["verdict"] for row in told["pairs"]}
    assert verdicts[mine.item, str(victim.remote)] == "ambiguous"
    assert verdicts[soft, str(licence)] == "ambiguous"
    assert verdicts[alike.item, str(alike.remote)] == "ambiguous"
    assert verdicts[rival.item, str(alike.remote)] == "contradicted"
    why = {row["service"]: row["why"] for row in told["pairs"]}
    assert "same address that the client has typed" in why[soft]
    shop.ctl("link", "--discover", "--yes")
    assert [item for item in (mine.item, soft, alike.item, rival.item) if shop.links(item)] == []
    shop.here.write("UPDATE reseller_link SET live = 1 WHERE item = %s", soft)
    shop.there.write("UPDATE item SET remoteid = %s WHERE id = %s", key, licence)


def test_what_does_not_show_is_not_linked_by_itself(shop, loose, switch):
    shop.there.call("vds.filter", su=shop.buyer, domain="loose1", sok="ok")
    done = shop.ctl("link", "--discover", "--yes")
    assert done.returncode == 1
    assert "list of vds is incomplete" in done.stderr.decode()
    shop.there.call("vds.filter", su=shop.buyer, clicked_button="clear", sok="ok")
    switch(shop.there, "remoteid_in_list", "no")
    done = shop.ctl("link", "--discover", "--yes")
    assert done.returncode == 1
    assert done.stdout.decode().count("does not show whose remote service") == len(loose)
    assert [pair for pair in loose if shop.links(pair.item)] == []
    for words in ((), ("5",), ("5", "6", "--discover"), ("5", "--discover")):
        assert shop.ctl("link", *words).returncode == 2


def test_an_order_that_somebody_found_at_the_seller_goes_on_with_it(shop, switch):
    """The order was lost for good, a person bought the service by hand, and links it to the order that still waits."""
    shop.there.call("sandbox.fault", kind="reset", forfunc="*.order.param", times=1)
    item = shop.order(VDS)
    shop.until_unconfirmed(item)
    other = bought_there(shop)
    assert shop.ctl("link", str(item), str(other)).returncode == 0
    shop.until_active(item)
    assert shop.operation(item) is None
    assert shop.tasks(item) == []
    assert remote(shop, item) == str(other)


@pytest.mark.parametrize("kind", ["reply_lost", "reset"])
def test_a_link_of_which_the_seller_may_not_know_is_finished_by_the_next_run(shop, server, kind):
    other = bought_there(shop)
    shop.ctl("unlink", str(server))
    shop.there.call("sandbox.fault", kind=kind, forfunc="item.setremoteid", times=1)
    done = shop.ctl("link", str(server), str(other))
    assert done.returncode == 1
    assert "next checkevent" in done.stderr.decode()
    shop.there.call("sandbox.fault.clear")
    until(lambda: (shop.checkevent(), shop.links(server)[0]["state"] == "live")[1], "it stays half-done")
    assert key(shop, other) == shop.links(server)[0]["rkey"]


@pytest.mark.parametrize("words", [("unlink",), ("link",)])
def test_who_was_overtaken_on_the_way_changes_no_key_there(shop, server, words):
    """Its lease ends while the seller's answer to the look before is under way, and somebody else has the service."""
    first, other = remote(shop, server), bought_there(shop)
    before = key(shop, first), key(shop, other)
    shop.there.call("sandbox.fault", kind="hold_after", forfunc="vds.edit", times=1, skip=int(words == ("link",)))
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(shop.ctl, *words, str(server), *([str(other)] if words == ("link",) else []))
        until(lambda: is_held(shop), "nothing is held")
        shop.here.write("UPDATE reseller_lease SET fence = fence + 1 WHERE name = %s", f"item:{server}")
        shop.there.call("sandbox.release")
        assert late.result().returncode == 1
    assert "has taken over" in late.result().stderr.decode()
    assert (key(shop, first), key(shop, other)) == before
    shop.here.write("DELETE FROM reseller_lease WHERE name = %s", f"item:{server}")


def test_a_seller_that_refuses_the_key_leaves_nothing_linked(shop, server, switch):
    other = bought_there(shop)
    shop.ctl("unlink", str(server))
    shop.there.call("sandbox.fault", kind="error", forfunc="item.setremoteid", type="value", object="value", times=1)
    assert "answered item.setremoteid with an error" in refused(shop, server, other)
    assert shop.links(server) == []
    switch(shop.there, "absent_functions", "checkevent,item.setremoteid")
    switch(shop.there, "remoteid_edit", "ignored")
    assert "does not show it" in refused(shop, server, other)
    assert shop.links(server) == []
    switch(shop.there, "remoteid_edit", "allowed")
    assert shop.ctl("link", str(server), str(other)).returncode == 0
    assert key(shop, other).startswith(f"{server}-")
    world.limits(shop.here)
