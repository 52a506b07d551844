"""`make screenshots`: a picture of each page, on a desk and on a phone, into docs/screenshots.

Two panels, the add-on installed and connected, some resold services: then Chromium opens what PAGES names.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.tests.browsing import Browser, chromium
from tests.support import world
from tests.support.first_sale import Walk
from tests.support.planting import planted
from tests.support.world import PanelAt, Shop

FOLDER = world.ROOT / "docs/screenshots"
DESK = (1200, 700, False)
WIDE = (1750, 700, False)
PHONE = (390, 760, True)
TALLEST = 1500


@dataclass(frozen=True)
class Shot:
    """A picture's name, the page, who looks, and the add-on's button or function it needs to be there."""

    name: str
    query: str
    user: str = "admin"
    lang: str = "en"
    own: bool = False
    """A page of the add-on: left out, and said so, while the add-on has no such function."""
    desk: tuple[int, int, bool] = DESK
    typed: tuple[tuple[str, str], ...] = ()
    """What an operator's panel would show in these fields, instead of this stand-in's addresses."""


PAGES = (
    Shot("start", ""),
    Shot("services", "func=vds"),
    Shot("service", "func=vds.edit&elid={item}"),
    Shot("operations", "func=runningoperation"),
    Shot("operation", "func=runningoperation.edit&elid={operation}"),
    Shot("tasks", "func=task"),
    Shot("modules", "func=processing"),
    Shot(
        "module",
        "func=processing.edit&elid={module}",
        typed=(("url", "https://billing.example.com/billmgr"), ("cafile", "/etc/ssl/seller-ca.pem")),
    ),
    Shot("tariffs", "func=pricelist"),
    Shot("tariff", "func=pricelist.edit&elid={tariff}"),
    Shot("clients", "func=account"),
    Shot("client-services", "func=vds", "client1", "ru"),
    Shot("client-order", "func=vds.order", "client1"),
    Shot("resold-services", "func=reseller.services", own=True, desk=WIDE),
    Shot("resold-requests", "func=reseller.requests", own=True, desk=WIDE),
    Shot("resold-stop", "func=reseller.stop", own=True),
    Shot("resold-link", "func=reseller.link&elid={item}", own=True),
    Shot("resold-swap", "func=reseller.swap&elid={item}", own=True),
    Shot("resold-return", "func=reseller.swap.back&elid={away}", own=True),
    Shot("resold-report", "func=reseller.report", own=True),
    Shot("resold-forecast", "func=reseller.forecast", own=True, desk=WIDE),
    Shot("resold-tariffs", "func=reseller.tariffs", own=True, desk=WIDE),
    Shot("resold-mapping", "func=reseller.mapping", own=True, desk=WIDE),
    Shot("resold-parts", "func=reseller.mapping.parts&elid={tariff}", own=True, desk=WIDE),
)


def waiting(shop: Shop, item: int, away: int) -> dict[str, Any]:
    """All looked at once, one suspended there, one away, one order that waits for money; the numbers for the pages."""
    shop.there.call("sandbox.item", item=shop.links(item + 3)[0]["remote"], abusesuspend="on", status=3)
    shop.checkevent()
    shop.here.write("UPDATE item SET expiredate = expiredate + INTERVAL 30 DAY WHERE id = %s", item + 2)
    shop.checkevent()
    shop.ctl("swap", str(away), "--to", "manual", "--yes")
    shop.there.call("sandbox.balance", user=shop.buyer, value=1)
    poor = shop.order("vds", domain="poor.example.com")
    shop.rest(poor)
    operation = shop.operation(poor)
    return {
        "item": item,
        "away": away,
        "operation": operation["id"] if operation else 0,
        "module": shop.module,
        "tariff": shop.tariffs["VDS-1"],
    }


def picture(browser: Browser, file: Path, size: tuple[int, int, bool], typed: tuple[tuple[str, str], ...]) -> None:
    """The page from its top, as long as it is."""
    width, height, mobile = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.driver.refresh()
    for name, value in typed:
        browser.driver.execute_script("document.getElementsByName(arguments[0])[0].value = arguments[1]", name, value)
    tall = min(TALLEST, int(browser.driver.execute_script("return document.documentElement.scrollHeight")))
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {**metrics, "height": max(300, tall)})
    shot = browser.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": False})
    file.write_bytes(base64.b64decode(shot["data"]))


def there(panel: PanelAt, shot: Shot) -> bool:
    """Whether some plug-in declares the function of this page."""
    func = shot.query.partition("&")[0].partition("=")[2]
    return not shot.own or any(f'"{func}"' in file.read_text() for file in panel.base.glob("etc/xml/*_mod_*.xml"))


def take(browser: Browser, panel: PanelAt, numbers: dict[str, Any], folder: Path) -> int:
    """All pictures; how many."""
    taken, user = 0, ""
    for shot in PAGES:
        if not there(panel, shot):
            print(f"{shot.name}: the add-on has no such page, left out", flush=True)
            continue
        if shot.user != user:
            browser.log_in(panel.http_url, shot.user, panel.accounts[shot.user]["password"])
            user = shot.user
        browser.open(f"{panel.http_url}?_lang={shot.lang}")
        browser.open(f"{panel.http_url}?{shot.query.format(**numbers)}")
        if browser.all(".error"):
            raise AssertionError(f"{shot.name}: {browser.one('.error').text}")
        for suffix, size in (("", shot.desk), ("-phone", PHONE)):
            picture(browser, folder / f"{shot.name}{suffix}.png", size, shot.typed)
            taken += 1
    return taken


def first_sale(directory: Path) -> int:
    """The pictures of docs/howto/first-sale.md, on panels of their own that are empty at first; how many."""
    sandbox, folder = world.Sandbox(directory / "first"), world.ROOT / "docs/howto/first-sale"
    folder.mkdir(exist_ok=True)
    taken: list[str] = []
    try:
        here = sandbox.at("reseller")
        world.install(here.base)
        world.limits(here)
        here.write("UPDATE user SET level = 30 WHERE name = 'admin'")
        with chromium() as browser:

            def take(name: str) -> None:
                as_it_is(browser, folder / f"{name}.png")
                taken.append(name)

            for step in Walk(browser, here, sandbox.at("seller"), take).steps():
                if step == "ordered":
                    world.until(lambda: run_cron(here), "the first sale does not become active", 120, 1)
    finally:
        sandbox.stop()
    return len(taken)


def run_cron(here: PanelAt) -> bool:
    """Run checkevent; whether no operation is left."""
    here.call("checkevent")
    return not here.value("SELECT COUNT(*) FROM runningoperation")


def as_it_is(browser: Browser, file: Path) -> None:
    """The page with what has been filled in; a place on this machine is shown as an operator's would be."""
    script = "const one = document.getElementsByName(arguments[0])[0]; if (one) one.value = arguments[1]"
    shown = {"url": "https://billing.example.com/billmgr", "cafile": "/etc/ssl/seller-ca.pem"}
    typed = {name: one.get_attribute("value") or "" for name in shown for one in browser.all(f"[name='{name}']")}
    for name in typed:
        browser.driver.execute_script(script, name, shown[name])
    width = max(1200, int(browser.driver.execute_script("return document.documentElement.scrollWidth")))
    tall = min(TALLEST, int(browser.driver.execute_script("return document.documentElement.scrollHeight")))
    metrics = {"width": width, "height": max(300, tall), "deviceScaleFactor": 1, "mobile": False}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    shot = browser.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": False})
    file.write_bytes(base64.b64decode(shot["data"]))
    browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    for name, value in typed.items():
        browser.driver.execute_script(script, name, value)


def main() -> int:
    """Take them all; 0 when every page that is there could be opened."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="reseller-screenshots-") as directory:
        print(f"{first_sale(Path(directory))} pictures of the first sale")
        sandbox = world.Sandbox(Path(directory) / "root")
        try:
            here = sandbox.at("reseller")
            world.install(here.base)
            shop = world.connected(here, sandbox.at("seller"))
            with planted(shop, 12) as pairs, chromium() as browser:
                numbers = waiting(shop, pairs[0].item, pairs[1].item)
                taken = take(browser, here, numbers, FOLDER)
            print(f"{taken} pictures in {FOLDER.relative_to(world.ROOT)}, on {sandbox.server}")
        finally:
            sandbox.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
