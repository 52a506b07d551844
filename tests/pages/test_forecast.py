"""The page of the forecast: the money of each account, what is due of it, and what is old."""

import pytest

from sandbox.tests.browsing import chromium
from tests.support.foreseeing import alone, cost, has, in_days, renewing
from tests.support.world import Refused


@pytest.fixture(autouse=True)
def _alone(shop):
    with alone(shop):
        yield


def rows(document):
    return [{cell.tag: cell.text or "" for cell in elem} for elem in document.iterfind("elem")]


def listed(shop, **more):
    """The row of the account."""
    [row] = [row for row in rows(shop.here.call("reseller.forecast", **more)) if row["currency"] == "EUR"]
    return row


def due(shop, elid, **more):
    return rows(shop.here.call("reseller.forecast.terms", elid=elid, **more))


def amount(number):
    return format(number.normalize(), "f")


def test_an_account_that_is_short_says_when_how_much_and_what_is_lost_first(shop):
    server, licence = renewing(shop, 9), renewing(shop, 9, "soft")
    total = cost(shop, server) + cost(shop, licence)
    has(shop, cost(shop, licence) - 1)
    shop.checkevent()
    row = listed(shop)
    assert (row["modules"], row["days_left"], row["uncovered"]) == (str(shop.module), "9", in_days(9))
    assert (row["balance"], row["missing"]) == (amount(cost(shop, licence) - 1), amount(cost(shop, server) + 1))
    assert (row["due_7"], row["due_14"]) == ("0", amount(total))
    first, second = row["lost"].split(", ")
    assert first.startswith(f"{licence} ")
    assert first.endswith("(gone for good)")
    assert second.startswith(f"{server} ")
    terms = [each for each in due(shop, row["id"]) if each["item"] in (str(server), str(licence)) and "cost" in each]
    assert [(each["item"], each["day"]) for each in terms] == [(str(licence), in_days(9)), (str(server), in_days(9))]
    assert [each["after"] for each in terms] == ["-1 EUR", f"-{amount(cost(shop, server) + 1)} EUR"]
    assert [each["missed"] for each in terms] == ["gone for good", "stops"]
    assert shop.buyer in row["name"]
    has(shop, 500)
    shop.checkevent()
    row = listed(shop)
    assert (row["days_left"], row["uncovered"], row["missing"], row["lost"]) == ("30+", "", "", "")


def test_old_money_and_old_costs_are_shown_as_old(shop):
    item = renewing(shop, 9)
    row = listed(shop)
    assert "old" not in f"{row['available']} {row['due_14']}"
    shop.here.write("UPDATE reseller_price SET seen_at = '2020-01-01' WHERE subject = 'service' AND number = %s", item)
    shop.here.write("UPDATE reseller_balance SET checked = UTC_TIMESTAMP(3) - INTERVAL 49 HOUR")
    row = listed(shop)
    assert row["available"].endswith("(old)")
    assert row["age"] == "2 days ago"
    assert (row["due_7"], row["due_14"]) == ("0", f"{amount(cost(shop, item))} (old)")
    [term] = [each for each in due(shop, row["id"]) if each["item"] == str(item)]
    assert term["cost"] == f"{amount(cost(shop, item))} EUR (old)"
    shop.checkevent()
    assert "old" not in listed(shop)["available"]


def test_what_is_not_counted_is_named_with_the_reason_and_pages_hold_as_many_rows_as_asked(shop):
    item, ends = renewing(shop, 5), renewing(shop, 5)
    shop.here.write("UPDATE item SET autoprolong = NULL WHERE id = %s", ends)
    row = listed(shop)
    every = due(shop, row["id"])
    [left] = [each for each in every if each["item"] == str(ends)]
    assert left["why"] == "not counted: it is not renewed automatically here"
    assert left not in every[: [each["item"] for each in every].index(str(item)) + 1]
    assert int(row["left"]) == len([each for each in every if each["why"].startswith("not counted")])
    assert due(shop, row["id"], p_cnt=1, p_num=2) == every[1:2]
    russian = next(each for each in due(shop, row["id"], lang="ru") if each["item"] == str(ends))
    assert russian["why"] == "не учтено: она не продлевается здесь автоматически"


@pytest.mark.parametrize("elid", ["", "7", "999999-EUR", "x-EUR"])
def test_a_row_that_is_none_of_an_account_is_refused(shop, elid):
    with pytest.raises(Refused) as refused:
        shop.here.call("reseller.forecast.terms", elid=elid)
    assert (refused.value.type, refused.value.object) == ("reseller_page_value", "elid")


def test_a_person_finds_the_page_in_the_menu_and_what_is_due_behind_a_row(shop):
    item = renewing(shop, 9)
    here = shop.here
    with chromium() as browser:
        browser.log_in(here.http_url, "admin", here.accounts["admin"]["password"])
        browser.menu("Money and forecast")
        assert browser.title == "Money and forecast"
        assert shop.buyer in browser.text
        browser.mark(listed(shop)["id"])
        browser.press("What is due")
        assert browser.title == "What is due"
        assert in_days(9) in browser.text
        assert str(item) in browser.text
