"""`make try`: a working shop to click through, until Ctrl-C.

Two stand-in panels, the add-on installed, a seller connected, tariffs sold and mapped, services in the states that an
operator meets, and cron every few seconds. Everything is real; only the waits are short. With `--empty` the add-on is
installed and nothing else is done: the list of processing modules is empty, and what the form of a new one asks is
printed.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.demo import STATUS, cron
from tests.support import environment, world
from tests.support.world import PanelAt, Shop

BUYER = "buyer"
"""The client account at the seller."""
READY = "ready"
"""The word that the last printed line begins with; scripts wait for it."""


def active(shop: Shop) -> int:
    """A server that runs on both sides."""
    item = shop.order("vds", domain="runs.example.com")
    shop.until_active(item)
    return item


def licence(shop: Shop) -> int:
    """A licence with its key."""
    item = shop.order("soft", ip="192.0.2.10", licname="for a client")
    shop.until_active(item)
    return item


def _remote(shop: Shop, item: int) -> int:
    return int(shop.links(item)[0]["remote"])


def stopped_there(shop: Shop) -> int:
    """A server that the seller's staff has stopped for abuse."""
    item = active(shop)
    shop.there.call("sandbox.item", item=_remote(shop, item), status=3, abusesuspend="on")
    shop.checkevent()
    return item


def drifted(shop: Shop) -> int:
    """A server that has another tariff at the seller than here."""
    item = active(shop)
    target = shop.there.value("SELECT id FROM pricelist WHERE name = 'VDS-2' AND parent IS NULL")
    shop.there.call("service.changepricelist", elid=_remote(shop, item), pricelist=target, su=shop.buyer, sok="ok")
    shop.checkevent()
    return item


def away(shop: Shop) -> int:
    """A server whose work is done by hand for a while."""
    item = active(shop)
    done = shop.ctl("swap", str(item), "--to", "manual", "--why", "tried out", "--yes")
    assert done.returncode == 0, done.stderr.decode()
    return item


def without_money(shop: Shop) -> int:
    """An order that waits for money at the seller; a top-up there is all that anybody does."""
    shop.there.call("sandbox.balance", user=shop.buyer, value=1)
    item = shop.order("vds", domain="waits.example.com")
    shop.rest(item)
    return item


SHOWN: tuple[Callable[[Shop], int], ...] = (active, licence, stopped_there, drifted, away, without_money)


def shop_of(sandbox: world.Sandbox) -> Shop:
    """The add-on installed, a module connected, tariffs on sale, money on both sides."""
    here, there = sandbox.at("reseller"), sandbox.at("seller")
    world.install(here.base, environment.variables())
    shop = world.connected(here, there)
    here.call("sandbox.balance", user="client1", value=1000)
    there.call("sandbox.balance", user=shop.buyer, value=1000)
    return shop


def emptied(sandbox: world.Sandbox) -> tuple[PanelAt, PanelAt]:
    """The add-on installed, money on both sides, and no processing module at all."""
    here, there = sandbox.at("reseller"), sandbox.at("seller")
    world.install(here.base, environment.variables())
    world.quicken(here, there)
    modules = [str(row["id"]) for row in here.rows("SELECT id FROM processingmodule")]
    here.call("processing.delete", elid=", ".join(modules))
    return here, there


def told(here: PanelAt, there: PanelAt) -> None:
    """Addresses with accounts, and what can be done with them."""
    for panel in (here, there):
        # A name of its own for each panel: browsers keep cookies by host, whatever the port.
        print(f"\n{panel.name:<10}{panel.http_url.replace('127.0.0.1', f'{panel.name}.localhost')}")
        for user, account in panel.accounts.items():
            print(f"  {user:<10}{account['password']}")
    control = here.base / "sbin/resellerctl"
    top_up = f"{there.base / 'sbin/mgrctl'} -m billmgr sandbox.balance user={BUYER} value=500"
    print(f"\ncommands  {control} status")
    print(f"          {control} audit")
    print(f"top up    {top_up}", flush=True)


def asked(there: PanelAt) -> None:
    """What a person enters in the form of a new module."""
    print("\nconnect   Processing modules, Add, Reseller; its form asks for:")
    password = there.accounts[BUYER]["password"]
    answers = {"url": there.url, "username": BUYER, "password": password, "cafile": there.ca}
    for name, value in answers.items():
        print(f"  {name:<10}{value}", flush=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tryout", description=__doc__)
    parser.add_argument("--every", type=float, default=5, help="seconds between two runs of cron")
    parser.add_argument(
        "--empty", action="store_true", help="connect and sell nothing: begin with no processing module"
    )
    given = parser.parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with tempfile.TemporaryDirectory(prefix="reseller-try-") as directory:
        print("starting two stand-in panels and installing the add-on; a minute or two", flush=True)
        sandbox = world.Sandbox(Path(directory) / "root")
        try:
            return _play(sandbox, ended, given.every, given.empty)
        except (AssertionError, world.Refused, subprocess.CalledProcessError) as error:
            if ended.is_set():
                return 0
            print(f"\ntry: failed: {error}", file=sys.stderr)
            return 1
        finally:
            sandbox.stop()


def _play(sandbox: world.Sandbox, ended: threading.Event, pause: float, empty: bool) -> int:
    started = time.monotonic()
    print(f"the panels run on {sandbox.server}", flush=True)
    if empty:
        here, there = emptied(sandbox)
    else:
        shop = shop_of(sandbox)
        here, there = shop.here, shop.there
        _services(shop, ended)
    if ended.is_set():
        return 0
    told(here, there)
    if empty:
        asked(there)
    print(f"\n{READY} after {time.monotonic() - started:.0f} s: log in as admin or client1; Ctrl-C ends it", flush=True)
    while not ended.wait(pause):
        try:
            summary = cron(here)
        except subprocess.CalledProcessError as error:
            # Whoever tries out what a panel that is down means; our command has said why.
            summary = f"no run was made (exit code {error.returncode})"
        if summary != "nothing to do":
            print(f"cron: checkevent: {summary}", flush=True)
    return 0


def _services(shop: Shop, ended: threading.Event) -> None:
    print("\nservices")
    for make in SHOWN:
        if ended.is_set():
            return
        item = make(shop)
        what = (make.__doc__ or "").rstrip(".")
        print(f"  {item:<8}{STATUS[shop.item(item)['status']]:<12}{what}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
