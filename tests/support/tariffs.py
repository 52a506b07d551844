"""Tariffs made on both sides by hand, and services ordered of them, for tests of the tariff map."""

import contextlib

NO_MODULE = 0


class Own:
    """A tariff made on both sides by hand; what each side has of it is told apart."""

    def __init__(self, shop, name, here, there, *, periods_here="1,3", periods_there="1,3"):
        self.shop = shop
        made = {"itemtype": "vds", "name": name, "price": 5, "datacenter": 1}
        there = shop.there.call("sandbox.tariff", addons=there, periods=periods_there, **made)
        here = shop.here.call("sandbox.tariff", addons=here, periods=periods_here, module=shop.module, **made)
        self.here, self.there = int(here.findtext("id")), there.findtext("id")
        self.addons_there = {node.get("intname"): node.text for node in there.iterfind("addon")}
        place = shop.there.value("SELECT MIN(id) FROM datacenter")
        shop.here.call(
            "pricelist.edit", elid=self.here, reseller_pricelist=self.there, reseller_datacenter=place, sok="ok"
        )

    def map(self, *words, code=0):
        done = self.shop.ctl("map", str(self.here), *words)
        assert done.returncode == code, (done.stdout + done.stderr).decode()
        return done.stderr.decode()

    def measured(self, here, there):
        for panel, number, unit in ((self.shop.here, self.here, here), (self.shop.there, self.there, there)):
            sql = "UPDATE pricelist SET measure = (SELECT id FROM measure WHERE intname = %s) WHERE parent = %s"
            panel.write(f"{sql} AND intname = 'mem'", unit, number)


@contextlib.contextmanager
def sold_until_the_end(shop, kind):
    """Makes tariffs of a kind, such as Own, which are sold no more afterwards."""
    made = []

    def make(*words, **more):
        made.append(kind(shop, *words, **more))
        return made[-1]

    yield make
    for one in made:
        shop.here.write("DELETE FROM processingmodule2pricelist WHERE pricelist = %s", one.here)


@contextlib.contextmanager
def nothing_else_sold(shop):
    """The module sells no tariff but those that are made meanwhile, which are sold no more afterwards.

    So no other test's tariff is cause for a problem.
    """
    away = "UPDATE processingmodule2pricelist SET processingmodule = %s WHERE processingmodule = %s"
    shop.here.write(away, NO_MODULE, shop.module)
    try:
        yield
    finally:
        shop.here.write("DELETE FROM processingmodule2pricelist WHERE processingmodule = %s", shop.module)
        shop.here.write(away, shop.module, NO_MODULE)


def ordered(shop, tariff, period):
    shop.tariffs["random"] = tariff.here
    try:
        item = shop.order("vds", "random", period=period)
    finally:
        del shop.tariffs["random"]
    shop.rest(item)
    return item
