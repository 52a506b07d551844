"""Services that wait, each kind as one row: what cron's next run does about it, and what `reorder` does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import ExitStack

from tests.chaos.commands import ACTIVE, DELETED, NEW, SUSPENDED, Aim, Command, resize, take
from tests.chaos.lanes import Lane
from tests.chaos.settle import pass_time, rest, settle, standing
from tests.support.world import until

ORDER, RENEWAL = "*.order.param", "service.prolong"
LIST: dict[str, Aim] = {"list": ("vds", 0)}
EDIT: dict[str, Aim] = {"edit": ("vds.edit", 0)}
ORDERED: dict[str, Aim] = {"call": (ORDER, 0)}


def _fault(lane: Lane, kind: str, func: str, skip: int = 0) -> None:
    lane.there.call("sandbox.fault", kind=kind, forfunc=func, times=1, skip=skip)


def ordered(itemtype: str) -> Callable[[Lane], int]:
    """Bought, and not active here yet."""

    def prepare(lane: Lane) -> int:
        item = lane.shop.order(itemtype)
        rest(lane, item)
        return item

    return prepare


def bought_in_doubt(lane: Lane) -> int:
    """An order whose answer was lost, and which the list did not show at once."""
    with lane.switched(lane.there, new_row_hidden_lists="1"):
        _fault(lane, "reply_lost", ORDER)
        return ordered("vds")(lane)


def _lost_order(lane: Lane) -> int:
    """An order that never arrived, looked for almost long enough."""
    _fault(lane, "reset", ORDER)
    item = ordered("vds")(lane)
    lane.shop.checkevent()
    pass_time(lane, item)
    return item


def _unpaid_row(lane: Lane) -> int:
    """Refused for lack of money, which the command did not live to hear; an unpaid order is left there."""
    with lane.switched(lane.there, short_balance_leaves="unpaid_row"):
        lane.there.call("sandbox.balance", user=lane.shop.buyer, value=0)
        plan = lane.plan("open", at="after http v2.vds.order.param #1", how="kill")
        item = lane.shop.order("vds")
        until(lambda: plan.hit, "the order is not sent")
        rest(lane, item)
        lane.top_up()
    pass_time(lane, item)
    return item


def _unsent(kind: str) -> Callable[[Lane], int]:
    """The seller was away, and is back."""

    def prepare(lane: Lane) -> int:
        item = take(lane, ACTIVE) if kind != "open" else NEW
        lane.there.call("sandbox.fault", kind="refused", forfunc="*")
        if item:
            lane.shop.act(kind, item)
        else:
            item = lane.shop.order("vds")
        rest(lane, item)
        lane.there.call("sandbox.fault.clear")
        pass_time(lane, item)
        return item

    return prepare


def _unwanted(lane: Lane) -> int:
    """The same, but staff deleted its operation meanwhile."""
    item = _unsent("open")(lane)
    lane.here.call("runningoperation.delete", elid=standing(lane, item)[0]["operation"], sok="ok")
    return item


def _without_money(lane: Lane) -> int:
    """Refused for lack of money, which is there now."""
    lane.there.call("sandbox.balance", user=lane.shop.buyer, value=0)
    item = ordered("vds")(lane)
    lane.top_up()
    return item


def _stale_intent(lane: Lane) -> int:
    """Written down and never sent, and the panel does not run it again."""
    with lane.switched(lane.here, retry_seconds="60"):
        plan = lane.plan("open", at="after sql INSERT reseller_request intent #1", how="kill")
        item = lane.shop.order("vds")
        until(lambda: plan.hit, "no intent is written")
        until(lambda: not standing(lane, item)[0]["run_pid"], "the panel does not notice")
        lane.here.call("runningoperation.setmanual", elid=standing(lane, item)[0]["operation"])
    pass_time(lane, item)
    return item


def _gone(lane: Lane) -> int:
    """Bought, deleted there by somebody else, and missed in one list so far."""
    item = ordered("vds")(lane)
    lane.there.call("sandbox.item", item=standing(lane, item)[0]["remote"], status=4)
    lane.shop.checkevent()
    return item


def _at_work(kind: str, needs: int) -> Callable[[Lane], int]:
    """The seller took its time over a change, and is done now."""

    def prepare(lane: Lane) -> int:
        item = take(lane, needs)
        remote = standing(lane, item)[0]["remote"]
        with ExitStack() as switches:
            if kind == "prolong":
                switches.enter_context(lane.switched(lane.there, prolong_runs="operation"))
            switches.enter_context(lane.switched(lane.there, provision="manual"))
            lane.shop.act(kind, item)
            rest(lane, item)
            lane.there.call("sandbox.provision", item=remote)
        return item

    return prepare


def renewal_in_doubt(lane: Lane) -> int:
    """Renewed, but the answer was lost, and so was the look after it."""
    item = take(lane, ACTIVE)
    _fault(lane, "reply_lost", RENEWAL, 1)
    _fault(lane, "html", "vds.edit", 1)
    lane.shop.act("prolong", item)
    rest(lane, item)
    return item


def _lost_renewal(lane: Lane) -> int:
    """A renewal that never arrived, looked for long enough."""
    item = take(lane, ACTIVE)
    _fault(lane, "reset", RENEWAL, 1)
    lane.shop.act("prolong", item)
    rest(lane, item)
    pass_time(lane, item)
    return item


def _lost_change(lane: Lane) -> int:
    """A change of resources that never arrived, looked for long enough."""
    item = take(lane, ACTIVE)
    _fault(lane, "reset", "vds.edit", 1)
    resize(lane, item)
    rest(lane, item)
    pass_time(lane, item)
    return item


def _owed(lane: Lane) -> int:
    """Three months were sold and one was bought, which ends soon."""
    item = lane.shop.order("vds", period=3)
    settled = settle(lane, item)
    assert settled.quiet, settled.standing
    soon = dt.datetime.now(dt.timezone.utc).date() + dt.timedelta(days=2)
    lane.there.call("sandbox.item", item=standing(lane, item)[0]["remote"], expiredate=soon)
    # No time has passed for the ledger, which would not believe a date that goes back.
    lane.here.write("UPDATE reseller_link SET highest = NULL WHERE item = %s", item)
    until(lambda: (lane.shop.checkevent(), standing(lane, item)[0]["kind"] == "part")[1], "it is not due")
    pass_time(lane, item)
    return item


def _unconfirmed(prepare: Callable[[Lane], int]) -> Callable[[Lane], int]:
    """It was given up, and a person has decided."""

    def given_up(lane: Lane) -> int:
        item = prepare(lane)
        until(lambda: (lane.shop.checkevent(), standing(lane, item)[0]["state"] == "unconfirmed")[1], "not given up")
        return item

    return given_up


def _run(lane: Lane, item: int) -> int:
    lane.here.run("sbin/mgrctl", "-m", "billmgr", "checkevent")
    return item


def _run_too(lane: Lane, item: int) -> None:
    _run(lane, item)


def _reorder(lane: Lane, item: int) -> int:
    lane.shop.ctl("reorder", str(item), "--yes")
    return item


def _reorder_too(lane: Lane, item: int) -> None:
    _reorder(lane, item)
    _run(lane, item)


def _cron(
    name: str,
    prepare: Callable[[Lane], int],
    ends: int,
    aims: dict[str, Aim],
    *,
    open_end: bool = False,
    once: bool = False,
) -> Command:
    return Command(
        f"cron: {name}", "checkevent", prepare, _run, ends, aims, _run_too, blocks=True, open_end=open_end, once=once
    )


def _by_hand(name: str, prepare: Callable[[Lane], int], aims: dict[str, Aim]) -> Command:
    ready = _unconfirmed(prepare)
    return Command(f"reorder: {name}", "reorder", ready, _reorder, ACTIVE, aims, _reorder_too, blocks=True)


WAITING = (
    _cron("opening vds", ordered("vds"), ACTIVE, LIST | EDIT),
    _cron("opening soft", ordered("soft"), ACTIVE, {"list": ("soft", 0), "edit": ("soft.edit", 0)}),
    _cron("order in doubt", bought_in_doubt, ACTIVE, LIST),
    _cron("lost order", _lost_order, ACTIVE, LIST),
    _cron("unpaid row", _unpaid_row, ACTIVE, LIST | EDIT | {"call": ("vds.delete", 0)}),
    _cron("unsent order", _unsent("open"), ACTIVE, LIST | ORDERED),
    _cron("unwanted order", _unwanted, 0, {}),
    _cron("order without money", _without_money, ACTIVE, {"balance": ("subaccount", 0), **ORDERED}),
    _cron("stale intent", _stale_intent, ACTIVE, LIST | ORDERED),
    _cron("gone", _gone, 0, LIST | EDIT, open_end=True),
    _cron("renewal at work", _at_work("prolong", ACTIVE), ACTIVE, EDIT),
    _cron("renewal in doubt", renewal_in_doubt, ACTIVE, EDIT),
    _cron("lost renewal", _lost_renewal, ACTIVE, EDIT),
    _cron("unsent renewal", _unsent("prolong"), ACTIVE, EDIT | {"form": (RENEWAL, 0), "call": (RENEWAL, 1)}),
    _cron("suspend at work", _at_work("suspend", ACTIVE), SUSPENDED, EDIT),
    _cron("resume at work", _at_work("resume", SUSPENDED), ACTIVE, EDIT),
    _cron("close at work", _at_work("close", ACTIVE), DELETED, EDIT),
    _cron("lost setparam", _lost_change, ACTIVE, EDIT),
    _cron("owed term", _owed, ACTIVE, EDIT | {"form": (RENEWAL, 0), "call": (RENEWAL, 1)}, once=True),
    _by_hand("order", _lost_order, LIST),
    _by_hand("renewal", _lost_renewal, EDIT),
    _by_hand("setparam", _lost_change, EDIT),
)
