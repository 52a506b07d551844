"""Power, passwords, keys, renewals given up, met half-way: after a crash, without a link, without a service there."""

import threading

import pytest

from reseller.commands import cancel_prolong, changepassword, gen_key, power
from reseller.ledger import requests
from reseller.ledger.states import State
from reseller.sync import looking
from tests.support.inside import refused
from tests.support.keeping import done_there, fault, remote, there
from tests.support.world import until


@pytest.fixture
def licence(inside, soft):
    yield soft
    inside.over(soft)


@pytest.fixture
def busy(shop, server, switch):
    """The seller is starting the server and does not end with it before it is told to."""
    switch(shop.there, "provision", "manual")
    shop.there.call("service.start", elid=remote(shop, server), sok="ok")
    yield server
    shop.there.call("sandbox.provision", item=remote(shop, server))


# Power.


def test_an_operation_that_follows_one_whose_end_was_lost_is_served_itself(shop, inside, server):
    before = done_there(shop, server, "service.stop")
    lost = inside.request(server, requests.STOP, State.WAITING, operation=1)
    power.power(inside.context, server, requests.STOP, inside.operation(server, "stop"))
    assert inside.now(lost).state == State.DONE
    assert done_there(shop, server, "service.stop") == before + 1


def test_what_the_seller_has_done_meanwhile_ends_with_the_next_start(shop, inside, server):
    before = done_there(shop, server, "service.stop")
    operation = inside.operation(server, "stop")
    waiting = inside.request(server, requests.STOP, State.WAITING, operation=operation)
    power.power(inside.context, server, requests.STOP, operation)
    assert inside.now(waiting).state == State.DONE
    assert done_there(shop, server, "service.stop") == before


def test_what_the_seller_is_at_is_taken_for_what_was_in_doubt(inside, busy):
    doubtful = inside.request(busy, requests.START, State.LOOKING)
    power.power(inside.context, busy, requests.START)
    assert inside.now(doubtful).state == State.WAITING
    inside.db.execute("UPDATE reseller_request SET state = 'looking' WHERE id = %s", doubtful.id)
    assert inside.look(inside.now(doubtful)) == looking.LOOKING
    assert inside.now(doubtful).state == State.WAITING


def test_a_reboot_in_doubt_is_for_a_person_whoever_meets_it(inside, server):
    operation = inside.operation(server, "reboot")
    doubtful = inside.request(server, requests.REBOOT, State.LOOKING, operation=operation)
    with refused("reseller_not_repeated"):
        power.power(inside.context, server, requests.REBOOT, operation)
    assert inside.now(doubtful).state == State.UNCONFIRMED
    assert inside.look(inside.now(doubtful)) == looking.LOOKING
    inside.db.execute("UPDATE reseller_request SET state = 'sending' WHERE id = %s", doubtful.id)
    with refused("reseller_not_repeated"):
        inside.look(inside.now(doubtful))


def test_a_stop_in_doubt_is_made_again_by_its_own_operation(inside, server):
    doubtful = inside.request(server, requests.STOP, State.SENDING)
    assert inside.look(doubtful) == looking.LOOKING
    assert inside.now(doubtful).state == State.UNSENT


def test_nothing_is_switched_without_a_link_or_without_a_service(shop, inside, server):
    before = done_there(shop, server, "service.start")
    with inside.unlinked(server), refused("reseller_not_linked"):
        power.power(inside.context, server, requests.START)
    with inside.gone(server), refused("reseller_gone"):
        power.power(inside.context, server, requests.START)
    assert done_there(shop, server, "service.start") == before


def test_a_seller_that_is_gone_between_the_look_and_the_call_was_told_nothing(shop, inside, server):
    before = done_there(shop, server, "service.start")
    fault(shop, "gone_after", "vds.edit")
    with refused("reseller_change_unsent"):
        power.power(inside.context, server, requests.START)
    inside.reachable()
    assert requests.live_of(inside.db, server, requests.START).state == State.UNSENT
    assert done_there(shop, server, "service.start") == before


def test_nothing_is_started_that_the_seller_has_suspended(shop, inside, server):
    before = done_there(shop, server, "service.start")
    shop.there.call("sandbox.item", item=remote(shop, server), status=3)
    with refused("reseller_suspended_there"):
        power.power(inside.context, server, requests.START)
    shop.there.call("sandbox.item", item=remote(shop, server), status=2)
    assert done_there(shop, server, "service.start") == before


def test_a_start_whose_answer_is_lost_is_made_again_after_a_while(shop, inside, server):
    fault(shop, "reset", "service.start")
    with refused("reseller_again"):
        power.power(inside.context, server, requests.START)
    lost = requests.live_of(inside.db, server, requests.START)
    assert (lost.state, lost.tries, lost.is_due) == (State.UNSENT, 1, False)


def test_a_seller_that_cannot_be_asked_after_the_call_is_waited_for(shop, inside, server):
    fault(shop, "html", "vds.edit", skip=1)
    power.power(inside.context, server, requests.START)
    waiting = requests.live_of(inside.db, server, requests.START)
    assert waiting.state == State.WAITING
    until(lambda: not there(shop, server)["service_status"], "the seller does not end with it")
    until(lambda: inside.look(inside.now(waiting)) == looking.FINISHED, "it does not end")


def test_a_start_that_takes_too_long_is_for_a_person_whoever_meets_it(shop, inside, busy):
    operation = inside.operation(busy, "start")
    late = inside.request(busy, requests.START, State.WAITING, sent_seconds=10**6, operation=operation)
    with refused("reseller_change_overdue"):
        power.power(inside.context, busy, requests.START, operation)
    assert [task["runningoperation"] for task in shop.tasks(busy)] == [operation]
    assert inside.look(inside.now(late)) == looking.LOOKING


def test_the_task_of_what_is_waited_for_is_made_again_if_it_is_missing(shop, inside, busy):
    operation = inside.operation(busy, "start")
    waiting = inside.request(busy, requests.START, State.WAITING, operation=operation)
    assert inside.look(waiting) == looking.LOOKING
    assert [task["runningoperation"] for task in shop.tasks(busy)] == [operation]


def test_a_reboot_waits_for_a_start_that_the_seller_has(inside, busy):
    waiting = inside.request(busy, requests.START, State.WAITING)
    inside.request(busy, requests.STOP, State.UNSENT)
    with refused("reseller_change_unsent"):
        power.power(inside.context, busy, requests.REBOOT)
    assert inside.now(waiting).state == State.WAITING
    assert requests.live_of(inside.db, busy, requests.STOP) is None


def test_a_password_in_doubt_is_looked_at_like_power(inside, server):
    doubtful = inside.request(server, requests.CHANGEPASSWORD, State.SENDING)
    assert inside.look(doubtful) == looking.LOOKING
    assert inside.now(doubtful).state == State.UNSENT
    with inside.unlinked(server), refused("reseller_not_linked"):
        changepassword.change_password(inside.context, server, "", "")


# A renewal given up.


def test_a_renewal_is_given_up_once_an_operation(inside, server):
    operation = inside.operation(server, "cancel_prolong")
    cancel_prolong.cancel_prolong(inside.context, server, operation)
    before = len(requests.of_item(inside.db, server))
    cancel_prolong.cancel_prolong(inside.context, server, operation)
    assert len(requests.of_item(inside.db, server)) == before


def test_giving_up_that_was_interrupted_is_made_again(inside, server):
    interrupted = inside.request(server, requests.CANCEL_PROLONG, State.SENDING)
    assert inside.look(interrupted) == looking.LOOKING
    assert inside.now(interrupted).state == State.UNSENT


def test_giving_up_needs_neither_link_nor_operation(inside, server):
    with inside.unlinked(server):
        cancel_prolong.cancel_prolong(inside.context, server)
    newest = requests.of_item(inside.db, server)[-1]
    assert (newest.kind, newest.state) == (requests.CANCEL_PROLONG, State.DONE)


def test_giving_up_waits_for_a_seller_that_is_gone(shop, inside, server):
    shop.there.call("sandbox.item", item=remote(shop, server), autoprolong=1)
    fault(shop, "gone_after", "vds.edit")
    with refused("reseller_change_unsent"):
        cancel_prolong.cancel_prolong(inside.context, server)
    inside.reachable()
    assert there(shop, server)["autoprolong"] == 1
    cancel_prolong.cancel_prolong(inside.context, server)
    assert there(shop, server)["autoprolong"] is None


def test_a_seller_that_goes_on_renewing_is_told_to_a_person(shop, inside, server):
    number = remote(shop, server)
    shop.there.call("sandbox.item", item=number, autoprolong=1)
    fault(shop, "hold_after", "vds.edit", skip=1)

    def somebody():
        until(lambda: there(shop, server)["autoprolong"] is None, "it is not switched off")
        shop.there.call("sandbox.item", item=number, autoprolong=1)
        shop.there.call("sandbox.release")

    meanwhile = threading.Thread(target=somebody)
    meanwhile.start()
    with refused("reseller_still_renews"):
        cancel_prolong.cancel_prolong(inside.context, server)
    meanwhile.join()
    assert there(shop, server)["autoprolong"] == 1
    shop.there.call("sandbox.item", item=number, autoprolong="")


# A licence's key.


def test_a_key_is_issued_once_an_operation(shop, inside, licence):
    before = done_there(shop, licence, "soft.edit")
    operation = inside.operation(licence, "gen_key")
    gen_key.new_key(inside.context, licence, operation)
    gen_key.new_key(inside.context, licence, operation)
    assert done_there(shop, licence, "soft.edit") == before + 1


def test_a_key_that_is_waited_for_is_waited_for_by_every_start(shop, inside, licence):
    before = done_there(shop, licence, "soft.edit")
    inside.request(licence, requests.GEN_KEY, State.WAITING)
    with refused("reseller_change_waiting"):
        gen_key.new_key(inside.context, licence)
    assert done_there(shop, licence, "soft.edit") == before


def test_no_key_is_asked_for_without_a_link_or_a_service_or_a_seller(shop, inside, licence):
    before = done_there(shop, licence, "soft.edit")
    with inside.unlinked(licence), refused("reseller_not_linked"):
        gen_key.new_key(inside.context, licence)
    with inside.gone(licence), refused("reseller_gone"):
        gen_key.new_key(inside.context, licence)
    fault(shop, "html", "soft.edit")
    with refused("reseller_change_unsent"):
        gen_key.new_key(inside.context, licence)
    fault(shop, "gone_after", "soft.edit")
    with refused("reseller_change_unsent"):
        gen_key.new_key(inside.context, licence)
    inside.reachable()
    assert done_there(shop, licence, "soft.edit") == before
