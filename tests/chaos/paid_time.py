"""Paid time, reasons and second thoughts: what may become of it, each case as one row (docs/paid-time.md).

A row prepares what is odd about the service, and names what happens then: the client renews, cron runs, staff link it.
Whatever a person or the seller has to do for it to go on is its `mend`. All are tried on panels that move their date
before a renewal's command and on panels that do after it, and are played day by day to their end (calendar.py).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

from reseller.ledger.paid import PANEL_MOVES
from tests.chaos.commands import ACTIVE, DELETED, SUSPENDED, Aim, Command, take
from tests.chaos.journal import MONTHS
from tests.chaos.lanes import QUARTERLY, Lane
from tests.chaos.settle import pass_time, rest, settle, standing
from tests.chaos.waiting import EDIT, RENEWAL, _run, _run_too, _unsent, _unwanted
from tests.support import paying
from tests.support.world import until

IMPATIENT = {"order_seconds": 1, "read_seconds": 1}
RENEWED: dict[str, Aim] = {"call": (RENEWAL, 1), "form": (RENEWAL, 0), **EDIT}
#: for a date that is moved by mistake
TEN_YEARS = 3650

_DATES = "SELECT expiredate FROM item WHERE id = %s"
_ACCOUNTED = "SELECT accounted, highest FROM reseller_link WHERE item = %s AND live = 1"


def _active(lane: Lane, **wishes: Any) -> int:
    """One of its own: its dates are not those of others."""
    item = lane.shop.order("vds", **wishes)
    settled = settle(lane, item)
    assert settled.quiet, settled.standing
    return item


def _renewed(lane: Lane, item: int, months: int = 1) -> int:
    """Its client renews it."""
    words: dict[str, Any] = {"period": months, "skipbasket": "on", "su": "client1", "sok": "ok"}
    lane.here.call("service.prolong", elid=item, **words)
    return item


def _quiet(lane: Lane, item: int) -> None:
    settled = settle(lane, item)
    assert settled.quiet, settled.standing


def _grant(lane: Lane, item: int, months: int) -> None:
    lane.granted.setdefault(item, Counter()).update({MONTHS: months})


def _remote(lane: Lane, item: int) -> int:
    return int(standing(lane, item)[0]["remote"])


def _there(lane: Lane, item: int, **what: Any) -> None:
    """The seller's staff change it."""
    lane.there.call("sandbox.item", item=_remote(lane, item), **what)


def _moved(lane: Lane, item: int, days: int) -> None:
    """Staff move the panel's date."""
    day = lane.ask(lane.here, _DATES, item)[0]["expiredate"]
    lane.here.call("sandbox.item", item=item, expiredate=day + dt.timedelta(days=days))


def _told(lane: Lane, item: int, kind: str) -> None:
    """Cron runs until a person is told."""
    until(lambda: (lane.shop.checkevent(), paying.problem(lane.shop, item, kind))[1], f"nobody is told: {kind}")


def _said(kind: str, *words: str) -> Callable[[Lane, int], None]:
    """A person is told, and says what becomes of it."""

    def mend(lane: Lane, item: int) -> None:
        _told(lane, item, kind)
        done = lane.shop.ctl(words[0], str(item), *words[1:], "--yes")
        assert done.returncode == 0, done.stderr.decode()

    return mend


# Terms.


def _three_months(lane: Lane) -> int:
    """Three months sold, one bought, which is nearly over."""
    item = _active(lane, period=3)
    paying.ends_in(lane.shop, item, 2)
    return item


def _short(lane: Lane) -> int:
    """Its next month could not be paid for."""
    item = _three_months(lane)
    lane.there.call("sandbox.balance", user=lane.shop.buyer, value=0)
    until(lambda: (lane.shop.checkevent(), _part(lane, item) == "money")[1], "it is not due")
    return item


def _part(lane: Lane, item: int) -> str:
    sql = "SELECT state FROM reseller_request WHERE item = %s AND kind = 'part' AND live = 1"
    return str(lane.here.value(sql, item) or "")


def _part_in_doubt(lane: Lane) -> int:
    """Nobody knows whether its next month was bought: it has arrived, and is carried out only later."""
    item = _three_months(lane)
    lane.limits(**IMPATIENT)
    lane.there.call("sandbox.fault", kind="hold_before", forfunc=RENEWAL, skip=1, times=1)
    until(lambda: (lane.shop.checkevent(), _part(lane, item) == "looking")[1], "it is not sent")
    lane.limits()
    return item


def _by_the_quarter(lane: Lane) -> int:
    """A month sold, three bought."""
    item = _active(lane, tariff=QUARTERLY)
    # One more is the client's to renew yet.
    _grant(lane, item, 1)
    return item


def _learn(lane: Lane) -> None:
    """Let one renewal show when this panel moves its date: before it has, the later reading counts, and buys a term."""
    if not lane.here.value("SELECT COUNT(*) FROM reseller_cursor WHERE name = %s", PANEL_MOVES):
        other = _active(lane)
        _quiet(lane, _renewed(lane, other))
        lane.forget(other)


def _renewed_there(lane: Lane) -> int:
    """Staff have renewed it at the seller by hand."""
    _learn(lane)
    item = _active(lane)
    words: dict[str, Any] = {"period": 1, "skipbasket": "on", "su": lane.shop.buyer, "sok": "ok"}
    lane.there.call("service.prolong", elid=_remote(lane, item), **words)
    return item


def _restored(lane: Lane) -> int:
    """The panel and its ledger come from yesterday, when it had not been renewed yet."""
    item = _active(lane)
    day = lane.ask(lane.here, _DATES, item)[0]["expiredate"]
    accounted, highest = lane.ask(lane.here, _ACCOUNTED, item)[0].values()
    last = lane.here.value("SELECT MAX(id) FROM reseller_request")
    _quiet(lane, _renewed(lane, item))
    lane.here.write("UPDATE item SET expiredate = %s WHERE id = %s OR parent = %s", day, item, item)
    lane.here.write("UPDATE reseller_link SET accounted = %s, highest = %s WHERE item = %s", accounted, highest, item)
    lane.here.write("DELETE FROM reseller_request WHERE item = %s AND id > %s", item, last)
    # With its files, so that nothing shows that it is older (ledger/observing.py).
    (lane.here.base / "var/reseller.newest").unlink(missing_ok=True)
    _grant(lane, item, -1)
    return item


def _at_a_months_end(lane: Lane) -> int:
    """Both dates are the last day of a long month, and the next month is shorter."""
    item = _active(lane)
    day = lane.ask(lane.here, _DATES, item)[0]["expiredate"]
    while not (day.day == 31 and (day + dt.timedelta(days=31)).day != 31):
        day += dt.timedelta(days=1)
    lane.here.write("UPDATE item SET expiredate = %s WHERE id = %s OR parent = %s", day, item, item)
    _there(lane, item, expiredate=day)
    lane.here.write("UPDATE reseller_link SET accounted = %s, highest = %s WHERE item = %s", day, day, item)
    return item


def _late(lane: Lane) -> int:
    """Nobody has renewed it in time: both panels have stopped it for some days."""
    item = _active(lane)
    paying.ends_in(lane.shop, item, -5)
    for panel in (lane.there, lane.here):
        panel.call("service.billdaily")
    rest(lane, item)
    until(lambda: (lane.shop.checkevent(), standing(lane, item)[0]["status"] == SUSPENDED)[1], "it is not stopped")
    _quiet(lane, item)
    return item


def _held_there(lane: Lane) -> int:
    """The seller has stopped it for abuse."""
    item = _active(lane)
    _there(lane, item, status=SUSPENDED, abusesuspend="on")
    until(lambda: (lane.shop.checkevent(), standing(lane, item)[0]["status"] == SUSPENDED)[1], "it does not show here")
    return item


def _released_there(lane: Lane, item: int) -> None:
    """What is open of it goes first; that it goes on here is judged at the end."""
    _there(lane, item, status=ACTIVE, abusesuspend="off")


def _held_here(lane: Lane) -> int:
    """A term is due, and staff have stopped it."""
    item = _active(lane, period=3)
    lane.shop.act("suspend", item)
    _quiet(lane, item)
    lane.here.call("sandbox.item", item=item, employeesuspend="on")
    paying.ends_in(lane.shop, item, 2)
    return item


def _released_here(lane: Lane, item: int) -> None:
    assert paying.bought(lane.shop, item) == [1], "a term was bought for what staff have stopped"
    lane.here.call("sandbox.item", item=item, employeesuspend="off")
    lane.shop.act("resume", item)


def _stale_form(lane: Lane) -> int:
    """The seller shows the date of a month ago."""
    item = _active(lane)
    _quiet(lane, _renewed(lane, item))
    shown = lane.ask(lane.there, _DATES, _remote(lane, item))[0]["expiredate"]
    _there(lane, item, expiredate=shown - dt.timedelta(days=30))
    return item


def _fresh_form(lane: Lane, item: int) -> None:
    assert paying.bought(lane.shop, item) == [1, 1], "a term was bought by a form that is a month old"
    shown = lane.ask(lane.there, _DATES, _remote(lane, item))[0]["expiredate"]
    _there(lane, item, expiredate=shown + dt.timedelta(days=30))
    pass_time(lane, item)


# Dates moved by hand.


def _jumped(days: int) -> Callable[[Lane], int]:
    def prepare(lane: Lane) -> int:
        item = _active(lane)
        _moved(lane, item, days)
        return item

    return prepare


def _put_right(lane: Lane, item: int) -> None:
    _told(lane, item, "paid")
    assert paying.bought(lane.shop, item) == [1], "a date that was mistyped was paid for"
    _moved(lane, item, -TEN_YEARS)


# Links.


def _unlinked(lane: Lane) -> int:
    """Its link was taken away; whoever makes it again knows its number."""
    item = _active(lane)
    lane.wishes["remote"] = str(_remote(lane, item))
    _unlink(lane, item)
    return item


def _unlink(lane: Lane, item: int) -> int:
    lane.wishes.setdefault("remote", str(_remote(lane, item)))
    lane.shop.ctl("unlink", str(item))
    return item


def _link(lane: Lane, item: int) -> int:
    lane.shop.ctl("link", str(item), lane.wishes["remote"])
    return item


def _linked_again(lane: Lane, item: int) -> None:
    """In as many commands as it takes."""
    until(lambda: (_link(lane, item), standing(lane, item)[0]["link"] == "live")[1], "it is not linked again")


def _no_wishes(lane: Lane) -> None:
    lane.wishes.clear()


# Reasons.


def _deleted_renewal(lane: Lane) -> int:
    """A renewal that never got through, and whose operation staff have deleted."""
    item = _active(lane)
    lane.there.call("sandbox.fault", kind="refused", forfunc="*")
    _renewed(lane, item)
    rest(lane, item)
    lane.there.call("sandbox.fault.clear")
    lane.here.call("runningoperation.delete", elid=standing(lane, item)[0]["operation"], sok="ok")
    return item


def _paid_for(lane: Lane, item: int) -> None:
    """It is paid for; where the panel does not show that, they write its date first."""
    if lane.moves_late:
        _told(lane, item, "unrenewed")
        _moved(lane, item, 31)
    _said("paid", "paid", "--buy")(lane, item)


def _switched_off(lane: Lane) -> int:
    """An order waits, and the panel is told to do nothing."""
    item = _unsent("open")(lane)
    (lane.here.base / "etc/billmgr.DoNothing").touch()
    return item


def _switch_on(lane: Lane, item: int) -> None:
    assert lane.shop.charges(item) == [], "something was bought by a panel that was to do nothing"
    _mended_panel(lane)


def _mended_panel(lane: Lane) -> None:
    (lane.here.base / "etc/billmgr.DoNothing").unlink(missing_ok=True)
    lane.shop.ctl("moved", "--yes")


def _copied(lane: Lane) -> int:
    """An order waits in a copy of the panel."""
    item = _unsent("open")(lane)
    lane.here.write("UPDATE reseller_place SET mark = 'x', host = 'old.example', path = '/usr/local/mgr5'")
    return item


# Second thoughts.


def _in_doubt(act: str, needs: int) -> Callable[[Lane], int]:
    """A change that arrives, and is carried out only later; nobody knows what has become of it."""

    def prepare(lane: Lane) -> int:
        item = take(lane, needs)
        # It is watched until it lands, however long a lease is waited out meanwhile.
        lane.usual = {"land_seconds": 3600}
        lane.limits(**IMPATIENT)
        lane.there.call("sandbox.fault", kind="hold_before", forfunc=f"vds.{act}", times=1)
        lane.shop.act(act, item)
        rest(lane, item)
        lane.limits()
        # What the client sees of it is not what the seller shows.
        lane.here.call("sandbox.item", item=item, status=SUSPENDED if act == "suspend" else ACTIVE)
        return item

    return prepare


def _lands(lane: Lane, _: int) -> None:
    lane.there.call("sandbox.release")


def _lands_as(status: int) -> Callable[[Lane, int], None]:
    """What is late lands, and from then on nothing is watched for long."""

    def mend(lane: Lane, item: int) -> None:
        _lands(lane, item)
        sql = "SELECT status FROM item WHERE id = %s"
        until(lambda: lane.there.value(sql, _remote(lane, item)) == status, "what is held does not land")
        lane.usual = {}
        lane.limits()

    return mend


def _nothing_deleted(lane: Lane, item: int) -> int:
    """The seller says that it deletes, and does not."""
    with lane.switched(lane.there, delete_does="nothing"):
        lane.shop.act("close", item)
        rest(lane, item)
    return item


def _deleted_there(lane: Lane, item: int) -> None:
    _there(lane, item, status=DELETED)


def _row(
    name: str,
    plan: str,
    prepare: Callable[[Lane], int],
    act: Callable[[Lane, int], int],
    *,
    ends: int = ACTIVE,
    aims: dict[str, Aim] | None = None,
    **more: Any,
) -> Command:
    more = {"once": True, "both_ways": True, **more}
    return Command(f"paid: {name}", plan, prepare, act, ends, EDIT if aims is None else aims, **more)


def _renewal(name: str, prepare: Callable[[Lane], int], **more: Any) -> Command:
    """The client renews it."""
    return _row(name, "prolong", prepare, _renewed, aims=RENEWED, **more)


def _cron(name: str, prepare: Callable[[Lane], int], **more: Any) -> Command:
    """Cron runs."""
    return _row(name, "checkevent", prepare, _run, meanwhile=_run_too, blocks=True, **more)


def _resume(lane: Lane, item: int) -> int:
    lane.shop.act("resume", item)
    return item


def _suspend(lane: Lane, item: int) -> int:
    lane.shop.act("suspend", item)
    return item


def _year(lane: Lane, item: int) -> int:
    return _renewed(lane, item, 12)


PAID_TIME = (
    _renewal("owed and renewed, short of money", _short, mend=lambda lane, _: lane.top_up()),
    _renewal("part in doubt", _part_in_doubt, mend=_lands),
    _renewal("a month bought as three", _by_the_quarter),
    _row("three bought as one, then a year", "prolong", lambda lane: _active(lane, period=3), _year, aims=RENEWED),
    _renewal("renewed by staff there", _renewed_there),
    _renewal("restored from yesterday", _restored),
    _renewal("month's end", _at_a_months_end),
    _renewal("late", _late),
    _renewal("held for abuse there", _held_there, mend=_released_there),
    _renewal("stale form", _stale_form, mend=_fresh_form),
    _cron("held by staff here", _held_here, mend=_released_here),
    _cron("a day of goodwill", _jumped(1)),
    _cron("four hundred days, left", _jumped(400), mend=_said("paid", "paid", "--leave")),
    _cron("two months, to be paid", _jumped(61), mend=_said("paid", "paid", "--buy")),
    _cron("mistyped by ten years", _jumped(TEN_YEARS), mend=_put_right),
    _row("link", "link", _unlinked, _link, mend=_linked_again, after=_no_wishes, blocks=True),
    _row("unlink", "unlink", _active, _unlink, mend=_linked_again, after=_no_wishes, blocks=True),
    _cron("order deleted", _unwanted, mend=_said("unbought", "reorder")),
    _cron("renewal deleted", _deleted_renewal, mend=_paid_for),
    _cron("told to do nothing", _switched_off, mend=_switch_on, after=_mended_panel),
    _cron("copied panel", _copied, mend=_switch_on, after=_mended_panel),
    _row(
        "resumed while a suspension is in doubt",
        "resume",
        _in_doubt("suspend", ACTIVE),
        _resume,
        mend=_lands_as(SUSPENDED),
    ),
    _row(
        "suspended while a resumption is in doubt",
        "suspend",
        _in_doubt("resume", SUSPENDED),
        _suspend,
        ends=SUSPENDED,
        mend=_lands_as(ACTIVE),
    ),
    _row("closed, and nothing deleted", "close", _active, _nothing_deleted, ends=DELETED, mend=_deleted_there),
)
