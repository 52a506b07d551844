"""How long a service is paid for on both sides, and time that passes there."""

import datetime as dt

from tests.support.keeping import remote

VDS = "vds"


def today():
    return dt.datetime.now(dt.timezone.utc).date()


def service(shop, period=1):
    item = shop.order(VDS, period=period)
    shop.until_active(item)
    return item


def expires(shop, item):
    return shop.there.value("SELECT expiredate FROM item WHERE id = %s", remote(shop, item))


def passes(shop, item, days):
    """So many days pass: every date of the service is so much nearer on both sides."""
    number = remote(shop, item)
    shop.there.write("UPDATE item SET expiredate = expiredate - INTERVAL %s DAY WHERE id = %s", days, number)
    shop.there.call("sandbox.item", item=number, expiredate=expires(shop, item))
    shop.here.write("UPDATE item SET expiredate = expiredate - INTERVAL %s DAY WHERE id = %s", days, item)
    shop.here.write(
        "UPDATE reseller_link SET accounted = accounted - INTERVAL %s DAY, highest = highest - INTERVAL %s DAY, "
        "left_until = left_until - INTERVAL %s DAY WHERE item = %s",
        days,
        days,
        days,
        item,
    )


def ends_in(shop, item, days):
    """Time passes until the seller's date is so many days away."""
    passes(shop, item, (expires(shop, item) - today()).days - days)


def renew(shop, item, **fields):
    """Its client renews it, and that is over."""
    shop.here.call("service.prolong", elid=item, sok="ok", su="client1", skipbasket="on", **{"period": 1, **fields})
    shop.until_done(item)


def left_days(shop, item):
    """How much longer the client has paid than the seller was."""
    return (shop.item(item)["expiredate"] - expires(shop, item)).days


def bought(shop, item):
    """Months of each charge at the seller, oldest first."""
    return [
        int(row["detail"].split("period=")[1].split()[0]) for row in shop.charges(item) if "period=" in row["detail"]
    ]


def owed(shop, item):
    rows = shop.here.rows("SELECT * FROM reseller_request WHERE item = %s AND kind = 'part' AND live = 1", item)
    return rows[0] if rows else None


def problem(shop, item, kind):
    rows = shop.here.rows(
        "SELECT * FROM reseller_problem WHERE subject = 'service' AND number = %s AND kind = %s", item, kind
    )
    return rows[0] if rows else None


def runs(shop, count=3):
    for _ in range(count):
        shop.checkevent()
