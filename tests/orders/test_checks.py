"""check_param and check_addon: asked before a change; a client sees their answers."""

import pytest
from lxml import etree

from tests.support import world
from tests.support.keeping import fault


def checked(shop, item, command, **options):
    """The error of a check as (type, field), or None when it is fine."""
    root = answer(shop, item, command, **options)
    error = root.find("error")
    if error is None:
        assert root.find("ok") is not None
        return None
    assert "seller" not in error.findtext("msg").lower()
    return error.get("type"), error.get("object")


def answer(shop, item, command, **options):
    """What the command prints."""
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    done = shop.here.run("processing/pmreseller", "--command", command, "--item", str(item), *words, stdin=b"<doc/>")
    root = etree.fromstring(done.stdout)
    assert done.returncode == (0 if root.find("error") is None else 1)
    return root


def test_a_parameter_is_checked_before_it_is_changed(shop, vds, soft):
    assert checked(shop, soft, "check_param", param="ip", value="2001:db8::1") is None
    assert checked(shop, soft, "check_param", param="ip", value="300.1.1.1") == ("reseller_param_address", "ip")
    assert checked(shop, soft, "check_param", param="licname", value="-any") is None
    template = shop.params(vds)["ostempl"]
    assert checked(shop, vds, "check_param", param="ostempl", value=template) is None
    other = "ISPsystem__CentOS-7-amd64"
    assert checked(shop, vds, "check_param", param="ostempl", value=other) == ("reseller_param_fixed", "ostempl")


def test_a_template_is_checked_before_the_service_is_bought(shop):
    shop.here.call("sandbox.queue", action="pause")
    item = shop.order("vds")
    known, unknown = "ISPsystem__CentOS-7-amd64", "Windows"
    assert checked(shop, item, "check_param", param="ostempl", value=known) is None
    assert checked(shop, item, "check_param", param="ostempl", value=unknown) == ("reseller_param_choice", "ostempl")


def test_an_addon_is_checked_against_the_map_and_the_sellers_limits(shop, vds):
    sql = "SELECT id FROM pricelist WHERE parent = %s AND intname = %s"
    memory, panel = (shop.here.value(sql, shop.tariffs["VDS-1"], name) for name in ("mem", "panel"))
    child = shop.here.value("SELECT id FROM item WHERE parent = %s AND pricelist = %s", vds, memory)
    for name in ({"param": "mem"}, {"addon": memory}, {"addon": child}):
        field = str(next(iter(name.values())))
        assert checked(shop, vds, "check_addon", value=2048, **name) is None
        assert checked(shop, vds, "check_addon", value=100, **name) == ("reseller_param_range", field)
    said = answer(shop, vds, "check_addon", param="mem", value=100).findtext("error/msg")
    assert "from 1024 to 16384" in said
    for wrong in (99999, "2.5", "-1"):
        assert checked(shop, vds, "check_addon", value=wrong, param="mem") == ("reseller_param_range", "mem")
    choice = shop.here.value(
        "SELECT local FROM reseller_map WHERE kind = 'enum' AND pricelist = %s", shop.tariffs["VDS-1"]
    )
    assert checked(shop, vds, "check_addon", param="panel", value=choice) is None
    assert checked(shop, vds, "check_addon", param="panel", value=1) == ("reseller_param_choice", "panel")
    assert checked(shop, vds, "check_addon", param="gpu", value=1) == ("reseller_param_choice", "gpu")
    shop.here.write("UPDATE pricelist SET addontype = 1 WHERE id = %s", panel)
    try:
        assert checked(shop, vds, "check_addon", param="panel", value="maybe") == ("reseller_param_choice", "panel")
        assert [checked(shop, vds, "check_addon", param="panel", value=value) for value in ("on", "off")] == [
            None,
            None,
        ]
    finally:
        shop.here.write("UPDATE pricelist SET addontype = 3 WHERE id = %s", panel)


def test_an_addon_that_cannot_be_checked_now_is_not_accepted(shop, vds):
    fault(shop, "html", "pricelist.export")
    assert checked(shop, vds, "check_addon", param="mem", value=2048) == ("reseller_param_later", "mem")
    fault(shop, "error", "pricelist.export", type="access")
    assert checked(shop, vds, "check_addon", param="mem", value=2048) == ("reseller_param_later", "mem")
    chosen = "UPDATE reseller_map SET remote = %s WHERE kind = 'addon' AND local = 'mem' AND pricelist = %s"
    kept = shop.here.value("SELECT remote FROM reseller_map WHERE kind = 'addon' AND local = 'mem'")
    shop.here.write(chosen, "1", shop.tariffs["VDS-1"])
    assert checked(shop, vds, "check_addon", param="mem", value=2048) == ("reseller_param_choice", "mem")
    shop.here.write(chosen, kept, shop.tariffs["VDS-1"])


def test_the_panel_asks_before_a_client_changes_something(shop, soft, switch):
    switch(shop.here, "check_param", "edit")
    with pytest.raises(world.Refused) as refused:
        shop.here.call("soft.edit", elid=soft, ip="1.2.3", su="client1", sok="ok")
    assert refused.value.object == "ip"
