"""Never dearer than agreed: what costs more than the tolerance waits for a person, is one problem, is bought once."""

import json
import random
from decimal import Decimal

import pytest

from reseller.ledger import leases, prices, problems
from reseller.ledger.problems import Cause, Problem
from reseller.seller import price_list
from reseller.sync import price_watch
from tests.support.keeping import fault, kill_while_held
from tests.support.paying import ends_in, runs
from tests.support.pricing import goes_on, night, selling, waits
from tests.support.world import Refused, until


@pytest.fixture
def sold(shop):
    with selling(shop) as make:
        yield make


def test_a_price_raised_tonight_is_a_problem_and_an_order_waits_until_it_is_agreed_to(shop, sold):
    tariff = sold()
    night(shop)
    assert tariff.agreed()["1 months"] == ("10 EUR", "10 EUR")
    tariff.costs(13)
    night(shop)
    told = tariff.problem()
    assert (told["here"], told["there"]) == ("10 EUR", "13 EUR")
    listed = json.loads(shop.ctl("prices", "--json").stdout)
    assert [row["prices"] for row in listed if row["tariff"] == tariff.here] == ["1 months: 10 -> 13 EUR"]
    item = tariff.order()
    assert waits(shop, item)
    assert "13 EUR" in shop.error(item)
    assert shop.remotes(item) == []
    night(shop)
    assert json.loads(tariff.problem()["params"])["waiting"] == "1"
    assert tariff.problem()["task"]
    # Without --yes nothing is agreed to.
    assert "--yes" in shop.ctl("prices", "accept", str(tariff.here)).stdout.decode()
    goes_on(shop, item)
    assert waits(shop, item)
    for code in (0, 1):
        assert shop.ctl("prices", "accept", str(tariff.here), "--yes").returncode == code
    assert tariff.problem() is None
    shop.until_active(item)
    assert [row["amount"] for row in shop.charges(item)] == ["13"]
    assert tariff.agreed()["1 months"] == ("13 EUR", "13 EUR")


def test_the_page_agrees_only_to_the_prices_that_it_has_shown(shop, sold):
    tariff = sold()
    night(shop)
    tariff.costs(13)
    night(shop)
    form = shop.here.call("reseller.prices.accept", elid=tariff.here)
    assert [row.findtext("now") for row in form.findall("list[@name='plan']/elem")] == ["13 EUR"]
    tariff.costs(20)
    night(shop)
    with pytest.raises(Refused) as refused:
        shop.here.call("reseller.prices.accept", elid=tariff.here, shown=form.findtext("shown"), sok="ok")
    assert refused.value.type == "reseller_page_plan"
    assert tariff.agreed()["1 months"][0] == "10 EUR"
    form = shop.here.call("reseller.prices.accept", elid=tariff.here)
    shop.here.call("reseller.prices.accept", elid=tariff.here, shown=form.findtext("shown"), sok="ok")
    assert tariff.agreed()["1 months"][0] == "20 EUR"
    assert [row.findtext("id") for row in shop.here.call("reseller.prices").findall("elem")].count(
        str(tariff.here)
    ) == 0


def test_what_was_not_shown_is_not_agreed_to(shop, sold):
    tariff = sold()
    night(shop)
    tariff.costs(13)
    # The price of a term that was seen last long ago is no part of what the person is shown.
    sql = "UPDATE reseller_price SET seen = 500, seen_at = '2020-01-01' WHERE number = %s AND part = %s"
    assert shop.here.write(sql, tariff.here, f"{tariff.there} 12") != 0
    tariff.costs("", "annually")
    night(shop)
    [row] = [row for row in json.loads(shop.ctl("prices", "--json").stdout) if row["tariff"] == tariff.here]
    assert row["prices"] == "1 months: 10 -> 13 EUR"
    assert shop.ctl("prices", "accept", str(tariff.here), "--yes").returncode == 0
    agreed = tariff.agreed()
    assert (agreed["1 months"][0], agreed["12 months"]) == ("13 EUR", ("100 EUR", "500 EUR"))


def test_selling_can_be_stopped_instead_and_what_was_ordered_waits_on(shop, sold):
    tariff = sold()
    night(shop)
    tariff.costs(13)
    item = tariff.order()
    assert waits(shop, item)
    night(shop)
    form = shop.here.call("reseller.prices.stop", elid=tariff.here)
    shop.here.call("reseller.prices.stop", elid=tariff.here, shown=form.findtext("shown"), sok="ok")
    assert shop.here.value("SELECT active FROM pricelist WHERE id = %s", tariff.here) == "off"
    goes_on(shop, item)
    assert waits(shop, item)
    # What waits is told of with the price that it waits for.
    shop.checkevent()
    assert (tariff.problem()["here"], tariff.problem()["there"]) == ("10 EUR", "13 EUR")
    shop.here.write("DELETE FROM runningoperation WHERE item = %s", item)
    goes_on(shop, item)
    night(shop)
    assert tariff.problem() is None


def test_a_wait_ends_by_itself_when_the_price_is_back(shop, sold):
    tariff = sold()
    night(shop)
    tariff.costs(13)
    item = tariff.order()
    assert waits(shop, item)
    tariff.costs(10)
    night(shop)
    shop.until_active(item)
    assert [row["amount"] for row in shop.charges(item)] == ["10"]
    night(shop)
    assert tariff.problem() is None


@pytest.mark.parametrize(("raised", "is_held"), [("12", False), ("12.01", True)])
def test_exactly_the_tolerance_is_fine_and_a_cent_more_waits(shop, sold, raised, is_held):
    tariff = sold()
    night(shop)
    tariff.costs(raised)
    item = tariff.order()
    assert waits(shop, item) == is_held


def test_small_rises_do_not_add_up_unnoticed(shop, sold):
    tariff = sold()
    night(shop)
    tariff.costs("11.5")
    shop.until_active(tariff.order())
    tariff.costs("13.2")
    item = tariff.order()
    assert waits(shop, item)
    assert "10 EUR" in shop.error(item)


def test_a_rise_below_the_smallest_sum_never_waits(shop, sold):
    tariff = sold()
    tariff.costs("0.05")
    night(shop)
    tariff.costs("0.14")
    shop.until_active(tariff.order())


def test_what_has_no_agreed_price_takes_the_first_one_and_waits_for_nothing(shop, sold):
    tariff = sold()
    tariff.costs(99)
    item = tariff.order()
    assert not waits(shop, item)
    assert tariff.agreed()["1 months"] == ("99 EUR", "99 EUR")


@pytest.mark.parametrize("first", ["night", "order"])
def test_a_fee_that_the_seller_starts_to_name_is_a_rise(shop, sold, switch, first):
    switch(shop.there, "export_setup", "attribute")
    tariff = sold()
    night(shop) if first == "night" else shop.until_active(tariff.order())
    assert tariff.agreed()["once, at the order"] == ("0 EUR", "0 EUR")
    tariff.costs(50, "setup")
    item = tariff.order()
    assert waits(shop, item)
    assert "60 EUR" in shop.error(item)
    night(shop)
    assert "once, at the order: 0 -> 50 EUR" in json.loads(tariff.problem()["params"])["prices"]
    assert shop.ctl("prices", "accept", str(tariff.here), "--yes").returncode == 0
    shop.until_active(item)
    assert [row["amount"] for row in shop.charges(item)] == ["60"]


@pytest.mark.parametrize("first", ["night", "order"])
def test_an_add_on_that_is_given_a_price_for_the_term_has_risen(shop, sold, first):
    tariff = sold(addons="mem:int:1:8:1,backup:bool:2.5:on")
    tariff.costs_of("backup", "")
    # The import and its prices are from before; all that is agreed is what is seen now.
    shop.here.write("DELETE FROM reseller_price WHERE number = %s", tariff.here)
    night(shop) if first == "night" else shop.until_active(tariff.order())
    tariff.costs_of("backup", 9)
    item = tariff.order()
    assert waits(shop, item)
    tariff.costs_of("backup", "")
    goes_on(shop, item)
    shop.until_active(item)


def test_a_price_list_that_cannot_be_read_decides_nothing_but_what_was_seen_tonight_holds(shop, sold):
    tariff = sold()
    night(shop)
    fault(shop, "html", "pricelist.export", times=9)
    item = tariff.order()
    assert not waits(shop, item)
    shop.there.call("sandbox.fault.clear")
    shop.here.write("DELETE FROM reseller_circuit")
    tariff.costs(13)
    night(shop)
    fault(shop, "html", "pricelist.export", times=9)
    assert waits(shop, tariff.order())


def test_a_renewal_is_told_of_before_its_day_and_waits_and_is_bought_once(shop, sold):
    tariff = sold()
    item = tariff.order()
    shop.until_active(item)
    shop.here.write("UPDATE reseller_observation SET deep = '2020-01-01', tried = NULL")
    night(shop)
    tariff.costs(13)
    shop.here.write("UPDATE reseller_price SET seen_at = '2020-01-01' WHERE subject = 'tariff'")
    shop.here.write("UPDATE reseller_observation SET deep = '2020-01-01', tried = NULL")
    shop.here.write("DELETE FROM reseller_cursor WHERE name LIKE 'deep%%'")
    # Nothing is due yet, and it is known already.
    until(lambda: shop.checkevent() and tariff.problem() is not None, "the dearer renewal is not told of")
    assert str(item) in tariff.problem()["touches"].split()
    shop.act("prolong", item)
    shop.rest(item)
    assert waits(shop, item)
    goes_on(shop, item)
    assert waits(shop, item)
    assert len(shop.charges(item)) == 1
    assert shop.ctl("prices", "accept", str(tariff.here), "--yes").returncode == 0
    until(lambda: shop.checkevent() and shop.operation(item) is None, "the renewal does not go on")
    runs(shop)
    assert [row["amount"] for row in shop.charges(item)] == ["10", "13"]


def test_a_term_without_an_operation_waits_as_well(shop, sold):
    tariff = sold()
    assert shop.ctl("map", str(tariff.here), "period", "12", "1").returncode == 0
    item = shop.order("vds", tariff.name, period=12)
    shop.until_active(item)
    ends_in(shop, item, 3)
    tariff.costs(13)
    runs(shop)
    assert waits(shop, item)
    assert len(shop.charges(item)) == 1
    night(shop)
    assert shop.ctl("prices", "accept", str(tariff.here), "--yes").returncode == 0
    until(lambda: shop.checkevent() and len(shop.charges(item)) == 2, "the term is not bought")


def test_resources_count_with_their_own_prices(shop, sold):
    tariff = sold(addons="mem:int:1:8:1")
    night(shop)
    assert any(price.startswith("1 months, add-on") for price in tariff.agreed())


def test_a_composed_cost_is_the_sellers_own_total_for_fifty_configurations(shop, sold, inside):
    tariff = sold(addons="mem:int:2:64:0.37,backup:bool:2.5,panel:enum:none/0/lite/2/pro/4.75")
    offer = price_list.one(inside.context.seller(shop.module).transport, tariff.there, 60)
    rows = shop.there.rows("SELECT id, intname FROM pricelist WHERE parent = %s", tariff.there)
    number = {row["intname"]: str(row["id"]) for row in rows}
    choices = [choice.id for one in offer.resources for choice in one.choices]
    luck = random.Random(17)
    # What is included, one more, and the most of it are among them.
    amounts = [2, 3, 64, *(luck.randint(2, 64) for _ in range(47))]
    for amount in amounts:
        totals = {
            number["mem"]: str(amount),
            number["backup"]: luck.choice(("on", "off")),
            number["panel"]: luck.choice(choices),
        }
        term = luck.choice(("1", "12"))
        fields = {f"addon_{addon}": value for addon, value in totals.items()}
        form = shop.there.ask("v2.vds.order.param", shop.buyer, pricelist=tariff.there, order_period=term, **fields)
        charges = offer.charges("EUR", term, totals)
        composed = sum(each.units * each.price for each in charges)
        assert Decimal(form.findtext("total_summary/cost/price/cost")) == round(composed, 2), (term, totals)


def killed_at_the_price(shop, item):
    """SIGKILL for the operation's process while the seller keeps back the answer about the price."""
    kill_while_held(shop, item)
    until(lambda: shop.checkevent() and waits(shop, item), "the order does not wait again")


def test_killed_while_it_asks_for_the_price_and_again_while_it_waits_it_is_bought_once(shop, sold):
    tariff = sold()
    night(shop)
    tariff.costs(13)
    fault(shop, "hold_before", "pricelist.export")
    item = shop.order("vds", tariff.name)
    killed_at_the_price(shop, item)
    fault(shop, "hold_before", "pricelist.export")
    shop.here.call("runningoperation.start", elid=shop.operation(item)["id"], sok="ok")
    killed_at_the_price(shop, item)
    assert shop.remotes(item) == []
    night(shop)
    assert shop.ctl("prices", "accept", str(tariff.here), "--yes").returncode == 0
    shop.until_active(item)
    runs(shop)
    assert [row["amount"] for row in shop.charges(item)] == ["13"]


def test_an_order_with_add_ons_asks_for_its_tariff_once(shop, sold):
    tariff = sold(addons="mem:int:1:8:1")
    log = shop.there.base / "var/billmgr.log"
    item = tariff.order()
    mine = [line for line in log.read_text().splitlines() if "func=pricelist.export" in line]
    assert len([line for line in mine if f"pricelist={tariff.there}" in line.replace("'", "&") + "&"]) == 2
    shop.until_active(item)


def test_a_unit_price_that_rose_is_told_at_night_by_the_amount_that_may_be_ordered(shop, sold):
    tariff = sold(addons="mem:int:1024:8192:0.002,tiny:int:1:3:0.002")
    night(shop)
    for name in ("mem", "tiny"):
        tariff.costs_of(name, "0.004")
    night(shop)
    told = json.loads(tariff.problem()["params"])
    assert told["count"] == "1"
    assert "add-on" in told["prices"]
    assert "0.002 -> 0.004 EUR" in told["prices"]


def test_the_prices_of_what_is_not_sold_or_linked_any_more_are_forgotten(shop, sold):
    tariff = sold()
    item = tariff.order()
    shop.until_active(item)
    night(shop)
    kept = "SELECT COUNT(*) FROM reseller_price WHERE number IN (%s, %s)"
    before = shop.here.value(kept, tariff.here, item)
    columns = "subject, number, part, currency, pricelist, module, agreed, agreed_by, agreed_at, seen, seen_at"
    for subject in ("tariff", "service"):
        shop.here.write(
            f"INSERT INTO reseller_price ({columns}) "
            "VALUES (%s, 987654, '1 1', 'EUR', 987654, %s, 1, '', NOW(), 2, NOW())",
            subject,
            shop.module,
        )
    night(shop)
    assert shop.here.value("SELECT COUNT(*) FROM reseller_price WHERE number = 987654") == 0
    assert shop.here.value(kept, tariff.here, item) >= before > 0


def test_two_modules_that_sell_one_tariff_have_each_its_price_and_its_problem(shop, sold, inside):
    tariff, db = sold(), inside.db
    night(shop)
    tariff.costs(13)
    night(shop)
    other = shop.module + 1000
    with leases.lease(db, "t:prices", 60) as held:
        seen = prices.Seen(prices.TARIFF, tariff.here, f"{tariff.there} 1", "EUR", tariff.here, Decimal(40))
        prices.note(held, other, [seen])
        prices.note(held, other, [seen._replace(price=Decimal(50))])
        cause = Cause.of_sold(tariff.here, problems.DEARER, other)
        problems.put(held, Problem(cause, other, "reseller_dearer_tariff", {"module": str(other)}))
        assert [each.module for each in problems.dearer(db, tariff.here)] == [shop.module, other]
        for module, risen in ((shop.module, (10, 13)), (other, (40, 50))):
            found = [each for each in prices.risen(db, module, 99) if each.pricelist == tariff.here]
            assert [(each.agreed, each.seen) for each in found] == [risen]
        assert "10 -> 13 EUR" in shop.ctl("prices", "--json").stdout.decode()
        # The price is back at one seller: the problem of the other module stays.
        prices.note(held, shop.module, [seen._replace(price=Decimal(10))])
        price_watch.note(inside.context, held, shop.module)
        assert [each.module for each in problems.dearer(db, tariff.here)] == [other]
        problems.end(held, cause)
    shop.here.write("DELETE FROM reseller_price WHERE module = %s", other)


def test_the_problem_names_only_services_of_its_own_module(shop, sold, inside):
    tariff, db = sold(), inside.db
    item = tariff.order()
    shop.until_active(item)
    # Kept by another module.
    shop.here.write("UPDATE item SET processingmodule = processingmodule + 1000 WHERE id = %s", item)
    try:
        with leases.lease(db, "t:prices", 60) as held:
            seen = prices.Seen(prices.TARIFF, tariff.here, f"{tariff.there} 1", "EUR", tariff.here, Decimal(90))
            prices.note(held, shop.module, [seen])
            price_watch.note(inside.context, held, shop.module)
            [problem] = problems.dearer(db, tariff.here)
            assert str(item) not in tariff.problem()["touches"].split()
            problems.end(held, problem.cause)
    finally:
        shop.here.write("UPDATE item SET processingmodule = %s WHERE id = %s", shop.module, item)


def test_a_price_from_before_a_change_of_resources_is_over_and_a_change_of_name_alters_none(shop, sold, inside):
    tariff, db = sold(), inside.db
    item = tariff.order()
    shop.until_active(item)
    seen = prices.Seen(
        prices.SERVICE, item, f"{tariff.there} 1 abc renewed", "EUR", tariff.here, Decimal(50), Decimal(5)
    )
    row = (
        "INSERT INTO reseller_request (item, kind, live, rkey, state, module, account, itemtype, detail, created, "
        "updated, sent) SELECT item, 'setparam', NULL, %s, %s, module, account, itemtype, %s, created, updated, "
        "UTC_TIMESTAMP(3) + INTERVAL 1 HOUR FROM reseller_request WHERE item = %s AND kind = 'order'"
    )

    def risen():
        return [each.part for each in prices.risen(db, shop.module, 99) if each.number == item]

    with leases.lease(db, "t:prices", 60) as held:
        prices.note(held, shop.module, [seen])
        for key, state, detail, left in (
            ("name", "done", "vds.edit 7 domain=other.example", [seen.part]),
            ("refused", "refused", "vds.edit 7 addon_3=8", [seen.part]),
            ("more", "done", "vds.edit 7 addon_3=8", []),
        ):
            shop.here.write(row, f"setparam t-{item}-{key}", state, detail, item)
            assert risen() == left, key
        shop.here.write("DELETE FROM reseller_request WHERE rkey LIKE %s", f"setparam t-{item}-%")
        # What an order had charged was once taken for the price of renewals.
        old = seen._replace(part=f"{tariff.there} 1 abc charged")
        prices.note(held, shop.module, [old])
        assert risen() == [old.part, seen.part]
        prices.prune(held, shop.module)
        assert risen() == [seen.part]


def test_a_difference_that_no_column_holds_is_passed_over_on_either_side_of_zero(shop, sold, inside):
    tariff = sold()
    seen = prices.Seen(prices.TARIFF, tariff.here, "1 1 beside", "EUR", tariff.here, Decimal(-1).scaleb(16))
    with leases.lease(inside.db, "t:prices", 60) as held:
        prices.note(held, shop.module, [seen, seen._replace(price=-seen.price)])
    assert all(not each.is_beside for each in prices.of(inside.db, prices.TARIFF, tariff.here))


def test_problems_that_have_not_changed_cost_a_run_the_same_however_many_there_are(shop, sold, inside):
    """Counted are the statements of the look at agreed prices alone."""

    def counted():
        before = statements(inside.db)
        with leases.lease(inside.db, "t:prices", 60) as held:
            price_watch.note(inside.context, held, shop.module)
        return statements(inside.db) - before

    first = sold()
    night(shop)
    first.costs(13)
    night(shop)
    counted()  # reads the module's settings, once a process
    one = counted()
    more = [sold() for _ in range(3)]
    night(shop)
    for each in more:
        each.costs(13)
    night(shop)
    assert all(each.problem() for each in (first, *more))
    assert counted() == one


def statements(db):
    """How many statements this connection has sent."""
    return int(db.row("SHOW SESSION STATUS LIKE 'Questions'")[1])
