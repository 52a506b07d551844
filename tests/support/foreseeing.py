"""What is due at the seller, and the money there."""

import contextlib
import datetime as dt

from tests.support import world
from tests.support.paying import ends_in, service, today


@contextlib.contextmanager
def alone(shop):
    """The balance is read by every run, and nothing that other tests have left is due."""
    world.limits(shop.here, balance_seconds=0)
    shop.here.write("UPDATE item SET autoprolong = NULL")
    shop.here.write("DELETE FROM reseller_problem WHERE kind = 'short'")
    yield
    shop.here.write("UPDATE item SET autoprolong = NULL")
    shop.here.write("DELETE FROM reseller_problem WHERE kind = 'short'")


def has(shop, amount, **more):
    """The buyer has so much at the seller."""
    shop.there.call("sandbox.balance", user=shop.buyer, value=amount, **more)


def renewing(shop, days, itemtype="vds"):
    """An active service that the panel renews by itself, and that ends at the seller in so many days."""
    if itemtype == "vds":
        item = service(shop)
    else:
        item = shop.order(itemtype)
        shop.until_active(item)
    shop.here.write("UPDATE item SET autoprolong = 1 WHERE id = %s", item)
    ends_in(shop, item, days)
    shop.checkevent()
    return item


def cost(shop, item):
    """What its order has cost."""
    return shop.here.value("SELECT cost FROM reseller_request WHERE item = %s AND kind = 'order'", item)


def in_days(days):
    return (today() + dt.timedelta(days=days)).isoformat()
