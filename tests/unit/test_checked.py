"""A value is what it claims to be, or it is none."""

import pytest

from reseller.ledger import problems
from reseller.lifecycle import problems as troubles
from reseller.seller.service import Service
from reseller.sync.facts import facts
from reseller.wire import checked

UNSEEN = ("a\x00b", "a\nb", "a\tb", "a\u202eb", "a\u200bb", "a\ufeffb", "a\u2028b", "a\x9fb", "a\ud800b")

FIT = {
    checked.addresses: ("192.0.2.1", "2001:db8::1", "192.0.2.1, 192.0.2.2", "0.0.0.0", "::ffff:192.0.2.1"),
    checked.host: (
        *("example.com", "example.com.", "a", "x--y.example", "_dmarc.example.com", "*.example.com", "192.0.2.1"),
        *("пример.рф", "bücher.example", "xn--e1afmkfd.xn--p1ai", "a" * 63 + ".example", "EXAMPLE.com"),
    ),
    checked.user: (
        "root",
        "Administrator",
        "Администратор",
        "DOMAIN\\user",
        "user@example.com",
        "_u1",
        "u 1",
        "www-data",
    ),
    checked.text: ("free.lic", "любое имя", "<b>", "a" * 255),
    checked.key: ("12-AbC/+=", "k" * 1000),
}
UNFIT = {
    checked.addresses: (
        *("", " ", ",", "192.0.2", "192.0.2.256", "192.0.2.1/24", "192.0.2.1:80", "fe80::1%eth0", "fe80::1%<script>"),
        *("example.com", "192.0.2.1; id", "192.0.2.1\n", "１92.0.2.1", "1" * 5000, "192.0.2.1," * 100),
    ),
    checked.host: (
        *("", ".", "..", "a..b", "-a.example", "a-.example", "a b", "a/b", "a:80", "<b>.example", "*", "a.*.example"),
        *(
            "a" * 64 + ".example",
            "a." * 127 + "aa",
            "é" * 254,
            "user@example.com",
            "http://example.com",
            "é..é",
            "ａ<.рф",
        ),
    ),
    checked.user: ("", "-oProxyCommand=id", "root;id", "$(id)", "a|b", "<b>", 'a"b', "a'b", "a`b", "u" * 129),
    checked.text: ("", "a" * 256),
    checked.key: ("", "k" * 1001),
}


@pytest.mark.parametrize(("reader", "told"), [(reader, told) for reader, all_ in FIT.items() for told in all_])
def test_what_is_of_the_kind_is_given_back_as_it_came(reader, told):
    assert reader(told) == told


@pytest.mark.parametrize(
    ("reader", "told"), [(reader, told) for reader, all_ in UNFIT.items() for told in (*all_, *UNSEEN)]
)
def test_what_is_not_of_the_kind_is_nothing(reader, told):
    assert reader(told) == ""


def test_what_is_kept_back_is_named_and_a_secret_is_not_shown():
    fields = {"ip": "192.0.2.1%<b>", "domain": "a\u202eb.example", "username": "root", "licname": "mine"}
    known = facts(Service(exists=True, fields=fields, password="secret\x00word", licence_key="key\nvalue"))
    assert (known.open_fields, known.saved, known.password, known.key) == (
        {"username": "root"},
        {"licname": "mine"},
        "",
        "",
    )
    assert known.unfit == "ip '192.0.2.1%<b>'; domain 'a\\u202eb.example'; password; lickey"


def test_nothing_is_kept_back_of_what_is_fit_or_not_told():
    known = facts(
        Service(exists=True, fields={"ip": "192.0.2.1", "domain": ""}, password=" two  blanks ", licence_key="k")
    )
    assert (known.open_fields, known.password, known.key, known.unfit) == (
        {"ip": "192.0.2.1"},
        " two  blanks ",
        "k",
        "",
    )


def test_what_is_said_of_it_fits_into_its_row():
    known = facts(Service(exists=True, fields=dict.fromkeys(("ip", "domain", "username"), "<" * 5000)))
    assert len(known.unfit) == problems.VALUE_CHARACTERS
    assert problems.VALUE in troubles.KINDS


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("ip", "2001:0DB8::0007", "2001:db8:0:0::7"),
        ("ip", "192.0.2.1,192.0.2.2", "192.0.2.1  192.0.2.2"),
        ("domain", "Bücher.example.", "XN--BCHER-KVA.EXAMPLE"),
        ("licname", " My  Licence ", "my licence"),
    ],
)
def test_spellings_of_one_value_are_known_to_be(name, one, other):
    assert checked.canonical(name, one) == checked.canonical(name, other)


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("ip", "192.0.2.1", "192.0.2.11"),
        ("domain", "a.example", "b.example"),
        ("username", "Root", "root"),
        ("licname", "my licence", "mylicence"),
        ("ip", "anything", "else"),
        ("domain", "straße.de", "strasse.de"),
        ("domain", "xn--bcher-kva.example", "bucher.example"),
    ],
)
def test_two_values_are_two(name, one, other):
    assert checked.canonical(name, one) != checked.canonical(name, other)


@pytest.mark.parametrize(
    "told",
    ["", "-", "********", "••••", "*** ***", "...", "ABCD-****-****", "••••1", "xxxxxxxx", "***HIDDEN***", "—", "…"],
)
def test_what_hints_at_a_secret_is_none(told):
    assert checked.secret(told) == ""


@pytest.mark.parametrize("told", ["a", "-a-", "**x", " blanks ", "xxxy", "a.b-c"])
def test_what_is_a_secret_stays_as_it_is(told):
    assert checked.secret(told) == told
