"""Who may not use the add-on's pages, and what they refuse."""

import re
import subprocess

import pytest
from lxml import etree

from tests.support.planting import planted
from tests.support.world import ROOT, Refused

FUNCTIONS = sorted(
    {
        func.get("name", "")
        for path in (ROOT / "xml").glob("billmgr_mod_reseller_*.xml")
        for func in etree.parse(path).iterfind("handler[@name='reseller']/func")
    }
)


@pytest.fixture(scope="module")
def pairs(connected):
    """Pairs of equal services."""
    with planted(connected, 2) as found:
        yield found


def test_a_client_can_call_and_see_none_of_it(shop, pairs):
    for func in FUNCTIONS:
        with pytest.raises(Refused) as refusal:
            shop.here.call(func, su="client1", elid=pairs[0].item, level=30, AUTH_LEVEL=30, sok="ok")
        assert refusal.value.type == "access"
        answer = shop.here.ask(func, "client1", out="devel", elid=pairs[0].item, AUTH_LEVEL="30", PARAM_AUTH_LEVEL="30")
        assert answer.find("error").get("type") == "access"
        assert answer.find("metadata") is None


def test_a_clients_pages_offer_none_of_it_and_no_text_of_ours_there_names_a_seller(shop, pairs):
    for func in ("menu", "vds", "soft"):
        page = shop.here.ask(func, "client1", out="devel")
        offered = [node.get("func") or node.get("name") or "" for node in page.iter("toolbtn", "node", "col")]
        assert [name for name in offered if "reseller" in name or "resold" in name] == []
        said = [msg.text or "" for msg in page.iter("msg") if "reseller" in msg.get("name", "")]
        assert [text for text in said if re.search("sell|remote", text)] == []
    # What the page of an employee holds, so that the search above looks for something that exists.
    staff = shop.here.ask("menu", "admin", out="devel")
    assert "reseller.services" in {node.get("name") for node in staff.iter("node")}


@pytest.mark.parametrize("level", ["", "0", "16", "28", "-30", "٣٠", "30 ", "3e1", "0x1e"])
def test_the_handler_itself_lets_in_employees_alone(shop, level):
    for func in FUNCTIONS:
        environment = {
            "PARAM_func": func,
            "AUTH_LEVEL": level,
            "AUTH_USER": "root",
            "PARAM_elid": "1",
            "PARAM_sok": "ok",
        }
        done = subprocess.run(
            ["addon/reseller"], cwd=shop.here.base, input=b"<doc/>", capture_output=True, env=environment, check=True
        )
        assert etree.fromstring(done.stdout).find("error").get("type") == "access", func


META: tuple[str, ...] = (
    "1' OR '1'='1",
    '1" OR 1=1 --',
    "1; DROP TABLE reseller_link",
    "1) UNION SELECT 1",
    "<doc/>",
    "&lt;",
    "]]>",
    "-1",
    "1e9",
)
META += ("99999999999999", "١", "²", "\\", "%", "1,,x", "1, 2, '", "*/", "\x01", "../../etc/passwd", "$(id)", "`id`")
NUMERIC = [
    *[
        (func, "elid")
        for func in ("reseller.check", "reseller.requests", "reseller.reorder", "reseller.swap", "reseller.swap.back")
    ],
    *[("reseller.services", name) for name in ("p_num", "p_cnt", "p_sort", "p_order", "p_col")],
    *[
        ("reseller.services", name)
        for name in ("id", "remote", "status", "there", "processingmodule", "days", "linked", "away", "drifted")
    ],
    *[("reseller.requests", name) for name in ("item", "remote", "operation", "open", "p_sort", "plid")],
    ("reseller.swap", "processingmodule"),
    ("reseller.report", "days"),
]
WORDS = [
    *[("reseller.services", name) for name in ("name", "account", "itemtype", "pricelist", "drift")],
    *[("reseller.requests", name) for name in ("account", "kind", "state", "rkey", "correlation", "error_text")],
]


def handler(shop, func, **params):
    """The handler as the panel calls it; the panel's own front is passed by, since it may let anything through."""
    environment = {f"PARAM_{name}": value for name, value in {"func": func, "filter": "on", **params}.items()}
    environment |= {"AUTH_LEVEL": "30", "AUTH_USER": "root"}
    raw = {name.encode(): value if isinstance(value, bytes) else value.encode() for name, value in environment.items()}
    done = subprocess.run(
        ["addon/reseller"], cwd=shop.here.base, input=b"<doc/>", capture_output=True, env=raw, check=True
    )
    return etree.fromstring(done.stdout)


def ledger(shop):
    """All that an attempt could have changed."""
    tables = ("reseller_link", "reseller_request", "reseller_swap", "runningoperation", "task")
    return [shop.here.value(f"SELECT CONCAT(COUNT(*), '/', COALESCE(MAX(id), 0)) FROM {table}") for table in tables]


def some(place, count):
    """So many of the hostile values, others at every place, all of them over the table."""
    return [META[(place * count + step) % len(META)] for step in range(count)]


def test_impossible_values_are_refused_by_name_and_change_nothing(shop, pairs):
    before = ledger(shop)
    for place, (func, name) in enumerate(NUMERIC):
        for value in some(place, 3):
            params = (
                {"elid": str(pairs[0].item), "sok": "ok"}
                if name == "processingmodule" and func == "reseller.swap"
                else {}
            )
            answer = handler(shop, func, **{**params, name: value})
            error = answer.find("error")
            assert error is not None, (func, name, value)
            assert error.get("type") in ("reseller_page_value", "reseller_swap_module"), (func, name, value)
            assert answer.find("elem") is None
    assert ledger(shop) == before


def test_words_in_a_filter_are_words_and_nothing_else(shop, pairs):
    before = ledger(shop)
    for place, (func, name) in enumerate(WORDS):
        for value in some(place, 2):
            answer = handler(shop, func, **{name: value})
            assert answer.find("error") is None, (func, name, value)
            # What is found at all holds these very characters, as `-1` is in VDS-1.
            rows = ["".join(row.itertext()).lower() for row in answer.iterfind("elem")]
            assert all(str(value).lower() in row for row in rows), (func, name, value)
    assert handler(shop, "reseller.services", name=b"\xff\xfe").find("elem") is None
    assert ledger(shop) == before


@pytest.mark.parametrize(
    ("func", "elid", "refusal"),
    [
        ("reseller.check", "", "reseller_page_none"),
        ("reseller.check", ", ,", "reseller_page_none"),
        ("reseller.swap", "", "reseller_page_none"),
        ("reseller.swap.back", "", "reseller_page_none"),
        ("reseller.check", ", ".join(map(str, range(1, 60))), "reseller_page_many"),
        ("reseller.reorder", "", "reseller_page_value"),
        ("reseller.reorder", "1, 2", "reseller_page_value"),
        ("reseller.reorder", "2000000000", "reseller_no_request"),
        ("reseller.requests", "1, 2", "reseller_page_value"),
    ],
)
def test_lists_of_ids_that_cannot_be_are_refused(shop, pairs, func, elid, refusal):
    assert handler(shop, func, elid=elid).find("error").get("type") == refusal


def test_a_document_that_is_none_is_no_reason_to_fail(shop, pairs):
    environment = {"PARAM_func": "reseller.report", "AUTH_LEVEL": "29", "PARAM_lang": "xx"}
    done = subprocess.run(
        ["addon/reseller"], cwd=shop.here.base, input=b"", capture_output=True, env=environment, check=True
    )
    assert etree.fromstring(done.stdout).find("reportdata/states") is not None
