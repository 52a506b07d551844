"""platform.md 6: the database as modules meet it, over SQL and paramlist."""

import base64
from typing import Any

import pymysql
import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sandbox import servers
from sandbox.tests.conformance.probe import Probe
from sandbox.tests.conformance.table import cases

MODULE = "pmtables"
fact = cases("P6.2-")
learnt = cases("H16-")


@pytest.fixture(scope="module")
def item(made):
    made.addons = "mem:int:1:8:1,backup:bool:2,panel:enum:none/0/lite/3"
    answer = made.panel.call("sandbox.tariff", name="tables", price=1, module=made.id, addons=made.addons)
    made.addon = {one.get("intname"): one.text for one in answer.findall("addon")}
    made.choice = {one.get("intname"): one.text for one in answer.findall("choice")}
    given = {f"addon_{made.addon['mem']}": 3, f"addon_{made.addon['backup']}": "on"}
    given[f"addon_{made.addon['panel']}"] = made.choice["lite"]
    made.tariff_with_addons = answer.findtext("id")
    order = {"pricelist": made.tariff_with_addons, "period": 1, "skipbasket": "on", "sok": "ok", **given}
    number = int(made.panel.call("vds.order.param", su="client1", domain="db.example", **order).findtext("id"))
    made.panel.until_status(number, 2)
    return number


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        fact(
            "20",
            "item",
            "id name parent account subaccount pricelist lastpricelist processingmodule remoteid period "
            "status expiredate opendate suspenddate createdate cost intvalue boolvalue enumerationitem "
            "addonlimit addonmax addonmaxtrial autosuspend employeesuspend abusesuspend",
        ),
        learnt("01", "item", "addonbool addonlimittrial enumerationitem_addonenumerationitem"),
        learnt("02", "pricelist", "addonlimittrial"),
        learnt("03", "pricelist", "addonstep addonmin enumeration"),
        learnt(
            "04",
            "item",
            "currency costperiod costdate autoassign specialstatus scheduledclose price fixedprices reservedsum",
        ),
        learnt(
            "05",
            "pricelist",
            "manualname manualprocessing restrictclientchange scaletype orderpolicy roundtype orderpriority billdaily "
            "billhourly billprorata chargestoped autocalcday allowpostpaid name_ru",
        ),
        learnt("06", "currency", "id iso name symbol active"),
        learnt("09", "pricelistscale", "pricelist"),
        learnt("11", "fixedpricesprice", "fixedprices price"),
        learnt(
            "12", "expense", "subaccount period discount amount discountamount notpayd cdate realdate taxrate taxamount"
        ),
        learnt("13", "itemtype", "name_ru parent orderpriority"),
        learnt("13", "measure", "name_ru"),
        learnt("13", "project", "active"),
        fact("21", "itemparam", "id item intname value"),
        fact("22", "itemcryptedparam", "id item intname value"),
        fact("23", "itemstat", "item statdate param value measure"),
        fact("24", "itemtype", "id intname name"),
        fact("25", "itemtypeparam", "id itemtype intname"),
        fact("26", "itemtypeparamvalue", "id itemtypeparam intname"),
        fact("27", "processingmodule2itemtypeparamvalue", "processingmodule itemtypeparamvalue"),
        fact(
            "28",
            "pricelist",
            "id parent itemtype intname name project active addontype billtype compound addonlimit "
            "addonmax addonmaxtrial addonbool measure enumerationitem",
        ),
        fact("29", "pricelistparam", "pricelist intname value"),
        fact("30", "processingmodule", "id name module active orderpriority ipmgr config department"),
        fact("31", "processingparam", "id processingmodule intname value"),
        fact("32", "processingcryptedparam", "id processingmodule intname value"),
        fact("33", "processingmodule2pricelist", "processingmodule pricelist"),
        fact("34", "runningoperation", "id item intname trycount"),
        fact("35", "task", "id type item status runningoperation"),
        fact("36", "expense", "id item operation realdate"),
        fact("37", "account", "id name parent level country registration_date"),
        fact("38", "subaccount", "id account project"),
        fact("39", "project", "id name billurl"),
        fact("40", "user", "id name email phone realname level account enabled language"),
        fact("41", "measure", "id intname relation lessmeasure"),
        fact("42", "enumerationitem", "id intname"),
        fact("43", "tld", "id name"),
        fact("44", "country", "id iso2 name name_ru"),
        fact("45", "service_profile", "id profiletype account name"),
        fact("46", "service_profileparam", "service_profile intname value warning_message"),
        fact("47", "service_profile2item", "service_profile item type"),
        fact(
            "48",
            "service_profile2processingmodule",
            "service_profile processingmodule type externalid externalpassword",
        ),
        fact("49", "ip", "id name item status"),
        fact("50", "certificate", "item pkey csr crt"),
        fact("51", "nameserver", "id name url"),
        fact("52", "ipmgr", "id name url"),
        fact("53", "history_item", "reference request_action changedate"),
        fact("54", "payment", "id status"),
        fact("55", "paymethod", "id module xmlparams"),
        fact("56", "recurring", "id"),
        fact("57", "payment_receipt", "id"),
        fact("58", "payment_receipt_item", "id"),
        fact("59", "gateway", "id module"),
        fact("60", "datacenter", "external_id"),
        fact("61", "locale", "langcode"),
        fact("62", "domaindnssec", "id"),
        fact("63", "core_session", "id name"),
        fact("64", "core_session_ext", "ext_name ext_value"),
        fact("65", "core_users", "name super"),
        fact("66", "core_funcs", "users name access"),
        fact("67", "core_members", "user_id group_id"),
        fact("68", "totp", "id"),
    ],
)
def test_a_table_has_the_columns_that_modules_read(probe, table, columns):
    found = {row["Field"] for row in probe.panel.rows(f"DESCRIBE {table}")}
    assert set(columns.split()) <= found


def parameters(panel):
    """paramlist as the vendor's code reads it: single elements in rows."""
    return {cell.tag: cell.text or "" for row in panel.call("paramlist").iterfind("elem") for cell in row}


@pytest.mark.parametrize(
    "name",
    [
        fact("01", "DBHost"),
        fact("02", "DBUser"),
        fact("03", "DBPassword"),
        fact("04", "DBName"),
        fact("05", "DBSocket"),
        fact("06", "CryptKey"),
        fact("07", "ForwardedSecret"),
    ],
)
def test_paramlist_has_a_key(probe, name):
    assert name in parameters(probe.panel)


@pytest.mark.fact("P6.2-08")
def test_the_credentials_of_paramlist_open_the_database(probe):
    known = parameters(probe.panel)
    connection = pymysql.connect(
        unix_socket=known["DBSocket"], user=known["DBUser"], password=known["DBPassword"], database=known["DBName"]
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT DATABASE()")
        assert cursor.fetchone() == (known["DBName"],)
    connection.close()


@pytest.mark.fact("P6.2-09")
def test_the_same_keys_stand_in_the_configuration_as_lines(probe):
    known = parameters(probe.panel)
    lines = dict(
        line.split(" ", 1) for line in (probe.panel.base / "etc/billmgr.conf").read_text().splitlines() if " " in line
    )
    assert (lines["DBName"], lines["DBUser"]) == (known["DBName"], known["DBUser"])


def key_of(panel):
    path = panel.base / parameters(panel)["CryptKey"]
    key: Any = load_pem_private_key(path.read_bytes(), None)
    return key


@pytest.mark.fact("P6.2-10")
def test_a_module_can_read_what_the_panel_encrypted(probe, item):
    probe.panel.call("service.saveparam", elid=item, name="secret", value="s & x", crypted="on", sok="ok")
    sql = "SELECT value FROM itemcryptedparam WHERE item = %s AND intname = 'secret'"
    stored = probe.panel.rows(sql, item)[0]["value"]
    assert key_of(probe.panel).decrypt(base64.b64decode(stored), padding.PKCS1v15()) == b"s & x"


@pytest.mark.fact("P6.2-11")
def test_the_panel_can_read_what_a_module_encrypted(probe):
    public = key_of(probe.panel).public_key()
    value = base64.b64encode(public.encrypt(b"by module", padding.PKCS1v15())).decode()
    plain = Probe(probe.panel, "pmcrypts", "<doc><params><param name='secret' crypted='yes'/></params></doc>")
    probe.panel.rows("UPDATE processingcryptedparam SET value = %s WHERE processingmodule = %s", value, plain.id)
    assert probe.panel.call("processing.edit", elid=plain.id).findtext("secret") == "by module"


@pytest.mark.fact("P6.2-12")
def test_a_secret_holds_at_most_the_keys_size_less_11_bytes(probe, item):
    most = key_of(probe.panel).key_size // 8 - 11
    for length, refused in ((most, False), (most + 1, True)):
        error = probe.panel.error("service.saveparam", elid=item, name="s", value="x" * length, crypted="on", sok="ok")
        assert (error is not None) == refused


@pytest.mark.parametrize(
    ("status", "key"),
    [fact("70", 1, "1"), fact("71", 2, "2"), fact("72", 3, "3"), fact("73", 4, "4"), fact("74", 5, "5")],
)
def test_a_status_of_an_item(probe, item, status, key):
    probe.panel.call("sandbox.item", item=item, status=status)
    row = next(row for row in probe.panel.call("vds", p_cnt=1000) if row.findtext("id") == str(item))
    assert row.findtext("status") == key
    visible = [row.findtext("id") for row in probe.panel.call("vds", su="client1", p_cnt=1000).findall("elem")]
    assert (str(item) in visible) == (status != 4)
    probe.panel.call("sandbox.item", item=item, status=2)


def addon_row(probe, item, name):
    sql = (
        "SELECT a.intvalue, a.boolvalue, a.enumerationitem, p.addontype, p.billtype, p.parent FROM item a "
        "JOIN pricelist p ON p.id = a.pricelist WHERE a.parent = %s AND p.intname = %s"
    )
    return probe.panel.rows(sql, item, name)[0]


@pytest.mark.fact("P6.2-75")
def test_a_boolean_addon(probe, item):
    row = addon_row(probe, item, "backup")
    assert (row["addontype"], row["boolvalue"]) == (1, "on")


@pytest.mark.fact("P6.2-76")
def test_an_integer_addon(probe, item):
    row = addon_row(probe, item, "mem")
    # Three were ordered, one of them is included in the tariff (additions-2.md h.1).
    assert (row["addontype"], row["intvalue"]) == (2, 2)


@pytest.mark.fact("P6.2-77")
def test_an_enumeration_addon(probe, item):
    row = addon_row(probe, item, "panel")
    assert (row["addontype"], str(row["enumerationitem"])) == (3, probe.choice["lite"])


@pytest.mark.fact("P6.2-78")
def test_an_ordered_addon_has_billtype_2(probe, item):
    assert addon_row(probe, item, "mem")["billtype"] == 2


@pytest.mark.fact("P6.2-79")
def test_addons_are_items_below_the_service_of_tariffs_below_its_tariff(probe, item):
    assert {str(addon_row(probe, item, name)["parent"]) for name in probe.addon} == {probe.tariff_with_addons}


@pytest.mark.fact("P6.2-80")
def test_the_period_of_a_trial_is_minus_100(probe):
    given = {"pricelist": probe.panel.tariff("ISPmanager Lite"), "period": -100, "ip": "192.0.2.99", "licname": "t"}
    answer = probe.panel.call("soft.order.param", su="client1", skipbasket="on", sok="ok", **given)
    rows = probe.panel.rows("SELECT period FROM item WHERE id = %s", answer.findtext("id"))
    assert rows == [{"period": -100}]


@pytest.mark.parametrize(("name", "status"), [fact("81", "open", 0), fact("82", "in work", 1), fact("83", "closed", 2)])
def test_a_status_of_a_task(probe, item, name, status):
    kind = probe.panel.call("task.gettype", operation="open").findtext("task_type")
    number = probe.panel.call("task.edit", item=item, type=kind, sok="ok").findtext("id")
    if status == 1:
        probe.panel.call("task.start", elid=number)
    elif status == 2:
        probe.panel.call("task.edit", elid=number, status=2, sok="ok")
    rows = probe.panel.call("task", filter="on", item=item, status=status).findall("elem")
    assert [row.findtext("id") for row in rows] == [number], name
    probe.panel.call("task.delete", elid=number)


@pytest.mark.fact("P6.2-84")
def test_user_level_16_is_a_client(probe):
    rows = probe.panel.rows("SELECT level FROM user WHERE name = 'client1'")
    assert rows == [{"level": 16}]


@pytest.mark.fact("P6.2-85")
def test_statistics_are_one_row_for_item_day_and_parameter(probe, item):
    insert = "INSERT INTO itemstat (item, statdate, param, value) VALUES (%s, '2026-01-02', 'disk', 1)"
    probe.panel.rows(insert, item)
    with pytest.raises(pymysql.err.IntegrityError):
        probe.panel.rows(insert, item)


@pytest.mark.fact("P6.2-86")
def test_there_is_no_table_of_addons_of_items_or_remote_ids(probe):
    found = {next(iter(row.values())) for row in probe.panel.rows("SHOW TABLES")}
    assert not {"itemaddon", "itemip", "remote"} & found


@pytest.mark.fact("P6.2-87")
def test_the_standard_query_of_a_service(probe, item):
    sql = (
        "SELECT i.id, p.name AS pricelist, it.intname AS itemtype, pm.module, a.name AS account FROM item i "
        "JOIN pricelist p ON p.id = i.pricelist JOIN itemtype it ON it.id = p.itemtype "
        "LEFT JOIN processingmodule pm ON pm.id = i.processingmodule LEFT JOIN account a ON a.id = i.account "
        "WHERE i.id = %s"
    )
    row = probe.panel.rows(sql, item)[0]
    assert (row["pricelist"], row["itemtype"], row["module"]) == ("tables", "vds", "pmtables")
    assert row["account"] == "client1"


def shown_name(probe):
    return next(row.findtext("name") for row in probe.panel.call("processing") if row.findtext("id") == probe.id)


@pytest.mark.fact("P6.2-88")
@pytest.mark.parametrize(("setting", "stale"), [("on", True), ("off", False)])
def test_a_direct_change_may_want_tool_clearcache(probe, switch, setting, stale):
    switch(probe.panel, "tables_cached", setting)
    probe.panel.call("tool.clearcache")
    before = shown_name(probe)
    probe.panel.rows("UPDATE processingmodule SET name = %s WHERE id = %s", f"{before}x", probe.id)
    assert (shown_name(probe) == before) == stale
    probe.panel.call("tool.clearcache")
    assert shown_name(probe) == f"{before}x"
    probe.panel.call("processing.edit", elid=probe.id, name=before, sok="ok")
    assert shown_name(probe) == before


@pytest.mark.fact("P6.2-89")
def test_a_type_made_directly_is_known_after_tool_clearcache(probe):
    probe.panel.call("vds", p_cnt=1)
    probe.panel.rows("INSERT INTO itemtype (intname, name) VALUES ('direct', 'Direct')")
    assert probe.panel.error("direct").get("type") == "missed"
    probe.panel.call("tool.clearcache")
    assert probe.panel.error("direct") is None


@pytest.mark.fact("P6.1-01")
def test_the_database_is_the_mariadb_or_mysql_that_was_asked_for(probe):
    version = probe.panel.rows("SELECT VERSION() AS v")[0]["v"]
    assert version.startswith(servers.chosen().version())
    assert ("MariaDB" in version) == (servers.chosen().name == "MariaDB")


@pytest.mark.fact("P6.1-02")
def test_localised_columns_have_a_suffix(probe):
    for table in ("pricelist", "itemtype", "country"):
        assert {"name", "name_ru"} <= {row["Field"] for row in probe.panel.rows(f"DESCRIBE {table}")}


@pytest.mark.fact("P6.1-03")
def test_there_are_no_views_and_no_triggers(probe):
    sql = "SELECT COUNT(*) AS n FROM information_schema.{} WHERE {} = DATABASE()"
    assert probe.panel.rows(sql.format("views", "table_schema")) == [{"n": 0}]
    assert probe.panel.rows(sql.format("triggers", "trigger_schema")) == [{"n": 0}]


@pytest.mark.fact("H7-01")
def test_measures_are_a_chain_down_to_byte(made):
    rows = {row["id"]: row for row in made.panel.rows("SELECT * FROM measure")}
    smallest = {}
    for row in rows.values():
        size, step = 1, row
        while step["lessmeasure"]:
            size, step = size * int(step["relation"]), rows[step["lessmeasure"]]
        smallest[row["intname"]] = (size, step["intname"])
    assert smallest["mib"] == (2**20, "byte")
    assert smallest["tib"] == (2**40, "byte")
    assert {base for _, base in smallest.values()} == {"byte"}


@pytest.mark.fact("H8-01")
def test_a_domain_tariffs_intname_is_the_id_of_its_zone(made):
    made.panel.call("sandbox.tariff", itemtype="domain", name="Zone one", zone="one.test", price=3)
    rows = made.panel.rows(
        "SELECT p.name, z.name AS zone FROM pricelist p JOIN itemtype t ON t.id = p.itemtype AND t.intname = 'domain' "
        "LEFT JOIN tld z ON z.id = p.intname WHERE p.parent IS NULL"
    )
    assert {"name": "Zone one", "zone": "one.test"} in rows
    assert {row["zone"] for row in rows if row["name"] == "example"} == {"example"}
    assert None not in [row["zone"] for row in rows]


@pytest.mark.fact("H15-01")
def test_there_are_countries_in_both_languages(made):
    rows = made.panel.rows("SELECT name, name_ru FROM country WHERE iso2 = 'LV'")
    assert rows == [{"name": "Latvia", "name_ru": "Латвия"}]


@pytest.mark.fact("H16-07", "H16-08")
def test_prices_of_a_tariff_are_columns_of_a_row_for_each_currency(made, item):
    row = made.panel.rows(
        "SELECT u.iso, r.* FROM pricelistprice l JOIN price r ON r.id = l.price JOIN currency u ON u.id = l.currency "
        "WHERE l.pricelist = %s",
        made.tariff_with_addons,
    )[0]
    assert (row["iso"], row["monthly"], row["quarterly"], row["annually"], row["trial"]) == ("EUR", 1, 3, 10, None)
    words = "setup day semiannual biennial triennial quadrennial quinquennial decennial lifetime stat"
    assert set(words.split()) <= set(row)


@pytest.mark.fact("H16-10")
def test_prices_of_choices_hang_on_the_choice_of_a_tariff(made, item):
    rows = made.panel.rows(
        "SELECT c.enumerationitem, r.monthly FROM pricelist2enumerationitem c JOIN pricelist2enumerationitemprice l "
        "ON l.pricelist2enumerationitem = c.id JOIN price r ON r.id = l.price WHERE c.pricelist = %s",
        made.addon["panel"],
    )
    assert {str(row["enumerationitem"]): int(row["monthly"]) for row in rows} == {
        made.choice["none"]: 0,
        made.choice["lite"]: 3,
    }


@pytest.mark.fact("B7-01", "B7-02")
def test_cost_and_expense_of_a_service(made, item):
    sql = "SELECT costperiod, costdate, createdate, specialstatus, scheduledclose FROM item WHERE id = %s"
    row = made.panel.rows(sql, item)[0]
    assert (row["costperiod"], row["costdate"]) == (1, row["createdate"])
    assert (row["specialstatus"], row["scheduledclose"]) == (0, "off")
    row = made.panel.rows("SELECT * FROM expense WHERE item = %s", item)[0]
    assert (row["operation"], row["period"], int(row["amount"]), row["taxamount"]) == ("open", 1, 8, 0)
    assert None not in (row["subaccount"], row["cdate"])


@pytest.mark.fact("H19-02")
def test_a_project_has_the_address_of_its_billing(made):
    assert made.panel.rows("SELECT billurl FROM project")[0]["billurl"].startswith("https://")
