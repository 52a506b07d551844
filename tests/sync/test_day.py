"""The limits of a day: what checkevent may change and close by itself within 24 hours."""

import pytest

from reseller.ledger import limited_changes
from reseller.limits import Limits
from reseller.sync.day_limits import DayLimit
from tests.support import world
from tests.support.planting import Calls, hide, planted, staff, status, suspend_there
from tests.support.world import until


@pytest.fixture
def dozen(shop):
    """More pairs than the limit of a day is for."""
    with planted(shop, 12) as found:
        assert shop.checkevent() == "nothing to do"
        yield found


def test_too_many_changes_of_a_day_are_refused_kept_shown_and_forced(shop, dozen):
    world.limits(shop.here, stop_percent=30)
    for pair in dozen[:4]:
        suspend_there(shop, pair)
    assert "4 refused" in shop.checkevent()
    assert {status(shop, pair) for pair in dozen} == {2}
    shown = shop.ctl("plan").stdout.decode()
    assert all(str(pair.item) in shown for pair in dozen[:4])
    calls = Calls(shop.there)
    assert "4 refused" in shop.checkevent()
    # What is refused is not asked for again in every run; one form is read by the rolling check.
    assert calls.of(r"vds\.edit") <= 1
    assert shop.ctl("checkevent", "--force").stdout.startswith(b"checkevent: 4 suspended")
    assert [status(shop, pair) for pair in dozen[:5]] == [3, 3, 3, 3, 2]
    assert b"Nothing is refused" in shop.ctl("plan").stdout


def test_the_day_rolls_and_what_was_allowed_counts(shop, dozen):
    world.limits(shop.here, stop_percent=30)
    for pair in dozen[:3]:
        suspend_there(shop, pair)
    assert shop.checkevent() == "3 suspended"
    suspend_there(shop, dozen[3])
    assert "refused" in shop.checkevent()
    assert status(shop, dozen[3]) == 2
    # A day later there is room for it, without anybody's word.
    shop.here.write("UPDATE reseller_change SET changed = changed - INTERVAL 25 HOUR")
    until(lambda: (shop.checkevent(), status(shop, dozen[3]) == 3)[1], "it stays refused")


def test_a_refused_change_that_is_over_is_not_kept(shop, dozen):
    world.limits(shop.here, stop_percent=30)
    for pair in dozen[:4]:
        suspend_there(shop, pair)
    shop.checkevent()
    for pair in dozen[:2]:
        staff(shop, pair, status=2, employeesuspend="off")
    until(lambda: shop.checkevent() == "nothing to do", "the plan does not come to an end")
    assert [status(shop, pair) for pair in dozen[:5]] == [2, 2, 3, 3, 2]
    assert b"Nothing is refused" in shop.ctl("plan").stdout


def test_what_only_a_form_has_shown_stays_refused(shop, dozen):
    world.limits(shop.here, change_percent=30, deep_seconds=1)
    for pair in dozen[:5]:
        staff(shop, pair, param_ip="203.0.113.77")
    until(lambda: "5 refused" in shop.checkevent(), "nothing is refused")
    for _ in range(3):
        assert "5 refused" in shop.checkevent()
        assert b"Nothing is refused" not in shop.ctl("plan").stdout


def test_too_many_that_are_gone_make_one_task(shop, dozen):
    world.limits(shop.here, close_percent=2)
    for pair in dozen[:3]:
        hide(shop, pair)
    shop.checkevent()
    assert "3 refused" in shop.checkevent()
    [task] = [task for pair in dozen for task in shop.tasks(pair.item)]
    assert "3 changes" in task["params"]
    assert shop.here.call("reseller.checkevent.force").findtext("summary") == "3 gone"
    for pair in dozen[:3]:
        hide(shop, pair, hidden=False)


@pytest.mark.parametrize(
    ("kind", "total", "most"),
    [
        (limited_changes.CHANGE, 9, None),
        (limited_changes.CHANGE, 10, 3),
        (limited_changes.CHANGE, 100000, 30000),
        (limited_changes.CLOSE, 1, 2),
        (limited_changes.CLOSE, 149, 2),
        (limited_changes.CLOSE, 100000, 2000),
    ],
)
def test_the_limits_are_those_of_the_design(kind, total, most):
    assert DayLimit.of(kind, total, Limits()).most == most
