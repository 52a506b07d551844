"""Charges at the seller that none of our requests explains: told of, explained, accepted, forgotten."""

import json

import pytest

from tests.support import world
from tests.support.foreseeing import in_days
from tests.support.keeping import remote, sent
from tests.support.paying import renew, service, today
from tests.support.planting import planted

UNPLANNED = "SELECT * FROM reseller_problem WHERE subject = 'account' AND kind = 'unplanned'"


@pytest.fixture(autouse=True)
def _looks(shop):
    """The look comes with every run, and what other tests have left at the seller is before it."""
    world.limits(shop.here, expense_look_seconds=1, unlisted_seconds=1)
    shop.here.write("DELETE FROM reseller_cursor WHERE name LIKE 'expenses%%'")
    shop.here.write("DELETE FROM reseller_expense")
    shop.checkevent()
    yield
    shop.here.write("DELETE FROM reseller_cursor WHERE name LIKE 'expenses%%'")
    shop.here.write("DELETE FROM reseller_expense")
    shop.here.write("DELETE FROM reseller_problem WHERE kind = 'unplanned'")


def problem(shop):
    """The problem after a look of now, None without one."""
    shop.here.write("UPDATE reseller_cursor SET value = '2020-01-01' WHERE name = 'expenses'")
    shop.checkevent()
    found = shop.here.rows(UNPLANNED)
    return {**found[0], **json.loads(found[0]["params"])} if found else None


def account(shop):
    return shop.there.value("SELECT account FROM user WHERE name = %s", shop.buyer)


def charged(shop, number, amount=7, day=None, operation="prolong"):
    """The seller charges something for a service by itself; the number of the charge."""
    shop.there.write(
        "INSERT INTO expense (item, account, operation, period, cdate, realdate, amount) "
        "VALUES (%s, %s, %s, 1, CURDATE(), %s, %s)",
        number,
        account(shop),
        operation,
        day or today().isoformat(),
        amount,
    )
    return shop.there.value("SELECT MAX(id) FROM expense")


def old(shop, item):
    """All that was sent for a service was sent weeks ago."""
    shop.here.write("UPDATE reseller_request SET sent = sent - INTERVAL 20 DAY WHERE item = %s", item)


def listed(shop):
    return json.loads(shop.ctl("expenses", "--json").stdout)


def test_what_we_buy_and_renew_is_explained(shop):
    item = service(shop)
    renew(shop, item)
    assert len(shop.charges(item)) == 2
    assert problem(shop) is None
    assert listed(shop) == []


def test_a_charge_that_no_request_of_ours_explains_is_one_problem_of_the_account_until_it_is_accepted(shop):
    item = service(shop)
    old(shop, item)
    mine, foreign = charged(shop, remote(shop, item), 7), charged(shop, 987654, 3, operation="open")
    told = problem(shop)
    assert told["count"] == "2"
    assert f"{remote(shop, item)} (service {item}): 7, {today()}, prolong" in told["charges"]
    assert f"987654: 3, {today()}, open" in told["charges"]
    assert (told["touches"], bool(told["task"])) == (str(item), True)
    assert [(row["charge"], row["service"]) for row in listed(shop)] == [(foreign, ""), (mine, item)]
    assert problem(shop)["task"] == told["task"]
    done = shop.ctl("expenses", "accept", str(shop.module))
    assert f"expenses accept {shop.module} --until {foreign} --yes" in done.stdout.decode()
    assert problem(shop) is not None
    assert shop.ctl("expenses", "accept", str(shop.module), "--until", str(foreign), "--yes").returncode == 0
    assert shop.here.rows(UNPLANNED) == []
    assert shop.here.value("SELECT COUNT(*) FROM task WHERE id = %s AND status <> 2", told["task"]) == 0
    assert problem(shop) is None
    assert listed(shop) == []
    refused = shop.ctl("expenses", "accept", str(shop.module), "--until", str(foreign), "--yes")
    assert refused.returncode == 1
    assert b"speaks for no account" in refused.stderr
    assert shop.here.value("SELECT COUNT(*) FROM reseller_act WHERE what = 'expenses accept'") == 1
    assert shop.ctl("expenses", "accept").returncode == 2
    charged(shop, 987654, 4)
    assert problem(shop)["count"] == "1"


def test_only_what_was_shown_is_accepted(shop):
    shown = charged(shop, 987654)
    assert problem(shop)["count"] == "1"
    assert str(shown) in shop.ctl("expenses", "accept", str(shop.module)).stdout.decode()
    later = charged(shop, 987654, 50)
    assert problem(shop)["count"] == "2"
    for incomplete in (["--yes"], ["--until", str(shown)]):
        assert shop.ctl("expenses", "accept", str(shop.module), *incomplete).returncode == 2
    assert shop.ctl("expenses", "accept", str(shop.module), "--until", str(shown), "--yes").returncode == 0
    assert [row["charge"] for row in listed(shop)] == [later]
    assert shop.here.rows(UNPLANNED)
    assert problem(shop)["count"] == "1"
    assert shop.ctl("expenses", "accept", str(shop.module), "--until", str(shown), "--yes").returncode == 1
    assert [row["charge"] for row in listed(shop)] == [later]


def test_a_charge_is_explained_by_what_is_found_later_and_forgotten_after_thirty_days(shop):
    item = service(shop)
    old(shop, item)
    number = charged(shop, remote(shop, item))
    assert problem(shop) is not None
    shop.here.write("UPDATE reseller_request SET sent = sent + INTERVAL 20 DAY WHERE item = %s", item)
    assert problem(shop) is None
    assert shop.here.value("SELECT COUNT(*) FROM reseller_expense WHERE charge = %s", number) == 0
    old(shop, item)
    charged(shop, remote(shop, item), day=in_days(-1))
    assert problem(shop) is not None
    shop.here.write("UPDATE reseller_expense SET day = %s", in_days(-31))
    assert problem(shop) is None


def test_a_service_that_is_paid_by_the_day_is_charged_by_the_seller_itself(shop):
    item = service(shop)
    old(shop, item)
    period = shop.item(item)["period"]
    shop.here.write("UPDATE item SET period = -50 WHERE id = %s", item)
    try:
        charged(shop, remote(shop, item), operation="billperiodic")
        charged(shop, remote(shop, item), amount=-3, operation="return")
        assert problem(shop) is None
    finally:
        shop.here.write("UPDATE item SET period = %s WHERE id = %s", period, item)


def test_of_a_shared_account_only_charges_for_what_was_linked_here_are_told_of(shop):
    item = service(shop)
    old(shop, item)
    foreign = charged(shop, 987654)
    assert [row["charge"] for row in problem(shop) and listed(shop)] == [foreign]
    world.limits(shop.here, expense_look_seconds=1, unlisted_seconds=1, shared_account=1)
    assert problem(shop) is None
    charged(shop, 987654)
    assert problem(shop) is None
    mine = charged(shop, remote(shop, item))
    assert problem(shop)["count"] == "1"
    assert [row["charge"] for row in listed(shop)] == [mine]


@pytest.mark.parametrize("order", ["full", "rising"])
def test_only_pages_with_new_charges_are_read_whichever_way_they_are_ordered(shop, switch, order):
    switch(shop.there, "expense_list", order)
    world.limits(shop.here, expense_look_seconds=1, unlisted_seconds=1, page_rows=50)
    many = [charged(shop, 987654, day="2020-01-01") for _ in range(260)]
    problem(shop)
    before = sent(shop, "expense")
    numbers = [charged(shop, 987654) for _ in range(120)]
    assert problem(shop)["count"] == "120"
    assert {row["charge"] for row in listed(shop)} == set(numbers)
    assert sent(shop, "expense") - before <= 5
    before = sent(shop, "expense")
    assert problem(shop)["count"] == "120"
    # The last page of those that rise may be full, and is then seen to be the last.
    assert sent(shop, "expense") - before <= {"full": 1, "rising": 3}[order]
    shop.there.write("DELETE FROM expense WHERE id IN %s", [*many, *numbers])


def test_a_run_over_what_is_open_looks_at_no_charges(shop, switch):
    switch(shop.there, "provision", "manual")
    item = shop.order("vds")
    shop.rest(item)
    shop.here.write("UPDATE reseller_cursor SET value = '2020-01-01' WHERE name = 'expenses'")
    before = sent(shop, "expense")
    assert "waiting" in shop.here.call("reseller.checkevent", pending="on").findtext("summary")
    assert sent(shop, "expense") == before
    shop.checkevent()
    assert sent(shop, "expense") > before
    shop.there.call("sandbox.provision", item=remote(shop, item))
    shop.until_active(item)


@pytest.mark.parametrize("shape", ["by_service", "short", "short_rising", "uncounted"])
def test_no_charge_is_passed_over_in_a_list_of_another_shape(shop, switch, shape):
    """In the order of services, with fewer rows a page than asked for, or without the number of all."""
    switch(shop.there, "expense_list", shape)
    world.limits(shop.here, expense_look_seconds=1, unlisted_seconds=1, page_rows=40)
    many = [charged(shop, 987000 + number % 7, day="2020-01-01") for number in range(70)]
    assert problem(shop) is None
    numbers = [charged(shop, 987000 + number % 9) for number in range(70)]
    assert problem(shop)["count"] == "70"
    assert {row["charge"] for row in listed(shop)} == set(numbers)
    more = charged(shop, 986000)
    assert problem(shop)["count"] == "71"
    shop.there.write("DELETE FROM expense WHERE id IN %s", [*many, *numbers, more])


def test_what_one_look_could_not_read_is_said_and_read_by_the_next(shop, switch):
    switch(shop.there, "expense_list", "by_service")
    known = charged(shop, 987654)
    assert problem(shop)["count"] == "1"
    last = read_to(shop)
    assert last == known
    # More pages than one look reads.
    world.limits(shop.here, expense_look_seconds=1, unlisted_seconds=1, page_rows=2)
    many = [charged(shop, 990000 + number) for number in range(50)]
    assert int(problem(shop)["count"]) < 51
    assert read_to(shop) == last
    assert f"some of {last} to {many[-1]} are unread" in (shop.here.base / "var/reseller.log").read_text()
    world.limits(shop.here, expense_look_seconds=1, unlisted_seconds=1, page_rows=1000)
    assert problem(shop)["count"] == "51"
    assert read_to(shop) == many[-1]
    shop.there.write("DELETE FROM expense WHERE id IN %s", many)


def read_to(shop):
    """Up to which charge of the account the list was read."""
    return int(shop.here.value("SELECT value FROM reseller_cursor WHERE name LIKE 'expenses\\_newest%%'"))


def test_a_look_that_ends_before_its_charges_are_kept_is_done_again(shop):
    problem(shop)
    last = read_to(shop)
    charged(shop, 987654)
    shop.here.write("RENAME TABLE reseller_expense TO elsewhere")
    try:
        problem(shop)
    finally:
        shop.here.write("RENAME TABLE elsewhere TO reseller_expense")
    assert read_to(shop) == last
    assert problem(shop)["count"] == "1"


@pytest.mark.parametrize("shows", ["bare", "denied"])
def test_a_list_that_does_not_tell_neither_raises_nor_ends_anything(shop, switch, shows):
    charged(shop, 987654)
    assert problem(shop)["count"] == "1"
    switch(shop.there, "expense_list", shows)
    charged(shop, 987655)
    assert problem(shop)["count"] == "1"
    switch(shop.there, "expense_list", "full")
    assert problem(shop)["count"] == "2"


def test_where_the_look_is_switched_off_the_problem_ends(shop):
    charged(shop, 987654)
    assert problem(shop) is not None
    world.limits(shop.here, expense_look_seconds=0)
    assert problem(shop) is None


def test_a_module_that_has_moved_looks_at_the_charges_of_its_new_account(shop):
    """Their numbers may be lower than those of the account before.

    This is the last test here, since it ends the links of the others.
    """
    other, mine = "charged", account(shop)
    if not shop.there.value("SELECT COUNT(*) FROM user WHERE name = %s", other):
        shop.there.call("sandbox.client", name=other, secrets={"password": "s3cret"}, balance=100)
    theirs = shop.there.value("SELECT account FROM user WHERE name = %s", other)
    with planted(shop, 2) as pairs:
        high = charged(shop, 987654)
        shop.there.write("UPDATE expense SET id = id + 1000000 WHERE id = %s", high)
        before = problem(shop)
        assert before is not None
        try:
            for name, password, number in (
                (other, "s3cret", theirs),
                (shop.buyer, shop.there.accounts[shop.buyer]["password"], mine),
            ):
                for pair in pairs:
                    shop.there.write("UPDATE item SET account = %s WHERE id = %s", number, pair.remote)
                done = shop.here.run(
                    "sbin/resellerctl",
                    *("account", "move", str(shop.module), "--username", name, "--password-stdin", "--yes"),
                    stdin=f"{password}\n".encode(),
                )
                assert done.returncode == 0, done
                problem(shop)
                if name == other:
                    assert before["number"] not in [row["number"] for row in shop.here.rows(UNPLANNED)]
                    charged(shop, 987699)
                    shop.there.write("UPDATE expense SET account = %s, id = %s WHERE item = 987699", theirs, high + 1)
                    problem(shop)
                    assert shop.here.rows("SELECT * FROM reseller_expense WHERE charge = %s", high + 1)
        finally:
            shop.there.write("DELETE FROM expense WHERE id IN (%s, %s)", high + 1, high + 1000000)
            shop.there.write("ALTER TABLE expense AUTO_INCREMENT = 1")
