"""platform.md 2.2: documents that handlers print, and CGI scripts."""

import pytest
import requests
from lxml import etree

from sandbox.tests.conformance import exhibit_handlers
from sandbox.tests.panels import parsed


@pytest.fixture(scope="module")
def installed(conformance_sandbox):
    yield from exhibit_handlers.installed(conformance_sandbox.reseller)


@pytest.fixture
def ex(installed, pair):
    installed.clear()
    return installed


@pytest.mark.fact("P2.2-25")
def test_a_success_is_ok(ex):
    ex.answer("action rt.form", "<doc><ok/></doc>")
    assert ex.panel.http("rt.form", sok="ok").find("ok") is not None


@pytest.mark.fact("P2.2-26")
@pytest.mark.parametrize("kind", ["list", "form", "top", "blank", "url"])
def test_a_success_may_lead_elsewhere(ex, kind):
    ex.answer("action rt.form", f'<doc><ok type="{kind}" sametab="yes">func=x&amp;elid=1</ok></doc>')
    ok = ex.panel.http("rt.form", sok="ok").find("ok")
    assert (ok.get("type"), ok.get("sametab"), ok.text) == (kind, "yes", "func=x&elid=1")


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        pytest.param('type="xml" report="no" lang="en"', "xml", marks=pytest.mark.fact("P2.2-27")),
        pytest.param('type="plugin" object="" lang="ru"', "plugin", marks=pytest.mark.fact("P2.2-28")),
    ],
)
def test_error_documents_of_handlers(ex, attributes, kind):
    ex.answer("action rt.form", f"<doc><tparams/><elid>1</elid><error {attributes}><msg>text</msg></error></doc>")
    error = ex.panel.http("rt.form").find("error")
    assert (error.get("type"), error.findtext("msg")) == (kind, "text")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param('<f readonly="yes">v</f>', marks=pytest.mark.fact("P2.2-29")),
        pytest.param(
            '<slist name="f"><val key="k" depend="d" image="i" color="c">L</val></slist>',
            marks=pytest.mark.fact("P2.2-30"),
        ),
        pytest.param('<slist name="f"><msg key="null">none</msg></slist>', marks=pytest.mark.fact("P2.2-31")),
        pytest.param('<list name="x"><elem><col>v</col></elem></list>', marks=pytest.mark.fact("P2.2-32")),
        pytest.param("<elem><id>1</id></elem><elem><id>2</id></elem>", marks=pytest.mark.fact("P2.2-33")),
        pytest.param(
            "<plid>1</plid><plname>n</plname><p_elems>1</p_elems><p_num>1</p_num><p_cnt>5</p_cnt><p_sort>id</p_sort><p_order>asc</p_order><page>1-5</page><p_filter>t</p_filter>",
            marks=pytest.mark.fact("P2.2-34"),
        ),
    ],
)
def test_data_come_through_as_printed(ex, data):
    ex.answer("action rt.form", f"<doc>{data}</doc>")
    printed = [etree.tostring(one) for one in parsed(f"<doc>{data}</doc>")]
    assert [etree.tostring(one) for one in ex.panel.http("rt.form")] == printed


@pytest.mark.fact("P2.2-35")
def test_the_request_is_echoed_in_tparams(ex):
    ex.panel.http("rt.form", a="1")
    echo = parsed(ex.calls()[0]["stdin"]).find("tparams")
    assert (echo.findtext("a"), echo.findtext("func")) == ("1", "rt.form")
    assert echo.find("authinfo") is None


@pytest.mark.fact("P2.2-36")
def test_access_inside_a_handler_is_its_authors_duty(ex):
    item = ex.panel.bought(user="client1", domain="foreign.test")
    assert ex.panel.http("rt.form", elid=item).find("error") is None


CGI = """#!/bin/sh
if [ -n "$EVENT_TYPE" ]; then echo '<doc><addon/></doc>'; exit 0; fi
session=$(echo "$HTTP_COOKIE" | sed -n 's/.*billmgrses5=\\([^:;]*\\).*/\\1/p')
printf 'Content-Type: text/plain\\r\\nX-Made: by cgi\\r\\n\\r\\n'
echo "$QUERY_STRING $(cat)"
sbin/mgrctl -m billmgr -o xml whoami auth="$session"
"""


def cgi(ex, path="exhibit.cgi", cookie="", method="get"):
    url = ex.panel.facts["url"].replace("/billmgr", f"/mancgi/{path}?a=1")
    return requests.request(
        method,
        url,
        data="posted" if method == "post" else None,
        headers={"Cookie": cookie},
        verify=ex.panel.facts["ca"],
        timeout=60,
    )


@pytest.mark.fact("P2.2-37", "P2.2-38")
def test_a_cgi_script_prints_headers_and_checks_its_caller_itself(ex):
    file = ex.panel.install("cgi", "exhibit.cgi", CGI)
    file.chmod(0o755)
    login = ex.panel.post("auth", user="", username="buyer", password=ex.panel.accounts["buyer"]["password"])
    session = parsed(login.content).find("auth").get("id")
    done = cgi(ex, cookie=f"billmgrses5={session}", method="post")
    assert done.headers["X-Made"] == "by cgi"
    assert "a=1 posted" in done.text
    assert 'name="buyer"' in done.text
    assert 'type="access"' in cgi(ex, cookie="billmgrses5=wrong").text
    assert cgi(ex, "absent.cgi").status_code == 404


@pytest.mark.fact("P2.2-39")
def test_one_program_tells_the_cases_apart_by_event_type(ex):
    good = (ex.panel.base / "addon/exhibit").read_text()
    ex.panel.install("addon", "exhibit", CGI)
    try:
        assert ex.panel.http("rt.form").find("addon") is not None
    finally:
        ex.panel.install("addon", "exhibit", good)
