"""Power, password, licence keys, renewals given up; each as an operator sees it end, wait, be refused, be silent."""

import re
import subprocess

import pytest

from tests.support import watch, world
from tests.support.keeping import done_there, fault, password_there, press, pressed, queue, remote, there
from tests.support.world import until

# Power.


@pytest.mark.parametrize(("verb", "status"), [("start", "5"), ("stop", "2"), ("reboot", "2"), ("hardreboot", "5")])
def test_power_is_done_at_the_seller_waited_for_and_ends(shop, vds, switch, verb, status):
    switch(shop.there, "power_status", status)
    switch(shop.there, "provision", "manual")
    before = done_there(shop, vds, f"service.{verb}")
    pressed(shop, vds, verb)
    assert "is not done yet" in shop.error(vds)
    assert len(shop.tasks(vds)) == 1
    assert "looking" in shop.checkevent()
    shop.there.call("sandbox.provision", item=remote(shop, vds))
    shop.until_done(vds)
    assert shop.item(vds)["status"] == 2
    assert shop.tasks(vds) == []
    assert done_there(shop, vds, f"service.{verb}") == before + 1


@pytest.mark.parametrize("verb", ["start", "stop"])
def test_what_is_absolute_is_sent_again_after_a_lost_answer(shop, vds, verb):
    before = done_there(shop, vds, f"service.{verb}")
    fault(shop, "reset", f"service.{verb}")
    pressed(shop, vds, verb)
    assert "reseller_again" in shop.error(vds)
    shop.until_done(vds)
    assert done_there(shop, vds, f"service.{verb}") == before + 1


@pytest.mark.parametrize("verb", ["start", "reboot"])
def test_power_whose_answer_is_lost_is_seen_going_on(shop, vds, switch, verb):
    switch(shop.there, "provision", "manual")
    before = done_there(shop, vds, f"service.{verb}")
    fault(shop, "reply_lost", f"service.{verb}")
    pressed(shop, vds, verb)
    assert "is not done yet" in shop.error(vds)
    shop.there.call("sandbox.provision", item=remote(shop, vds))
    shop.until_done(vds)
    assert done_there(shop, vds, f"service.{verb}") == before + 1


@pytest.mark.parametrize("verb", ["reboot", "hardreboot"])
def test_a_reboot_that_may_be_lost_is_not_repeated_until_somebody_says_so(shop, vds, verb):
    before = done_there(shop, vds, f"service.{verb}")
    fault(shop, "reset", f"service.{verb}")
    pressed(shop, vds, verb)
    assert "reseller_not_repeated" in shop.error(vds)
    for _ in range(3):
        shop.checkevent()
    assert done_there(shop, vds, f"service.{verb}") == before
    assert len(shop.tasks(vds)) == 1
    shop.start(vds)
    shop.until_done(vds)
    assert done_there(shop, vds, f"service.{verb}") == before + 1


def test_power_waits_for_a_seller_that_is_busy_or_away(shop, vds, switch):
    before = done_there(shop, vds, "service.start")
    switch(shop.there, "provision", "manual")
    shop.there.call("service.changepassword", elid=remote(shop, vds), secrets={"passwd": "x", "confirm": "x"}, sok="ok")
    pressed(shop, vds, "start")
    assert "is busy with" in shop.error(vds)
    shop.there.call("sandbox.provision", item=remote(shop, vds))
    shop.there.call("sandbox.fault", kind="refused", forfunc="*", times=1000)
    shop.start(vds)
    assert "reseller_change_unsent" in shop.error(vds)
    shop.there.call("sandbox.fault.clear")
    shop.there.call("sandbox.switch", name="provision", value="auto")
    shop.until_done(vds)
    assert done_there(shop, vds, "service.start") == before + 1


def test_power_is_refused_in_words(shop, vds, soft):
    fault(shop, "error", "service.stop", type="access")
    pressed(shop, vds, "stop")
    assert "reseller_access" in shop.error(vds)
    assert shop.tasks(vds) == []
    shop.there.call("sandbox.item", item=remote(shop, vds), status=3)
    shop.start(vds)
    assert "reseller_suspended_there" in shop.error(vds)
    shop.there.call("sandbox.item", item=remote(shop, vds), status=2)
    shop.start(vds)
    shop.until_done(vds)
    queue(shop, soft, "reboot")
    assert "reseller_not_offered" in shop.error(soft)
    assert done_there(shop, soft, "service.reboot") == 0
    shop.here.call("runningoperation.delete", elid=shop.operation(soft)["id"], sok="ok")
    shop.here.call("sandbox.item", item=soft, status=2)


def test_power_that_never_ends_asks_for_a_person_once(shop, vds, switch):
    world.limits(shop.here, change_seconds=1)
    switch(shop.there, "provision", "manual")
    pressed(shop, vds, "stop")
    until(lambda: (shop.checkevent(), "reseller_change_overdue" in shop.error(vds))[1], "it waits for ever")
    assert "1 failed" not in shop.checkevent()
    assert len(shop.tasks(vds)) == 1
    shop.there.call("sandbox.provision", item=remote(shop, vds))
    shop.until_done(vds)


def test_a_stop_gives_up_a_start_that_did_not_get_through(shop, vds):
    shop.there.call("sandbox.fault", kind="refused", forfunc="*", times=1000)
    pressed(shop, vds, "start")
    first = shop.operation(vds)["id"]
    shop.there.call("sandbox.fault.clear")
    shop.here.call("sandbox.item", item=vds, status=2)
    shop.here.write("UPDATE reseller_request SET next_try = NOW() + INTERVAL 1 DAY WHERE live = 1")
    press(shop, vds, "stop")
    shop.until_done(vds)
    assert shop.here.value("SELECT state FROM reseller_request WHERE operation = %s", first) == "abandoned"
    assert done_there(shop, vds, "service.stop") > 0


# The password.


def change_password(shop, item, password, func="service.changepassword"):
    shop.here.call(func, elid=item, su="client1", secrets={"passwd": password, "confirm": password}, sok="ok")
    shop.rest(item)


def test_a_new_password_is_set_there_kept_here_and_never_shown(shop, vds, switch):
    secret = "Un1que <n&w> passw\u00f6rd"
    switch(shop.there, "provision", "manual")
    with watch.Watch([secret]) as watching:
        change_password(shop, vds, secret)
        assert "is not done yet" in shop.error(vds)
        shop.there.call("sandbox.provision", item=remote(shop, vds))
        shop.until_done(vds)
    assert password_there(shop, vds) == secret
    shown = shop.here.call("vds.edit", elid=vds)
    assert (shown.findtext("password"), shown.findtext("userpassword")) == (secret, secret)
    assert watching.seen == set()
    assert [path for panel in (shop.here, shop.there) for path in watch.files_with(panel.base, [secret])] == []
    assert secret not in str(shop.here.rows("SELECT * FROM reseller_request"))


def test_a_password_whose_answer_is_lost_is_sent_again(shop, vds):
    fault(shop, "reset", "service.changepassword")
    change_password(shop, vds, "again-and-again")
    assert "reseller_again" in shop.error(vds)
    shop.until_done(vds)
    assert password_there(shop, vds) == "again-and-again"


def test_a_refused_password_is_not_repeated_in_the_reason(shop, vds):
    fault(shop, "error", "service.changepassword", type="value", object="passwd", value="too-weak-1")
    change_password(shop, vds, "too-weak-1")
    assert "reseller_change_refused" in shop.error(vds)
    assert "********" in shop.error(vds)
    assert watch.files_with(shop.here.base, ["too-weak-1"]) == []
    shop.start(vds)
    shop.until_done(vds)


def test_a_password_that_is_not_for_the_seller_or_cannot_be_read_is_not_sent(shop, vds):
    before = done_there(shop, vds, "service.changepassword")
    config = shop.here.base / "etc/billmgr.conf"
    kept = config.read_text()
    other = shop.here.base / "tmp/other.pem"
    subprocess.run(["openssl", "genrsa", "-out", other, "2048"], capture_output=True, check=True)
    try:
        config.write_text(f"{kept}\nCryptKey {other.relative_to(shop.here.base)}\n")
        queue(shop, vds, "changepassword", userid=7, password="n&w pass")
        # The second is what a number says that is larger than the other key's.
        assert re.search("encrypted with another key|data too large for", shop.error(vds))
        config.write_text(f"{kept}\nCryptKey etc/nowhere.pem\n")
        shop.start(vds)
        assert "etc/nowhere.pem" in shop.error(vds)
    finally:
        config.write_text(kept)
    assert done_there(shop, vds, "service.changepassword") == before
    shop.start(vds)
    shop.until_done(vds)
    assert password_there(shop, vds) == "n&w pass"


def test_a_password_of_one_of_several_users_is_not_sent(shop, vds):
    before = done_there(shop, vds, "service.changepassword")
    hosting = shop.here.value("SELECT id FROM pricelist WHERE name = 'Host-1' AND parent IS NULL")
    shop.here.write("UPDATE item SET pricelist = %s WHERE id = %s", hosting, vds)
    queue(shop, vds, "changepassword", userid=7, password="x")
    assert "reseller_other_user" in shop.error(vds)
    shop.here.write("UPDATE item SET pricelist = %s WHERE id = %s", shop.tariffs["VDS-1"], vds)
    assert done_there(shop, vds, "service.changepassword") == before
    shop.start(vds)
    shop.until_done(vds)


# A licence's key.


def keys(shop, item):
    """The key there and the key here."""
    return shop.there.call("soft.edit", elid=remote(shop, item)).findtext("lickey"), shop.params(item)["lickey"]


def test_a_new_key_is_issued_there_and_saved_here_at_once(shop, soft):
    before = keys(shop, soft)[0]
    queue(shop, soft, "gen_key")
    assert shop.operation(soft) is None, shop.error(soft)
    new, here = keys(shop, soft)
    assert new == here != before
    assert shop.here.call("sandbox.module", item=soft, command="gen_key").find("ok") is not None
    assert keys(shop, soft)[0] == keys(shop, soft)[1] != new


def test_a_key_that_takes_its_time_is_waited_for(shop, soft, switch):
    switch(shop.there, "newkey_comes", "late")
    switch(shop.there, "lickey_seconds", "3600")
    before = done_there(shop, soft, "soft.edit")
    queue(shop, soft, "gen_key")
    assert "is not done yet" in shop.error(soft)
    shop.there.write("UPDATE lateparam SET due = 0")
    shop.until_done(soft)
    assert keys(shop, soft)[0] == keys(shop, soft)[1]
    assert done_there(shop, soft, "soft.edit") == before + 1


def test_no_more_keys_than_the_seller_allows(shop, soft, switch):
    switch(shop.there, "keychange_limit", "0")
    before = keys(shop, soft)
    queue(shop, soft, "gen_key")
    # The type of this error is not known, so the licence is looked at first.
    assert "reseller_key_looking" in shop.error(soft)
    until(lambda: (shop.checkevent(), shop.request(soft)["state"] == "refused")[1], "it is looked for for ever")
    assert "reseller_change_answered" in shop.error(soft)
    assert keys(shop, soft) == before
    switch(shop.there, "keychange_limit", "5")
    shop.start(soft)
    until(lambda: shop.operation(soft) is None, "it does not end")
    assert keys(shop, soft) != before


@pytest.mark.parametrize("kind", ["reply_lost", "cut"])
def test_a_key_whose_answer_is_lost_is_read_from_the_form(shop, soft, kind):
    before = done_there(shop, soft, "soft.edit")
    fault(shop, kind, "soft.edit", skip=1)
    queue(shop, soft, "gen_key")
    assert shop.operation(soft) is None, shop.error(soft)
    assert keys(shop, soft)[0] == keys(shop, soft)[1]
    assert done_there(shop, soft, "soft.edit") == before + 1


def test_no_second_key_is_asked_for_in_doubt(shop, soft):
    before = done_there(shop, soft, "soft.edit")
    fault(shop, "reset", "soft.edit", skip=1)
    queue(shop, soft, "gen_key")
    assert "reseller_key_looking" in shop.error(soft)
    until(lambda: (shop.checkevent(), "reseller_key_unconfirmed" in shop.error(soft))[1], "it is looked for for ever")
    shop.start(soft)
    assert shop.request(soft)["state"] == "unconfirmed"
    assert done_there(shop, soft, "soft.edit") == before
    assert shop.ctl("reorder", str(soft), "--yes").returncode == 0
    until(lambda: shop.operation(soft) is None, "it does not end")
    assert done_there(shop, soft, "soft.edit") == before + 1


def test_a_key_that_shows_late_is_saved_and_ends_the_operation(shop, soft):
    fault(shop, "reset", "soft.edit", skip=1)
    queue(shop, soft, "gen_key")
    shop.there.call("sandbox.item", item=remote(shop, soft), param_lickey="LATE-KEY")
    shop.until_done(soft)
    assert keys(shop, soft) == ("LATE-KEY", "LATE-KEY")
    assert shop.request(soft)["state"] == "done"


def test_a_licence_without_its_first_key_gets_no_second_one(shop, soft):
    key = keys(shop, soft)[0]
    shop.there.call("sandbox.item", item=remote(shop, soft), param_lickey="")
    queue(shop, soft, "gen_key")
    assert "has not issued the first key" in shop.error(soft)
    shop.there.call("sandbox.item", item=remote(shop, soft), param_lickey=key)
    shop.until_done(soft)
    assert keys(shop, soft)[0] == keys(shop, soft)[1] != key


# Giving up a renewal.


def prolong(shop, item):
    shop.act("prolong", item)
    shop.rest(item)


def without_money(shop, item):
    shop.there.call("sandbox.balance", user=shop.buyer, value=0)
    prolong(shop, item)
    shop.there.call("sandbox.balance", user=shop.buyer, value=1000)


def renewal(shop, item):
    """Where the newest renewal stands in the ledger."""
    sql = "SELECT state FROM reseller_request WHERE item = %s AND kind = 'prolong' ORDER BY id DESC LIMIT 1"
    return shop.here.value(sql, item)


def cancelled(shop, item):
    """The panel's cancel_prolong; what stands on its operation afterwards."""
    number = shop.here.call("sandbox.operation", item=item, name="cancel_prolong").findtext("id")
    sql = "SELECT errorxml FROM runningoperation WHERE id = %s AND (manual = 'off' OR run_pid IS NOT NULL)"
    until(lambda: not shop.here.rows(sql, number), "it does not end")
    return shop.here.value("SELECT errorxml FROM runningoperation WHERE id = %s", number) or ""


def test_a_renewal_that_was_not_sent_is_given_up_and_so_is_the_sellers_own(shop, vds):
    charged = len(shop.charges(vds))
    without_money(shop, vds)
    shop.there.call("sandbox.item", item=remote(shop, vds), autoprolong=1)
    assert cancelled(shop, vds) == ""
    assert shop.here.rows("SELECT * FROM runningoperation WHERE item = %s", vds) == []
    assert there(shop, vds)["autoprolong"] is None
    for _ in range(2):
        shop.checkevent()
    assert len(shop.charges(vds)) == charged
    assert shop.item(vds)["status"] == 2
    assert cancelled(shop, vds) == ""


def test_a_renewal_that_the_seller_has_or_may_have_is_not_given_up(shop, vds, switch):
    charged = len(shop.charges(vds))
    fault(shop, "reset", "service.prolong", skip=1)
    prolong(shop, vds)
    assert "reseller_cancel_doubt" in cancelled(shop, vds)
    switch(shop.there, "prolong_runs", "operation")
    switch(shop.there, "provision", "manual")
    until(lambda: (shop.checkevent(), renewal(shop, vds) == "unconfirmed")[1], "it is looked for for ever")
    assert shop.ctl("reorder", str(vds), "--yes").returncode == 0
    until(lambda: renewal(shop, vds) == "waiting", "it is not sent")
    cancel = shop.here.value("SELECT id FROM runningoperation WHERE item = %s AND intname = 'cancel_prolong'", vds)
    shop.here.call("runningoperation.delete", elid=cancel, sok="ok")
    assert "reseller_cancel_sent" in cancelled(shop, vds)
    shop.there.call("sandbox.provision", item=remote(shop, vds))
    until(lambda: (shop.checkevent(), renewal(shop, vds) == "done")[1], "the renewal does not end")
    # As if the panel had not yet noticed that its operation is over.
    shop.here.write(
        "INSERT INTO runningoperation (id, item, intname, manual, nextrun, oldstatus, level, cdate) "
        "SELECT operation, item, 'prolong', 'on', 0, 2, 16, NOW() FROM reseller_request WHERE item = %s "
        "AND kind = 'prolong' AND state = 'done' ORDER BY id DESC LIMIT 1",
        vds,
    )
    shop.here.write("DELETE FROM runningoperation WHERE item = %s AND intname = 'cancel_prolong'", vds)
    assert "reseller_cancel_done" in cancelled(shop, vds)
    shop.here.write("DELETE FROM runningoperation WHERE item = %s", vds)
    shop.here.call("sandbox.item", item=vds, status=2)
    assert len(shop.charges(vds)) == charged + 1


def test_giving_up_a_renewal_waits_for_the_seller_and_says_what_it_refuses(shop, vds):
    shop.there.call("sandbox.item", item=remote(shop, vds), autoprolong=1)
    fault(shop, "error", "vds.edit", skip=1, type="access")
    assert "reseller_access" in cancelled(shop, vds)
    fault(shop, "html", "vds.edit", skip=1)
    shop.start(vds)
    assert "reseller_change_unsent" in shop.error(vds)
    shop.until_done(vds)
    assert there(shop, vds)["autoprolong"] is None
