"""How a seller writes dates and counts late payments: read in every way, and paid for once."""

import pytest

from tests.support.keeping import remote
from tests.support.paying import bought, ends_in, expires, renew, runs, service
from tests.support.world import until


@pytest.mark.parametrize("style", ["dotted", "timed"])
def test_dates_are_read_however_the_seller_writes_them(shop, switch, moving, style):
    switch(shop.there, "shown_dates", style)
    item = service(shop)
    renew(shop, item)
    assert bought(shop, item) == [1, 1]
    assert shop.links(item)[0]["highest"] == expires(shop, item)
    runs(shop)
    assert shop.tasks(item) == []


@pytest.mark.parametrize("style", ["zero", "nothing"])
def test_a_seller_that_shows_no_date_stops_the_renewal_and_not_the_run(shop, switch, moving, style):
    item, other = service(shop), service(shop)
    switch(shop.there, "shown_dates", style)
    shop.act("prolong", item)
    shop.rest(item)
    assert "reseller_no_date" in shop.error(item)
    shop.act("suspend", other)
    shop.until_done(other)
    assert shop.ctl("checkevent").returncode == 0
    assert bought(shop, item) == [1]
    switch(shop.there, "shown_dates", "iso")
    shop.here.call("runningoperation.start", elid=shop.operation(item)["id"], sok="ok")
    shop.until_done(item)
    assert bought(shop, item) == [1, 1]


@pytest.mark.parametrize("start", ["end", "today"])
def test_a_late_payment_is_bought_once_however_the_seller_counts_it(shop, switch, moving, start):
    switch(shop.there, "late_renewal_from", start)
    item = service(shop)
    ends_in(shop, item, -5)
    for panel in (shop.there, shop.here):
        panel.call("service.billdaily")
    until(lambda: (shop.checkevent(), shop.item(item)["status"] == 3)[1], "it is not stopped")
    shop.until_done(item)
    renew(shop, item)
    until(lambda: (shop.checkevent(), shop.item(item)["status"] == 2)[1], "what was paid for does not run here")
    number = remote(shop, item)
    until(lambda: shop.there.value("SELECT status FROM item WHERE id = %s", number) == 2, "it does not run there")
    runs(shop)
    assert bought(shop, item) == [1, 1]
    assert shop.tasks(item) == []
