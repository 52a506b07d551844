"""What an operator and his clients do in some weeks, on two panels: every command, every page, what goes wrong.

It is played for the statements that the program sends to the panel's database meanwhile. That each step does what it is
for is shown by the tests of that step; here a step that cannot be done is a failure all the same.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any

from tests.support import world
from tests.support.planting import planted
from tests.support.world import Shop


def ctl(shop: Shop, *words: object, codes: tuple[int, ...] = (0,)) -> str:
    """A command that ends with one of these codes; what it printed."""
    done = shop.ctl(*map(str, words))
    assert done.returncode in codes, (words, done.stdout.decode(), done.stderr.decode())
    return done.stdout.decode()


def play(shop: Shop) -> None:
    """All of it."""
    server, other, licence = (shop.order(itemtype) for itemtype in ("vds", "vds", "soft"))
    for item in (server, other, licence):
        shop.until_active(item)
    _orders_that_fail(shop)
    _life(shop, server)
    _licences(shop, licence)
    _linking(shop, other)
    _swap(shop, other)
    _seen(shop)
    _tariffs(shop)
    _dearer(shop)
    _money(shop, server)
    _looked_at(shop, server)
    _pages(shop, server)


def _orders_that_fail(shop: Shop) -> None:
    """A lost answer, one that is never found, no money, a seller that is away."""
    shop.there.call("sandbox.fault", kind="reply_lost", forfunc="*.order.param", times=1)
    shop.until_active(shop.order("vds"))
    shop.there.call("sandbox.fault", kind="reset", forfunc="*.order.param", times=1)
    lost = shop.order("vds")
    shop.rest(lost)
    shop.until_unconfirmed(lost)
    ctl(shop, "reorder", lost)
    ctl(shop, "reorder", lost, "--yes")
    shop.until_active(lost)
    shop.there.call("sandbox.balance", user=shop.buyer, value=1)
    poor = shop.order("vds")
    shop.rest(poor)
    shop.checkevent()
    shop.there.call("sandbox.balance", user=shop.buyer, value=5000)
    shop.until_active(poor)
    shop.there.call("sandbox.fault", kind="refused", times=1)
    away = shop.order("vds")
    shop.rest(away)
    shop.checkevent()
    shop.there.call("sandbox.fault.clear")
    shop.until_active(away)


def _life(shop: Shop, item: int) -> None:
    for kind in ("suspend", "resume", "prolong"):
        shop.act(kind, item)
        shop.until_done(item)
    for func in ("service.stop", "service.start", "service.reboot"):
        shop.here.call(func, elid=item, su="client1", sok="ok")
        shop.until_done(item)
    word = {"passwd": "An0ther-word", "confirm": "An0ther-word"}
    shop.here.call("service.changepassword", elid=item, su="client1", sok="ok", secrets=word)
    shop.until_done(item)
    shop.here.call("vds.edit", elid=item, su="client1", domain="renamed.example.com", sok="ok")
    shop.rest(item)
    shop.checkevent()
    shop.here.call("service.changepricelist", elid=item, pricelist=shop.tariffs["VDS-2"], su="client1", sok="ok")
    shop.rest(item)
    shop.start(item)
    for name in ("sync_item", "cancel_prolong"):
        shop.here.call("sandbox.operation", item=item, name=name)
        shop.rest(item)
    short = shop.order("vds")
    shop.until_active(short)
    shop.act("close", short)
    shop.until_done(short)


def _licences(shop: Shop, item: int) -> None:
    """A new key; one that is kept when it is closed, and sold again."""
    shop.here.call("sandbox.operation", item=item, name="gen_key")
    shop.rest(item)
    shop.checkevent()
    shop.here.call("processing.edit", elid=shop.module, keep_closed="on", sok="ok")
    shop.act("close", item)
    shop.until_done(item)
    shop.until_active(shop.order("soft", ip="192.0.2.91"))
    shop.here.call("processing.edit", elid=shop.module, keep_closed="off", sok="ok")


def _linking(shop: Shop, item: int) -> None:
    remote = shop.links(item)[0]["remote"]
    ctl(shop, "unlink", item)
    shop.checkevent()
    ctl(shop, "link", "--discover", codes=(0, 1))
    ctl(shop, "link", "--discover", "--yes", codes=(0, 1))
    if not shop.links(item):
        ctl(shop, "link", item, remote)
    ctl(shop, "link", item, remote)
    shop.here.call("item.setremoteid", elid=item, value=remote, sok="ok")
    with contextlib.suppress(world.Refused):  # the seller's name for it is right already
        shop.here.call("item.setremoteid", elid=item, value=remote, su="client1", sok="ok")
    ctl(shop, "account", "move", shop.module, "--url", shop.there.url.replace("127.0.0.1", "localhost"), "--yes")
    ctl(shop, "account", "move", shop.module, "--url", shop.there.url, "--yes")


def _swap(shop: Shop, item: int) -> None:
    ctl(shop, "swap", item, "--to", "manual", "--why", "a bigger disk", "--yes")
    shop.checkevent()
    ctl(shop, "swap", "--list")
    ctl(shop, "swap", item, "--back", "--yes")


def _seen(shop: Shop) -> None:
    """What the seller changes, and what does not fit: held against the lists, audited, mended."""
    with planted(shop, 12) as pairs:
        shop.checkevent()
        for pair in pairs[:2]:
            shop.there.call("sandbox.item", item=pair.remote, status=3, employeesuspend="on")
        shop.there.call("sandbox.item", item=pairs[2].remote, status=4)
        shop.there.call("sandbox.item", item=pairs[3].remote, account=0)
        shop.there.write("UPDATE item SET expiredate = expiredate + INTERVAL 90 DAY WHERE id = %s", pairs[4].remote)
        shop.here.write("UPDATE item SET expiredate = expiredate + INTERVAL 90 DAY WHERE id = %s", pairs[5].item)
        shop.here.write("UPDATE item SET status = 4 WHERE id = %s", pairs[6].item)
        shop.there.write("UPDATE item SET remoteid = '' WHERE id = %s", pairs[7].remote)
        shop.there.call("tool.clearcache")
        world.limits(shop.here, stop_percent=5, change_percent=5, many_services=1, look_seconds=0)
        for _ in range(3):
            shop.checkevent()
        ctl(shop, "plan", codes=(0, 1))
        ctl(shop, "plan", "--leave", "--yes", codes=(0, 1))
        ctl(shop, "checkevent", "--force", codes=(0, 1))
        for words in ((), ("--csv",), ("--fix",), ("--fix", "--yes"), ("--json",)):
            ctl(shop, "audit", *words, codes=(0, 1))
        ctl(shop, "paid", codes=(0, 1))
        ctl(shop, "paid", pairs[5].item, "--leave", "--yes", codes=(0, 1))
        ctl(shop, "paid", pairs[5].item, "--buy", "--yes", codes=(0, 1))
        world.limits(shop.here)
        shop.here.call("reseller.check", elid=pairs[8].item, sok="ok")
        shop.checkevent()


def _published(shop: Shop, name: str) -> str:
    """A new tariff of the seller, with add-ons of each kind; its number there."""
    made = shop.there.call(
        "sandbox.tariff",
        itemtype="vds",
        name=name,
        price="9.99",
        periods="1,3,12",
        datacenter="1",
        addons="mem:int:1024:8192:0.002,backup:bool:2:on,panel:enum:panel_none/0/panel_lite/3.5",
    )
    return str(made.findtext("id"))


def _tariffs(shop: Shop) -> None:
    there = _published(shop, "Imported for its statements")
    ctl(shop, "tariffs", "list", shop.module)
    for words in (("available",), ("pricelist", "--id", there)):
        command = ("--command", "import_pricelist", "--module", str(shop.module), "--subcommand", *words)
        assert shop.here.run("processing/pmreseller", *command).returncode == 0
    made = json.loads(ctl(shop, "tariffs", "import", shop.module, there, "--rule", "+20 %", "--yes", "--json"))
    ctl(shop, "tariffs", "import", shop.module, there, "--rule", "+20 %", "--yes")
    here = shop.here.value("SELECT id FROM pricelist WHERE intname = %s AND parent IS NULL", there)
    ctl(shop, "tariffs", "diff", shop.module, codes=(0, 1))
    ctl(shop, "tariffs", "diff", shop.module, "--apply", "--yes", codes=(0, 1))
    ctl(shop, "map", here)
    ctl(shop, "map", "--all", codes=(0, 1))
    ctl(shop, "map", here, "period", "3", "1")
    ctl(shop, "map", here, "--drop", "period", "3")
    ctl(shop, "tariffs", "runs", shop.module)
    ctl(shop, "tariffs", "undo", made["run"], "--yes", codes=(0, 1))


def _dearer(shop: Shop) -> None:
    """A tariff of which the seller asks more than was agreed: told by the daily look, off sale, and then agreed to."""
    there = _published(shop, "Dearer for its statements")
    ctl(shop, "tariffs", "import", shop.module, there, "--rule", "+50 %", "--yes")
    here = shop.here.value("SELECT id FROM pricelist WHERE intname = %s AND parent IS NULL", there)
    shop.here.call("pricelist.resume", elid=here)
    shop.tariffs["dearer"] = here
    shop.until_active(shop.order("vds", "dearer"))
    world.limits(shop.here, tariff_look_seconds=1, unlisted_seconds=1)
    # A module and an account that are gone.
    shop.here.write(
        "INSERT INTO reseller_price (subject, number, part, currency, pricelist, module, agreed, agreed_by, agreed_at, "
        "seen, seen_at) VALUES ('tariff', 1, '1 1', 'EUR', 1, 987000, 1, '', NOW(), 1, NOW())"
    )
    shop.here.write(
        "INSERT INTO reseller_foreseen (account, currency, day, amount, noted) "
        "VALUES (987000, 'EUR', '2020-01-01', 1, NOW())"
    )
    euro = shop.there.value("SELECT id FROM currency WHERE iso = 'EUR'")
    for price in ("9.99", "99"):
        costs: dict[str, Any] = {f"monthly{euro}": price}
        shop.there.call("pricelist.edit", elid=there, sok="ok", **costs)
        shop.here.write("UPDATE reseller_cursor SET value = '2020-01-01' WHERE name = 'tariffs'")
        shop.checkevent()
    world.limits(shop.here)
    ctl(shop, "prices")
    ctl(shop, "prices", "show", here)
    ctl(shop, "prices", "stop", here, "--yes")
    ctl(shop, "prices", "accept", here, "--yes")


def _money(shop: Shop, item: int) -> None:
    """What there is and how long it lasts, what was earned; a stop, a start, only observing, a date that has jumped."""
    command = ("--command", "getbalance", "--module", str(shop.module))
    assert shop.here.run("processing/pmreseller", *command).returncode == 0
    shop.here.write("UPDATE item SET autoprolong = period WHERE id = %s", item)
    ctl(shop, "forecast", "--days", 60, codes=(0, 1))
    dear = "UPDATE reseller_request SET cost = 1, cost_currency = 'EUR', sent = created WHERE kind = 'setparam'"
    shop.here.write(f"{dear} AND module = %s", shop.module)
    for by in ("tariff", "client", "month", "change"):
        ctl(shop, "margins", by)
    world.limits(shop.here, expense_look_seconds=1, unlisted_seconds=1)
    buyer = shop.there.value("SELECT account FROM user WHERE name = %s", shop.buyer)
    charge = "INSERT INTO expense (item, account, operation, realdate, amount) VALUES (%s, %s, 'open', CURDATE(), 1)"
    ours = shop.here.value("SELECT remote FROM reseller_link WHERE live = 1 AND module = %s LIMIT 1", shop.module)
    for cost in (1, None):
        for number in (ours, 987654):
            shop.there.write(charge, number, buyer)
        # A week and a day pass, with a renewal in it.
        shop.here.write(
            "UPDATE reseller_request SET kind = 'prolong', live = NULL, state = 'done', cost = %s, "
            "was = CURDATE() - INTERVAL 8 DAY, sent = UTC_TIMESTAMP(3) - INTERVAL 8 DAY "
            "WHERE kind = 'setparam' AND state = 'done' AND module = %s LIMIT 1",
            cost,
            shop.module,
        )
        shop.here.write("UPDATE reseller_foreseen SET day = day - INTERVAL 9 DAY, noted = noted - INTERVAL 9 DAY")
        shop.here.write("UPDATE reseller_cursor SET value = '2020-01-01' WHERE name IN ('expenses', 'cover')")
        shop.checkevent()
    world.limits(shop.here)
    ctl(shop, "expenses")
    ctl(shop, "expenses", "accept", shop.module, "--until", 10**9, "--yes")
    ctl(shop, "stop", "--why", "a look at the prices")
    shop.checkevent()
    ctl(shop, "start", codes=(0, 1))
    ctl(shop, "start", "--yes")
    ctl(shop, "observe", shop.module, "--on", "--why", "a look")
    shop.checkevent()
    ctl(shop, "observe", shop.module, "--off")
    ctl(shop, "observe", shop.module, "--off", "--yes")
    shop.here.write("UPDATE item SET expiredate = expiredate + INTERVAL 3 DAY WHERE id = %s", item)
    shop.checkevent()


def _looked_at(shop: Shop, item: int) -> None:
    for words in (("status", "--json"), ("requests",), ("requests", item), ("doctor",), ("moved",), ("moved", "--yes")):
        ctl(shop, *words, codes=(0, 1))
    ctl(shop, "panel", codes=(0, 1, 2))
    ctl(shop, "uninstall", "--tables")


def _pages(shop: Shop, item: int) -> None:
    """Every page of the add-on: lists as sorted and filtered, forms as they are opened."""

    def page(func: str, **params: Any) -> None:
        shop.here.call(func, su="admin", **params)

    for name in ("services", "requests"):
        page(f"reseller.{name}")
        page(f"reseller.{name}", p_num=1, p_cnt=10, p_col="+id")
        page(f"reseller.{name}.filter")
    for filtered in ({"id": item}, {"account": "client"}, {"drift": "on"}, {"status": 2}, {"module": shop.module}):
        page("reseller.services.filter", sok="ok", **filtered)
        page("reseller.services")
    page("reseller.services.filter", sok="ok", drop="on")
    for filtered in ({"item": item}, {"state": "linked"}, {"kind": "order"}):
        page("reseller.requests.filter", sok="ok", **filtered)
        page("reseller.requests")
    page("reseller.report")
    page("reseller.tariffs")
    page("processing")
    page("reseller.mapping")
    page("reseller.prices")
    page("reseller.forecast")
    page("reseller.stop")
    for form in ("reseller.link", "reseller.swap"):
        page(form, elid=item)
