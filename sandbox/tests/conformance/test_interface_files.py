"""platform.md 1: what the XML files of plug-ins bring about."""

import pytest
from lxml import etree

from sandbox.tests.conformance.exhibit import Exhibit
from sandbox.tests.conformance.exhibit_pages import ONE, OTHER, TWO


@pytest.fixture(scope="module")
def exhibit(conformance_sandbox):
    made = Exhibit(conformance_sandbox.reseller)
    made.install(
        ("billmgr_mod_exhibit.xml", ONE), ("billmgr_mod_exhibit_two.xml", TWO), ("vmmgr_mod_exhibit.xml", OTHER)
    )
    yield made
    for name in ("billmgr_mod_exhibit.xml", "billmgr_mod_exhibit_two.xml", "vmmgr_mod_exhibit.xml"):
        (made.panel.base / "etc/xml" / name).unlink()
    made.clear()
    made.restart()


@pytest.fixture
def ex(exhibit, pair):
    exhibit.clear()
    return exhibit


def names(root, path):
    return [one.get("name") for one in root.iterfind(path)]


def controls(panel, user, func="ex.levels", **params):
    root = panel.http(func, user, out="devel", **params)
    return set(names(root, "metadata/form/field/*"))


@pytest.mark.fact("P1.1-01")
def test_files_of_this_manager_are_loaded(ex):
    assert ex.panel.http("ex.list").find("error") is None
    assert ex.panel.http("ex.other").find("error").get("type") == "missed"


@pytest.mark.fact("P1.1-02")
def test_the_minimal_event_plug_in(ex):
    ex.panel.http("keepalive", a="1 2")
    assert ex.calls()[0]["name"] == "exhibit_cgi"
    assert "a=1+2" in ex.calls()[0]["stdin"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param("mainmenu/node/node", "ex.list", marks=pytest.mark.fact("P1.1-03")),
        pytest.param("mainmenu/modernmenu/node/node", "ex.list", marks=pytest.mark.fact("P1.1-04")),
    ],
)
def test_nodes_of_both_menus(ex, path, name):
    assert name in names(ex.panel.http("menu", "admin", out="devel"), path)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        pytest.param("menu_ex.list", "Exhibits", marks=pytest.mark.fact("P1.1-05")),
        pytest.param("modernmenu_ex.list", "Exhibits now", marks=pytest.mark.fact("P1.1-06")),
    ],
)
def test_texts_of_menu_items(ex, message, text):
    assert ex.panel.http("menu", "admin", out="devel").findtext(f"messages/msg[@name='{message}']") == text


@pytest.mark.fact("P1.1-07")
def test_a_node_may_be_without_caption_or_a_favourite(ex):
    root = ex.panel.http("menu", "admin", out="devel")
    assert root.find(".//modernmenu/node[@name='ex_group']").get("type") == "noname"
    assert root.find("mainmenu/node/node[@name='ex.list']").get("favorite") == "yes"


@pytest.mark.fact("P1.1-08")
def test_if_needs_its_feature(ex, switch):
    assert "feature" not in controls(ex.panel, "admin")
    switch(ex.panel, "features_on", "a, ex_feature")
    assert "feature" in controls(ex.panel, "admin")


@pytest.mark.parametrize(
    ("field", "place"),
    [
        pytest.param("y", ("before", "c"), marks=pytest.mark.fact("P1.1-09")),
        pytest.param("x", ("after", "c"), marks=pytest.mark.fact("P1.1-10")),
        pytest.param("z", ("at", 0), marks=pytest.mark.fact("P1.1-11")),
        pytest.param("a", ("at", -1), marks=pytest.mark.fact("P1.1-12")),
    ],
)
def test_positions(ex, field, place):
    order = names(ex.panel.http("ex.order", out="devel"), "metadata/form/field")
    word, where = place
    if word == "at":
        assert order[where] == field
    else:
        assert order.index(field) - order.index(where) == (-1 if word == "before" else 1)


@pytest.mark.parametrize(
    ("control", "client", "admin"),
    [
        pytest.param("n29", False, True, marks=pytest.mark.fact("P1.1-13")),
        pytest.param("user", True, False, marks=pytest.mark.fact("P1.1-14")),
        pytest.param("both", True, True, marks=pytest.mark.fact("P1.1-15")),
        pytest.param("adminplus", False, True, marks=pytest.mark.fact("P1.1-16")),
        pytest.param("any", True, True, marks=pytest.mark.fact("P1.1-17")),
        pytest.param("nobodyplus", True, True, marks=pytest.mark.fact("P1.1-18")),
        pytest.param("userplus", True, True, marks=pytest.mark.fact("P1.1-19")),
        pytest.param("resellerplus", False, True, marks=pytest.mark.fact("P1.1-20")),
        pytest.param("superplus", False, False, marks=pytest.mark.fact("P1.1-21")),
        pytest.param("rootplus", False, False, marks=pytest.mark.fact("P1.1-22")),
        pytest.param("mailboxplus", True, True, marks=pytest.mark.fact("P1.1-23")),
    ],
)
def test_the_level_grammar(ex, control, client, admin):
    assert (control in controls(ex.panel, "buyer")) == client
    assert (control in controls(ex.panel, "admin")) == admin
    if control.endswith("plus"):  # root, level 30, through mgrctl
        root = etree.fromstring(ex.panel.mgrctl("-o", "devel", "ex.levels").stdout.encode())
        assert control in names(root, "metadata/form/field/*")


def test_a_level_without_plus_is_a_switch(ex, switch):
    assert "n16" not in controls(ex.panel, "admin")
    switch(ex.panel, "level_without_plus", "least")
    assert "n16" in controls(ex.panel, "admin")


@pytest.mark.fact("P1.1-24")
def test_levels_in_the_menu(ex):
    branch = "mainmenu/modernmenu/node"
    assert "ex_admin" in names(ex.panel.http("menu", "admin", out="devel"), branch)
    assert "ex_admin" not in names(ex.panel.http("menu", out="devel"), branch)


@pytest.mark.fact("P1.1-25")
def test_the_values_of_a_column_go_with_it(ex):
    rows = "<doc><elem><id>1</id><secret>s</secret></elem><elem><id>2</id><secret>t</secret></elem></doc>"
    ex.answer("ex.list", rows)
    assert len(ex.panel.http("ex.list").findall("elem/id")) == 2
    assert ex.panel.http("ex.list").find("elem/secret") is None
    assert ex.panel.http("ex.list", "admin").findtext("elem/secret") == "s"


@pytest.mark.parametrize(
    "control",
    [
        pytest.param(name, marks=pytest.mark.fact(f"P1.1-{number}"))
        for number, name in enumerate(("input", "select", "slider", "textarea", "text", "htmldata"), 26)
    ],
)
def test_the_value_of_a_control_goes_with_it(ex, control):
    ex.answer("ex.data", f"<doc><{control}_x>v</{control}_x><kept>1</kept></doc>")
    seen = ex.panel.http("ex.data")
    assert seen.find(f"{control}_x") is None
    assert seen.findtext("kept") == "1"
    assert ex.panel.http("ex.data", "admin").findtext(f"{control}_x") == "v"


@pytest.mark.fact("P1.1-32")
def test_a_plug_ins_function_is_open_to_every_authenticated_level(ex):
    assert ex.panel.http("ex.list").find("error") is None
    assert ex.panel.http("ex.list", None).find("error").get("type") == "access"


@pytest.mark.fact("P1.1-33", "P1.1-34")
def test_level_on_its_metadata_restricts_it_with_an_error(ex):
    assert ex.panel.http("ex.admin").find("error").get("type") == "access"
    assert ex.panel.http("ex.admin", "admin").find("error") is None
    assert [call["env"]["AUTH_USER"] for call in ex.calls()] == ["admin"]


@pytest.mark.fact("P1.1-35", "P1.1-59")
def test_an_internal_call_without_rights_is_empty(ex):
    assert ex.panel.http("ex.action").findall("reportdata/found/elem") == []
    assert ex.panel.http("ex.action", "admin").findall("reportdata/found/elem")


def merged(ex):
    return ex.panel.http("ex.merge", out="devel").find("metadata")


@pytest.mark.fact("P1.1-36")
def test_nodes_of_one_key_are_one_and_the_later_wins(ex):
    found = merged(ex)
    assert {name: found.get(name) for name in ("one", "both", "two")} == {"one": "1", "both": "2", "two": "2"}


@pytest.mark.fact("P1.1-37")
def test_children_are_combined_recursively(ex):
    assert names(merged(ex), "form/page/field") == ["f1", "f2"]
    assert merged(ex).find("form/page").get("collapsed") == "yes"


@pytest.mark.fact("P1.1-38")
def test_no_merge_puts_a_second_node_in(ex):
    assert len(merged(ex).findall("toolbar/toolsep")) == 2


@pytest.mark.fact("P1.1-39")
def test_a_button_is_merged_by_its_name(ex):
    buttons = merged(ex).findall("toolbar/toolbtn")
    assert [(one.get("name"), one.get("img"), one.get("func")) for one in buttons] == [("btn", "b", "f")]


@pytest.mark.fact("P1.1-40")
def test_a_key_of_two_attributes(ex):
    hidden = merged(ex).findall("toolbar/toolbtn/hide")
    assert [one.get("value") for one in hidden] == ["2", "3"]


@pytest.mark.fact("P1.1-41")
def test_replace_takes_the_later_node_whole(ex):
    assert merged(ex).find("toolbar/toolbtn/hide[@value='2']").get("x") is None
    assert [one.get("from") for one in merged(ex).findall("include")] == ["two"]


@pytest.mark.fact("P1.1-42")
def test_a_group_takes_buttons_by_the_same_rules(ex):
    buttons = merged(ex).findall("toolbar/toolgrp/toolbtn")
    assert [(one.get("name"), one.get("img")) for one in buttons] == [("in", "b"), ("more", None)]


@pytest.mark.fact("P1.1-43")
def test_ignored_keys_leave_both_nodes(ex):
    assert [one.get("a") for one in merged(ex).findall("strange")] == ["1", "2"]


@pytest.mark.fact("P1.1-44", "P1.2-08")
def test_additions_to_a_built_in_list(ex):
    root = ex.panel.http("vds", out="devel")
    assert names(root, "metadata/toolbar/toolgrp")[0] == "edit"
    assert {"edit", "delete", "exbutton"} == set(names(root, "metadata/toolbar/toolgrp[@name='edit']/toolbtn"))
    assert root.find("metadata/coldata/col[@name='domain']") is not None


@pytest.mark.fact("P1.1-45", "P1.2-11")
def test_additions_to_a_built_in_form(ex):
    item = ex.panel.bought(domain="form.test")
    fields = names(ex.panel.http("vds.edit", elid=item, out="devel"), "metadata/form/page[@name='service']/field")
    assert fields.index("exfield") == fields.index("domain") + 1


@pytest.mark.parametrize(
    ("kept", "dropped"),
    [
        pytest.param("dist_old", "dist_new", marks=pytest.mark.fact("P1.1-46")),
        pytest.param("eqdist_same", "eqdist_other", marks=pytest.mark.fact("P1.1-47")),
        pytest.param("maxdist_later", "maxdist_earlier", marks=pytest.mark.fact("P1.1-48")),
        pytest.param("ifmgr_ours", "ifmgr_other", marks=pytest.mark.fact("P1.1-49")),
    ],
)
def test_nodes_for_other_versions_and_panels_are_dropped(ex, kept, dropped):
    found = controls(ex.panel, "admin", "ex.dist")
    assert kept in found
    assert dropped not in found


def test_the_version_is_a_switch(ex, switch):
    switch(ex.panel, "product_version", "5.300.0")
    ex.restart()
    assert "maxdist_earlier" in controls(ex.panel, "admin", "ex.dist")
    ex.panel.call("sandbox.switch", name="product_version", value="6.100.0")
    ex.restart()
    assert "maxdist_earlier" not in controls(ex.panel, "admin", "ex.dist")


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        pytest.param(name, value, marks=pytest.mark.fact(f"P1.1-{number}"))
        for number, (name, value) in enumerate(
            (("key", "id"), ("keyname", "text"), ("autoupdate", "15"), ("selficon", "service")), 51
        )
    ],
)
def test_attributes_of_a_list(ex, attribute, value):
    assert ex.panel.http("ex.list", out="devel").find("metadata").get(attribute) == value


@pytest.mark.fact("P1.1-55")
def test_the_toolbar_comes_as_declared(ex):
    button = ex.panel.http("ex.list", out="devel").find("metadata/toolbar[@view='buttontext']/toolgrp/toolbtn")
    assert dict(button.attrib) == {
        "func": "ex.form",
        "type": "edit",
        "default": "yes",
        "img": "t-edit",
        "name": "params",
        "sprite": "yes",
    }
    assert dict(button.find("hide").attrib) == {"name": "isinstalled", "value": "off"}


@pytest.mark.fact("P1.1-56")
def test_page_types(ex):
    for func, kind in (
        ("ex.list", "list"),
        ("ex.form", "form"),
        ("ex.report", "report"),
        ("ex.dashboard", "dashboard"),
    ):
        assert ex.panel.http(func, out="devel").find("metadata").get("type") == kind
    ex.answer("ex.form", '<doc><metadata type="helpboard"/></doc>')
    assert ex.panel.http("ex.form", out="devel").find("metadata").get("type") == "helpboard"


@pytest.mark.fact("P1.1-57")
def test_a_handler_returns_reportdata(ex):
    ex.answer("ex.report", "<doc><reportdata><function><elem><n>1</n></elem></function></reportdata></doc>")
    assert ex.panel.http("ex.report").findtext("reportdata/function/elem/n") == "1"


@pytest.mark.fact("P1.1-58")
def test_a_report_by_query(ex):
    found = ex.panel.http("ex.query", "admin").findall("reportdata/users/elem/name")
    assert "buyer" in [one.text for one in found]
    assert ex.panel.http("ex.query").find("error").get("type") == "access"


@pytest.mark.fact("P1.1-60")
def test_a_report_that_does_not_run_at_first(ex):
    assert ex.panel.http("ex.firstrun").find("reportdata/users") is None
    assert ex.panel.http("ex.firstrun", sok="ok").findtext("reportdata/users/elem/name") == "admin"


@pytest.mark.fact("P1.1-61")
def test_bands_diagrams_and_columns(ex):
    band = ex.panel.http("ex.report", out="devel").find("metadata/band")
    assert band.find("diagram").get("type") == "pie"
    assert band.find("col").get("total") == "count"
    assert band.find("band/col").get("sorted") == "desc"


@pytest.mark.parametrize(
    ("func", "name", "text"),
    [
        pytest.param(func, name, text, marks=pytest.mark.fact(f"P1.1-{number}"))
        for number, (func, name, text) in enumerate(
            (
                ("ex.list", "title", "List"),
                ("ex.form", "title_new", "New form"),
                ("ex.list", "text", "Text"),
                ("ex.form", "main", "Page"),
                ("ex.form", "checked", "Field"),
                ("ex.form", "hint_checked", "Hint"),
                ("ex.list", "short_params", "Do"),
                ("ex.list", "hint_params", "Do it"),
                ("ex.list", "hint_params_disabled", "Not now"),
                ("ex.list", "msg_ex.list_params", "Sure?"),
            ),
            62,
        )
    ],
)
def test_messages_of_a_page(ex, func, name, text):
    assert ex.panel.http(func, out="devel").findtext(f"messages/msg[@name='{name}']") == text


@pytest.mark.fact("P1.2-01")
def test_children_of_mgrdata_in_the_wild_are_taken(ex):
    assert ex.panel.http("ex.list").find("error") is None
    assert "exhibit.xml:" not in (ex.panel.base / "var/billmgr.log").read_text()


@pytest.mark.fact("P1.2-02")
def test_the_catalogue_of_modules(ex):
    rows = {row.findtext("name"): row for row in ex.panel.http("plugin", "admin").findall("elem")}
    row = rows["exhibit"]
    shown = [row.findtext(name) for name in ("group", "author", "desc_short", "price")]
    assert shown == ["processing_module", "Foreign", "Short", "Free"]


@pytest.mark.fact("P1.2-03")
def test_texts_of_the_catalogue_may_be_messages(ex):
    rows = {row.findtext("name"): row for row in ex.panel.http("plugin", "admin").findall("elem")}
    assert rows["exhibit2"].findtext("desc_short") == "Short two"


@pytest.mark.fact("P1.2-09")
def test_messages_are_added_to_a_built_in_block(ex):
    root = ex.panel.http("vds", out="devel")
    assert root.findtext("messages/msg[@name='short_exbutton']") == "Exhibit"
    assert root.findtext("messages/msg[@name='domain']") == "Domain"


@pytest.mark.fact("P1.2-10")
def test_columns_of_a_list_field_have_messages_of_their_own(ex):
    assert ex.panel.http("ex.form", out="devel").findtext("messages/msg[@name='table_id']") == "Id"


@pytest.mark.fact("P1.2-12")
def test_conditional_visibility_reaches_the_page(ex):
    rule = ex.panel.http("ex.form", out="devel").find(".//input[@name='new']/if")
    assert dict(rule.attrib) == {"value": "on", "hide": "old"}


@pytest.mark.fact("P1.2-13")
def test_a_block_of_messages_may_include_another(ex):
    assert ex.panel.http("ex.form", out="devel").findtext("messages/msg[@name='shared']") == "Shared"


@pytest.mark.fact("P1.2-14")
def test_columns_come_with_their_attributes_and_icons(ex):
    column = ex.panel.http("ex.list", out="devel").find("metadata/coldata/col[@name='id']")
    assert dict(column.attrib) == {"name": "id", "type": "data", "sort": "digit", "sorted": "yes", "width": "10"}
    assert ex.panel.http("ex.list", out="devel").find("metadata/coldata/col/prop").get("img") == "i"


@pytest.mark.fact("P1.2-15")
def test_controls_and_buttons_come_as_declared(ex):
    form = ex.panel.http("ex.form", out="devel").find("metadata/form")
    assert form.find("buttons/button").get("type") == "ok"
    assert form.find(".//frame").get("fullpage") == "yes"
    assert form.find(".//textarea").get("zoom") == "yes"


@pytest.mark.fact("P1.2-16")
def test_the_cut_reaches_into_lists_of_a_form(ex):
    ex.answer("ex.form", '<doc><list name="table"><elem><id>1</id><s>2</s></elem></list></doc>')
    assert ex.panel.http("ex.form").find("list/elem/s") is None
    assert ex.panel.http("ex.form").findtext("list/elem/id") == "1"
