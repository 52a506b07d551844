"""A headless Chromium, driven as a person would use it, for tests and for the pictures in docs/."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
WAIT_SECONDS = 60


class Browser:
    """One browser; what it clicks it names by the words that a person reads."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        self.driver.get(url)

    def log_in(self, url: str, user: str, password: str) -> None:
        """From nothing: cookies of somebody before are forgotten."""
        self.open(url)
        self.driver.delete_all_cookies()
        self.open(url)
        self.fill("username", user)
        self.fill("password", password)
        self.go(lambda: self.one("#login").click())

    def one(self, css: str) -> Any:
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def all(self, css: str) -> list[Any]:
        return list(self.driver.find_elements(By.CSS_SELECTOR, css))

    def fill(self, name: str, text: str) -> None:
        found = self.one(f"[name='{name}']:not([type=hidden])")
        found.clear()
        found.send_keys(text)

    def go(self, click: Any) -> None:
        """Click, and wait until the page is another one."""
        self.driver.execute_script("document.body.dataset.old = '1'")
        click()
        WebDriverWait(self.driver, WAIT_SECONDS).until(self._another)

    def _another(self, driver: Any) -> bool:
        script = "return document.readyState === 'complete' && !!document.body && !document.body.dataset.old"
        return bool(driver.execute_script(script))

    def press(self, label: str) -> None:
        """A button by its label."""
        found = [one for one in self.all("main button, main a.button") if one.text.strip() == label]
        assert found, f"no button {label!r}, but {[one.text for one in self.all('main button')]}"
        assert self.is_on(found[0]), f"the button {label!r} is off: {found[0].get_attribute('title')}"
        self.go(found[0].click)

    def is_on(self, button: Any) -> bool:
        """A button that is off can be reached all the same, and says why."""
        return bool(button.is_enabled()) and button.get_attribute("aria-disabled") != "true"

    def menu(self, label: str) -> None:
        self.go(self.driver.find_element(By.LINK_TEXT, label).click)

    def mark(self, elid: object) -> None:
        """Mark a row of the list."""
        self.one(f"input[name='_rows'][value='{elid}']").click()

    @property
    def text(self) -> str:
        return str(self.one("body").text)

    @property
    def title(self) -> str:
        return str(self.one("h1").text)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own, gone at the end."""
    profile = tempfile.mkdtemp(prefix="chromium-")
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for flag in (*FLAGS, f"--user-data-dir={profile}", "--window-size=1200,900"):
        options.add_argument(flag)
    driver = Chrome(options, ChromeService(shutil.which("chromedriver") or "chromedriver"))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)
