"""platform.md 1.1: forms, validators, reserved parameters, own columns of built-in tables."""

import pytest

from sandbox.tests.conformance.exhibit import Exhibit
from sandbox.tests.panels import parsed

XML = """<mgrdata>
  <handler name="exhibit" type="xml"><func name="fm.form"/><func name="checkexhibit"/></handler>
  <metadata name="fm.form" type="form"><form>
    <field name="a"><input type="text" name="checked" check="exhibit" checkargs="1,9"/>
      <input type="text" name="needed" required="yes"/>
      <input type="text" name="number" check="int" checkargs="1,9"/>
      <textarea name="lines" zoom="yes" check="int" checkargs="1,5"/></field>
    <field name="fresh" remove_if="edit"><input name="fresh"/></field>
    <field name="old" remove_if="new"><input name="old"/></field></form></metadata>
</mgrdata>"""
COLUMNS = {
    "ex_string": ("type=string\nsize=12\ndefault=none\n", "varchar(12)"),
    "ex_int": ("type=int\n", "int(11)"),
    "ex_bool": ("type=bool\n", "varchar(3)"),
    "ex_decimal": ("type=decimal\n", "decimal(18,4)"),
    "ex_date": ("type=date\n", "date"),
    "ex_money": ("type=money\n", "decimal(18,4)"),
    "ex_text": ("type=text\n", "text"),
    "ex_read": ("type=string\nsize=9\naccess_read=admin+\naccess_write=user+\n", "varchar(9)"),
    "ex_write": ("type=string\nsize=9\naccess_read=user+\naccess_write=admin+\n", "varchar(9)"),
    "ex_both": ("type=string\nsize=9\naccess=admin+\n", "varchar(9)"),
}


@pytest.fixture(scope="module")
def installed(conformance_sandbox):
    made = Exhibit(conformance_sandbox.reseller)
    folder = made.panel.base / "etc/sql/billmgr.item.addon"
    folder.mkdir(parents=True, exist_ok=True)
    for name, (text, _) in COLUMNS.items():
        (folder / name).write_text(text)
    other = made.panel.base / "etc/sql/vmmgr.item.addon"
    other.mkdir(exist_ok=True)
    (other / "ex_other").write_text("type=int\n")
    plain = made.panel.base / "etc/sql/user.addon"
    plain.mkdir(exist_ok=True)
    (plain / "ex_plain").write_text("type=int\n")
    made.install(("billmgr_mod_forms.xml", XML))
    made.before_cache_was_removed = column(made.panel, "ex_string")
    forget(made.panel)
    made.restart()
    yield made
    (made.panel.base / "etc/xml/billmgr_mod_forms.xml").unlink()
    for name in COLUMNS:
        (folder / name).unlink()
    made.clear()
    made.restart()


@pytest.fixture
def ex(installed, pair):
    installed.clear()
    return installed


@pytest.fixture(scope="module")
def item(conformance_sandbox):
    return conformance_sandbox.reseller.bought(domain="columns.test")


def forget(panel):
    for file in (panel.base / "var").glob(".db.cache*"):
        file.unlink()


def column(panel, name, table="item"):
    return panel.rows(f"SHOW COLUMNS FROM {table} LIKE %s", name)


def save(ex, **params):
    return ex.panel.http("fm.form", sok="ok", **{"needed": "x", **params})


def stored(ex):
    """What the form's own handler was given at last."""
    return [call["env"] for call in ex.calls() if call["env"]["PARAM_func"] == "fm.form"][-1]


@pytest.mark.fact("P1.1-73", "P1.1-74")
def test_check_names_a_function_that_a_handler_may_be(ex):
    save(ex, checked="v")
    seen = ex.calls()[0]["env"]
    assert seen["PARAM_func"] == "checkexhibit"
    given = [seen[f"PARAM_{name}"] for name in ("value", "args", "name", "funcname")]
    assert given == ["v", "1,9", "checked", "fm.form"]


@pytest.mark.fact("P1.1-75")
def test_a_validator_may_change_the_value(ex):
    ex.answer("checkexhibit", '<doc stylesheet="validator"><value>new</value></doc>')
    save(ex, checked="old")
    assert stored(ex)["PARAM_checked"] == "new"


@pytest.mark.fact("P1.1-76")
def test_a_validator_may_refuse(ex):
    ex.answer("checkexhibit", '<doc><error type="value" object="checked"><msg>No</msg></error></doc>')
    error = save(ex, checked="v").find("error")
    assert (error.get("type"), error.get("object"), error.findtext("msg")) == ("value", "checked", "No")
    assert {call["env"]["PARAM_func"] for call in ex.calls()} == {"checkexhibit"}


@pytest.mark.fact("P1.1-77")
def test_empty_values_are_accepted(ex):
    assert save(ex, checked="", number="").find("error") is None
    assert stored(ex)["PARAM_number"] == ""


@pytest.mark.fact("P1.1-78")
@pytest.mark.parametrize("setting", ["value", "missed"])
def test_required_forbids_empty_ones(ex, switch, setting):
    switch(ex.panel, "required_error", setting)
    error = save(ex, needed="").find("error")
    assert (error.get("type"), error.get("object")) == (setting, "needed")


@pytest.mark.fact("P1.1-79")
def test_spaces_around_may_be_trimmed(ex):
    save(ex, number=" 7 ")
    assert stored(ex)["PARAM_number"] == "7"


@pytest.mark.fact("P1.1-80")
def test_zoom_fields_are_validated_line_by_line(ex):
    assert save(ex, lines="1\n5").find("error") is None
    assert save(ex, lines="1\n6").find("error").get("object") == "lines"


@pytest.mark.parametrize(
    ("name", "args", "good", "bad"),
    [
        pytest.param(name, args, good, bad, marks=pytest.mark.fact(f"P1.1-{number}"))
        for number, (name, args, good, bad) in enumerate(
            (
                ("int", "1,9", "9", "10"),
                ("url", "", "https://example.com/x", "example"),
                ("email", "", "a@example.com", "a@b"),
                ("ip", "", "2001:db8::1", "1.2.3"),
                ("iprange", "", "10.0.0.0/8", "10.0.0.0/99"),
                ("phone", "8,20,country", "+7 495 123-45-67", "abc"),
                ("daterange", "", "2026-01-01 2026-02-01", "2026-13-01"),
                ("certificatelatin", "", "Name", "Имя"),
                ("username", "", "user1", "1 user"),
            ),
            81,
        )
    ],
)
def test_the_panels_own_validators(ex, name, args, good, bad):
    root = ex.panel.call(f"check{name}", value=good, args=args, name="f", funcname="x")
    assert (root.get("stylesheet"), root.findtext("value")) == ("validator", good)
    error = ex.panel.error(f"check{name}", value=bad, args=args, name="f", funcname="x")
    assert (error.get("type"), error.get("object")) == ("value", "f")


@pytest.mark.fact("P1.1-90")
def test_without_sok_a_form_is_viewed(ex):
    ex.panel.http("fm.form", number="99")
    assert "PARAM_sok" not in stored(ex)
    assert ex.panel.http("vds.edit", elid=ex.panel.bought()).find("ok") is None


@pytest.mark.fact("P1.1-91")
def test_setvalues_is_no_sok_and_the_control(ex):
    root = ex.panel.http("fm.form", sv_field="number", number="99")
    assert root.find("error") is None
    assert stored(ex)["PARAM_sv_field"] == "number"


@pytest.mark.fact("P1.1-92")
@pytest.mark.parametrize("sok", ["ok", "yes"])
def test_a_non_empty_sok_saves(ex, item, sok):
    assert ex.panel.http("vds.edit", "admin", elid=item, ex_both=sok, sok=sok).find("ok") is not None
    assert ex.panel.rows("SELECT ex_both FROM item WHERE id = %s", item)[0]["ex_both"] == sok


@pytest.mark.parametrize(
    ("params", "there", "gone"),
    [
        pytest.param({}, "fresh", "old", marks=pytest.mark.fact("P1.1-93")),
        pytest.param({"elid": "1"}, "old", "fresh", marks=pytest.mark.fact("P1.1-94")),
    ],
)
def test_remove_if(ex, params, there, gone):
    root = ex.panel.http("fm.form", out="devel", **params)
    fields = {one.get("name") for one in root.iterfind("metadata/form/field")}
    assert there in fields
    assert gone not in fields


@pytest.mark.fact("P1.1-95")
def test_several_ids_in_elid(ex):
    items = [ex.panel.bought() for _ in range(2)]
    for one in items:
        ex.panel.until_status(one, 2)
    assert ex.panel.http("vds.suspend", elid=", ".join(map(str, items))).find("ok") is not None
    for one in items:
        ex.panel.until_status(one, 3)


@pytest.mark.fact("P1.1-96")
def test_lang_and_out_choose_language_and_format(ex):
    assert ex.panel.http("whoami", lang="ru").get("lang") == "ru"
    assert ex.panel.post("whoami", out="json").json()["doc"]["user"]["$name"] == "buyer"


@pytest.mark.fact("P1.1-97")
def test_names_of_service_parameters_reach_handlers_but_those_of_the_login(ex):
    sent = {"plid": "3", "theme": "orion", "clicked_button": "ok", "elname": "n", "p_num": "2", "p_cnt": "5"}
    ex.panel.http("fm.form", **sent)
    seen = stored(ex)
    assert {name: seen[f"PARAM_{name}"] for name in sent} == sent
    assert "PARAM_authinfo" not in seen


@pytest.mark.fact("P1.1-98")
def test_a_new_column_needs_the_cache_removed_and_a_restart(ex):
    assert not ex.before_cache_was_removed
    assert column(ex.panel, "ex_string")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.fact(f"P1.1-{number}"))
        for number, name in enumerate(
            ("ex_string", "ex_int", "ex_bool", "ex_decimal", "ex_date", "ex_money", "ex_text"), 101
        )
    ],
)
def test_types_of_columns(ex, name):
    assert column(ex.panel, name)[0]["Type"] == COLUMNS[name][1]


@pytest.mark.fact("P1.1-108")
def test_the_managers_name_before_the_table(ex):
    assert not column(ex.panel, "ex_other")
    assert column(ex.panel, "ex_plain", "user")


@pytest.mark.fact("P1.1-109")
def test_the_default_of_a_column(ex):
    item = ex.panel.bought()
    assert ex.panel.http("vds.edit", elid=item).findtext("ex_string") == "none"


@pytest.mark.fact("P1.1-110", "P1.1-111")
def test_the_built_in_form_reads_and_writes_it(ex, item):
    assert ex.panel.http("vds.edit", elid=item, sok="ok", ex_int=7, ex_date="2026-01-02").find("ok") is not None
    root = ex.panel.http("vds.edit", elid=item)
    assert (root.findtext("ex_int"), root.findtext("ex_date")) == ("7", "2026-01-02")


@pytest.mark.parametrize(
    ("name", "reads", "writes"),
    [
        pytest.param("ex_read", False, True, marks=pytest.mark.fact("P1.1-112")),
        pytest.param("ex_write", True, False, marks=pytest.mark.fact("P1.1-113")),
        pytest.param("ex_both", False, False, marks=pytest.mark.fact("P1.1-114")),
    ],
)
def test_access_to_a_column(ex, item, name, reads, writes):
    ex.panel.http("vds.edit", "admin", elid=item, sok="ok", **{name: "admin"})
    ex.panel.http("vds.edit", elid=item, sok="ok", **{name: "client"})
    value = ex.panel.rows(f"SELECT {name} FROM item WHERE id = %s", item)[0][name]
    assert value == ("client" if writes else "admin")
    assert (ex.panel.http("vds.edit", elid=item).find(name) is not None) == reads
    assert ex.panel.http("vds.edit", "admin", elid=item).findtext(name) == value


def test_a_message_of_a_refusal_is_in_the_callers_language(ex):
    error = parsed(ex.panel.post("fm.form", sok="ok", needed="", lang="ru").content).find("error")
    assert error.get("lang") == "ru"
    assert "needed" in error.findtext("msg")
