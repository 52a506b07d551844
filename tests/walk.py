"""`make walk`: as a new user, from an empty list of modules to a sold and active service, by clicks in a browser.

It starts `make try` with nothing connected, opens the one address that is printed there, and clicks what is written on
menus and buttons; it enters only what the printed lines say, and runs the one command that the tariff's form shows. A
picture of each step goes to docs/pictures/try. It says how long that took.
"""

from __future__ import annotations

import argparse
import base64
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from sandbox.tests.browsing import Browser, chromium
from tests.support.world import ROOT, until
from tests.tryout import READY

FOLDER = ROOT / "docs/pictures/try"
TARIFF = "VDS-1"
DOMAIN = "first.example.com"
START_SECONDS = 600
ACTIVE_SECONDS = 300
SIZE = {"width": 1100, "height": 640, "deviceScaleFactor": 1, "mobile": False}
TALLEST = 2400


@dataclass
class Printed:
    """What a person reads in the terminal."""

    address: str
    passwords: dict[str, str]
    answers: dict[str, str]

    @classmethod
    def read(cls, text: str) -> Printed:
        block = re.search(r"^reseller +(\S+)\n((?:  \S+ +\S.*\n)+)", text, re.MULTILINE)
        asked = re.search(r"^connect .*\n((?:  \S+ +\S.*\n)+)", text, re.MULTILINE)
        assert block is not None, text
        assert asked is not None, text
        return cls(block[1], _pairs(block[2]), _pairs(asked[1]))


def _pairs(lines: str) -> dict[str, str]:
    found = (line.split(None, 1) for line in lines.splitlines())
    return {one[0]: one[1] for one in found}


class Walk:
    """The steps, each with its picture."""

    def __init__(self, browser: Browser, printed: Printed, folder: Path) -> None:
        self._browser = browser
        self._printed = printed
        self._folder = folder
        self._driver: Any = browser.driver
        self._taken = 0

    def picture(self, name: str) -> None:
        self._taken += 1
        self._driver.execute_script("window.scrollTo(0, 0)")
        tall = int(self._driver.execute_script("return document.documentElement.scrollHeight"))
        metrics = {**SIZE, "height": max(SIZE["height"], min(TALLEST, tall))}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        shot = self._driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", SIZE)
        (self._folder / f"{self._taken:02}-{name}.png").write_bytes(base64.b64decode(shot["data"]))

    def enter(self, user: str) -> None:
        """The log-in page, as it is after the address was opened or after a log-out."""
        self._browser.fill("username", user)
        self._browser.fill("password", self._printed.passwords[user])
        self._browser.go(self._browser.one("#login").click)

    def connect(self) -> None:
        """The seller becomes a processing module, and a tariff is ticked."""
        browser = self._browser
        self.enter("admin")
        self.picture("start")
        browser.menu("Processing modules")
        self.picture("no-modules")
        browser.press("Add")
        self._row("Reseller (another BILLmanager)")
        self.picture("catalogue")
        browser.press("Next")
        browser.fill("name", "Seller")
        for name, value in self._printed.answers.items():
            browser.fill(name, value)
        browser.one("input[type=checkbox][name='acts']").click()
        self._row(TARIFF)
        self.picture("module")
        browser.press("Add")
        assert browser.title == "Processing modules", browser.text
        self.picture("modules")

    def map(self) -> str:
        """The tariff's form: the seller's tariff is chosen, and the form says which command maps the rest."""
        browser = self._browser
        browser.menu("Tariffs")
        self._link(TARIFF)
        seller = Select(browser.one("select[name='reseller_pricelist']"))
        label = next(one.text for one in seller.options if one.text.endswith(f" {TARIFF}"))
        seller.select_by_visible_text(label)
        Select(browser.one("select[name='reseller_datacenter']")).select_by_index(1)
        command = str(browser.one("[data-field='reseller_command'] p").text)
        self.picture("tariff")
        browser.press("OK")
        assert browser.title == "Tariffs", browser.text
        return command

    def buy(self) -> None:
        """A client orders and pays."""
        browser = self._browser
        browser.go(browser.one("#logout").click)
        self.enter("client1")
        browser.menu("Virtual servers")
        self.picture("client")
        browser.press("Order")
        self._row(TARIFF)
        self.picture("tariffs-on-offer")
        browser.press("Next")
        browser.fill("domain", DOMAIN)
        self.picture("order")
        browser.press("OK")
        self.picture("cart")
        browser.press("Pay")
        self.picture("payment")
        browser.press("Pay")

    def wait(self) -> None:
        """The list of the client's servers, until the server is active."""
        browser = self._browser

        def active() -> bool:
            browser.menu("Virtual servers")
            return "Active" in browser.text

        browser.menu("Virtual servers")
        if not active():
            self.picture("in-progress")
            until(active, f"the service does not become active: {browser.text}", ACTIVE_SECONDS, 1)
        self.picture("active")

    def _row(self, text: str) -> None:
        """The box or circle of the row of a table that has this text."""
        box = "//main//tr[td[normalize-space()='{}']]//input[@type='radio' or @type='checkbox']"
        self._driver.find_element(By.XPATH, box.format(text)).click()

    def _link(self, text: str) -> None:
        self._browser.go(self._driver.find_element(By.XPATH, f"//main//td/a[normalize-space()='{text}']").click)


def started(output: Path) -> subprocess.Popen[bytes]:
    """`make try` with an empty list of modules, up to its last printed line."""
    with output.open("wb") as file:
        command = [sys.executable, "-m", "tests.tryout", "--empty", "--every", "2"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT)

    def ready() -> bool:
        assert process.poll() is None, output.read_text()
        return any(line.startswith(READY) for line in output.read_text().splitlines())

    until(ready, "the panels do not become ready", START_SECONDS, 0.5)
    return process


def walk(folder: Path) -> float:
    """All steps; how many seconds they took from the open address to the active service."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    with tempfile.TemporaryDirectory(prefix="reseller-walk-") as directory:
        output = Path(directory) / "out"
        process = started(output)
        try:
            with chromium() as browser:
                printed = Printed.read(output.read_text())
                browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", SIZE)
                begun = time.monotonic()
                browser.open(printed.address)
                steps = Walk(browser, printed, folder)
                steps.picture("log-in")
                steps.connect()
                command = steps.map()
                subprocess.run(command.split(), check=True, capture_output=True)
                steps.buy()
                steps.wait()
                return time.monotonic() - begun
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)


def main(arguments: list[str]) -> int:
    """Walk, and say how long it took."""
    parser = argparse.ArgumentParser(prog="python -m tests.walk", description=__doc__)
    parser.add_argument("--to", type=Path, default=FOLDER, help="folder for the pictures")
    folder = parser.parse_args(arguments).to
    seconds = walk(folder)
    count = len(list(folder.glob("*.png")))
    print(f"walk: a service is sold and active after {seconds:.0f} s, by clicks; {count} pictures in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
