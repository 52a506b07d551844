"""Services that tests of single commands share, and what they ask of both panels about them."""

import contextlib
import os
import signal
from functools import partial

from reseller.seller import changes, controls, keys, orders, renewals
from tests.support.world import until

_kept: dict[str, int] = {}


def kept(shop, itemtype):
    """An active service with nothing open, the one of the test before if it is still like that."""
    item = _kept.get(itemtype)
    calm = item and shop.item(item)["status"] == 2 and shop.operation(item) is None and not shop.tasks(item)
    if not (calm and shop.links(item) and there(shop, item)["status"] == 2):
        item = _kept[itemtype] = shop.order(itemtype)
        shop.until_active(item)
    return item


def remote(shop, item):
    return shop.links(item)[0]["remote"]


def there(shop, item):
    return shop.there.rows("SELECT * FROM item WHERE id = %s", remote(shop, item))[0]


def done_there(shop, item, func):
    """How often the seller has done this with the service, by its journal."""
    return len(shop.there.call("sandbox.journal", item=remote(shop, item), forfunc=func).findall("elem"))


def press(shop, item, verb):
    """A client presses the button on the reselling panel."""
    shop.here.call(f"service.{verb}", elid=item, su="client1", sok="ok")


def pressed(shop, item, verb):
    press(shop, item, verb)
    shop.rest(item)


def queue(shop, item, name, **options):
    """The panel puts a command into the service's queue, and it comes to rest."""
    shop.here.call("sandbox.operation", item=item, name=name, **options)
    shop.rest(item)


def fault(shop, kind, func, **more):
    shop.there.call("sandbox.fault", kind=kind, forfunc=func, **{"times": 1, **more})


def modules(here):
    """The numbers of the processing modules on a panel."""
    return {row["id"] for row in here.rows("SELECT id FROM processingmodule")}


@contextlib.contextmanager
def own_services(shop):
    """What a file of tests adds, services and modules, goes at its end: the next file finds what this one found."""
    here, newest = shop.here, "SELECT COALESCE(MAX(id), 0) FROM item"
    known, last, last_there = modules(here), here.value(newest), shop.there.value(newest)
    yield
    here.write("UPDATE reseller_request SET live = NULL, state = 'abandoned' WHERE live = 1 AND item > %s", last)
    here.write("UPDATE reseller_link SET live = NULL, state = 'ended' WHERE live = 1 AND item > %s", last)
    for table in ("reseller_problem", "reseller_plan", "reseller_change", "reseller_price"):
        # The limits of a day count what was changed against what is linked, and the links of this file are gone. What
        # this file agreed to pay is no word for the next.
        here.write(f"DELETE FROM {table}")
    here.write("DELETE FROM runningoperation WHERE item > %s", last)
    here.write("UPDATE task SET status = 2 WHERE item > %s", last)
    here.write("UPDATE item SET status = 4 WHERE id > %s AND parent IS NULL", last)
    shop.there.write("UPDATE item SET status = 4 WHERE id > %s AND parent IS NULL", last_there)
    for module in modules(here) - known:
        here.call("processing.delete", elid=module)


def held_calls(shop):
    """How many calls the seller keeps waiting, by faults `hold_before` or `hold_after`."""
    return sum(elem.findtext("kind") == "held" for elem in shop.there.call("sandbox.fault.list").iterfind("elem"))


def is_held(shop):
    """Whether the seller keeps any call waiting."""
    return held_calls(shop) > 0


def kill_while_held(shop, item):
    """SIGKILL for the process of the service's operation while the seller keeps a call waiting, which then goes on."""

    def is_kept_back():
        operation = shop.operation(item)
        return operation and operation["run_pid"] and is_held(shop)

    until(is_kept_back, "no call is held")
    os.kill(shop.operation(item)["run_pid"], signal.SIGKILL)
    shop.there.call("sandbox.release")


def password_there(shop, item):
    return shop.there.call("vds.edit", elid=remote(shop, item)).findtext("userpassword")


def sent(shop, func):
    """How often the seller was asked to do this."""
    return (shop.there.base / "var/billmgr.log").read_text().count(f"func={func}&")


def spending(transport, number):
    """Each call that spends, about the virtual server with this number at the seller."""
    order = orders.Order("vds", "1-00c0ffee", "1", "", "1", {}, {})
    return (
        partial(changes.edit, transport, "vds", number, {"domain": "other.example"}, 5),
        *(partial(changes.change_tariff, transport, kind, number, {"pricelist": "1"}, 5) for kind in ("vds", "soft")),
        partial(renewals.prolong, transport, number, "1", 5),
        partial(orders.send, transport, order, orders.V2, 5),
    )


def changing(transport, number):
    """Each call that changes something, about the virtual server with this number at the seller."""
    return (
        *spending(transport, number),
        *(partial(controls.change_state, transport, "vds", number, verb) for verb in ("suspend", "resume", "delete")),
        *(partial(controls.power, transport, number, verb) for verb in ("start", "stop", "reboot", "hardreboot")),
        partial(controls.change_password, transport, number, "secret"),
        partial(controls.new_key, transport, "soft", number),
        partial(changes.relabel, transport, "vds", number, {"domain": "other.example"}),
        partial(keys.set_key, transport, "vds", number, ""),
    )


def changed(shop):
    """What the seller has done for its clients, but for what only looks."""
    looks = ("whoami", "auth", "subaccount", "service.history", "pricelist.export")
    journal = [row.findtext("func") or "" for row in shop.there.call("sandbox.journal").findall("elem")]
    return [func for func in journal if func not in looks]


@contextlib.contextmanager
def without(shop, table):
    """The database as after a restore that forgot one of its tables."""
    shop.here.write(f"RENAME TABLE {table} TO {table}_away")
    try:
        yield
    finally:
        shop.here.write(f"RENAME TABLE {table}_away TO {table}")
