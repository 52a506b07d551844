"""The way from an empty panel to a sold, active service, with pages only, as a new operator and his client go it.

`make screenshots` takes the pictures of docs/howto/first-sale.md along it, and a test walks it. Nobody types a number:
what is typed is the seller's address, an account with its password, and two names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from sandbox.tests.browsing import Browser
from tests.support.world import PanelAt

#: what a picture is called and shows, in the order of the steps
PICTURES = ("connect", "offered", "import", "map", "switch-on", "order", "sold", "active")
SERVICE = "first.example.com"
Picture = Callable[[str], None]


class Walk:
    """Clicks through both panels' pages; `typed` is all that was typed."""

    def __init__(self, browser: Browser, here: PanelAt, there: PanelAt, picture: Picture) -> None:
        self.browser, self.here, self.there, self.picture = browser, here, there, picture
        self.typed: list[str] = []

    def steps(self) -> Iterator[str]:
        """Go the whole way; a word after each step. Between `ordered` and `sold` cron has to run."""
        self._log_in("admin")
        self._connect()
        yield "connected"
        self._import()
        yield "imported"
        self._map()
        yield "mapped"
        self._switch_on()
        yield "on sale"
        self._log_in("client1")
        self._order()
        yield "ordered"
        self._log_in("admin")
        self.browser.menu("All linked services")
        self.picture("sold")
        yield "sold"
        self._log_in("client1")
        self.browser.menu("Virtual servers")
        self.picture("active")
        yield "active"

    def _log_in(self, user: str) -> None:
        self.browser.log_in(self.here.http_url, user, self.here.accounts[user]["password"])

    def _type(self, **fields: str) -> None:
        for name, text in fields.items():
            self.browser.fill(name, text)
            self.typed.append(text)

    def _choose(self, name: str, label: str) -> None:
        """Choose by what is written; the form may show itself anew."""
        found = self.browser.one(f"select[name='{name}']")
        shows_anew = found.get_attribute("data-setvalues")
        pick: Callable[[], Any] = lambda: Select(found).select_by_visible_text(label)  # noqa: E731 - one click
        self.browser.go(pick) if shows_anew else pick()

    def _row(self, *words: str) -> Any:
        """The last row of the list, or of a form's table, in which these words stand."""
        found = [row for row in self.browser.all("tbody tr") if all(word in row.text for word in words)]
        assert found, f"no row with {words} in {self.browser.text}"
        return found[-1]

    def _mark(self, *words: str) -> None:
        self._row(*words).find_element(By.CSS_SELECTOR, "input").click()

    def _connect(self) -> None:
        self.browser.menu("Processing modules")
        self.browser.press("Add")
        self._mark("Reseller (another BILLmanager)")
        self.browser.press("Next")
        self._type(name="Our seller")
        password = self.there.accounts["buyer"]["password"]
        self._type(url=self.there.url, username="buyer", cafile=self.there.ca)
        self.browser.fill("password", password)
        self.browser.one("input[type=checkbox][name='acts']").click()
        self.picture("connect")
        self.browser.press("Add")

    def _import(self) -> None:
        self.browser.menu("Tariffs for import")
        self.picture("offered")
        self._mark("VDS-1")
        self.browser.press("Import")
        self._choose("rule", "+20 %")
        self._choose("datacenter", "Amsterdam")
        self.picture("import")
        self.browser.press("OK")

    def _map(self) -> None:
        self.browser.menu("Tariff map")
        self._row("VDS-1").find_element(By.CSS_SELECTOR, "a").click()
        self.picture("map")

    def _switch_on(self) -> None:
        self.browser.menu("Tariffs")
        self._mark("VDS-1", "No")
        self.browser.press("Edit")
        self.browser.one("input[type=checkbox][name='active']").click()
        self.picture("switch-on")
        self.browser.press("OK")

    def _order(self) -> None:
        self.browser.menu("Virtual servers")
        self.browser.press("Order")
        self._mark("VDS-1")
        self.browser.press("Next")
        self._type(domain=SERVICE)
        self.picture("order")
        self.browser.press("OK")
        self.browser.press("Pay")
        self.browser.press("Pay")
