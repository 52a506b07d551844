"""Steps that a test of a whole system takes within it: `python -m tests.packages.inside STEP`; answers are JSON."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.support import planting, world
from tests.support.world import Shop

#: seconds that a run may take on a busy machine; no figure that is tested
LONG = 600
_ENTERED = contextlib.ExitStack()
#: what lasts from one step to the next
KEPT = Path("/srv/kept.json")


def _shop() -> Shop:
    facts = json.loads(Path("/srv/panels/sandbox.json").read_text())
    kept = json.loads(KEPT.read_text())
    here, there = world.panel_at(facts, "reseller"), world.panel_at(facts, "seller")
    return Shop(here, there, kept["module"], "buyer", kept["tariffs"])


def _until_active(shop: Shop, item: int) -> None:
    """As shop.until_active(), with runs that may take long: a thousand services are looked at."""

    def active() -> bool:
        shop.here.run("sbin/resellerctl", "checkevent", seconds=LONG)
        return bool(shop.item(item)["status"] == 2)

    world.until(active, f"{item} is not active", LONG, 0.5)


def connect() -> dict[str, Any]:
    """Connect a module to the seller, with money on both sides, and have a first order become active."""
    facts = json.loads(Path("/srv/panels/sandbox.json").read_text())
    shop = world.connected(world.panel_at(facts, "reseller"), world.panel_at(facts, "seller"))
    KEPT.write_text(json.dumps({"module": shop.module, "tariffs": shop.tariffs}))
    shop.there.call("sandbox.balance", user=shop.buyer, value=1000)
    shop.here.call("sandbox.balance", user="client1", value=1000)
    shop.checkevent()
    return {"module": shop.module}


def plant(count: str) -> dict[str, Any]:
    """So many linked services, on both sides."""
    shop = _shop()
    # They stay: this process ends without leaving what it has entered.
    pairs = _ENTERED.enter_context(planting.planted(shop, int(count)))
    planting.looked_at(shop)
    return {"first": pairs[0].item}


def order() -> dict[str, Any]:
    """An order that becomes active."""
    shop = _shop()
    item = shop.order("vds")
    _until_active(shop, item)
    return {"item": item, "charges": len(shop.charges(item))}


def begin() -> dict[str, Any]:
    """An order that the seller has taken and not carried out, and one that waits for money."""
    shop = _shop()
    shop.there.call("sandbox.queue", action="pause")
    waiting = shop.order("vds")
    world.until(lambda: (shop.request(waiting) or {}).get("state") == "linked", "it is not taken")
    shop.there.call("sandbox.balance", user=shop.buyer, value=0)
    poor = shop.order("vds")
    shop.rest(poor)
    return {"items": [waiting, poor]}


def finish(*items: str) -> dict[str, Any]:
    """What was begun becomes active; how often each was paid for."""
    shop = _shop()
    shop.there.call("sandbox.queue", action="resume")
    shop.there.call("sandbox.balance", user=shop.buyer, value=1000)
    for item in items:
        _until_active(shop, int(item))
    return {"charges": [len(shop.charges(int(item))) for item in items]}


def counts() -> dict[str, int]:
    """Rows of each of our tables that keep what must not be lost, and of the panel's services."""
    shop = _shop()
    names = ("reseller_link", "reseller_request", "reseller_account", "reseller_address", "reseller_map", "item")
    found = {row for each in shop.here.rows("SHOW TABLES") for row in each.values()}
    return {name: shop.here.value(f"SELECT COUNT(*) FROM {name}") for name in names if name in found}


def tables() -> list[str]:
    """Our tables."""
    return sorted(name for row in _shop().here.rows("SHOW TABLES LIKE 'reseller\\_%%'") for name in row.values())


def schema() -> int:
    """The version of the tables."""
    return int(_shop().here.value("SELECT MAX(version) FROM reseller_schema"))


def cron() -> int:
    """What cron runs every five minutes; its exit code."""
    return _shop().here.run("sbin/resellerctl", "checkevent", seconds=LONG).returncode


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:]), default=str), flush=True)
    os._exit(0)
