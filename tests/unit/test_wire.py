"""Documents, amounts, addresses and limits: what comes in from outside, read safely."""

import datetime as dt
import re
from decimal import Decimal

import pytest

from reseller import limits
from reseller.lifecycle import retries
from reseller.mgr5 import command_line
from reseller.seller.transport import endpoint, rejection
from reseller.wire import dates, document, money, numbers
from reseller.wire.errors import NotSent, Rejected, ResellerError, UsageError

BOMB = b'<?xml version="1.0"?><!DOCTYPE doc [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><doc>&b;</doc>'
LOCAL_FILE = b'<?xml version="1.0"?><!DOCTYPE doc [<!ENTITY f SYSTEM "file:///etc/passwd">]><doc>&f;</doc>'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html></html>", "HTML"),
        (b"  <html><body>captcha</body></html>", "captcha"),
        (BOMB, "DOCTYPE"),
        (LOCAL_FILE, "DOCTYPE"),
        (b"<doc><elem>", "cannot be parsed"),
        (b"<rss/>", "root is rss"),
        (b"plain words", "cannot be parsed"),
        (b"\x00\xff\xfe", "cannot be parsed"),
    ],
)
def test_what_is_no_document_is_named(body, said):
    with pytest.raises(document.NotADocument, match=said):
        document.parse(body)


def test_a_doctype_far_into_the_document_is_refused_too():
    with pytest.raises(document.NotADocument):
        document.parse(b"<?xml version='1.0'?>" + b" " * 70000 + BOMB[21:])


def test_the_error_of_a_v2_answer_is_found_in_its_warning():
    root = document.parse(b'<doc><warning><error type="value" object="period"/></warning></doc>')
    assert document.error_of(root).get("object") == "period"


@pytest.mark.parametrize(
    ("shown", "amount"),
    [
        ("5.00 EUR / Month", "5.00"),
        ("10.0000", "10.0000"),
        ("1\u00a0234,56 руб.", "1234.56"),
        ("1 234 567.8", "1234567.8"),
        (".50 EUR", "0.50"),
        ("-.5", "-0.5"),
        ("10 2026-05-01", "10"),
        ("10.00 12 m", "10.00"),
        ("-3.10 EUR", "-3.10"),
        ("12,5", "12.5"),
        ("EUR 7", "7"),
    ],
)
def test_amounts_are_read_as_panels_print_them(shown, amount):
    assert money.parse(shown) == Decimal(amount)


@pytest.mark.parametrize(
    ("shown", "letters"),
    [("5.00 EUR", "EUR"), ("EUR 7", "EUR"), ("5.00 EUR / Month", "EUR"), ("5.00 \u20ac / Month", ""), ("5.00", "")],
)
def test_a_period_is_no_currency(shown, letters):
    assert money.currency(shown) == letters


@pytest.mark.parametrize(
    ("shown", "amount"),
    [
        ("1,234.56 EUR", "1234.56"),
        ("1.234,56 EUR", "1234.56"),
        ("1,234,567", "1234567"),
        ("1.234.567,8", "1234567.8"),
        ("1,234", "1234"),
        ("0,104", "0.104"),
        ("1'234.50 CHF", "1234.50"),
        ("5. ", "5"),
        ("12, of 3", "12"),
    ],
)
def test_what_parts_thousands_is_told_from_what_parts_the_fraction(shown, amount):
    assert money.parse(shown) == Decimal(amount)


@pytest.mark.parametrize(
    "shown", ["", "EUR", "-", "\u0661\u0662", "\u00b2", "9" * 17, "9" * 10**6, "1." + "0" * 11, "1e5", "2E+3"]
)
def test_no_amount_is_no_amount(shown):
    assert money.parse(shown) is None


def test_the_raw_amount_counts_before_the_one_that_is_shown():
    root = document.parse(b'<doc><cost orig="10.0000">1 000.00 EUR</cost><balance>5.00 EUR</balance></doc>')
    assert money.of(root.find("cost")) == Decimal("10.0000")
    assert money.of(root.find("balance")) == Decimal("5.00")
    assert money.of(root.find("none")) is None


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("2027-01-28", dt.date(2027, 1, 28)),
        ("28.01.2027", dt.date(2027, 1, 28)),
        (" 2027-01-28 23:59:59 ", dt.date(2027, 1, 28)),
        ("2027-01-28T00:00", dt.date(2027, 1, 28)),
        ("28.01.2027 12:00", dt.date(2027, 1, 28)),
        ("", None),
        ("0000-00-00", None),
        ("0000-00-00 00:00:00", None),
        ("00.00.0000", None),
    ],
)
def test_dates_are_read_as_panels_write_them(told, day):
    assert dates.parse(told) == day


@pytest.mark.parametrize(
    "told",
    ["soon", "2027-02-30", "2027-00-01", "0000-01-01", "28/01/2027", "2027-1-2", "2027-01-28x", "\u0662027-01-28", "-"],
)
def test_what_is_no_date_is_named(told):
    with pytest.raises(dates.NotADate, match="^" + re.escape(told)):
        dates.parse(told)


@pytest.mark.parametrize("told", ["", "-1", "\u00b2", "\u0663", "1.0", "1_0", " 1", "1" * 10, "1" * 10**6])
def test_what_is_no_number_is_none(told):
    assert numbers.parse(told) is None


def test_numbers_are_ascii_digits_of_a_bounded_length():
    assert numbers.parse("007") == 7
    assert numbers.parse("1" * 18, numbers.BIGINT_DIGITS) == int("1" * 18)
    assert (numbers.whole("12"), numbers.whole("012"), numbers.whole("\u00b2")) == (12, 0, 0)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("billing.example.com", "https://billing.example.com/billmgr"),
        ("https://billing.example.com/", "https://billing.example.com/billmgr"),
        (" https://billing.example.com:1500/billmgr/ ", "https://billing.example.com:1500/billmgr"),
        ("https://billing.example.com/manager/billmgr?func=x", "https://billing.example.com/manager/billmgr"),
        ("https://billing.example.com/manager", "https://billing.example.com/manager/billmgr"),
        ("https://billing.example.com/billmgr-api", "https://billing.example.com/billmgr-api"),
        ("https://billing.example.com/manager/billmgr-api/", "https://billing.example.com/manager/billmgr-api"),
        ("https://billing.example.com/billing", "https://billing.example.com/billing"),
    ],
)
def test_an_address_works_as_typed(typed, address):
    assert endpoint(typed, allow_plain=False) == address


@pytest.mark.parametrize(
    ("typed", "type_"),
    [
        ("ftp://billing.example.com", "reseller_url"),
        ("https://", "reseller_url"),
        ("https://host:port/", "reseller_url"),
        ("https://[broken", "reseller_url"),
        ("https://me:secret@billing.example.com", "reseller_url_password"),
        ("http://billing.example.com", "reseller_url_plain"),
    ],
)
def test_an_impossible_address_is_refused_in_words(typed, type_):
    with pytest.raises(ResellerError) as refused:
        endpoint(typed, allow_plain=False)
    assert refused.value.type == type_
    assert "secret" not in str(refused.value)


def test_http_is_for_who_allows_it():
    assert endpoint("http://10.0.0.1:1500", allow_plain=True) == "http://10.0.0.1:1500/billmgr"


@pytest.mark.parametrize(
    ("xml", "type_"),
    [
        ('<error type="auth" object="badpassword"/>', "reseller_auth"),
        ('<error type="auth" object="badip"/>', "reseller_address"),
        ('<error type="auth"><msg>Access from this IP denied</msg></error>', "reseller_address"),
        ('<error type="auth" object="totp"/>', "reseller_second_factor"),
        ('<error type="access"/>', "reseller_access"),
        ('<error type="value" object="period"/>', "reseller_refused"),
        ('<error type="something_new"/>', "reseller_refused"),
    ],
)
def test_the_sellers_error_becomes_one_of_ours(xml, type_):
    root = document.parse(f"<doc>{xml}</doc>".encode())
    assert rejection(root.find("error")).type == type_


def test_not_enough_money_keeps_its_figures():
    params = "".join(
        f'<param name="{name}">{value}</param>'
        for name, value in {"amount": "5.00", "have": "1.50", "deficit": "3.50", "currency": "EUR"}.items()
    )
    error = rejection(
        document.parse(f'<doc><error type="not_enough_money">{params}</error></doc>'.encode()).find("error")
    )
    assert error.type == "reseller_money"
    assert (error.params["have"], error.params["deficit"], error.params["currency"]) == ("1.50", "3.50", "EUR")


def test_limits_are_read_from_the_panels_tree(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/reseller.conf").write_text("# slow seller\norder_seconds 120\n\nlook_times 3 # more\n")
    found, wrong = limits.load(tmp_path)
    assert (found.order_seconds, found.look_times, found.read_seconds) == (120, 3, limits.Limits().read_seconds)
    assert wrong == []


@pytest.mark.parametrize(
    "line",
    [
        *("order_secs 1", "order_seconds", "order_seconds x", "order_seconds -1", "lease_seconds 0", "circuit_times 0"),
        *("page_rows 0", "document_bytes 0", "list_pages 0", "part_days 99999999", "look_seconds 999999999"),
    ],
)
def test_a_line_that_is_no_limit_is_named_and_the_others_hold(tmp_path, line):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/reseller.conf").write_text(f"look_times 3\n{line}\nread_seconds 7\n")
    found, [wrong] = limits.load(tmp_path)
    assert wrong.params["line"] == line
    assert found == limits.Limits()._replace(look_times=3, read_seconds=7)


def test_a_limit_that_is_a_place_takes_any_words_but_none(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/reseller.conf").write_text("metrics_file /srv/x.prom\n")
    assert limits.load(tmp_path)[0].metrics_file == "/srv/x.prom"
    (tmp_path / "etc/reseller.conf").write_text("metrics_file\n")
    assert len(limits.load(tmp_path)[1]) == 1


def test_pauses_grow_up_to_a_longest():
    chosen = limits.Limits(unsent_first_seconds=10, unsent_growth=3, unsent_longest_seconds=100)
    rule = retries.rule(NotSent("reseller_unreachable"), chosen)
    assert [rule.wait_seconds(tries) for tries in (1, 2, 3, 4)] == [10, 30, 90, 100]
    assert rule.times == chosen.unsent_times


@pytest.mark.parametrize(
    ("params", "value", "day"),
    [
        ({"value": "2027-01-31"}, "", dt.date(2027, 1, 31)),
        ({}, "2027-01-31", dt.date(2027, 1, 31)),
        ({"value": "2026-01-31"}, "", None),
        ({"value": "31.01.2027"}, "", dt.date(2027, 1, 31)),
        ({"value": "2026-02-30"}, "", None),
        ({"value": "0000-00-00"}, "2027-01-31", dt.date(2027, 1, 31)),
        ({"value": "\u0662\u0660\u0662\u0667-01-31"}, "", None),
        ({"value": "9999-12-31"}, "", None),
        ({}, "", None),
    ],
)
def test_a_refusal_that_names_a_later_day_is_only_too_early(params, value, day):
    error = Rejected("reseller_refused", seller_type="value", seller_params=params, value=value)
    assert retries.not_before(error, dt.date(2026, 11, 23)) == day


@pytest.mark.parametrize(
    "argv",
    [
        ["--command"],
        ["--item", "5"],
        ["--command", "open", "--item", "five"],
        ["--command", "open", "--nonsense", "1"],
        ["--command", "open", "stray"],
    ],
)
def test_a_wrong_command_line_is_a_usage_error(argv, capsys):
    with pytest.raises(UsageError):
        command_line.parse(argv)


def test_the_vendors_options_are_understood():
    argv = "-c open -i 15 --runningoperation 7 -l ru -m 3 -t vds --level 29 -a 2 --id 55227 --param x --value y"
    found = command_line.parse(argv.split())
    assert (found.command, found.item, found.runningoperation, found.lang, found.module) == ("open", 15, 7, "ru", 3)
