"""The table of what an error proves: each row has a source, and an operator's file only adds to it."""

import pytest

from reseller.lifecycle import kept_answers
from reseller.seller import proofs
from reseller.wire.errors import Rejected


def error(func, kind, named=""):
    return Rejected("reseller_refused", seller_type=kind, seller_object=named, seller_params={}, func=func, text="no")


def test_every_shipped_row_names_its_source(tmp_path):
    table = proofs.load(tmp_path)
    assert table.wrong == ()
    assert len(table.rows) > 10
    for row in table.rows:
        assert ".md" in row.source, row


@pytest.mark.parametrize(
    ("func", "kind", "named", "holds"),
    [
        ("v2.vds.order.param", "value", "period", True),
        ("soft.order.param", "missed", "ip", True),
        ("v2.vds.order.param", "value", "", False),
        ("v2.vds.order.param", "missed", "item", False),
        # It may be our own order of a moment ago that is in the way.
        ("v2.vds.order.param", "exists", "remoteid", False),
        ("v2.vds.order.param", "process", "func", False),
        ("v2.vds.order.param", "access", "anything", True),
        ("service.prolong", "not_enough_money", "", True),
        ("service.prolong", "missed", "elid", False),
        ("service.changepricelist.pricelist", "whatever", "", True),
        ("service.changepricelist.getmoney", "whatever", "", False),
        ("vds.delete", "pricelist_min_order", "", True),
        ("vds.delete", "missed", "elid", False),
    ],
)
def test_a_pair_proves_something_only_where_a_row_says_so(tmp_path, func, kind, named, holds):
    assert proofs.load(tmp_path).hold(error(func, kind, named)) is holds


def test_an_operator_adds_rows_and_a_wrong_line_is_named_by_its_number(tmp_path):
    (tmp_path / "etc").mkdir()
    own = tmp_path / proofs.OWN
    own.write_text(
        "# mine\n\n*.order.param\texists\tdomain, name\tasked our seller\n*.order.param\texists\n"
        "a\tb\t\tc\na\tb\tc,,d\te\nservice.prolong\tlicence\t*\tsaw it\n"
    )
    table = proofs.load(tmp_path)
    assert table.hold(error("vds.order.param", "exists", "name"))
    assert table.hold(error("service.prolong", "licence"))
    assert not table.hold(error("vds.order.param", "exists", "remoteid"))
    assert [wrong.params["number"] for wrong in table.wrong] == ["4", "5", "6"]
    assert {wrong.params["file"] for wrong in table.wrong} == {str(own)}


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\0" * 10, b"x" * 1000])
def test_a_file_of_anything_else_is_told_and_stops_nothing(tmp_path, content):
    (tmp_path / "etc").mkdir()
    (tmp_path / proofs.OWN).write_bytes(content)
    table = proofs.load(tmp_path)
    assert [wrong.params["number"] for wrong in table.wrong] == ["1"]
    assert table.hold(error("service.prolong", "not_enough_money"))


def test_a_file_that_cannot_be_read_is_told_and_stops_nothing(tmp_path):
    (tmp_path / proofs.OWN).mkdir(parents=True)
    assert [wrong.params["number"] for wrong in proofs.load(tmp_path).wrong] == ["0"]


def test_an_answer_is_kept_whole_and_never_longer_than_its_column():
    short = Rejected(
        "reseller_money",
        seller_type="not_enough_money",
        seller_object="elid",
        seller_params={"have": "1.00", "deficit": "2.00"},
        text="Not enough",
        value="7",
        func="service.prolong",
        have="1.00",
    )
    again = kept_answers.again(kept_answers.kept(short))
    assert again is not None
    assert (again.type, again.seller_type, again.seller_object) == ("reseller_money", "not_enough_money", "elid")
    assert (again.value, again.params, again.seller_params) == (short.value, short.params, short.seller_params)
    many = {f'"{number}\\' * 30: '"\\' * 100 for number in range(50)}
    long = Rejected("reseller_refused", seller_type="x" * 99, seller_params=many, text='"' * 9000, value='"' * 9000)
    assert len(kept_answers.kept(long)) <= kept_answers.MOST_CHARACTERS
    assert kept_answers.again(kept_answers.kept(long)) is not None
    assert kept_answers.again("") is None
