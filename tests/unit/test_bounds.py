"""What a small answer can become, and what XML forbids: bounded and cleaned before it is a tree."""

import gzip
import subprocess
import sys

import pytest

from reseller.limits import Limits
from reseller.log import Log
from reseller.model import Settings
from reseller.seller import services, tariffs
from reseller.seller.transport import Transport
from reseller.wire import bounds, document
from reseller.wire.bounds import EXPORT, FORM, MIB, PAGE, PANEL
from reseller.wire.errors import Ambiguous
from tests.unit.peers import GUARD, Server, by_length

GZIP = b"Content-Encoding: gzip\r\n"
ROW = b"<elem><id>%d</id><name>%s</name><status>2</status></elem>"


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def transport(server, tmp_path):
    given = Settings(module=1, name="", url=f"http://127.0.0.1:{server.port}", username="u", password="p", plain=True)
    (tmp_path / "var").mkdir()
    return Transport(given, Limits(connect_seconds=2), Log(tmp_path))


def packed(content):
    return by_length(gzip.compress(content, mtime=0), GZIP)


def doc(*parts):
    return b"<doc>" + b"".join(parts) + b"</doc>"


# As much of it as the bytes of a page allow, with the bound that it meets.
SMALL_AND_MANY = {
    "elements": (b"<a/>", "elements"),
    "texts": (b"<a>x</a>", "elements"),
    "attributes": (b'<a b=""/>', "elements"),
    "many attributes": (b'<a b="" c="" d="" e="" f=""/>', "elements|attributes"),
    "namespaces": (b'<a xmlns:b="c"/>', "elements"),
    "comments": (b"<!---->", "elements"),
    "instructions": (b"<?a?>", "elements"),
    "sections": (b"<![CDATA[]]>", "elements"),
}


@pytest.mark.parametrize("kind", sorted(SMALL_AND_MANY))
@pytest.mark.parametrize("most", [FORM, PAGE, PANEL], ids=lambda most: most.name)
def test_more_nodes_than_a_kind_of_answer_may_have_are_never_made(kind, most):
    part, said = SMALL_AND_MANY[kind]
    body = doc(part * ((most.bytes - 20) // len(part)))
    with pytest.raises(document.TooLarge, match=f"more than [0-9]+ ({said})"):
        document.parse(body, most)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (doc(b"<a/>" * (FORM.elements + 1)), "elements"),
        (doc(b'<a b="" c=""/>' * (FORM.attributes // 2 + 1)), "attributes"),
        (doc(b"<a/>" * (FORM.rows + 1)), "rows"),
        (doc(b"x" * FORM.bytes), "bytes"),
    ],
    ids=["elements", "attributes", "rows", "bytes"],
)
def test_each_bound_is_said_by_name(body, said):
    with pytest.raises(document.TooLarge, match=said):
        document.parse(body, FORM)


def test_what_keeps_to_the_bounds_is_read():
    wide = doc(b'<elem a="1" b="2"><id>1</id></elem>' * PAGE.rows)
    assert len(document.parse(wide, PAGE)) == PAGE.rows
    assert len(document.parse(doc(b"<e>", b"<a/>" * (FORM.elements - 2), b"</e>"), FORM)[0]) == FORM.elements - 2


def test_a_document_may_be_no_deeper_than_256():
    with pytest.raises(document.NotADocument, match="depth"):
        document.parse(doc(b"<a>" * 256, b"</a>" * 256))
    assert document.parse(doc(b"<a>" * 200, b"</a>" * 200)) is not None


def test_a_doctype_that_gives_every_element_attributes_is_refused_before_it_is_read():
    names = b" ".join(b"b%d CDATA ''" % number for number in range(500))
    bomb = b"<!DOCTYPE doc [<!ATTLIST a %s>]>" % names + doc(b"<a/>" * 50_000)
    with pytest.raises(document.NotADocument, match="DOCTYPE"):
        document.parse(bomb)
    assert document.parse(doc(b"<a>DOCTYPE</a>")).findtext("a") == "DOCTYPE"


PEAK = """
import sys
from pathlib import Path
from reseller.wire import bounds, document
from lxml import etree

kind, part = getattr(bounds, sys.argv[1]), sys.argv[2].encode()
fits = min((bounds.FORM if kind is bounds.EXPORT else kind).elements - 10, kind.attributes - 10)
row = b"<pricelist>" + part * fits + b"</pricelist>"
if kind is bounds.EXPORT:
    rows = min(kind.bytes // len(row), kind.elements // (fits + 1))
    document.stream(b"<doc>" + row * rows + b"</doc>", "pricelist", lambda node: None, kind)
else:
    document.parse(b"<doc>" + row + b"</doc>", kind)
# Not ru_maxrss, which begins with that of who has forked.
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
"""


@pytest.mark.parametrize("kind", ["FORM", "PAGE", "EXPORT"])
@pytest.mark.parametrize("part", ["<a/>", '<a b=""/>', '<a b="yyyyyyyyyyyyyyyyyyyy"/>'])
def test_the_largest_answer_that_passes_costs_less_than_150_mib(kind, part):
    done = subprocess.run(
        [sys.executable, "-c", PEAK, kind, part], capture_output=True, text=True, timeout=GUARD, check=True
    )
    # In KiB.
    assert int(done.stdout) < 150 * 1024


# What XML forbids.


@pytest.mark.parametrize(
    "odd", [b"\x00", b"\x01", b"\x1f", b"\x0b", b"\xef\xbf\xbe", b"\xef\xbf\xbf", b"&#0;", b"&#x1;"]
)
@pytest.mark.parametrize("number", [b"&#xFFFE;", b"&#55296;", b"&#1114112;", b"&#x41;"])
def test_what_xml_forbids_is_taken_out_of_a_name_and_nothing_else(odd, number):
    root = document.parse(doc(b"<a b='1", odd, b"2'>x", odd, "й".encode(), number, b"y\t\n</a>"))
    seen = "A" if number == b"&#x41;" else ""
    assert (root.find("a").get("b"), root.findtext("a")) == ("12", f"xй{seen}y\t\n")


@pytest.mark.parametrize("odd", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xc0\x80"])
def test_bytes_that_are_no_utf8_are_marked(odd):
    found = document.parse(doc(b"<a>x", odd, b"y</a>")).findtext("a")
    assert found.strip("\ufffd") == found
    assert set(found[1:-1]) == {"\ufffd"}


@pytest.mark.parametrize("told", ["utf-16", "utf-32", "utf-7", "windows-1251"])
def test_a_document_is_utf8_whatever_it_says(told):
    body = f"<?xml version='1.0' encoding='{told}'?><doc><a>имя</a></doc>"
    assert document.parse(body.encode()).findtext("a") == "имя"


def test_comments_and_instructions_are_dropped_and_part_no_text():
    root = document.parse(doc(b"<a>x<!-- < -->y<?z?>w</a><!-- b --><?c?>"))
    assert [(node.tag, node.text) for node in root] == [("a", "xyw")]


def test_one_odd_name_does_not_block_a_list(server, transport):
    rows = [ROW % (number, name) for number, name in enumerate((b"a", b"b\x02\xff&#3;", b"c"), 1)]
    server.answers = [packed(doc(*rows, b"<p_elems>3</p_elems>"))]
    found = services.read_list(transport, "vds", Limits())
    assert found.complete
    assert [(row.id, row.name) for row in found.rows] == [("1", "a"), ("2", "b\ufffd"), ("3", "c")]


# Over the wire.


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (doc(b'<a b=""/>' * (PAGE.bytes // 9 - 10)), "200 times as many|elements"),
        (doc(b" " * (PAGE.bytes // 2)), "200 times as many"),
        (doc(b"<elem><id>7</id></elem>" * (PAGE.rows + 1)), "rows|200 times as many"),
    ],
    ids=["attributes", "blanks", "rows"],
)
def test_a_page_over_a_bound_is_refused_by_name_and_proves_nothing(server, transport, content, said):
    server.answers = [packed(content)]
    with pytest.raises(Ambiguous) as caught:
        services.read_list(transport, "vds", Limits())
    assert caught.value.type == "reseller_too_large"
    assert any(part in caught.value.params["what"] for part in said.split("|"))
    assert caught.value.params["kind"] == PAGE.name


def test_an_answer_is_bound_by_its_kind(server, transport):
    many = doc(
        *(ROW % (number, str(number * 7919 % 10007).encode() * 9) for number in range(9999)), b"<p_elems>1</p_elems>"
    )
    large = many.replace(b"</name>", b"x" * 400 + b"</name>")
    assert FORM.bytes < len(large) < PAGE.bytes
    server.answers = [by_length(large)] * 2
    assert len(services.read_page(transport, "vds", 1, 10_000).root) == 10_000
    with pytest.raises(Ambiguous) as caught:
        transport.call("whoami")
    assert caught.value.params["what"] == f"more than {FORM.bytes} bytes"


TARIFF = b"<pricelist><id>%d</id><name>%s</name><addon><id>5</id><intname>mem</intname></addon></pricelist>"


def test_an_export_is_read_tariff_by_tariff(server, transport):
    told = doc(*(TARIFF % (number, b"t\x01") for number in range(1, 4)), b"<other/>", TARIFF % (4, b"u"))
    server.answers = [packed(told)]
    assert [(one.id, one.name, one.addons) for one in tariffs.export(transport, "vds")] == [
        ("1", "t", {"mem": "5"}),
        ("2", "t", {"mem": "5"}),
        ("3", "t", {"mem": "5"}),
        ("4", "u", {"mem": "5"}),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (doc(b"<pricelist>", b"<a/>" * (FORM.elements + 1), b"</pricelist>"), "a row of more than"),
        (doc(b"<pricelist/>" * (EXPORT.rows + 1)), "rows"),
        (doc(b"<a/>" * (EXPORT.elements + 1)), "elements"),
    ],
    ids=["one tariff", "tariffs", "elements"],
)
def test_an_export_over_a_bound_is_refused_by_name(server, transport, content, said):
    server.answers = [by_length(content)]
    with pytest.raises(Ambiguous) as caught:
        tariffs.export(transport, "vds")
    assert (caught.value.type, caught.value.params["kind"]) == ("reseller_too_large", EXPORT.name)
    assert said in caught.value.params["what"]


@pytest.mark.parametrize("body", [b"", b"<rss/>", b"<doc><pricelist>", doc(b"<pricelist/>")[:-1], b"<html>"])
def test_an_export_that_is_no_document_is_none(server, transport, body):
    server.answers = [by_length(body)]
    with pytest.raises(Ambiguous) as caught:
        tariffs.export(transport, "vds")
    assert caught.value.type == "reseller_bad_answer"


def test_what_unpacks_to_much_more_is_stopped_before_it_is_large(server, transport):
    server.answers = [packed(b"<doc>" + b" " * (3 * MIB) + b"</doc>")]
    with pytest.raises(Ambiguous) as caught:
        transport.call("whoami")
    assert caught.value.params["what"] == f"bytes that unpack to more than {FORM.expansion} times as many"
    small = doc(b" " * (bounds.SMALL_BYTES - 100))
    server.answers = [packed(small)]
    assert len(transport.call("whoami")) == 0
