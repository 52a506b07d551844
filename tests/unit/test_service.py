"""What a form or a row of the seller says is one value, and what proves that a service is not there is one rule."""

import datetime as dt
from decimal import Decimal

import pytest

from reseller.seller import service
from reseller.seller.transport import rejection
from reseller.wire import document

FORM = """<doc><elid>7</elid><id>7</id><name>n7</name><domain>d.example.com</domain><ip>192.0.2.7</ip>
<status>3</status><item_status>suspended<sub>3_employeesuspend</sub></item_status><pricelist>12</pricelist>
<pricelist_name>VDS-1</pricelist_name><period>1</period><cost orig="10.0000">10.00 EUR / Month</cost>
<expiredate>28.01.2027 00:00</expiredate><autoprolong>null</autoprolong><remoteid>3-abc</remoteid>
<userpassword> se cret </userpassword><lickey>KEY</lickey><addon_5>4</addon_5><addon_x>1</addon_x>
<slist name="period"><val key="1">month</val></slist></doc>"""


def test_a_form_is_one_value():
    found = service.parse(document.parse(FORM.encode()))
    assert (found.exists, found.id, found.status, found.key, found.item) == (True, "7", 3, "3-abc", "3")
    assert (found.label, found.name, found.address) == ("d.example.com", "n7", "192.0.2.7")
    assert (found.pricelist, found.tariff, found.period, found.price) == ("12", "VDS-1", "1", Decimal("10.0000"))
    assert (found.expiredate, found.undated) == (dt.date(2027, 1, 28), "")
    assert (found.suspended_by, found.autoprolong, found.is_busy) == ("employeesuspend", "", False)
    assert (found.licence_key, found.password) == ("KEY", " se cret ")
    assert found.addons == {"5": "4"}
    assert found.fields["addon_5"] == "4"


def test_its_secrets_show_in_no_print_of_it():
    found = service.parse(document.parse(FORM.encode()))
    assert not {"userpassword", "lickey"} & set(found.fields)
    assert "se cret" not in repr(found)
    assert "KEY" not in repr(found)


@pytest.mark.parametrize("told", ["\u00b2", "", "-1", "x", "9" * 50])
def test_a_status_that_cannot_be_is_none(told):
    root = document.document(document.element("status", told))
    assert service.parse(root) == service.parse(document.document())._replace(fields={"status": told})


def test_a_date_that_is_none_is_kept_as_what_was_told():
    root = document.document(document.element("expiredate", "soon"))
    assert (service.parse(root).expiredate, service.parse(root).undated) == (None, "soon")


def test_a_row_without_the_column_is_told_from_a_service_without_a_key():
    assert service.parse(document.document()).key is None
    assert service.parse(document.document(document.element("remoteid"))).key == ""


def refused(kind, object_="", value=""):
    return rejection(
        document.parse(f'<doc><error type="{kind}" object="{object_}" value="{value}"/></doc>'.encode())[0]
    )


@pytest.mark.parametrize(
    "error",
    [
        refused("missed", "elid", "7"),
        refused("missed", "elid"),
        refused("missed", "item", "7"),
        refused("item_not_exists", "", "7"),
        refused("item_not_exists"),
    ],
)
def test_an_error_that_names_the_service_proves_that_it_is_missing(error):
    assert service.is_missing(error, "7")


@pytest.mark.parametrize(
    "error",
    [
        refused("missed", "func", "vds.edit"),
        refused("missed", "function", "vds.edit"),
        refused("missed", "action"),
        refused("missed", "elid", "8"),
        refused("missed", "pricelist", "7"),
        refused("missed"),
        refused("item_not_exists", "", "8"),
        refused("access", "elid", "7"),
        refused("value", "elid", "7"),
    ],
)
def test_an_error_that_names_anything_else_proves_nothing(error):
    assert not service.is_missing(error, "7")
