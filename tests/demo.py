"""`make demo`: the whole story of resold orders, told as it happens, on two stand-in panels.

Everything is real: both panels with their database and HTTPS, `make install`, the panel's own form, clients' orders,
the operation queue, the line of our cron file. Any end state that is not the promised one ends the demo with a failure.
"""

from __future__ import annotations

import html
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support import world
from tests.support.world import PanelAt, Shop, until

STARTED = time.monotonic()
STATUS = {1: "ordered", 2: "active", 3: "suspended", 4: "deleted", 5: "in process"}


def say(text: str) -> None:
    """A line of the timeline."""
    print(f"{time.monotonic() - STARTED:6.1f}s  {text}", flush=True)


def chapter(text: str) -> None:
    """A new part of the story."""
    print(f"\n{text}", flush=True)


def cron(here: PanelAt) -> str:
    """Run our cron line as cron does: by /bin/sh, with its bare environment; what the log then says."""
    lines = (here.base / "etc/cron.d/reseller").read_text().splitlines()
    line = next(line for line in lines if re.match(r"\*/5 \* \* \* \*", line))
    command = line.split(None, 6)[6]
    assert command.endswith("/sbin/resellerctl cron"), command
    subprocess.run(["/bin/sh", "-c", command], env={"PATH": "/usr/bin:/bin"}, check=True)
    log = (here.base / "var/reseller.log").read_text().splitlines()
    return [line for line in log if "checkevent:" in line][-1].split("checkevent: ", 1)[1]


def both_sides(shop: Shop, item: int, what: str) -> None:
    """One service as both panels see it, with operation and task while they are open."""
    remotes = [row for row in shop.remotes(item) if row["status"] != 4]
    there = ", ".join(f"{row['id']} {STATUS[row['status']]}" for row in remotes) or "nothing"
    operation = shop.operation(item)
    tasks = shop.tasks(item)
    opened = f"operation {operation['id']}" + (" (manual)" if operation["manual"] == "on" else "") if operation else "-"
    opened += "".join(f", task {task['id']}" for task in tasks)
    say(f"{what:<22} here {item} {STATUS[shop.item(item)['status']]:<10} | seller {there:<18} | {opened}")


def reason(shop: Shop, item: int) -> str:
    """What the operation tells an operator."""
    found = re.search(r"<custommessage[^>]*>([^<]+)<", shop.error(item))
    return html.unescape(found.group(1)) if found else "nothing"


def follow(shop: Shop, items: dict[int, str], seconds: float = 30) -> None:
    """Run cron until all these services are active, showing each change."""
    shown: dict[int, int] = {}

    def done() -> bool:
        summary = cron(shop.here)
        for item, what in items.items():
            status = shop.item(item)["status"]
            if shown.get(item) != status:
                shown[item] = status
                both_sides(shop, item, what)
        if summary != "nothing to do":
            say(f"cron: checkevent: {summary}")
        time.sleep(0.3)
        return all(status == 2 for status in shown.values())

    until(done, f"not all of {items} become active", seconds)


def ordinary(shop: Shop) -> dict[int, str]:
    """Two orders without trouble."""
    chapter("Two clients' orders, no trouble")
    items = {shop.order("vds", domain="web.example.com"): "server", shop.order("soft", ip="192.0.2.8"): "licence"}
    for item, what in items.items():
        shop.rest(item)
        both_sides(shop, item, what)
        say(f"  the operation says: {reason(shop, item)}")
    follow(shop, items)
    return items


def lost_reply(shop: Shop) -> dict[int, str]:
    """The seller takes the order and the money, and its answer never arrives."""
    chapter("The seller's answer to an order is lost after it took the money")
    shop.there.call("sandbox.fault", kind="reply_lost", forfunc="*.order.param", times=1)
    item = shop.order("vds", domain="lost.example.com")
    shop.rest(item)
    both_sides(shop, item, "lost reply")
    say(f"  found by its key {shop.links(item)[0]['rkey']} and adopted; charged {len(shop.charges(item))} time")
    follow(shop, {item: "lost reply"})
    return {item: "lost reply"}


def no_money(shop: Shop) -> dict[int, str]:
    """The account at the seller is empty; a top-up is all that anybody does."""
    chapter("The account at the seller is empty")
    shop.there.call("sandbox.balance", user=shop.buyer, value=1)
    item = shop.order("vds", domain="poor.example.com")
    shop.rest(item)
    both_sides(shop, item, "empty balance")
    say(f"  the operation says: {reason(shop, item)}")
    say(f"cron: checkevent: {cron(shop.here)}")
    assert shop.charges(item) == []
    shop.there.call("sandbox.balance", user=shop.buyer, value=500)
    say("the account is topped up; nobody presses Start")
    follow(shop, {item: "empty balance"})
    return {item: "empty balance"}


def renewal(shop: Shop, item: int) -> None:
    """A client renews; the seller's answer is lost, and the date tells that it was done."""
    chapter("A client renews, and the seller's answer is lost")
    before = len(shop.charges(item))
    shop.there.call("sandbox.fault", kind="reply_lost", forfunc="service.prolong", times=1, skip=1)
    shop.act("prolong", item)
    shop.until_done(item)
    both_sides(shop, item, "renewal")
    dates = [panel.value("SELECT expiredate FROM item WHERE id = %s", number) for panel, number in sides(shop, item)]
    say(f"  paid until {dates[0]} here, {dates[1]} at the seller; charged {len(shop.charges(item)) - before} time more")
    assert len(shop.charges(item)) == before + 1


def sides(shop: Shop, item: int) -> list[tuple[PanelAt, int]]:
    """Both panels with the number that the service has there."""
    return [(shop.here, item), (shop.there, int(shop.links(item)[0]["remote"]))]


def staff(shop: Shop, item: int) -> None:
    """What the seller's staff suspends is not resumed from here."""
    chapter("The client pauses a service, the seller's staff suspends it too, the client wants it back")
    shop.act("suspend", item)
    shop.until_done(item)
    both_sides(shop, item, "paused")
    remote = sides(shop, item)[1][1]
    shop.there.call("sandbox.item", item=remote, abusesuspend="on")
    shop.act("resume", item)
    shop.rest(item)
    both_sides(shop, item, "wanted back")
    say(f"  the operation says: {reason(shop, item)}")
    assert shop.there.value("SELECT status FROM item WHERE id = %s", remote) == 3
    shop.there.call("sandbox.item", item=remote, abusesuspend="off")
    say("the seller's staff is satisfied; Start")
    shop.start(item)
    shop.until_done(item)
    both_sides(shop, item, "running again")


def bigger_disk(shop: Shop, item: int) -> None:
    """A tariff with another disk cannot be changed from here; nothing is sent and the panel's change is taken back."""
    chapter("A client wants a tariff with a bigger disk")
    shop.here.call("service.changepricelist", elid=item, pricelist=shop.tariffs["VDS-2"], su="client1", sok="ok")
    shop.rest(item)
    both_sides(shop, item, "bigger disk")
    say(f"  the operation says: {reason(shop, item)}")
    names = [
        panel.value("SELECT p.name FROM item i JOIN pricelist p ON p.id = i.pricelist WHERE i.id = %s", number)
        for panel, number in sides(shop, item)
    ]
    say(f"  its tariff is {names[0]} here and {names[1]} at the seller; Start finds nothing left to do")
    assert names == ["VDS-1", "VDS-1"]
    shop.start(item)
    shop.until_done(item)
    both_sides(shop, item, "as it was")


def swapped(shop: Shop, item: int) -> None:
    """The same wish by hand: to the manual module, the tariff changed on both sides, and back, in step."""
    chapter("So staff does it by hand: to the manual module and back, without SQL")

    def ctl(*words: str) -> None:
        say(f"resellerctl {' '.join(words)}")
        done = shop.ctl(*words)
        assert done.returncode == 0, done.stderr.decode()
        for line in done.stdout.decode().splitlines():
            say(f"  {line}")

    ctl("swap", str(item), "--to", "manual")
    ctl("swap", str(item), "--to", "manual", "--why", "bigger disk", "--yes")
    shop.here.call("service.changepricelist", elid=item, pricelist=shop.tariffs["VDS-2"], su="client1", sok="ok")
    until(lambda: shop.tasks(item), "the manual module asks nobody")
    target = shop.there.value("SELECT id FROM pricelist WHERE name = 'VDS-2' AND parent IS NULL")
    remote = sides(shop, item)[1][1]
    shop.there.call("service.changepricelist", elid=remote, pricelist=target, su=shop.buyer, sok="ok")
    shop.here.call("service.postsetparam", elid=item, sok="ok")
    say("the tariff is changed by hand on both sides, and the manual module's task is done")
    ctl("swap", str(item), "--back", "--yes")
    say(f"cron: checkevent: {cron(shop.here)}")
    drift = shop.here.rows("SELECT kind FROM reseller_problem WHERE subject = 'service' AND number = %s", item)
    names = [
        panel.value("SELECT p.name FROM item i JOIN pricelist p ON p.id = i.pricelist WHERE i.id = %s", number)
        for panel, number in sides(shop, item)
    ]
    both_sides(shop, item, "bigger disk")
    say(f"  its tariff is {names[0]} here and {names[1]} at the seller, and nothing differs")
    assert (names, drift) == (["VDS-2", "VDS-2"], [])


def closing(shop: Shop) -> None:
    """A service is closed on both sides."""
    chapter("A client closes a service")
    item = shop.order("vds", domain="short.example.com")
    shop.until_active(item)
    both_sides(shop, item, "active")
    remote = sides(shop, item)[1][1]
    shop.act("close", item)
    shop.until_done(item)
    both_sides(shop, item, "closed")
    assert shop.item(item)["status"] == shop.there.value("SELECT status FROM item WHERE id = %s", remote) == 4
    assert shop.links(item) == []


def table(shop: Shop, items: dict[int, str]) -> None:
    """All services at the end, and the check of the end state."""
    chapter("At the end")
    print(f"  {'service':<16}{'here':>6} {'state':<12}{'seller':>8} {'state':<12}{'key':<22}ordered")
    for item, what in items.items():
        remotes = [row for row in shop.remotes(item) if row["status"] != 4]
        links = shop.links(item)
        remote = remotes[0]
        charged = sum(1 for row in shop.charges(item) if "order" in row["func"])
        here = STATUS[shop.item(item)["status"]]
        print(
            f"  {what:<16}{item:>6} {here:<12}{remote['id']:>8} {STATUS[remote['status']]:<12}"
            f"{remote['remoteid']:<22}{charged} time"
        )
        assert (here, charged, len(remotes), len(links)) == ("active", 1, 1, 1), what
        assert links[0]["remote"] == str(remote["id"]), what
        assert shop.operation(item) is None, what
        assert shop.tasks(item) == [], what


def story(sandbox: world.Sandbox) -> None:
    """From two empty panels to the table."""
    here, there = sandbox.at("reseller"), sandbox.at("seller")
    say(f"seller   {there.url}")
    say(f"reseller {here.url}")
    chapter("Install the add-on, connect the module, map the tariffs")
    world.install(here.base)
    say(f"make install PREFIX={shlex.quote(str(here.base))}")
    world.limits(here)
    module = world.connect(here, there, "buyer", there.accounts["buyer"]["password"])
    account = here.rows("SELECT balance, currency, generations FROM reseller_account")[0]
    say(f"module {module} connected: balance {account['balance']:.2f} {account['currency']}, {account['generations']}")
    tariffs = world.sell(here, there, module, ("VDS-1", "VDS-2", "ISPmanager Lite"))
    for name, number in tariffs.items():
        parts = here.value("SELECT COUNT(*) FROM reseller_map WHERE pricelist = %s", number)
        say(f"tariff {number} {name}: sold, {parts} parts mapped")
    shop = Shop(here, there, module, "buyer", tariffs)
    items = {**ordinary(shop), **lost_reply(shop), **no_money(shop)}
    server, poor = (item for item, what in items.items() if what in ("server", "empty balance"))
    renewal(shop, server)
    staff(shop, poor)
    bigger_disk(shop, server)
    swapped(shop, server)
    closing(shop)
    say(f"cron: checkevent: {cron(here)}")
    table(shop, items)


def main() -> int:
    """Play the story; 0 when it ends as promised."""
    with tempfile.TemporaryDirectory(prefix="reseller-demo-") as directory:
        say("starting two stand-in panels")
        sandbox = world.Sandbox(Path(directory) / "root")
        try:
            say(f"database {sandbox.server}")
            story(sandbox)
        except (AssertionError, world.Refused, subprocess.CalledProcessError) as error:
            print(f"\ndemo: failed: {error}", file=sys.stderr)
            return 1
        finally:
            sandbox.stop()
    print(f"\ndemo: ok, on {sandbox.server}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
