"""What happens rarely, by the doors that people and the panel use: accidents, odd words, odd answers of the seller."""

import contextlib
import json
import os
import subprocess
from html import escape

import pytest
from lxml import etree

from tests.support import keeping


def addon(shop, func, **params):
    environment = {f"PARAM_{name}": str(value) for name, value in params.items()}
    environment |= {"PARAM_func": func, "AUTH_LEVEL": "30", "AUTH_USER": "root"}
    done = subprocess.run(
        ["addon/reseller"], cwd=shop.here.base, input=b"<doc/>", capture_output=True, env=environment, check=True
    )
    return etree.fromstring(done.stdout)


@contextlib.contextmanager
def unreadable(shop, table):
    """Each question to this table fails in a way that nobody has thought of."""
    with keeping.without(shop, table):
        shop.here.write(f"CREATE VIEW {table} AS SELECT * FROM {table}_away WHERE 1 = (SELECT 1 UNION SELECT 2)")
        try:
            yield
        finally:
            shop.here.write(f"DROP VIEW {table}")


def test_an_accident_is_a_document_for_the_panel_and_a_trace_in_the_log(shop, vds):
    log = shop.here.base / "var/reseller.log"
    with keeping.without(shop, "reseller_link"):
        assert addon(shop, "reseller.services").find("error").get("type") == "reseller_database_unknown"
    with unreadable(shop, "reseller_link"):
        assert addon(shop, "reseller.services").find("error").get("type") == "reseller_internal"
        done = shop.here.run("processing/pmreseller", "--command", "sync_item", "--item", str(vds))
    assert etree.fromstring(done.stdout).find("error").get("type") == "reseller_internal"
    assert done.returncode == 1
    traces = [line for line in log.read_text().splitlines() if "internal: Traceback" in line]
    assert len(traces) >= 2
    assert "Subquery returns more than 1 row" in traces[-1]


def test_a_function_that_is_not_ours_is_refused_by_name(shop):
    error = addon(shop, "reseller.nonsense").find("error")
    assert (error.get("type"), error.get("object")) == ("reseller_function", "func")


@pytest.mark.parametrize(("option", "said"), [("--version", b"1.0"), ("--help", b"--command")])
def test_the_module_tells_what_it_is(shop, option, said):
    done = shop.here.run("processing/pmreseller", option)
    assert done.returncode == 0
    assert said in done.stdout


def test_a_reader_that_goes_away_is_no_accident(shop, vds):
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            ["./sbin/resellerctl", "requests", str(vds)],
            cwd=shop.here.base,
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


# The operator's command.


def test_requests_of_a_service_for_a_person_and_for_a_machine(shop, vds):
    shop.here.write("UPDATE reseller_request SET error_text = 'it was late' WHERE item = %s", vds)
    told = shop.ctl("requests", str(vds)).stdout.decode()
    assert "order" in told
    assert f"service {vds}: it was late" in told
    rows = json.loads(shop.ctl("requests", str(vds), "--json").stdout)
    assert [(row["service"], row["what"]) for row in rows if row["what"] == "order"] == [(vds, "order")]
    assert shop.ctl("requests").stdout == b"No request is open.\n"
    assert json.loads(shop.ctl("requests", "--json").stdout) == []


def test_a_part_of_the_map_is_set_dropped_and_asked_for_by_whole_sentences(shop):
    tariff = str(shop.tariffs["VDS-1"])
    before = shop.here.rows("SELECT * FROM reseller_map WHERE pricelist = %s", tariff)
    for words in (["--drop"], ["period", "1", "1", "--drop", "period", "1"], ["period", "1"]):
        done = shop.ctl("map", tariff, *words)
        assert (done.returncode, b"PART HERE THERE" in done.stderr) == (2, bool(len(words) > 1))
    assert shop.ctl("map", tariff, "--drop", "period", "1").returncode == 0
    assert shop.ctl("map", tariff, "--drop", "period", "1").returncode == 1
    assert b"cannot be sold; --yes would map" in shop.ctl("map", tariff).stdout
    assert shop.ctl("map", tariff, "--yes").returncode == 0
    assert shop.here.rows("SELECT * FROM reseller_map WHERE pricelist = %s", tariff) == before
    rows = json.loads(shop.ctl("map", tariff, "period", "--json").stdout)
    assert {row["part"] for row in rows} == {"period"}


def test_a_sentence_is_told_to_a_machine_as_well(shop, vds):
    found = json.loads(shop.ctl("link", str(vds), str(keeping.remote(shop, vds)), "--json").stdout)
    assert found["service"] == vds
    assert str(keeping.remote(shop, vds)) in found["text"]


# The seller's odd answers.


def test_the_balance_of_an_account_that_may_not_list_its_money(shop):
    shop.there.call("sandbox.fault", kind="error", forfunc="subaccount", times=1, type="access", object="", value="")
    shop.here.write("UPDATE reseller_account SET balance = NULL, currency = ''")
    password = shop.there.accounts[shop.buyer]["password"]
    form = (
        f"<doc><processingmodule><url>{shop.there.url}</url><username>{shop.buyer}</username>"
        f"<password>{escape(password)}</password><cafile>{shop.there.ca}</cafile></processingmodule></doc>"
    )
    done = shop.here.run("processing/pmreseller", "--command", "check_connection", stdin=form.encode())
    assert done.returncode == 0, done.stdout
    [row] = shop.here.rows("SELECT balance, currency FROM reseller_account WHERE username = %s", shop.buyer)
    assert (float(row["balance"]), row["currency"]) == (1000, "")


@pytest.mark.parametrize("form", [b"", b"<doc", b"nothing"])
def test_a_form_that_is_none_is_said(shop, form):
    done = shop.here.run("processing/pmreseller", "--command", "check_connection", stdin=form)
    assert etree.fromstring(done.stdout).find("error").get("type") == "reseller_form"
