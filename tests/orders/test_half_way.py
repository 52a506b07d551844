"""Orders, renewals and what is owed, met half-way: odd lists, odd rows, somebody else's hand in between."""

import dataclasses
import datetime as dt
import threading

import pytest

from reseller.commands import open as opening
from reseller.commands import owed_terms, prolong, reopen, reorder, suspend_resume_close
from reseller.ledger import links, requests
from reseller.ledger.leases import lease
from reseller.ledger.states import State
from reseller.lifecycle import autorenewal, operations
from reseller.mgr5 import items
from reseller.mgr5.mgrctl import Mgrctl
from reseller.mgr5.panel import Panel
from reseller.sync import looking
from reseller.wire.errors import PanelError
from tests.support import planting, world
from tests.support.inside import refused
from tests.support.keeping import fault, remote, there
from tests.support.world import until


@pytest.fixture
def ordered(shop, inside):
    """A server that the panel has sold and that no command has been started for."""
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order("vds")
    yield item
    inside.over(item)
    shop.here.call("sandbox.item", item=item, status=4)


@pytest.fixture
def row_there(shop):
    """Make a row at the seller: of our account, with a key and a status."""
    made = []

    def make(key, status, **columns):
        number = planting.bulk_there(shop, 1)
        made.append(number)
        shop.there.call("sandbox.item", item=number, remoteid=key, status=status, **columns)
        return str(number)

    yield make
    for number in made:
        shop.there.call("sandbox.item", item=number, account=0)


def orders_there(shop, item):
    return len(shop.charges(item))


def order(inside, item, state, **columns):
    """An order of the service as an earlier process left it."""
    return inside.request(item, requests.ORDER, state, **columns)


# The list before an order.


def test_an_order_of_what_is_active_is_activated_once_more(shop, inside, server):
    assert opening.open_service(inside.context, server).state == links.LIVE
    assert shop.links(server)[0]["state"] == links.OPENING
    shop.checkevent()
    assert shop.links(server)[0]["state"] == links.LIVE


def test_a_row_that_was_never_paid_is_taken_away_before_the_order(shop, inside, ordered, row_there):
    refusal = order(inside, ordered, State.REFUSED)
    unpaid = row_there(refusal.key, 1)
    link = opening.open_service(inside.context, ordered)
    assert (link.key, link.remote != unpaid) == (refusal.key, True)
    assert shop.there.value("SELECT status FROM item WHERE id = %s", unpaid) in (None, 4)


def test_a_row_that_nobody_pays_for_too_long_is_taken_away_and_said(shop, inside, ordered, row_there):
    lost = order(inside, ordered, State.LOOKING, sent_seconds=10**6, looks=100)
    unpaid = row_there(lost.key, 1)
    with refused("reseller_never_paid"):
        opening.open_service(inside.context, ordered)
    assert inside.now(lost).state == State.REFUSED
    assert there_status(shop, unpaid) in (None, 4)


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_row_that_cannot_be_taken_away_is_for_a_person(shop, inside, ordered, row_there, is_listed):
    """By `<type>.delete`, or, where that does not help, from the cart: neither works, or the list fails as well."""
    refusal = order(inside, ordered, State.REFUSED)
    row_there(refusal.key, 1)
    for name in ("vds.delete", "basket"):
        fault(shop, "error", name, type="access", times=9)
    if not is_listed:
        fault(shop, "html", "vds", skip=1, times=9)
    with refused("reseller_leftover"):
        opening.open_service(inside.context, ordered)
    assert inside.now(refusal).state == State.LEFTOVER
    assert orders_there(shop, ordered) == 0


def test_a_row_that_was_paid_meanwhile_is_not_taken_away(shop, inside, ordered, row_there):
    refusal = order(inside, ordered, State.REFUSED)
    number = row_there(refusal.key, 1)
    fault(shop, "hold_after", "vds")

    def change():
        until(lambda: shop.there.call("sandbox.fault.list").xpath("elem[state='held']"), "the list is not held")
        shop.there.call("sandbox.item", item=number, status=2)
        shop.there.call("sandbox.release")

    meanwhile = threading.Thread(target=change)
    meanwhile.start()
    with refused("reseller_leftover"):
        opening.open_service(inside.context, ordered)
    meanwhile.join()
    assert there_status(shop, number) == 2


def there_status(shop, number):
    return shop.there.value("SELECT status FROM item WHERE id = %s", number)


def test_nothing_is_ordered_by_a_list_that_proves_nothing(shop, inside, ordered, switch, row_there):
    row_there("x", 2)
    shop.there.call("vds.filter", su=shop.buyer, domain="nothing-like-it", sok="ok")
    with refused("reseller_unsent"):
        opening.open_service(inside.context, ordered)
    shop.there.call("vds.filter", su=shop.buyer, clicked_button="clear", sok="ok")
    switch(shop.there, "remoteid_in_list", "no")
    with refused("reseller_no_keys"):
        opening.open_service(inside.context, ordered)
    assert orders_there(shop, ordered) == 0


def test_nothing_is_ordered_before_it_is_known_how(shop, inside, ordered, switch):
    inside.db.execute("UPDATE reseller_account SET generations = ''")
    fault(shop, "html", "*order.param", times=9)
    with refused("reseller_unsent"):
        opening.open_service(inside.context, ordered)
    inside.reachable()
    fault(shop, "error", "*order.param", type="missed", object="func", times=9)
    with refused("reseller_no_orders"):
        opening.open_service(inside.context, ordered)
    inside.reachable()
    assert opening.open_service(inside.context, ordered).remote


def test_a_refused_order_that_the_list_shows_as_paid_is_ours(shop, inside, ordered, row_there):
    lost = order(inside, ordered, State.UNSENT)
    number = row_there(lost.key, 2, hidden_lists=1)
    shop.there.call("sandbox.balance", user=shop.buyer, value=0)
    assert opening.open_service(inside.context, ordered).remote == number


def test_a_refusal_stands_where_the_list_cannot_be_read_after_it(shop, inside, ordered):
    shop.there.call("sandbox.balance", user=shop.buyer, value=0)
    fault(shop, "html", "vds", skip=1)
    with refused("reseller_money"):
        opening.open_service(inside.context, ordered)
    assert requests.live_of(inside.db, ordered).state == State.MONEY


def test_the_purse_is_somebody_elses_for_too_long(shop, inside, ordered):
    world.limits(shop.here, account_wait_seconds=0)
    account = inside.context.seller(shop.module).account
    with lease(inside.db, f"account:{account}", 60), refused("reseller_later"):
        opening.open_service(inside.context, ordered)
    assert requests.live_of(inside.db, ordered).state == State.UNSENT
    assert opening.open_service(inside.context, ordered).remote


def test_a_panel_that_does_not_answer_leaves_the_request_as_it_is(inside, ordered, tmp_path):
    deaf = dataclasses.replace(inside.context, mgrctl=Mgrctl(Panel(tmp_path)), _sellers={})
    intent = order(inside, ordered, State.INTENT, account=0)
    with pytest.raises(PanelError):
        opening.open_service(deaf, ordered)
    assert inside.now(intent).state == State.INTENT
    operation = inside.operation(ordered, "open")
    with pytest.raises(PanelError):
        operations.close(deaf, operation)


def test_an_operation_that_somebody_closes_at_the_same_time_is_closed(shop, inside, server):
    operation = inside.operation(server, "stop")
    with inside.db.transaction():
        # From here on this connection sees what there was.
        assert items.exists(inside.db, operation)
        shop.here.write("DELETE FROM runningoperation WHERE id = %s", operation)
        operations.close(inside.context, operation)
    assert not items.exists(inside.db, operation)


# Renewals.


@pytest.fixture
def unmapped(shop):
    """The tariff's period without its counterpart."""
    tariff = str(shop.tariffs["VDS-1"])
    assert shop.ctl("map", tariff, "--drop", "period", "1").returncode == 0
    yield
    assert shop.ctl("map", tariff, "period", "1", "1").returncode == 0


def renew(inside, item):
    """A client's renewal by a month as the panel hands it over: it has moved its date."""
    operation = inside.operation(item, "prolong")
    inside.paid(item, 1)
    return operation, lambda: prolong.prolong(inside.context, item, operation)


def test_no_renewal_without_a_link_or_without_its_term(shop, inside, server, unmapped):
    charged = orders_there(shop, server)
    _, prolong = renew(inside, server)
    with inside.unlinked(server), refused("reseller_not_linked"):
        prolong()
    with refused("reseller_unmapped"):
        prolong()
    assert orders_there(shop, server) == charged


def test_a_renewal_in_doubt_that_shows_by_now_is_done(shop, inside, server):
    charged = orders_there(shop, server)
    operation, prolong = renew(inside, server)
    lost = inside.request(
        server, requests.PROLONG, State.LOOKING, operation=operation, was="2020-01-01", promise="2020-02-01"
    )
    prolong()
    assert inside.now(lost).state == State.DONE
    assert orders_there(shop, server) == charged


def test_a_renewal_of_an_operation_that_is_over_is_done_and_the_next_is_bought(shop, inside, server):
    charged = orders_there(shop, server)
    _, prolong = renew(inside, server)
    over = inside.request(server, requests.PROLONG, State.LOOKING, operation=1, was="2020-01-01", promise="2020-02-01")
    prolong()
    assert (inside.now(over).state, inside.now(over).live) == (State.DONE, False)
    assert orders_there(shop, server) == charged + 1


def test_what_has_arrived_after_all_is_not_sent_anew(shop, inside, server):
    charged = orders_there(shop, server)
    operation = inside.operation(server, "prolong")
    inside.request(
        server, requests.PROLONG, State.UNCONFIRMED, operation=operation, was="2020-01-01", promise="2020-02-01"
    )
    assert reorder.reorder(inside.context, server, confirmed=True).endswith("the prolong has arrived after all")
    assert orders_there(shop, server) == charged


def test_a_renewal_that_the_seller_is_at_waits(shop, inside, server):
    operation, prolong = renew(inside, server)
    waiting = inside.request(
        server, requests.PROLONG, State.WAITING, operation=operation, was="2020-01-01", promise="2099-01-01"
    )
    prolong()
    assert "is not done yet" in shop.error(server)
    assert inside.now(waiting).state == State.WAITING


def test_a_renewal_that_was_interrupted_is_looked_for(inside, server):
    lost = inside.request(server, requests.PROLONG, State.SENDING, was="2020-01-01", promise="2099-01-01")
    assert inside.look(lost) == looking.LOOKING
    assert inside.now(lost).state == State.LOOKING


def test_a_refusal_of_the_form_is_none_of_the_renewal(shop, inside, server):
    charged = orders_there(shop, server)
    _, prolong = renew(inside, server)
    fault(shop, "error", "service.prolong", type="access")
    with refused("reseller_change_unsent"):
        prolong()
    assert requests.live_of(inside.db, server, requests.PROLONG).state == State.UNSENT
    assert orders_there(shop, server) == charged


def test_a_seller_that_will_not_stop_renewing_is_renewed_all_the_same(shop, inside, server):
    number = remote(shop, server)
    shop.there.call("sandbox.item", item=number, autoprolong=1)
    fault(shop, "error", "vds.edit", type="access")
    seller, item = inside.context.seller(shop.module), items.read(inside.db, server)
    assert not autorenewal.switch_off(inside.context, seller, item, number, "1")
    assert there(shop, server)["autoprolong"] == 1
    shop.there.call("sandbox.item", item=number, autoprolong="")


# What is owed.


def part(inside, item, state=State.OWED, **columns):
    return inside.request(item, requests.PART, state, **columns)


def go_on(inside, request):
    with inside.held(request.item) as held:
        return owed_terms.go_on(inside.context, inside.now(request), held)


def test_nothing_is_owed_without_a_link_nor_bought_while_away(shop, inside, server):
    owed = part(inside, server)
    with inside.unlinked(server):
        assert not go_on(inside, owed)
    assert inside.now(owed).state == State.ABANDONED
    owed = part(inside, server)
    inside.db.execute(
        "INSERT INTO reseller_swap (item, home, target, state, who, why, pricelist, period, status, created, updated) "
        "VALUES (%s, %s, 0, 'away', 'x', '', 0, 1, 2, NOW(), NOW())",
        server,
        shop.module,
    )
    assert not go_on(inside, owed)
    inside.db.execute("UPDATE reseller_swap SET live = NULL WHERE item = %s", server)
    assert (inside.now(owed).state, inside.now(owed).is_due) == (State.OWED, False)


def test_a_term_without_a_date_there_is_not_bought(shop, inside, server):
    date, charged = there(shop, server)["expiredate"], orders_there(shop, server)
    shop.there.call("sandbox.item", item=remote(shop, server), expiredate="")
    owed = part(inside, server)
    with refused("reseller_no_date"):
        go_on(inside, owed)
    assert (inside.now(owed).state, inside.now(owed).is_due) == (State.REFUSED, False)
    shop.there.call("sandbox.item", item=remote(shop, server), expiredate=date)
    assert orders_there(shop, server) == charged
    assert not go_on(inside, owed)
    assert inside.now(owed).state == State.ABANDONED, "nothing is due any more"


@pytest.fixture
def short(shop, inside, server):
    """The seller's date is near, the client's is not."""
    dates = there(shop, server)["expiredate"], shop.item(server)["expiredate"]
    tomorrow = dt.datetime.now(dt.timezone.utc).date() + dt.timedelta(days=1)
    shop.there.call("sandbox.item", item=remote(shop, server), expiredate=tomorrow)
    shop.here.call("sandbox.item", item=server, expiredate="2099-01-01")
    inside.db.execute("UPDATE reseller_link SET accounted = '2099-01-01', highest = NULL WHERE item = %s", server)
    yield server
    shop.there.call("sandbox.item", item=remote(shop, server), expiredate=dates[0])
    shop.here.call("sandbox.item", item=server, expiredate=dates[1])


@pytest.mark.parametrize(("kind", "type_"), [("access", "reseller_access"), ("value", "reseller_part_refused")])
def test_a_term_that_is_refused_is_a_task_and_tried_again(shop, inside, short, kind, type_):
    owed = part(inside, short)
    fault(shop, "error", "service.prolong", skip=1, type=kind, object="period")
    with refused(type_):
        go_on(inside, owed)
    assert (inside.now(owed).state, inside.now(owed).is_due) == (State.REFUSED, False)
    assert len(shop.tasks(short)) == 1


def test_a_seller_that_cannot_be_asked_is_asked_again_for_a_term_without_a_task(shop, inside, short):
    owed = part(inside, short)
    fault(shop, "html", "vds.edit")
    with refused("reseller_change_unsent"):
        go_on(inside, owed)
    assert inside.now(owed).state == State.UNSENT
    assert shop.tasks(short) == []


def test_a_term_that_takes_its_time_is_waited_for_without_an_operation(shop, inside, short, switch):
    switch(shop.there, "prolong_runs", "operation")
    switch(shop.there, "provision", "manual")
    owed = part(inside, short)
    assert not go_on(inside, owed)
    assert inside.now(owed).state == State.WAITING
    shop.there.call("sandbox.provision", item=remote(shop, short))
    assert inside.look(inside.now(owed)) == looking.FINISHED


def test_a_term_that_another_process_writes_down_meanwhile_is_written_once(inside, server):
    inside.meanwhile(server, lambda context: owed_terms.write_down(context, server), lambda: part(inside, server))
    sql = "SELECT COUNT(*) FROM reseller_request WHERE item = %s AND kind = 'part' AND live = 1"
    assert inside.db.value(sql, server) == 1


def test_a_term_that_nobody_can_tell_of_is_bought_anew_without_an_operation(shop, inside, server):
    lost = part(inside, server, State.UNCONFIRMED, was="2020-01-01", promise="2099-01-01")
    said = reorder.reorder(inside.context, server, confirmed=True)
    assert lost.key in said
    assert requests.live_of(inside.db, server, requests.PART).key != lost.key


# Ordered anew, and back from a close.


def test_what_has_no_operation_is_given_up_and_not_ordered_anew(inside, server):
    lost = inside.request(server, requests.PROLONG, State.UNCONFIRMED)
    assert "given up" in reorder.reorder(inside.context, server, confirmed=True)
    assert inside.now(lost).state == State.ABANDONED
    assert requests.live_of(inside.db, server, requests.PROLONG) is None
    with refused("reseller_reorder_none"):
        reorder.reorder(inside.context, server, confirmed=True)


def test_nothing_is_ordered_anew_by_a_list_that_proves_nothing(shop, inside, ordered):
    order(inside, ordered, State.FOREIGN)
    shop.there.call("vds.filter", su=shop.buyer, domain="nothing-like-it", sok="ok")
    with refused("reseller_list_incomplete"):
        reorder.reorder(inside.context, ordered, confirmed=True)
    shop.there.call("vds.filter", su=shop.buyer, clicked_button="clear", sok="ok")
    assert b'"done": false' in shop.ctl("reorder", str(ordered), "--json").stdout


def test_what_was_bought_with_another_account_is_bought_anew(shop, inside, ordered):
    inside.db.execute(
        "INSERT INTO reseller_link (item, live, module, account, itemtype, remote, rkey, state, created, updated) "
        "VALUES (%s, NULL, %s, 99999, 'vds', '7', 'k', 'ended', NOW(), NOW())",
        ordered,
        shop.module,
    )
    operation = inside.operation(ordered, "reopen")
    reopen.reopen(inside.context, ordered)
    assert shop.links(ordered)[0]["remote"] != "7"
    assert shop.request(ordered)["operation"] == operation


def test_what_comes_back_is_shown_with_its_number(shop, inside, server):
    inside.db.execute("UPDATE reseller_link SET live = NULL, state = 'ended' WHERE item = %s AND live = 1", server)
    shop.here.write("DELETE FROM itemparam WHERE item = %s AND intname = %s", server, opening.REMOTE_PARAM)
    reopen.reopen(inside.context, server, inside.operation(server, "reopen"))
    until(lambda: (shop.checkevent(), shop.links(server))[1], "it does not come back")
    assert shop.params(server)[opening.REMOTE_PARAM] == remote(shop, server)


def test_nothing_is_suspended_without_a_link(shop, inside, server):
    with inside.unlinked(server), refused("reseller_not_linked"):
        suspend_resume_close.change(inside.context, server, requests.SUSPEND)
    assert there(shop, server)["status"] == 2


def test_a_suspension_without_an_operation_is_waited_for_all_the_same(shop, inside, server, switch):
    switch(shop.there, "provision", "manual")
    suspend_resume_close.change(inside.context, server, requests.SUSPEND)
    assert requests.live_of(inside.db, server, requests.SUSPEND).state == State.WAITING
    shop.there.call("sandbox.item", item=remote(shop, server), status=2)
