"""The swap, changes, maps and words, met in states that somebody else's hand leaves behind."""

import contextlib
import json

import pytest

from reseller import swap
from reseller.commands import setparam, suspend_resume_close
from reseller.ledger import links, requests
from reseller.ledger.states import State
from reseller.mgr5 import items
from reseller.model import Status
from reseller.seller import control_panels, orders
from reseller.seller.services import alone
from reseller.sync import activate, looking
from reseller.tariffs import proposal
from reseller.wire.errors import Ambiguous, Rejected, ResellerError
from sandbox.tests.ladder import counted
from tests.support import world
from tests.support.inside import refused
from tests.support.keeping import fault, remote, there
from tests.support.world import until

MORE_MEMORY = (
    "UPDATE item a JOIN pricelist p ON p.id = a.pricelist AND p.intname = 'mem' SET a.intvalue = a.intvalue + %s "
    "WHERE a.parent = %s"
)
AT_ONCE = "CREATE TRIGGER at_once BEFORE UPDATE ON item FOR EACH ROW SET "


@pytest.fixture
def server(inside, server):
    yield server
    inside.db.execute("UPDATE item SET processingmodule = %s WHERE id = %s", inside.shop.module, server)
    inside.db.execute("DELETE FROM reseller_swap WHERE item = %s", server)


@pytest.fixture
def away(inside, server):
    """A server at the manual module."""
    swap.away(inside.context, server, swap.target(inside.db, swap.MANUAL), "")
    return server


@contextlib.contextmanager
def trigger(shop, sql):
    """Somebody changes a row in the moment in which we do."""
    shop.here.write(AT_ONCE + sql)
    try:
        yield
    finally:
        shop.here.write("DROP TRIGGER at_once")


def manual(inside):
    return swap.target(inside.db, swap.MANUAL)


# The swap.


def test_what_somebody_has_moved_back_already_is_not_moved_twice(shop, inside, away):
    shop.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", shop.module, away)
    with refused("reseller_swap_race"):
        swap.back(inside.context, away)
    assert shop.item(away)["processingmodule"] == shop.module


def test_a_form_that_cannot_be_read_back_is_logged_and_one_that_shows_another_module_is_said(
    shop, inside, server, switch
):
    switch(shop.here, "failing_functions", "vds.edit")
    swap.away(inside.context, server, manual(inside), "")
    assert "cannot read its module back" in (shop.here.base / "var/reseller.log").read_text()
    switch(shop.here, "failing_functions", "")
    swap.back(inside.context, server)
    with trigger(shop, f"NEW.processingmodule = IF(NEW.id = {server}, OLD.processingmodule, NEW.processingmodule)"):
        with refused("reseller_swap_not_shown"):
            swap.away(inside.context, server, manual(inside), "")
        done = shop.ctl("swap", str(server), "--to", "manual", "--yes")
    assert done.returncode == 1
    assert b"refused" in done.stdout


def test_a_person_is_told_what_was_done(shop, server):
    assert b"is at module" in shop.ctl("swap", str(server), "--to", "manual", "--yes").stdout
    assert b"is back at module" in shop.ctl("swap", str(server), "--back", "--yes").stdout


def test_what_is_under_way_at_the_seller_is_not_left_alone_with_it(inside, server):
    inside.request(server, requests.STOP, State.WAITING)
    with refused("reseller_swap_request"):
        swap.away(inside.context, server, manual(inside), "")
    assert inside.db.value("SELECT COUNT(*) FROM reseller_swap WHERE item = %s", server) == 0


def test_nothing_comes_back_from_elsewhere_or_to_a_module_that_does_not_sell_it(shop, inside, away):
    shop.here.write("UPDATE item SET processingmodule = NULL WHERE id = %s", away)
    with refused("reseller_swap_elsewhere"):
        swap.back(inside.context, away)
    shop.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", manual(inside).id, away)
    tariff = shop.item(away)["pricelist"]
    other = shop.here.value("SELECT id FROM pricelist WHERE name = 'Host-1' AND parent IS NULL")
    shop.here.write("UPDATE item SET pricelist = %s WHERE id = %s", other, away)
    with refused("reseller_swap_tariff"):
        swap.back(inside.context, away)
    assert shop.item(away)["processingmodule"] == manual(inside).id
    shop.here.write("UPDATE item SET pricelist = %s WHERE id = %s", tariff, away)


def test_what_comes_back_without_a_link_or_without_a_service_says_so(shop, inside, away):
    with inside.unlinked(away):
        assert "not linked" in swap.back(inside.context, away)
    swap.away(inside.context, away, manual(inside), "")
    with inside.gone(away):
        assert remote(shop, away) in swap.back(inside.context, away)


def test_what_was_renewed_or_closed_while_away_is_owed(shop, inside, away):
    date = shop.item(away)["expiredate"]
    shop.here.write("UPDATE item SET expiredate = '2040-01-01', status = 4 WHERE id = %s", away)
    kept = mapped(shop)
    shop.here.write("DELETE FROM reseller_map WHERE pricelist = %s", shop.tariffs["VDS-1"])
    [step] = swap.plan_back(inside.context, [away])
    for row in kept:
        shop.here.write("INSERT INTO reseller_map VALUES (%s, %s, %s, %s)", *row.values())
    shop.here.write("UPDATE item SET expiredate = %s, status = 2 WHERE id = %s", date, away)
    assert len(step.notes) == 3
    assert "2040-01-01" in step.notes[0]


# Changes.


@pytest.fixture
def wanted(shop, server):
    """More memory, wanted here by somebody who went past the panel's form."""
    shop.here.write(MORE_MEMORY, 1024, server)
    yield server
    shop.here.write(MORE_MEMORY, -1024, server)


def memory(panel, item):
    return counted(panel, item)["mem"]


def test_a_change_without_an_operation_is_made_all_the_same(shop, inside, wanted):
    setparam.set_params(inside.context, wanted)
    asked = requests.live_of(inside.db, wanted, requests.SETPARAM)
    until(lambda: inside.look(inside.now(asked)) == looking.FINISHED, "it does not end")
    assert memory(shop.there, remote(shop, wanted)) == memory(shop.here, wanted)
    shop.there.write(MORE_MEMORY, -1024, remote(shop, wanted))


def test_nothing_is_changed_of_what_is_deleted_there(shop, inside, wanted, switch):
    switch(shop.there, "deleted_rows", "shown")
    before = memory(shop.there, remote(shop, wanted))
    with inside.gone(wanted), refused("reseller_gone"):
        setparam.set_params(inside.context, wanted)
    assert memory(shop.there, remote(shop, wanted)) == before


def test_a_change_waits_from_when_it_was_sent_or_asked_for_and_its_task_is_made_if_it_is_missing(shop, inside, wanted):
    operation = inside.operation(wanted, "setparam")
    asked = inside.request(wanted, requests.SETPARAM, State.WAITING, operation=operation)
    shop.there.call("sandbox.item", item=remote(shop, wanted), status=5)
    inside.db.execute("UPDATE reseller_request SET created = created - INTERVAL 30 DAY WHERE id = %s", asked.id)
    assert inside.look(inside.now(asked)) == looking.LOOKING
    assert [task["runningoperation"] for task in shop.tasks(wanted)] == [operation]
    inside.db.execute("UPDATE reseller_request SET sent = NULL WHERE id = %s", asked.id)
    with refused("reseller_change_overdue"):
        setparam.set_params(inside.context, wanted, operation)
    shop.there.call("sandbox.item", item=remote(shop, wanted), status=2)


def test_a_suspension_that_is_looked_at_ends_when_the_seller_shows_it(shop, inside, server):
    asked = inside.request(server, requests.SUSPEND, State.WAITING)
    shop.there.call("sandbox.item", item=remote(shop, server), status=3)
    assert inside.look(asked) == looking.FINISHED
    shop.there.call("sandbox.item", item=remote(shop, server), status=2)


@contextlib.contextmanager
def sold_as(shop, tariff, value):
    """The tariff here with another counterpart there."""
    sql = "UPDATE pricelistparam SET value = %s WHERE pricelist = %s AND intname = 'reseller_pricelist'"
    old = shop.here.value(
        "SELECT value FROM pricelistparam WHERE pricelist = %s AND intname = 'reseller_pricelist'", tariff
    )
    shop.here.write(sql, value, tariff)
    try:
        yield
    finally:
        shop.here.write(sql, old, tariff)


def test_a_tariff_that_the_seller_does_not_show_counts_as_another_disk(shop, inside, server):
    with sold_as(shop, shop.tariffs["VDS-1"], "999999"):
        assert shop.item(server)["lastpricelist"] is None
        with refused("reseller_tariff_not_meant"):
            setparam.set_params(inside.context, server)
        shop.here.write("UPDATE item SET lastpricelist = %s WHERE id = %s", shop.tariffs["VDS-2"], server)
        with refused("reseller_disk"):
            setparam.set_params(inside.context, server)
        # The panel has given it back its former tariff.
        shop.here.write(
            "UPDATE item SET pricelist = %s, lastpricelist = NULL WHERE id = %s", shop.tariffs["VDS-1"], server
        )
        with refused("reseller_tariff_gone"):
            proposal.put(inside.context, shop.tariffs["VDS-1"], "period", "1", "1")


def mapped(shop):
    return shop.here.rows("SELECT * FROM reseller_map WHERE pricelist = %s", shop.tariffs["VDS-1"])


def test_a_tariff_without_a_counterpart_is_changed_and_mapped_to_nothing(shop, inside, server):
    before = mapped(shop)
    with sold_as(shop, shop.tariffs["VDS-1"], ""):
        with refused("reseller_unmapped"):
            setparam.set_params(inside.context, server)
        with refused("reseller_unmapped"):
            proposal.put(inside.context, shop.tariffs["VDS-1"], "period", "1", "1")
    assert mapped(shop) == before


@pytest.fixture
def years(shop):
    """VDS-1 is sold for three years here, and for two at the seller."""
    sold = []
    for panel, word in ((shop.here, "triennial"), (shop.there, "biennial")):
        number = panel.value("SELECT id FROM pricelist WHERE name = 'VDS-1' AND parent IS NULL")
        euro = panel.value("SELECT id FROM currency WHERE iso = 'EUR'")
        field = f"{word}{euro}"
        panel.call("pricelist.edit", elid=number, sok="ok", **{field: "200"})
        sold.append((panel, number, field))
    yield
    for panel, number, field in sold:
        panel.call("pricelist.edit", elid=number, sok="ok", **{field: ""})


def test_a_term_that_does_not_divide_the_other_is_not_mapped(shop, inside, years):
    before = mapped(shop)
    with refused("reseller_term"):
        proposal.put(inside.context, shop.tariffs["VDS-1"], "period", "36", "24")
    assert mapped(shop) == before


def test_an_order_in_doubt_outlives_the_close_of_its_service(shop, inside):
    item = shop.order("vds")
    shop.until_active(item)
    doubtful = inside.request(item, requests.ORDER, State.LOOKING)
    suspend_resume_close.change(inside.context, item, requests.CLOSE)
    closed = requests.live_of(inside.db, item, requests.CLOSE)
    while closed is not None and closed.live:
        inside.look(closed)
        closed = inside.now(closed)
    assert inside.now(doubtful).live
    assert there(shop, item) if shop.links(item) else True


# Activation.


def test_the_task_of_a_service_that_is_opening_is_made_again(shop, inside, switch):
    switch(shop.there, "provision", "manual")
    item = shop.order("vds")
    shop.rest(item)
    shop.here.write("DELETE FROM task WHERE item = %s", item)
    assert shop.checkevent() == "1 waiting"
    assert len(shop.tasks(item)) == 1
    audit = shop.ctl("audit", "--json")
    assert audit.stdout, audit.stderr.decode()
    assert item not in {each["service"] for each in json.loads(audit.stdout)}
    inside.over(item)
    shop.here.call("sandbox.item", item=item, status=4)


def test_a_service_that_comes_back_without_a_password_keeps_none(shop, inside, soft):
    operation = inside.operation(soft, "reopen")
    inside.db.execute("UPDATE reseller_link SET state = 'opening' WHERE item = %s AND live = 1", soft)
    shop.here.call("sandbox.item", item=soft, status=5)
    assert shop.checkevent() == "1 activated"
    assert not items.exists(inside.db, operation)
    assert shop.item(soft)["status"] == Status.ACTIVE
    assert activate.ACTIVATED == "activated"


# Links.


def test_a_half_done_link_that_somebody_has_finished_meanwhile_is_left_alone(shop, inside, server):
    from reseller.linking import sides

    link = links.of_item(inside.db, server)
    inside.db.execute("UPDATE reseller_link SET state = 'half' WHERE id = %s", link.id)

    def change_it():
        inside.db.execute("UPDATE reseller_link SET state = 'live' WHERE id = %s", link.id)

    half = links.of_item(inside.db, server)
    inside.meanwhile(server, lambda context: sides.heal(context, half), change_it)
    assert links.of_item(inside.db, server).state == links.LIVE


# Words of the seller.


def test_an_order_goes_without_a_data_centre_where_none_is_chosen():
    order = orders.Order("vds", "1-a", "7", "", "1", {}, {})
    assert "datacenter" not in orders.parameters(order, "old")
    assert "datacenter" in orders.parameters(order._replace(datacenter="5"), "old")


def test_a_form_that_is_refused_is_not_an_empty_list(shop, inside, server):
    fault(shop, "error", "vds.edit", type="access")
    with pytest.raises(Rejected):
        alone(inside.context.seller(shop.module).transport, "vds", remote(shop, server))


def test_a_link_into_nowhere_has_no_host_and_an_answer_that_is_lost_proves_nothing(shop, inside):
    assert control_panels.host_of("https://[::1") == ""
    transport = inside.context.seller(shop.module).transport
    fault(shop, "reset", "whoami")
    with pytest.raises(Ambiguous):
        control_panels.opens_account(transport, shop.buyer, ["k"])
    fault(shop, "html", "whoami", skip=2)
    with pytest.raises(ResellerError) as caught:
        control_panels.opens_account(transport, shop.buyer, ["k"])
    assert caught.value.type == "reseller_link_failed"


def test_a_list_of_several_pages_is_read_to_its_end(shop, inside, server):
    world.limits(shop.here, page_rows=1)
    item = shop.order("vds")
    shop.until_active(item)
    assert remote(shop, item) != remote(shop, server)


# Words of the panel.


def test_commands_may_come_in_any_order_of_their_options(shop):
    done = shop.here.run("processing/pmreseller", "--level", "16", "--command", "features")
    assert b"<features>" in done.stdout


def test_an_empty_list_of_the_panel_stays_as_it_is(shop):
    import subprocess

    done = subprocess.run(
        ["./addon/reseller_lists"],
        cwd=shop.here.base,
        input=b"<doc><elem><id>x</id></elem></doc>",
        env={"AUTH_LEVEL": "29"},
        capture_output=True,
        check=True,
    )
    assert b"resold" not in done.stdout
    assert b"<id>x</id>" in done.stdout


def test_requests_without_a_reason_are_listed_without_one(shop, inside, server):
    inside.request(server, requests.STOP, State.WAITING)
    told = shop.ctl("requests").stdout.decode()
    assert str(server) in told
    assert f"service {server}:" not in told
