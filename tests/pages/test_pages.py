"""The add-on's pages in the panel, over the wire: lists, forms and buttons for employees, and nobody else."""

import datetime as dt
import json
import subprocess
import urllib.parse
import urllib.request

import pytest
from lxml import etree

from tests.support import keeping
from tests.support.planting import planted
from tests.support.world import ROOT, Refused

LISTS = ("reseller.services", "reseller.requests")


@pytest.fixture(scope="module")
def pairs(connected):
    """Pairs of equal services, looked at once."""
    connected.there.call("sandbox.balance", user=connected.buyer, value=1000)
    with planted(connected, 7) as found:
        connected.checkevent()
        yield found


def metadata(func):
    """What our files say of a page."""
    files = [etree.parse(path) for path in (ROOT / "xml").glob("billmgr_mod_reseller_*.xml")]
    return next(page for file in files for page in file.iterfind(f"metadata[@name='{func}']"))


def rows(answer):
    return [{cell.tag: cell.text or "" for cell in elem} for elem in answer.iterfind("elem")]


def listed(shop, func="reseller.services", **params):
    return rows(shop.here.call(func, **params))


def ids(shop, **params):
    return [int(row["id"]) for row in listed(shop, **params)]


def plan(form):
    return [{cell.tag: cell.text or "" for cell in elem} for elem in form.iterfind("list[@name='plan']/elem")]


def confirmed(shop, func, elid, **params):
    """Open a form and confirm what it shows."""
    form = shop.here.call(func, elid=elid, **params)
    return shop.here.call(func, elid=elid, shown=form.findtext("shown"), sok="ok", **params)


def module(shop, item):
    return shop.here.value(
        "SELECT m.module FROM item i JOIN processingmodule m ON m.id = i.processingmodule WHERE i.id = %s", item
    )


# Lists.


def test_resold_services_are_listed_as_they_are_on_both_sides(shop, pairs):
    found = {int(row["id"]): row for row in listed(shop, p_cnt=1000)}
    row = found[pairs[0].item]
    assert (row["remote"], row["itemtype"], row["status"], row["there"]) == (str(pairs[0].remote), "vds", "2", "2")
    assert (row["status_msg"], row["there_msg"], row["link_msg"], row["drift"]) == ("active", "active", "linked", "")
    assert row["account"] == shop.here.value(
        "SELECT a.name FROM account a JOIN item i ON i.account = a.id WHERE i.id = %s", pairs[0].item
    )
    assert row["expiredate"] == row["expires_there"] != ""
    assert row["seen"].count(":") == 2
    assert (row["linked"], row["away"]) == ("on", "off")


def test_a_list_speaks_russian_to_who_does(shop, pairs):
    row = listed(shop, lang="ru", filter="on", id=pairs[0].item)[0]
    assert row["status_msg"] == "активна"
    with pytest.raises(Refused, match="недопустимое"):
        shop.here.call("reseller.services", lang="ru", p_sort="x")


def test_a_list_has_pages_and_says_how_many_rows_there_are(shop, pairs):
    whole = ids(shop, p_cnt=1000)
    first = shop.here.call("reseller.services", p_cnt=3)
    tail = [first.findtext(name) for name in ("p_elems", "p_num", "p_cnt", "p_sort", "p_order")]
    assert tail == [str(len(whole)), "1", "3", "id", "asc"]
    assert ids(shop, p_cnt=3) + ids(shop, p_cnt=3, p_num=2) == whole[:6]
    assert ids(shop, p_cnt=1000, p_num=2) == []


@pytest.mark.parametrize("func", LISTS)
def test_every_sortable_column_sorts_both_ways(shop, pairs, func):
    columns = [col.get("name") for col in metadata(func).iter("col") if col.get("sort")]
    assert len(columns) > 8
    for column in columns:
        falling = shop.here.call(func, p_col=f"-{column}", p_cnt=1000)
        assert (falling.findtext("p_sort"), falling.findtext("p_order")) == (column, "desc")
        if column in ("id", "account", "created", "expires_there"):
            rising = rows(shop.here.call(func, p_sort=column, p_cnt=1000))
            assert [row["id"] for row in rising] == [row["id"] for row in reversed(rows(falling))]
    assert ids(shop, p_col="+remote", filter="on", linked="on")[-1] == pairs[-1].item


@pytest.mark.parametrize(
    ("name", "matches", "misses"),
    [
        ("id", "{item}", "1"),
        ("name", "planted", "100%"),
        ("account", "lient", "_lient"),
        ("itemtype", "vds", "soft"),
        ("pricelist", "VDS-", "VDS%"),
        ("remote", "{remote}", "3"),
        ("status", "2", "4"),
        ("there", "2", "3"),
        ("processingmodule", "{module}", "1"),
        ("linked", "on", "off"),
        ("away", "off", "on"),
        ("drifted", "off", "on"),
        ("days", "4000", "0"),
        ("drift", "", "gone"),
    ],
)
def test_a_filter_chooses_in_the_call_that_names_it(shop, pairs, name, matches, misses):
    told = {"item": pairs[0].item, "remote": pairs[0].remote, "module": shop.module}
    chosen = shop.here.call("reseller.services", filter="on", p_cnt=1000, **{name: matches.format(**told)})
    assert pairs[0].item in [int(row["id"]) for row in rows(chosen)]
    assert chosen.findtext("p_filter") == (f"{name}={matches.format(**told)}" if matches else None) or not matches
    assert pairs[0].item not in ids(shop, filter="on", p_cnt=1000, **{name: misses})
    assert pairs[0].item in ids(shop, p_cnt=1000, **{name: misses}), "without filter=on nothing is chosen"


def test_closed_services_are_shown_while_they_are_linked_or_asked_for(shop, pairs):
    item = pairs[0].item
    shop.here.write("UPDATE item SET status = 4 WHERE id = %s", item)
    shop.here.write("UPDATE reseller_link SET live = NULL WHERE item = %s", item)
    try:
        assert item not in ids(shop, p_cnt=1000)
        assert item in ids(shop, p_cnt=1000, filter="on", status=4)
        shop.here.write("UPDATE reseller_link SET live = 1 WHERE item = %s", item)
        assert item in ids(shop, p_cnt=1000)
    finally:
        shop.here.write("UPDATE reseller_link SET live = 1 WHERE item = %s", item)
        shop.here.write("UPDATE item SET status = 2 WHERE id = %s", item)


def test_a_filter_is_a_form_that_leads_to_the_list_it_describes(shop, pairs):
    form = shop.here.call("reseller.services.filter", lang="ru")
    labels = {val.get("key"): val.text for val in form.iterfind("slist[@name='status']/val")}
    assert (labels[""], labels["2"]) == ("любое", "активна")
    assert {"vds", "soft"} <= {val.get("key") for val in form.iterfind("slist[@name='itemtype']/val")}
    told = shop.here.call("reseller.services.filter", id=pairs[0].item, linked="on", sok="ok").find("ok")
    assert told.get("type") == "list"
    target = dict(urllib.parse.parse_qsl(told.text))
    assert [int(row["id"]) for row in listed(shop, target.pop("func"), **target)] == [pairs[0].item]
    with pytest.raises(Refused, match="possible value"):
        shop.here.call("reseller.services.filter", id="many", sok="ok")
    assert shop.here.call("reseller.requests.filter").find("slist[@name='kind']/val[@key='order']").text == "order"


def test_requests_of_a_service_or_of_all_say_what_was_sent_and_how_it_ended(shop, vds):
    shop.act("suspend", vds)
    shop.until_done(vds)
    shop.act("resume", vds)
    shop.until_done(vds)
    found = listed(shop, "reseller.requests", elid=vds)
    assert [row["kind"] for row in found[:2]] == ["resume", "suspend"]
    order = found[-1]
    assert (order["kind_msg"], order["state_msg"]) == ("order", "carried out, linked")
    assert order["remote"] == keeping.remote(shop, vds)
    assert order["correlation"]
    assert order["sent"] >= order["created"]
    assert order["detail"]
    assert {row["item"] for row in found} == {str(vds)}
    assert shop.here.call("reseller.requests", plid=vds).findtext("plid") == str(vds)
    every = listed(shop, "reseller.requests", p_cnt=1000)
    assert len(every) == shop.here.value("SELECT COUNT(*) FROM reseller_request")
    assert {row["id"] for row in found} <= {row["id"] for row in every}
    kinds = {
        row["kind"] for row in listed(shop, "reseller.requests", elid=vds, filter="on", kind="suspend", open="off")
    }
    assert kinds == {"suspend"}


def test_no_page_shows_a_secret(shop, vds):
    secrets = [keeping.password_there(shop, vds), shop.there.accounts["buyer"]["password"], "Fresh-Secret-4711"]
    keeping.queue(shop, vds, "changepassword", userid="root", password=secrets[-1])
    shop.until_done(vds)
    for func in (*LISTS, "reseller.report"):
        shown = etree.tostring(shop.here.ask(func, "admin", out="devel", p_cnt=1000), encoding="unicode")
        assert [secret for secret in secrets if secret and secret in shown] == []


# Buttons and forms.


def test_check_now_brings_what_changed_at_the_seller(shop, pairs):
    item, remote = pairs[1].item, pairs[1].remote
    shop.there.call("sandbox.item", item=remote, status=3, employeesuspend="on", param_ip="203.0.113.44")
    shop.here.call("reseller.check", elid=f"{item}, {pairs[2].item}")
    assert shop.item(item)["status"] == 3
    assert listed(shop, filter="on", id=item)[0]["there"] == "3"
    shop.there.call("sandbox.item", item=remote, status=2, employeesuspend="off")
    shop.here.ask("reseller.check", "admin", elid=item)
    assert shop.item(item)["status"] == 2
    shop.here.ask("reseller.check", "admin", elid=item)
    assert shop.params(item)["ip"] == "203.0.113.44"


def test_check_now_says_what_is_wrong_with_each_and_looks_at_the_others(shop, pairs):
    with pytest.raises(Refused) as one:
        shop.here.call("reseller.check", elid=999999999)
    assert one.value.type == "reseller_item_missing"
    shop.here.call("sandbox.switch", name="group_calls", value="once")
    try:
        with pytest.raises(Refused, match="1 of 2"):
            shop.here.call("reseller.check", elid=f"{pairs[0].item}, 999999999")
    finally:
        shop.here.call("sandbox.switch", name="group_calls", value="each")


def test_the_swap_shows_its_plan_and_does_what_was_shown(shop, pairs):
    item = pairs[3].item
    form = shop.here.call("reseller.swap", elid=item)
    (step,) = plan(form)
    assert (step["service"], "pmmanual" in step["to"]) == (str(item), True)
    assert str(pairs[3].remote) in step["notes"]
    assert module(shop, item) == "pmreseller"
    for shown in ("", "0000000000000000"):
        with pytest.raises(Refused, match="not what was shown"):
            shop.here.call("reseller.swap", elid=item, shown=shown, sok="ok")
    assert module(shop, item) == "pmreseller"
    shop.here.ask("reseller.swap", "admin", elid=item, shown=form.findtext("shown"), why="disk <b>&'\"", sok="ok")
    assert module(shop, item) == "pmmanual"
    kept = shop.here.rows("SELECT who, why FROM reseller_swap WHERE item = %s AND live = 1", item)
    assert kept == [{"who": "admin", "why": "disk <b>&'\""}]
    row = listed(shop, filter="on", id=item)[0]
    assert (row["away"], row["link_msg"]) == ("on", "away at another module")
    with pytest.raises(Refused, match="away already"):
        confirmed(shop, "reseller.swap", item)
    shop.here.call("reseller.check", elid=item)
    assert plan(shop.here.call("reseller.swap.back", elid=item, lang="ru"))[0]["to"]
    confirmed(shop, "reseller.swap.back", item)
    assert module(shop, item) == "pmreseller"


@pytest.mark.parametrize("calls", ["each", "once"])
def test_several_services_go_and_come_back_by_one_form_however_often_the_handler_is_called(shop, switch, pairs, calls):
    switch(shop.here, "group_calls", calls)
    chosen = [pair.item for pair in pairs[3:6]]
    elid = ", ".join(map(str, chosen))
    form = shop.here.call("reseller.swap", elid=elid)
    assert [int(step["service"]) for step in plan(form)] == chosen
    confirmed(shop, "reseller.swap", elid)
    assert {module(shop, item) for item in chosen} == {"pmmanual"}
    confirmed(shop, "reseller.swap.back", elid)
    assert {module(shop, item) for item in chosen} == {"pmreseller"}


def test_a_busy_service_is_refused_with_its_reason_and_the_others_go(shop, pairs):
    busy, free = pairs[4].item, pairs[5].item
    operation = shop.here.write(
        "INSERT INTO runningoperation (item, intname, manual) VALUES (%s, 'setparam', 'on')", busy
    )
    assert operation == 1
    try:
        form = shop.here.call("reseller.swap", elid=f"{busy}, {free}")
        notes = {int(step["service"]): step["notes"] for step in plan(form)}
        assert "operation" in notes[busy]
        with pytest.raises(Refused, match="setparam"):
            confirmed(shop, "reseller.swap", busy)
        confirmed(shop, "reseller.swap", f"{busy}, {free}")
        assert (module(shop, busy), module(shop, free)) == ("pmreseller", "pmmanual")
        confirmed(shop, "reseller.swap.back", free)
    finally:
        shop.here.write("DELETE FROM runningoperation WHERE item = %s", busy)


def test_without_a_module_to_go_to_the_form_asks_for_one(shop, pairs):
    shop.here.write("UPDATE processingmodule SET active = 'off' WHERE module = 'pmmanual'")
    try:
        form = shop.here.call("reseller.swap", elid=pairs[3].item)
        assert (form.findtext("processingmodule") or "", plan(form)) == ("", [])
        with pytest.raises(Refused, match="pmreseller"):
            shop.here.call("reseller.swap", elid=pairs[3].item, shown=form.findtext("shown"), sok="ok")
    finally:
        shop.here.write("UPDATE processingmodule SET active = 'on' WHERE module = 'pmmanual'")


def test_an_order_that_was_never_confirmed_is_sent_anew_after_its_plan_was_shown(shop):
    keeping.fault(shop, "reset", "*.order.param")
    item = shop.order("vds")
    shop.rest(item)
    shop.until_unconfirmed(item)
    row = listed(shop, "reseller.requests", elid=item)[0]
    assert (row["state"], row["decidable"]) == ("unconfirmed", "on")
    form = shop.here.call("reseller.reorder", elid=row["id"], lang="ru")
    assert form.findtext("service") == str(item)
    assert row["rkey"] in form.findtext("plan")
    assert "заново" in form.findtext("plan")
    with pytest.raises(Refused, match="not what was shown"):
        shop.here.call("reseller.reorder", elid=row["id"], sok="ok")
    confirmed(shop, "reseller.reorder", row["id"])
    shop.until_active(item)
    with pytest.raises(Refused, match="send anew"):
        shop.here.call("reseller.reorder", elid=row["id"])
    assert len(shop.charges(item)) == 1


def test_the_report_counts_what_there_is(shop, pairs):
    report = shop.here.ask("reseller.report", "admin", days=7).find("reportdata")
    states = {row["state"]: int(row["services"]) for row in rows(report.find("states"))}
    assert states["active"] >= len(pairs)
    requests = rows(report.find("requests"))
    counted = sum(int(row[name]) for row in requests for name in ("done", "open", "stopped", "given_up"))
    sql = "SELECT COUNT(*) FROM reseller_request WHERE created >= UTC_DATE() - INTERVAL 7 DAY"
    assert counted == shop.here.value(sql)
    account = next(row for row in rows(report.find("balances")) if row["username"] == shop.buyer)
    assert float(account["balance"]) >= 0
    weeks = rows(report.find("expiries"))
    assert [weeks[0]["week"], len(weeks)] == ["overdue", 13]
    assert sum(int(row["there"]) for row in weeks) >= len(pairs)
    bands = {band.get("name") for band in metadata("reseller.report").iterfind("band")}
    assert bands == {band.tag for band in report}


def test_the_report_has_what_was_earned_and_what_it_cost(shop, pairs):
    report = shop.here.ask("reseller.report", "admin", days=30).find("reportdata")
    month = [row for row in rows(report.find("by_month")) if row["currency"] == "EUR"]
    sql = (
        "SELECT SUM(cost) FROM reseller_request WHERE cost_currency = 'EUR' AND state IN ('linked', 'done') "
        "AND sent >= DATE_FORMAT(UTC_DATE(), '%%Y-%%m-01')"
    )
    assert sum(float(row["cost"]) for row in month) == float(shop.here.value(sql))
    for band in ("by_tariff", "by_client", "by_month"):
        found = rows(report.find(band))
        assert found
        for row in found:
            assert float(row["margin"]) == pytest.approx(float(row["revenue"]) - float(row["cost"]))
    booked = (
        "SELECT SUM(e.amount) FROM expense e WHERE e.realdate >= DATE_FORMAT(UTC_DATE(), '%%Y-%%m-01') "
        "AND EXISTS (SELECT 1 FROM reseller_link k WHERE k.item = e.item)"
    )
    told = json.loads(shop.ctl("margins", "client", "--months", "1", "--json").stdout)
    assert sum(float(row["revenue"]) for row in told) == float(shop.here.value(booked))
    table = shop.ctl("margins", "month", "--months", "1", "--csv").stdout.decode().splitlines()
    assert table[0] == "month,currency,revenue,cost,margin,unknown costs"
    assert len(table) > 1


# The panel's own lists.


def test_stock_lists_mark_the_rows_that_are_resold_for_employees_alone(shop, pairs):
    other = shop.here.value(
        "SELECT MIN(i.id) FROM item i JOIN pricelist p ON p.id = i.pricelist JOIN itemtype t ON t.id = p.itemtype "
        "WHERE t.intname = 'vds' AND i.parent IS NULL AND COALESCE(i.processingmodule, 0) <> %s",
        shop.module,
    )
    found = {int(row["id"]): row for row in rows(shop.here.ask("vds", "admin", p_cnt=10000))}
    assert found[pairs[0].item]["resold"] == "on"
    assert other is None or "resold" not in found[other]
    confirmed(shop, "reseller.swap", pairs[6].item)
    found = {int(row["id"]): row for row in rows(shop.here.ask("vds", "admin", p_cnt=10000))}
    assert "resold" not in found[pairs[6].item]
    assert found[pairs[6].item]["resold_away"] == "on"
    confirmed(shop, "reseller.swap.back", pairs[6].item)
    own = shop.here.ask("vds", "client1", out="devel", p_cnt=10000)
    assert own.findall("elem")
    assert own.findall("elem/resold") == []
    assert [button.get("name") for button in own.iter("toolbtn") if "reseller" in button.get("name")] == []
    staff = shop.here.ask("vds", "admin", out="devel", p_cnt=1)
    shown = {
        button.get("name"): button.find("show").get("name")
        for button in staff.iter("toolbtn")
        if "reseller" in button.get("name")
    }
    assert shown["reseller_check"] == "resold"
    assert shown["reseller_back"] == "resold_away"


def test_the_list_of_modules_says_of_one_of_ours_that_it_only_observes(shop):
    def shown(lang="en"):
        found = shop.here.ask("processing", "admin", p_cnt=1000, lang=lang)
        return {int(row["id"]): row.get("reseller_observes", "") for row in rows(found)}

    assert set(shown().values()) == {""}
    shop.ctl("observe", str(shop.module), "--on")
    try:
        assert {module: told for module, told in shown().items() if told} == {shop.module: "observes only"}
        assert shown("ru")[shop.module] == "только наблюдает"
        columns = [col.get("name") for col in shop.here.ask("processing", "admin", out="devel").iter("col")]
        assert columns.count("reseller_observes") == 1
        assert columns.count("name") == 1
    finally:
        shop.ctl("observe", str(shop.module), "--off", "--yes")
    assert set(shown().values()) == {""}


@pytest.mark.parametrize("level", ["16", "29", "", "x", "29 -o 1"])
def test_a_stock_list_comes_through_whatever_is_broken_on_our_side(shop, level):
    given = b"<doc>\n<elem><id>1</id><name>\xd0\xb8%s\\n</name></elem></doc>"
    environment = {"AUTH_LEVEL": level, "PATH": "/usr/bin:/bin"}
    for document in (given, b"<doc><elem>not closed"):
        done = subprocess.run(
            ["addon/reseller_lists"],
            cwd=shop.here.base,
            input=document,
            capture_output=True,
            env=environment,
            check=True,
        )
        assert (
            etree.tostring(etree.fromstring(done.stdout)) == etree.tostring(etree.fromstring(document))
            if document == given
            else done.stdout.strip() == document
        )


# A service that is away.


def test_a_service_that_is_away_while_its_term_there_ends_is_one_task_that_ends_with_its_return(shop, pairs):
    pair = pairs[2]
    soon = str(dt.datetime.now(dt.timezone.utc).date() + dt.timedelta(days=5))
    later = shop.there.value("SELECT expiredate FROM item WHERE id = %s", pair.remote)
    shop.there.call("sandbox.item", item=pair.remote, expiredate=soon)
    shop.checkevent()
    assert shop.tasks(pair.item) == []
    confirmed(shop, "reseller.swap", pair.item)
    shop.here.write("INSERT INTO runningoperation (item, intname, manual) VALUES (%s, 'setparam', 'on')", pair.item)
    for _ in range(3):
        shop.checkevent()
    (task,) = shop.tasks(pair.item)
    assert soon in task["params"]
    assert "--back" in task["params"]
    assert "ends while away" in listed(shop, filter="on", id=pair.item)[0]["drift"]
    shop.here.write("DELETE FROM runningoperation WHERE item = %s", pair.item)
    for _ in range(2):
        shop.checkevent()
    assert [found["id"] for found in shop.tasks(pair.item)] == [task["id"]]
    shop.there.call("sandbox.item", item=pair.remote, expiredate=later)
    shop.checkevent()
    assert shop.tasks(pair.item) == []
    confirmed(shop, "reseller.swap.back", pair.item)


def test_a_service_that_is_closed_here_while_away_is_one_task(shop, pairs):
    pair = pairs[6]
    confirmed(shop, "reseller.swap", pair.item)
    shop.here.write("UPDATE item SET status = 4 WHERE id = %s", pair.item)
    for _ in range(2):
        assert "1 alarm" in shop.checkevent()
    (task,) = shop.tasks(pair.item)
    assert str(pair.remote) in task["params"]
    shop.here.write("UPDATE item SET status = 2 WHERE id = %s", pair.item)
    shop.checkevent()
    assert shop.tasks(pair.item) == []
    confirmed(shop, "reseller.swap.back", pair.item)
