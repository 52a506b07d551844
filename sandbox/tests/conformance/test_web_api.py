"""platform.md 4: the API over HTTP, as plug-ins and clients of the platform meet it."""

import pytest
import requests

from sandbox.tests.conformance.exhibit import shown
from sandbox.tests.panels import parsed

XML = """<mgrdata><handler name="exhibit" type="xml"><func name="wa.form"/></handler>
<lang name="en"><messages name="wa.form"><msg name="msg_error_first">First __amount__ of __have__</msg></messages>
  <messages name="msgerror"><msg name="msg_error_first">Second</msg><msg name="msg_error_other">Other __value__</msg>
  </messages></lang>
<lang name="ru"><messages name="wa.form"><msg name="msg_error_first">Первая __amount__</msg></messages></lang>
</mgrdata>"""


@pytest.fixture(scope="module")
def installed(conformance_sandbox):
    with shown(conformance_sandbox.reseller, "billmgr_mod_web.xml", XML) as made:
        yield made


@pytest.fixture
def ex(installed, pair):
    installed.clear()
    return installed


@pytest.fixture
def panel(ex):
    return ex.panel


def ask(panel, method="get", url="", headers=None, cookies=None, **params):
    sent = {"params" if method == "get" else "data": {"out": "xml", **params}}
    address = url or panel.facts["url"]
    return requests.request(
        method, address, headers=headers, cookies=cookies, verify=panel.facts["ca"], timeout=60, **sent
    )


def authinfo(panel, user="buyer"):
    return f"{user}:{panel.accounts[user]['password']}"


def session(panel, user="buyer"):
    return parsed(ask(panel, func="auth", username=user, password=panel.accounts[user]["password"]).content).find(
        "auth"
    )


@pytest.mark.fact("P4.1-01")
@pytest.mark.parametrize("place", ["/billmgr", "/manager/billmgr"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_addresses_and_methods(panel, place, method):
    url = panel.facts["url"].replace("/billmgr", place)
    assert parsed(ask(panel, method, url, func="whoami", authinfo=authinfo(panel)).content).find("user") is not None


@pytest.mark.fact("P4.1-02")
def test_auth_answers_the_session_and_the_level(panel):
    found = session(panel, "admin")
    assert found.get("level") == "29"
    assert found.get("id") == found.text


@pytest.mark.fact("P4.1-03")
def test_a_session_in_each_call(panel):
    assert parsed(ask(panel, func="whoami", auth=session(panel).text).content).find("user").get("name") == "buyer"


@pytest.mark.fact("P4.1-04", "P4.2-03")
def test_a_session_in_the_cookie_with_a_referer_of_the_panel(panel):
    cookies = {"billmgrses5": session(panel).text}
    own = {"Referer": panel.facts["url"]}
    assert parsed(ask(panel, headers=own, cookies=cookies, func="whoami").content).find("user") is not None
    foreign = {"Referer": "https://example.com/"}
    for headers in (None, foreign):
        assert parsed(ask(panel, headers=headers, cookies=cookies, func="whoami").content).find("error") is not None


@pytest.mark.fact("P4.1-05", "P4.2-04")
def test_a_session_is_bound_to_its_address_and_a_trusted_proxy_tells_it(panel):
    number = session(panel).text
    conf = (panel.base / "etc/billmgr.conf").read_text().splitlines()
    secret = next(line.split()[1] for line in conf if line.startswith("ForwardedSecret"))
    proxy = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Secret": secret}
    assert parsed(ask(panel, headers=proxy, func="whoami", auth=number).content).find("error") is not None
    liar = {**proxy, "X-Forwarded-Secret": "wrong"}
    assert parsed(ask(panel, headers=liar, func="whoami", auth=number).content).find("user") is not None


@pytest.mark.fact("P4.1-06")
def test_a_session_lives_an_hour_after_its_last_request(panel):
    number = session(panel).text
    for age, alive in ((3500, True), (3700, False)):
        panel.rows("UPDATE core_session SET atime = atime - %s WHERE id = %s", age, number)
        assert (parsed(ask(panel, func="whoami", auth=number).content).find("user") is not None) == alive


@pytest.mark.fact("P4.1-07")
def test_authinfo_in_each_call(panel):
    assert parsed(ask(panel, func="whoami", authinfo=authinfo(panel)).content).find("user").get("level") == "16"


@pytest.mark.fact("P4.1-08")
def test_authinfo_may_be_restricted_to_addresses(ex):
    folder = ex.panel.base / "etc/billmgr.conf.d"
    try:
        for text, allowed in (
            ("Option RestrictAuthinfo\n", False),
            ("Option RestrictAuthinfo\nRestrictAuthinfoRange 127.0.0.0/8\n", True),
            ("Option RestrictAuthinfo\nRestrictAuthinfoRange 10.0.0.0/8\n", False),
        ):
            (folder / "restrict.conf").write_text(text)
            ex.restart()
            root = parsed(ask(ex.panel, func="whoami", authinfo=authinfo(ex.panel)).content)
            assert (root.find("user") is not None) == allowed, text
    finally:
        (folder / "restrict.conf").unlink()
        ex.restart()


@pytest.mark.fact("P4.1-09")
@pytest.mark.parametrize(
    ("allow", "works"),
    [("127.0.0.1", True), ("127.0.0.0/8", True), ("127.0.0.0-127.0.0.9", True), ("10.0.0.1", False)],
)
def test_addresses_of_a_client(panel, allow, works):
    name = f"allow{abs(hash(allow)) % 10**8}"
    panel.call("sandbox.client", name=name, password="pw", allow=allow)
    assert (panel.http("whoami", (name, "pw")).find("user") is not None) == works


@pytest.mark.fact("P4.1-10")
@pytest.mark.parametrize(("out", "starts"), [("text", "id="), ("xml", "<?xml"), ("devel", "<?xml"), ("json", "{")])
def test_formats(panel, out, starts):
    assert ask(panel, func="datacenter", authinfo=authinfo(panel, "admin"), out=out).text.startswith(starts)


@pytest.mark.fact("P4.1-11")
def test_a_list_an_edit_form_and_a_deletion_share_a_name(panel):
    item = panel.bought()
    panel.until_status(item, 2)
    assert panel.row(item) is not None
    assert panel.http("vds.edit", elid=item).findtext("id") == str(item)
    assert panel.http("vds.suspend", elid=item).find("ok") is not None
    panel.until_status(item, 3)
    assert panel.http("vds.delete", elid=item).find("ok") is not None


@pytest.mark.parametrize(
    ("func", "columns"),
    [
        pytest.param(
            "processing",
            "id name module datacenter_name pusage balance_info orderpriority status",
            marks=pytest.mark.fact("P4.1-12"),
        ),
        pytest.param(
            "runningoperation",
            "id desc item itemtype client cdate trycount processingmodule task status",
            marks=pytest.mark.fact("P4.1-13"),
        ),
        pytest.param(
            "task",
            "id type department item itemstatus itemtype pricelist client performer runningoperation opendate status",
            marks=pytest.mark.fact("P4.1-14"),
        ),
    ],
)
def test_columns_of_lists_for_staff(panel, func, columns):
    root = panel.http(func, "admin", out="devel")
    assert [one.get("name") for one in root.iterfind("metadata/coldata/col")] == columns.split()
    row = root.find("elem")
    if func == "processing":
        assert set(columns.split()) <= {cell.tag for cell in row}


@pytest.mark.fact("P4.1-15")
def test_the_complete_error_document(panel):
    panel.call("sandbox.balance", user="buyer", value="0.00")
    error = panel.order().find("error")
    assert (error.get("type"), error.get("lang"), error.get("code")) == ("not_enough_money", "en", "1")
    params = {one.get("name"): one.text for one in error.iterfind("param")}
    assert {"amount", "have", "currency"} <= set(params)
    assert "__amount__" in error.findtext("group")
    assert params["amount"] in error.findtext("msg")


@pytest.mark.fact("P4.1-16", "P4.1-17", "P4.1-18")
def test_texts_of_errors(ex):
    def text(kind, lang="en"):
        params = '<param name="amount">5</param><param name="have">2</param>'
        ex.answer("wa.form", f'<doc><error type="{kind}" value="v">{params}</error></doc>')
        return ex.panel.http("wa.form", lang=lang).find("error").findtext("msg")

    assert text("first") == "First 5 of 2"
    assert text("other") == "Other v"
    assert text("first", "ru") == "Первая 5"


@pytest.mark.fact("P4.2-01")
def test_params_of_an_error_of_type_value(panel):
    error = panel.http("vds", p_cnt="x").find("error")
    assert (error.get("type"), error.get("object"), error.get("code")) == ("value", "p_cnt", "1")
    found = {one.get("name"): one for one in error.iterfind("param")}
    assert (found["object"].get("type"), found["object"].text, found["value"].text) == ("msg", "p_cnt", "x")


@pytest.mark.fact("P4.2-02")
def test_errors_come_with_status_200(panel):
    done = ask(panel, func="no.such", authinfo=authinfo(panel))
    assert done.status_code == 200
    assert parsed(done.content).find("error") is not None


@pytest.mark.fact("P4.2-05")
def test_a_dead_session_can_be_a_page(panel, switch):
    switch(panel, "dead_session", "html")
    assert ask(panel, func="whoami", auth="dead").text.startswith("<!")


@pytest.mark.fact("P4.2-06")
def test_paging(panel):
    made = [panel.bought(user="client1") for _ in range(3)]
    root = panel.http("vds", "client1", p_num=2, p_cnt=2)
    assert len(root.findall("elem")) >= 1
    assert int(root.findtext("p_elems")) >= len(made)
    everything = panel.http("vds", "client1", p_cnt=1000)
    assert len(everything.findall("elem")) == int(everything.findtext("p_elems"))


@pytest.mark.fact("P4.2-07")
def test_the_answer_tells_the_sorting(panel):
    root = panel.http("vds")
    assert root.findtext("p_sort")
    assert root.findtext("p_order") in ("asc", "desc")


@pytest.mark.fact("P4.2-08")
def test_who_am_i(panel):
    user = panel.http("whoami").find("user")
    assert {"id", "name", "level", "account", "balance"} <= set(user.attrib)


@pytest.mark.fact("P4.2-09")
def test_keepalive(panel):
    assert panel.http("keepalive").find("ok") is not None


@pytest.mark.fact("P4.2-10")
def test_sessions_are_rows(panel):
    number = session(panel).text
    row = panel.rows("SELECT name, ip FROM core_session WHERE id = %s", number)[0]
    assert (row["name"], row["ip"]) == (panel.accounts["buyer"]["user"], "127.0.0.1")


@pytest.mark.fact("P4.2-11")
def test_tables_of_sessions(panel):
    def columns(table):
        return {row["Field"] for row in panel.rows(f"SHOW COLUMNS FROM {table}")}

    assert {"id", "name", "ip", "atime"} <= columns("core_session")
    assert {"core_session", "ext_name", "ext_value"} <= columns("core_session_ext")
    assert columns("totp")
