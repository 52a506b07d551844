"""Two modules in one run: what is wrong with one seller, or with one module's rows, is not the other's trouble."""

import pytest

from tests.support import world
from tests.support.keeping import remote, there
from tests.support.world import until

SECOND = "apart"
TARIFF = "Second VDS"


@pytest.fixture
def both(shop):
    """A service of each of two modules, which buy with two accounts."""
    if not shop.here.value("SELECT COUNT(*) FROM processingmodule WHERE name = %s", f"seller as {SECOND}"):
        shop.there.call("sandbox.client", name=SECOND, secrets={"password": "s3cret apart"}, balance=1000)
        module = world.connect(shop.here, shop.there, SECOND, "s3cret apart")
        for panel in (shop.here, shop.there):
            place = panel.value("SELECT MIN(id) FROM datacenter")
            panel.call("sandbox.tariff", name=TARIFF, itemtype="vds", price=5, periods="1,3", datacenter=place)
        shop.tariffs.update(world.sell(shop.here, shop.there, module, (TARIFF,)))
    module = shop.here.value("SELECT id FROM processingmodule WHERE name = %s", f"seller as {SECOND}")
    first, second = shop.order("vds"), shop.order("vds", tariff=TARIFF)
    for item in (first, second):
        shop.until_active(item)
    shop.checkevent()
    yield first, second, module
    shop.there.call("sandbox.fault.clear")
    shop.here.write("DELETE FROM reseller_circuit")
    until(lambda: (shop.checkevent(), shop.ctl("checkevent").returncode == 0)[1], "the second module does not recover")


def metrics(shop):
    return (shop.here.base / "var/reseller.prom").read_text()


@pytest.mark.parametrize("kind", ["html", "captcha", "truncated", "bomb", "huge", "reset", "progress"])
def test_nonsense_of_one_seller_keeps_nothing_from_the_other(shop, both, kind):
    first, second, module = both
    shop.there.call("sandbox.fault", kind=kind, forfunc="*", user=SECOND, times=1000, size=50_000_000)
    shop.there.call("sandbox.item", item=remote(shop, first), status=3, employeesuspend="on")
    (shop.here.base / "var/reseller.prom").unlink()
    ran = shop.ctl("checkevent")
    assert ran.returncode == 1
    assert b"Traceback" not in ran.stderr
    until(lambda: (shop.ctl("checkevent"), shop.item(first)["status"] == 3)[1], "the other seller is not read")
    for each in (shop.module, module):
        assert f'reseller_last_run_timestamp_seconds{{module="{each}"}}' in metrics(shop)
    shop.there.call("sandbox.item", item=remote(shop, first), status=2, employeesuspend="off")
    assert (shop.item(second)["status"], there(shop, second)["status"]) == (2, 2)


def test_an_error_of_ours_in_one_module_keeps_nothing_from_the_other(shop, both):
    """A row of one module that no program of ours has written."""
    first, second, module = both
    shop.here.write(
        "INSERT INTO reseller_problem (subject, number, kind, module, error, params, touches, since, updated) "
        "VALUES ('service', %s, 'long_away', %s, 'x', '{\"type_\": \"odd\"}', %s, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))",
        second,
        module,
        str(second),
    )
    shop.there.call("sandbox.item", item=remote(shop, first), status=3, employeesuspend="on")
    try:
        ran = shop.ctl("checkevent")
        assert ran.returncode == 1
        assert "Internal error" in (ran.stdout + ran.stderr).decode()
        until(lambda: (shop.ctl("checkevent"), shop.item(first)["status"] == 3)[1], "the other module is not served")
        assert f'reseller_last_run_timestamp_seconds{{module="{module}"}}' in metrics(shop)
    finally:
        shop.here.write("DELETE FROM reseller_problem WHERE error = 'x'")
        shop.there.call("sandbox.item", item=remote(shop, first), status=2, employeesuspend="off")


def test_a_place_in_the_ledger_that_is_no_number_stops_nothing(shop, both):
    _, _, module = both
    shop.here.write("REPLACE INTO reseller_cursor (module, name, value) VALUES (%s, 'open', '²')", module)
    assert shop.ctl("checkevent").returncode == 0
