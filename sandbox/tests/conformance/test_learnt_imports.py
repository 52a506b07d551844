"""additions-2.md c.1: services that were at the provider before, on their way to a client."""

import pytest

from sandbox.tests.panels import until

MODULE = "pmimports"


@pytest.fixture
def plan(probe):
    """A tariff of the module that it knows by an internal name."""
    probe.panel.rows("UPDATE pricelist SET intname = 'plan-7' WHERE id = %s", probe.tariff())
    return {"module": probe.id, "import_pricelist_intname": "plan-7", "sok": "ok"}


def imported(probe, plan, **more):
    answer = probe.panel.call("processing.import.service", **plan, **more)
    return answer.findtext("service_id")


def params(probe, item):
    rows = probe.panel.rows("SELECT intname, value FROM itemparam WHERE item = %s", item)
    return {row["intname"]: row["value"] for row in rows}


@pytest.mark.fact("C1-02")
def test_the_type_may_be_left_out(probe, plan):
    row = probe.panel.rows("SELECT pricelist FROM item WHERE id = %s", imported(probe, plan))[0]
    assert row["pricelist"] == int(probe.tariff())
    assert imported(probe, plan, import_itemtype_intname="domain") == ""


@pytest.mark.fact("C1-03")
def test_an_unknown_tariff_answers_ok_without_an_id(probe, plan):
    sql = "SELECT COUNT(*) AS n FROM item"
    before = probe.panel.rows(sql)
    answer = probe.panel.call("processing.import.service", **{**plan, "import_pricelist_intname": "no such"})
    assert answer.find("ok") is not None
    assert answer.findtext("service_id") == ""
    assert probe.panel.rows(sql) == before


@pytest.mark.fact("C1-04", "C1-05")
def test_what_is_imported_is_kept_with_the_service(probe, plan):
    given = {"import_itemtype_intname": "vds", "import_service_name": "old one", "import_remote_id": "R-17"}
    known = params(probe, imported(probe, plan, anything="1 & 2", **given))
    assert known["anything"] == "1 & 2"
    assert known["import_pricelist_intname"] == "plan-7"
    assert {name: known[name] for name in given} == given
    assert len(known["startperioddate"]) == 10


@pytest.mark.fact("C1-06", "C1-07", "H13-02", "H13-03", "H13-04")
def test_registered_services_are_given_to_a_client_a_moment_later(probe, plan, switch):
    switch(probe.panel, "assign_seconds", "3600")
    first, second = imported(probe, plan), imported(probe, plan)
    account = probe.panel.accounts["client1"]["account"]
    tariffs = {f"pricelist_{item}": probe.tariff() for item in (first, second)}
    probe.panel.call("processing.import.assign", elid=f"{first}, {second}", account=account, sok="ok", **tariffs)
    profile = probe.panel.call("service_profile.edit", account=account, name="Of it", sok="ok").findtext("id")
    given = {"elid": first, "expiredate": "2031-05-06", "status": 3, "service_status": 2, "sok": "ok"}
    answer = probe.panel.call("vds.edit", service_profile_owner=profile, **given)
    assert answer.findtext("doc/createdate") == ""
    assert probe.panel.call("vds.edit", elid=first).findtext("account") == "0"
    probe.panel.rows("UPDATE lateassign SET due = 0")
    until(lambda: probe.panel.call("vds.edit", **given).findtext("doc/createdate"), "not assigned")
    form = probe.panel.call("vds.edit", elid=first)
    assert (form.findtext("account"), form.findtext("status")) == (str(account), "3")
    assert (form.findtext("expiredate"), form.findtext("service_status")) == ("2031-05-06", "2")
    assert form.findtext("service_profile_owner") == profile
    assert probe.panel.row(int(second), user="client1") is not None


def test_a_service_is_not_given_to_nobody_or_another_types_tariff(probe, plan):
    item = imported(probe, plan)
    ask = {"elid": item, "sok": "ok"}
    assert probe.panel.error("processing.import.assign", account=0, **ask).get("object") == "account"
    account = probe.panel.accounts["client1"]["account"]
    other = {f"pricelist_{item}": probe.tariff("certificate")}
    error = probe.panel.error("processing.import.assign", account=account, **ask, **other)
    assert error.get("object") == f"pricelist_{item}"


def test_a_client_sets_nothing_that_is_the_employees(probe):
    item = probe.service()
    given = {"elid": item, "status": 3, "expiredate": "2040-01-01", "service_status": 9, "sok": "ok"}
    answer = probe.panel.http("vds.edit", "client1", **given)
    assert answer.find("doc") is None
    row = probe.panel.rows("SELECT status, expiredate, service_status FROM item WHERE id = %s", item)[0]
    assert (row["status"], str(row["expiredate"]) < "2040", row["service_status"]) == (2, True, None)
    assert probe.panel.http("vds.edit", "client1", elid=item).find("account") is None


@pytest.mark.fact("D6-01")
def test_parameters_of_open_are_stored(probe):
    probe.do(open={"calls": [["vds.open", "elid={item}", "sid=7", "token=t & t", "ip=192.0.2.9", "sok=ok"]]})
    known = params(probe, probe.service())
    assert (known["sid"], known["token"], known["ip"]) == ("7", "t & t", "192.0.2.9")
    assert not {"elid", "func", "sok"} & set(known)
