"""An error document is a refusal where the table says so of its call; else what it has done is looked for."""

import pytest

from reseller.commands import open as opening
from reseller.ledger import requests
from reseller.ledger.states import State
from reseller.sync import looking
from reseller.wire.errors import SellerError
from tests.support import world
from tests.support.inside import refused
from tests.support.keeping import done_there, fault, press, remote, there
from tests.support.world import until

VDS = "vds"
#: an error of a type that no row of the table names
UNKNOWN = {"type": "process", "object": "install", "value": "7"}
CHARGED_NOTHING = "Nothing was charged"


def until_refused(shop, item):
    """Run checkevent as cron does until looking has ended."""

    def over():
        shop.checkevent()
        return shop.request(item)["state"] == "refused"

    until(over, f"it is looked for for ever: {shop.error(item)}", pause=world.CRON_PAUSE)


# An order.


@pytest.mark.parametrize("hidden", ["0", "2"])
@pytest.mark.parametrize("itemtype", [VDS, "soft"])
def test_an_order_that_was_taken_and_answered_with_an_error_is_bought_once(shop, switch, itemtype, hidden):
    switch(shop.there, "new_row_hidden_lists", hidden)
    world.limits(shop.here, look_seconds=20)
    fault(shop, "error_after", "*.order.param", **UNKNOWN)
    item = shop.order(itemtype)
    shop.rest(item)
    assert CHARGED_NOTHING not in shop.error(item)
    shop.until_active(item)
    assert len(shop.charges(item)) == len(shop.remotes(item)) == len(shop.links(item)) == 1


def test_an_order_of_which_nothing_shows_is_refused_with_the_sellers_text_and_bought_by_start(shop):
    fault(shop, "error", "*.order.param", **UNKNOWN)
    world.limits(shop.here, look_seconds=3)
    item = shop.order(VDS)
    shop.rest(item)
    assert "reseller_looking" in shop.error(item)
    assert "install" in shop.error(item)
    assert shop.request(item)["state"] == "looking"
    until_refused(shop, item)
    said = shop.error(item)
    assert "reseller_order_answered" in said
    assert "install" in said
    assert CHARGED_NOTHING not in said
    for _ in range(3):
        shop.checkevent()
    assert (shop.charges(item), shop.request(item)["state"]) == ([], "refused")
    shop.start(item)
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_an_operator_knows_more_of_his_seller_and_a_wrong_line_stops_nothing(shop):
    own = shop.here.base / "etc/reseller-proofs.tsv"
    own.write_text("nonsense\n*.order.param\tprocess\tinstall\tour seller says so\n")
    try:
        fault(shop, "error", "*.order.param", **UNKNOWN)
        item = shop.order(VDS)
        shop.rest(item)
        assert "reseller_order_refused" in shop.error(item)
        assert CHARGED_NOTHING in shop.error(item)
        assert shop.request(item)["state"] == "refused"
        log = (shop.here.base / "var/reseller.log").read_text()
        assert f'{own}, line 1: "nonsense"' in log
    finally:
        own.unlink()
    shop.start(item)
    shop.until_active(item)


# A renewal.


def test_a_renewal_that_was_taken_and_answered_with_an_error_is_bought_once(shop, vds):
    charged = len(shop.charges(vds))
    fault(shop, "error_after", "service.prolong", skip=1, **UNKNOWN)
    shop.act("prolong", vds)
    shop.until_done(vds)
    assert len(shop.charges(vds)) == charged + 1


def test_a_renewal_of_which_nothing_shows_is_refused_and_not_sent_again_by_itself(shop, vds):
    charged = len(shop.charges(vds))
    fault(shop, "error", "service.prolong", skip=1, **UNKNOWN)
    shop.act("prolong", vds)
    shop.rest(vds)
    assert CHARGED_NOTHING not in shop.error(vds)
    until_refused(shop, vds)
    assert "reseller_change_answered" in shop.error(vds)
    for _ in range(2):
        shop.checkevent()
    assert len(shop.charges(vds)) == charged
    shop.start(vds)
    shop.until_done(vds)
    assert len(shop.charges(vds)) == charged + 1


def test_a_day_that_an_unknown_refusal_names_is_waited_for_once_nothing_has_shown(shop, inside, server):
    lost = inside.request(
        server,
        requests.PROLONG,
        State.LOOKING,
        was="2020-01-01",
        promise="2999-01-01",
        sent_seconds=10**6,
        answer='{"type":"reseller_refused","seller_type":"early","seller_object":"","value":"","func":"service.prolong",'
        '"seller_params":{"value":"2027-03-01"},"text":"only after"}',
    )
    with refused("reseller_later"):
        inside.look(lost)
    assert inside.now(lost).state == State.UNSENT


# A change.


@pytest.fixture(scope="module")
def larger(connected):
    """A tariff with the same disk, on both sides."""
    for panel in (connected.here, connected.there):
        place = panel.value("SELECT MIN(id) FROM datacenter")
        disk = "mem:int:2048:16384:0.002,disk:int:30:500:0.05,ip:int:1:8:1.5"
        panel.call(
            "sandbox.tariff",
            itemtype=VDS,
            name="VDS-1 proven",
            price=15,
            periods="1,3",
            datacenter=place,
            addons=disk,
        )
    connected.tariffs.update(world.sell(connected.here, connected.there, connected.module, ("VDS-1 proven",)))
    return connected.tariffs["VDS-1 proven"]


def to_tariff(shop, item, pricelist):
    shop.here.call("service.changepricelist", elid=item, pricelist=pricelist, su="client1", sok="ok")
    shop.rest(item)


def tariff(panel, item):
    return panel.value("SELECT p.name FROM item i JOIN pricelist p ON p.id = i.pricelist WHERE i.id = %s", item)


def test_a_tariff_that_was_changed_and_answered_with_an_error_is_not_rolled_back(shop, larger):
    item = shop.order(VDS)
    shop.until_active(item)
    fault(shop, "error_after", "service.changepricelist.getmoney", **UNKNOWN)
    to_tariff(shop, item, larger)
    shop.until_done(item)
    assert tariff(shop.here, item) == tariff(shop.there, remote(shop, item)) == "VDS-1 proven"


def test_a_tariff_of_which_nothing_shows_is_rolled_back_only_after_looking(shop, larger):
    item = shop.order(VDS)
    shop.until_active(item)
    world.limits(shop.here, look_seconds=3)
    fault(shop, "error", "service.changepricelist.getmoney", **UNKNOWN)
    to_tariff(shop, item, larger)
    assert "reseller_change_looking" in shop.error(item)
    assert tariff(shop.here, item) == "VDS-1 proven"
    until_refused(shop, item)
    assert "reseller_change_answered" in shop.error(item)
    assert tariff(shop.here, item) == tariff(shop.there, remote(shop, item)) == "VDS-1"


@pytest.mark.parametrize("func", ["service.changepricelist", "pricelist.export"])
def test_a_look_at_tariffs_that_is_refused_takes_no_tariff_back(shop, larger, func):
    item = shop.order(VDS)
    shop.until_active(item)
    fault(shop, "error", func, times=9, type="access")
    to_tariff(shop, item, larger)
    assert "reseller_change_unsent" in shop.error(item)
    assert tariff(shop.here, item) == "VDS-1 proven"
    shop.there.call("sandbox.fault.clear")
    shop.until_done(item)
    assert tariff(shop.there, remote(shop, item)) == "VDS-1 proven"


# State, power.


@pytest.mark.parametrize("kind", ["error_after", "error"])
def test_a_suspension_is_what_the_form_shows(shop, server, kind):
    before = done_there(shop, server, "vds.suspend")
    fault(shop, kind, "vds.suspend", **UNKNOWN)
    shop.act("suspend", server)
    shop.rest(server)
    if kind == "error":
        until_refused(shop, server)
        assert "reseller_change_answered" in shop.error(server)
        assert done_there(shop, server, "vds.suspend") == before
        shop.start(server)
    shop.until_done(server)
    assert (shop.item(server)["status"], there(shop, server)["status"]) == (3, 3)
    shop.act("resume", server)
    shop.until_done(server)


@pytest.mark.parametrize("kind", ["error_after", "error"])
def test_a_reboot_that_was_answered_with_an_error_is_made_once(shop, server, switch, kind):
    switch(shop.there, "provision", "manual")
    before = done_there(shop, server, "service.reboot")
    fault(shop, kind, "service.reboot", **UNKNOWN)
    press(shop, server, "reboot")
    shop.rest(server)
    if kind == "error":
        until_refused(shop, server)
        assert "reseller_change_answered" in shop.error(server)
        assert done_there(shop, server, "service.reboot") == before
        shop.start(server)
    shop.there.call("sandbox.provision", item=remote(shop, server))
    shop.until_done(server)
    assert done_there(shop, server, "service.reboot") == before + 1


def test_a_new_key_that_was_issued_and_answered_with_an_error_is_taken(shop, soft):
    changed = there(shop, soft)["real_keychange"] or 0
    fault(shop, "error_after", "soft.edit", skip=1, **UNKNOWN)
    shop.here.call("sandbox.operation", item=soft, name="gen_key")
    shop.until_done(soft)
    assert there(shop, soft)["real_keychange"] == changed + 1


# A refusal while only looking.


@pytest.mark.parametrize("state", [State.LOOKING, State.UNCONFIRMED, State.SENDING])
def test_a_list_that_is_refused_ends_no_search(shop, inside, state):
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order(VDS)
    lost = inside.request(item, requests.ORDER, state)
    fault(shop, "error", VDS, times=9, type="access")
    with refused("reseller_looking"):
        opening.open_service(inside.context, item)
    assert inside.now(lost).state in (state, State.LOOKING)
    shop.there.call("sandbox.fault.clear")
    inside.over(item)


def test_a_list_that_is_refused_refuses_no_order(shop):
    fault(shop, "error", VDS, type="access")
    item = shop.order(VDS)
    shop.rest(item)
    assert (shop.request(item)["state"], shop.tasks(item)) == ("unsent", [])
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


@pytest.mark.parametrize("named", [{"type": "access"}, {"type": "missed", "object": "func"}])
def test_a_form_that_is_refused_leaves_a_renewal_in_doubt(shop, inside, server, named):
    lost = inside.request(server, requests.PROLONG, State.LOOKING, was="2020-01-01", promise="2999-01-01")
    fault(shop, "error", "vds.edit", **named)
    with pytest.raises(SellerError):
        inside.look(lost)
    assert inside.now(lost).state == State.LOOKING
    assert inside.look(lost) in (looking.LOOKING, looking.FINISHED)


# What is gone, and what is unpaid.


def test_a_form_that_misses_a_service_closes_nothing_while_the_list_shows_it(shop, inside, server):
    number = remote(shop, server)
    fault(shop, "error", "vds.edit", times=9, type="missed", object="elid", value=number)
    fault(shop, "error", "vds.delete", times=9, type="missed", object="elid", value=number)
    shop.act("close", server)
    shop.rest(server)
    assert shop.links(server)[0]["remote"] == number
    assert shop.item(server)["status"] != 4
    shop.there.call("sandbox.fault.clear")
    until_refused(shop, server)
    assert shop.links(server)[0]["remote"] == number
    shop.start(server)
    shop.until_done(server)
    assert there_status(shop, number) in (None, 4)


def test_an_unpaid_row_whose_form_cannot_be_read_stays(shop, switch):
    switch(shop.there, "short_balance_leaves", "unpaid_row")
    shop.there.call("sandbox.balance", user=shop.buyer, value=0)
    fault(shop, "error", "vds.edit", times=9, type="access")
    item = shop.order(VDS)
    shop.rest(item)
    assert "reseller_leftover" in shop.error(item)
    assert [row["status"] for row in shop.remotes(item)] == [1]
    shop.there.call("sandbox.fault.clear")
    shop.start(item)
    assert [row for row in shop.remotes(item) if row["status"] != 4] == []


def there_status(shop, number):
    return shop.there.value("SELECT status FROM item WHERE id = %s", number)
