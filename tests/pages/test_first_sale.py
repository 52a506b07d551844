"""docs/howto/first-sale.md, walked: from an empty panel to a sold, active service, with pages only."""

import re

import pytest

from sandbox.tests.browsing import chromium
from tests.support import environment, world
from tests.support.first_sale import PICTURES, SERVICE, Walk

PAGE = world.ROOT / "docs/howto/first-sale.md"


@pytest.fixture(scope="module")
def panels(tmp_path_factory):
    """Two panels as they are after installing the add-on: nothing is connected, and nothing is sold."""
    running = world.Sandbox(tmp_path_factory.mktemp("first") / "root")
    try:
        here, there = running.at("reseller"), running.at("seller")
        world.install(here.base, environment.variables())
        world.limits(here)
        # What sets prices and says what is bought is for full administrators.
        here.write("UPDATE user SET level = 30 WHERE name = 'admin'")
        yield here, there
    finally:
        running.stop()


def service(here):
    found = here.rows(
        "SELECT id, status FROM item WHERE name = %s OR id IN (SELECT item FROM itemparam "
        "WHERE value = %s) ORDER BY id DESC LIMIT 1",
        SERVICE,
        SERVICE,
    )
    return found[0] if found else {"id": 0, "status": 0}


def test_from_an_empty_panel_to_an_active_service_with_pages_only_and_no_number_typed(panels):
    here, there = panels
    seen, pictures = [], []
    with chromium() as browser:
        walk = Walk(browser, here, there, pictures.append)
        for step in walk.steps():
            seen.append(step)
            assert not browser.all(".error"), (step, browser.text)
            if step == "ordered":
                world.until(lambda: _run(here) and service(here)["status"] == 2, "the service does not become active")
        assert SERVICE in browser.text
        assert there.url not in browser.text
    assert seen == ["connected", "imported", "mapped", "on sale", "ordered", "sold", "active"]
    assert tuple(pictures) == PICTURES
    assert [text for text in walk.typed if re.fullmatch(r"[\d\s.,%+-]+", text)] == []
    number = service(here)["id"]
    remote = here.value("SELECT remote FROM reseller_link WHERE item = %s AND live = 1", number)
    assert there.value("SELECT status FROM item WHERE id = %s", remote) == 2


def _run(here):
    here.call("checkevent")
    return True


def test_the_page_shows_every_step_with_its_picture():
    text = PAGE.read_text(encoding="utf-8")
    assert tuple(re.findall(r"\]\(first-sale/([a-z-]+)\.png\)", text)) == PICTURES
