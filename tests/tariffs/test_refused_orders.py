"""Orders of one tariff that are refused again and again, as where the seller has no more room."""

import json

import pytest

from tests.support import world
from tests.support.pricing import selling
from tests.support.world import until

KIND = "SELECT * FROM reseller_problem WHERE subject = 'pricelist' AND kind = 'refused_orders' AND number = %s"


@pytest.fixture
def sold(shop):
    with selling(shop) as make:
        yield make
    shop.here.write("DELETE FROM reseller_problem WHERE kind = 'refused_orders'")


def problem(shop, tariff):
    """The problem of the tariff after a run of now, None without one."""
    shop.checkevent()
    found = shop.here.rows(KIND, tariff.here)
    return {**found[0], **json.loads(found[0]["params"])} if found else None


def refused(shop, tariff, orders):
    """So many orders that the seller refuses as where it has no room."""
    shop.there.call(
        "sandbox.fault", kind="error", forfunc="*.order.param", type="value", object="datacenter", times=100
    )
    items = [tariff.order() for _ in range(orders)]
    for item in items:
        until(lambda item=item: shop.request(item)["state"] == "refused", "it is not refused")
    shop.there.call("sandbox.fault.clear")
    return items


def test_a_tariff_whose_orders_are_refused_again_and_again_is_one_problem_until_they_go_through(shop, sold):
    tariff, other = sold(), sold()
    first = refused(shop, tariff, 2)
    refused(shop, other, 1)
    assert problem(shop, tariff) is None
    last = refused(shop, tariff, 1)
    told = problem(shop, tariff)
    assert (told["count"], told["pricelist"]) == ("3", str(tariff.here))
    assert all(str(item) in told["services"] for item in first + last)
    assert "datacenter" in told["cause"]
    assert told["datacenter"].isdigit()
    assert told["task"]
    assert problem(shop, other) is None
    [text] = [row["text"] for row in json.loads(shop.ctl("audit", "--json").stdout) if row["kind"] == "refused_orders"]
    assert "off sale" in text
    for item in first:
        shop.here.call("runningoperation.start", elid=shop.operation(item)["id"], sok="ok")
        shop.until_active(item)
    assert problem(shop, tariff) is None
    assert shop.here.rows("SELECT id FROM task WHERE id = %s AND status <> 2", told["task"]) == []


@pytest.mark.parametrize("way", ["off sale", "a day later", "switched off"])
def test_it_ends_when_nobody_can_order_it_or_its_refusals_are_old_or_nobody_wants_to_know(shop, sold, way):
    tariff = sold()
    items = refused(shop, tariff, 3)
    assert problem(shop, tariff) is not None
    if way == "off sale":
        shop.here.call("pricelist.edit", elid=tariff.here, active="off", sok="ok")
    elif way == "a day later":
        sql = "UPDATE reseller_request SET updated = updated - INTERVAL 1 DAY WHERE item IN %s"
        shop.here.write(sql, items)
    else:
        world.limits(shop.here, refused_orders=0)
    assert problem(shop, tariff) is None
