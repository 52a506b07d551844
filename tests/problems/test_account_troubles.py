"""A trouble of the whole account is one problem with one task; what waits starts by itself and is bought once."""

import json
import re
from collections import Counter

import pytest

from tests.support import world
from tests.support.paying import ends_in, expires, service
from tests.support.world import until

VDS = "vds"
KINDS = ("login", "unreachable", "rights", "funds", "settings")


@pytest.fixture
def seller(shop):
    """Whatever is wrong with the account at the seller is as it was, afterwards, and no problem stays."""
    world.limits(shop.here, unsent_longest_seconds=1)
    user = shop.there.rows("SELECT * FROM user WHERE name = %s", shop.buyer)[0]
    yield shop
    put_back(shop, user)
    shop.there.call("sandbox.fault.clear")
    until(lambda: (shop.checkevent(), problems(shop) == [])[1], "a problem stays")


def put_back(shop, user):
    for name in ("password", "totp", "allowed_ip_ranges"):
        user_is(shop, name, user[name])


def user_is(shop, name, value):
    shop.there.write(f"UPDATE user SET {name} = %s WHERE name = %s", value, shop.buyer)


def problems(shop):
    return shop.here.rows("SELECT * FROM reseller_problem WHERE kind IN %s ORDER BY kind", KINDS)


def tasks(shop, problem):
    return shop.here.rows("SELECT * FROM task WHERE id = %s", problem["task"])


def touched(problem):
    return set(map(int, problem["touches"].split()))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("password", "x", "user name or the password"),
        ("totp", "on", "second factor"),
        ("allowed_ip_ranges", "192.0.2.0/24", "IP address"),
    ],
)
def test_an_account_that_is_not_let_in_is_one_problem_and_what_waits_starts_by_itself(seller, name, value, said):
    shop = seller
    renewed, stopped = service(shop), service(shop)
    before = len(shop.charges(renewed))
    old = shop.there.value(f"SELECT {name} FROM user WHERE name = %s", shop.buyer)
    user_is(shop, name, value)
    ordered = [shop.order(VDS) for _ in range(2)]
    shop.here.call("service.prolong", elid=renewed, sok="ok", su="client1", skipbasket="on", period=1)
    shop.act("suspend", stopped)
    for item in (*ordered, renewed, stopped):
        shop.rest(item)
        assert said in shop.error(item)
        assert "by itself" in shop.error(item)
    output = shop.ctl("checkevent").stdout.decode()
    assert said in output
    assert len(output.splitlines()) == 2, output
    for _ in range(3):
        shop.checkevent()
    [problem] = problems(shop)
    assert (problem["kind"], problem["subject"]) == ("login", "account")
    assert {*ordered, renewed, stopped} <= touched(problem)
    assert [str(row["id"]) for row in tasks(shop, problem)] == [str(problem["task"])]
    assert Counter(task["id"] for item in (*ordered, renewed, stopped) for task in shop.tasks(item)) in (
        {},
        {problem["task"]: 1},
    )
    found = json.loads(shop.ctl("audit", "--json").stdout)
    assert [row["kind"] for row in found if said in row["text"]].count("login") == 1
    assert said in shop.ctl("status").stdout.decode()
    user_is(shop, name, old)
    shop.checkevent()
    for item in ordered:
        shop.until_active(item)
        assert len(shop.charges(item)) == 1
    shop.until_done(renewed)
    shop.until_done(stopped)
    assert len(shop.charges(renewed)) == before + 1
    assert shop.item(stopped)["status"] == 3
    assert (problems(shop), tasks(shop, problem)) == ([], [])


def test_a_seller_that_is_away_is_one_problem_without_a_task_for_each_service(seller):
    shop = seller
    world.limits(shop.here, unsent_longest_seconds=1, stale_intent_seconds=3)
    shop.there.call("sandbox.fault", kind="refused", forfunc="*", times=100000)
    items = [shop.order(VDS) for _ in range(3)]
    until(lambda: (shop.checkevent(), problems(shop))[1], "nobody is told")
    [problem] = problems(shop)
    assert problem["kind"] == "unreachable"
    assert "refused" in json.loads(problem["params"])["cause"]
    until(lambda: (shop.checkevent(), problems(shop)[0]["task"])[1], "nobody is asked")
    [problem] = problems(shop)
    assert set(items) <= touched(problem)
    assert {task["id"] for item in items for task in shop.tasks(item)} <= {problem["task"]}
    shop.there.call("sandbox.fault.clear")
    for item in items:
        shop.until_active(item)
        assert len(shop.charges(item)) == 1
    assert tasks(shop, problem) == []


def test_orders_that_the_account_may_not_make_wait_for_the_right(seller):
    shop = seller
    shop.there.call("sandbox.fault", kind="error", type="access", forfunc="*order.param", times=100000)
    items = [shop.order(VDS) for _ in range(3)]
    for item in items:
        shop.rest(item)
        assert "reseller_rights_unsent" in shop.error(item)
        assert shop.tasks(item) == []
    runs = [shop.checkevent() for _ in range(3)]
    assert not any(re.search("[2-9] restarted", run) for run in runs), runs
    [problem] = problems(shop)
    assert problem["kind"] == "rights"
    until(lambda: (shop.checkevent(), touched(problems(shop)[0]) == set(items))[1], "not all are named")
    assert len(tasks(shop, problem)) == 1
    shop.there.call("sandbox.fault.clear")
    for item in items:
        shop.until_active(item)
        assert len(shop.charges(item)) == 1


def test_an_account_that_runs_dry_is_one_problem_with_all_that_waits_oldest_first(seller):
    shop = seller
    tariff = str(shop.tariffs["VDS-1"])
    assert shop.ctl("map", tariff, "period", "3", "1").returncode == 0
    try:
        paid = service(shop, 3)
        ends_in(shop, paid, 2)
        shop.there.call("sandbox.balance", user=shop.buyer, value=1)
        items = [shop.order(VDS) for _ in range(2)]
        for item in items:
            shop.rest(item)
        until(lambda: (shop.checkevent(), problems(shop))[1], "nobody is told")
        until(lambda: (shop.checkevent(), touched(problems(shop)[0]) >= {*items, paid})[1], "not all is named")
        [problem] = problems(shop)
        assert problem["kind"] == "funds"
        assert len(tasks(shop, problem)) == 1
        before = expires(shop, paid)
        shop.there.call("sandbox.balance", user=shop.buyer, value=500)
        for item in items:
            shop.until_active(item)
        until(lambda: (shop.checkevent(), expires(shop, paid) > before)[1], "the term is not bought")
        first = [shop.here.value("SELECT MIN(sent) FROM reseller_request WHERE item = %s", item) for item in items]
        assert first == sorted(first)
        shop.checkevent()
        assert (problems(shop), tasks(shop, problem)) == ([], [])
    finally:
        assert shop.ctl("map", tariff, "period", "3", "3").returncode == 0


@pytest.mark.parametrize("whose", ["an account of yesterday", "a module that is gone"])
def test_a_trouble_that_is_nobodys_any_more_ends(seller, whose):
    shop = seller
    service(shop)
    account = shop.here.value("SELECT account FROM reseller_link WHERE module = %s AND live = 1 LIMIT 1", shop.module)
    number, module = (4711, shop.module) if whose == "an account of yesterday" else (account, 4711)
    shop.here.write(
        "INSERT INTO reseller_problem (subject, number, kind, module, error, params, since, updated) VALUES "
        "('account', %s, 'login', %s, 'reseller_account_login', "
        '\'{"module": "1", "account": "a", "cause": "b", "count": "0"}\', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))',
        number,
        module,
    )
    shop.checkevent()
    assert problems(shop) == []


def test_a_balance_that_nobody_can_read_keeps_nobody_waiting(seller):
    """Once the account is let in again; and one answer that cannot be used is an answer."""
    shop = seller
    old = shop.there.value("SELECT password FROM user WHERE name = %s", shop.buyer)
    user_is(shop, "password", "x")
    item = shop.order(VDS)
    shop.rest(item)
    shop.checkevent()
    user_is(shop, "password", old)
    for func in ("subaccount", "whoami"):
        shop.there.call("sandbox.fault", kind="html", forfunc=func, times=100000)
    shop.until_active(item)
    assert len(shop.charges(item)) == 1


def test_settings_that_lead_nowhere_are_one_problem_of_the_module(seller):
    shop = seller
    item = service(shop)
    where = "processingmodule = %s AND intname = 'url'"
    url = shop.here.value(f"SELECT value FROM processingparam WHERE {where}", shop.module)
    shop.here.write(f"UPDATE processingparam SET value = 'ftp://nowhere' WHERE {where}", shop.module)
    try:
        for _ in range(2):
            shop.checkevent()
        [problem] = problems(shop)
        assert (problem["kind"], problem["subject"], problem["number"]) == ("settings", "module", shop.module)
        assert item in touched(problem)
        assert len(tasks(shop, problem)) == 1
    finally:
        shop.here.write(f"UPDATE processingparam SET value = %s WHERE {where}", url, shop.module)
    shop.checkevent()
    assert (problems(shop), tasks(shop, problem)) == ([], [])
