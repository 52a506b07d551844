"""The add-on's pages as an employee uses them: in a browser, by what is written on menus, buttons and fields."""

import pytest
from selenium.webdriver.common.keys import Keys

from sandbox.tests.browsing import chromium
from tests.support.planting import PREFIX, planted


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def pairs(shop):
    with planted(shop, 3) as found:
        yield found


@pytest.fixture
def admin(browser, shop):
    here = shop.here
    browser.log_in(here.http_url, "admin", here.accounts["admin"]["password"])
    return browser


def listed(browser):
    """The list of resold services: those of this test, however many others have left."""
    browser.menu("All linked services")
    browser.press("Filter")
    browser.fill("name", PREFIX)
    ok(browser)


def opened(browser, elid, label):
    """One row of the list marked, one button pressed."""
    listed(browser)
    browser.mark(elid)
    browser.press(label)


def ok(browser):
    browser.press("OK")


def plan(browser):
    return browser.one("[name='plan']").get_attribute("value")


def asked_for(browser, remote):
    """A number is entered, and the form shows what that would do."""
    box = browser.one("[name='remote']")
    box.send_keys(Keys.CONTROL + "a")
    browser.go(lambda: box.send_keys(str(remote), Keys.TAB))
    return plan(browser)


def test_an_employee_links_swaps_returns_and_looks_at_the_report(shop, pairs, admin):
    first, second, third = pairs
    listed(admin)
    assert admin.title == "Resold services"
    assert all(str(pair.remote) in admin.text for pair in pairs)

    opened(admin, first.item, "Unlink")
    assert f"remote service {first.remote}" in plan(admin)
    ok(admin)
    assert shop.links(first.item) == []

    opened(admin, first.item, "Link")
    assert "is linked to service" in asked_for(admin, second.remote)
    ok(admin)
    assert f"Remote service {second.remote} is linked to service {second.item} already" in admin.text
    assert shop.links(first.item) == []
    assert f"{first.item}-00c0ffee" not in asked_for(admin, first.remote)
    ok(admin)
    assert [link["remote"] for link in shop.links(first.item)] == [str(first.remote)]

    opened(admin, third.item, "To manual")
    assert "pmmanual" in admin.text
    admin.fill("why", "bigger disk")
    ok(admin)
    assert shop.item(third.item)["processingmodule"] != shop.module
    listed(admin)
    assert "away" in admin.text

    opened(admin, third.item, "Back")
    ok(admin)
    assert shop.item(third.item)["processingmodule"] == shop.module

    admin.menu("Report on linked services")
    assert admin.title == "Reselling"
    assert len(admin.all("svg")) >= 2
    assert shop.buyer in admin.text


def test_a_client_sees_nothing_of_it(shop, pairs, browser):
    here = shop.here
    browser.log_in(here.http_url, "client1", here.accounts["client1"]["password"])
    assert "linked services" not in browser.text.lower()
    for func in ("reseller.services", "reseller.requests", "reseller.report", f"reseller.link&elid={pairs[0].item}"):
        browser.open(f"{here.http_url}?func={func}")
        assert str(pairs[0].remote) not in browser.text
        assert browser.all(".error"), func
