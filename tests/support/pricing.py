"""Tariffs of the seller that were imported and are on sale, and purchases of them that wait for a price."""

from __future__ import annotations

import contextlib
import json

from tests.support import world

DEARER = "SELECT * FROM reseller_problem WHERE subject = 'pricelist' AND kind = 'dearer' AND number = %s"


class Sold:
    """A tariff of the seller that was imported and is on sale."""

    def __init__(self, shop, name, addons="", setup=""):
        self.shop = shop
        more = {"addons": addons} if addons else {}
        made = shop.there.call("sandbox.tariff", itemtype="vds", name=name, price=10, periods="1,12", **more)
        self.there = made.findtext("id")
        if setup:
            self.costs(setup, "setup")
        done = shop.ctl("tariffs", "import", str(shop.module), self.there, "--rule", "+50 %", "--yes")
        assert done.returncode == 0, done.stdout.decode()
        self.here = shop.here.value("SELECT id FROM pricelist WHERE intname = %s AND parent IS NULL", self.there)
        shop.here.call("pricelist.resume", elid=self.here)
        shop.tariffs[name] = self.here
        self.name = name

    def costs(self, amount, period="monthly"):
        euro = self.shop.there.value("SELECT id FROM currency WHERE iso = 'EUR'")
        self.shop.there.call("pricelist.edit", elid=self.there, sok="ok", **{f"{period}{euro}": amount})

    def costs_of(self, addon, amount, period="monthly"):
        """Of an add-on, by its internal name."""
        euro = self.shop.there.value("SELECT id FROM currency WHERE iso = 'EUR'")
        sql = "SELECT id FROM pricelist WHERE parent = %s AND intname = %s"
        number = self.shop.there.value(sql, self.there, addon)
        more = {f"{period}{euro}": amount}
        self.shop.there.call("pricelist.detail.edit", plid=self.there, elid=number, sok="ok", **more)

    def sells(self, amount, period="monthly"):
        euro = self.shop.here.value("SELECT id FROM currency WHERE iso = 'EUR'")
        self.shop.here.call("pricelist.edit", elid=self.here, sok="ok", **{f"{period}{euro}": amount})

    def order(self):
        item = self.shop.order("vds", self.name)
        self.shop.rest(item)
        return item

    def problem(self):
        found = self.shop.here.rows(DEARER, self.here)
        return found[0] if found else None

    def agreed(self):
        rows = json.loads(self.shop.ctl("prices", "show", str(self.here), "--json").stdout)
        return {row["price"]: (row["agreed"], row["seen"]) for row in rows}


def night(shop):
    """The daily look at the seller's tariffs, now."""
    shop.here.write("UPDATE reseller_cursor SET value = '2020-01-01' WHERE name = 'tariffs'")
    shop.checkevent()


def waits(shop, item, why="reseller_dearer"):
    request = shop.request(item)
    return (request["state"], request["error_type"]) == ("unsent", why)


def goes_on(shop, item):
    """The operation of a purchase is started again at once, as the panel's button does."""
    shop.here.write("UPDATE reseller_request SET next_try = '2020-01-01' WHERE item = %s AND live = 1", item)
    shop.checkevent()
    shop.rest(item)


@contextlib.contextmanager
def selling(shop):
    """Makes tariffs that are sold no more afterwards; the daily look comes when a test says so."""
    made = []

    def make(**more):
        made.append(Sold(shop, f"Priced {shop.there.value('SELECT MAX(id) FROM pricelist')}", **more))
        return made[-1]

    world.limits(shop.here, tariff_look_seconds=1, unlisted_seconds=1)
    yield make
    shop.here.write("DELETE FROM reseller_problem WHERE kind IN ('dearer', 'below_cost', 'unsellable')")
    for one in made:
        shop.here.write("DELETE FROM processingmodule2pricelist WHERE pricelist = %s", one.here)
        del shop.tariffs[one.name]
