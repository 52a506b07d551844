"""How fast the stand-in is: a seller with a hundred thousand services, read by fifty clients at once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.sandbox.panels import Up

pytestmark = pytest.mark.calm
SERVICES = 100_000
CONNECTIONS = 50
ROWS = 1000
SECONDS = 6
AT_LEAST = 15
"""Pages a second that also a machine busy with other work must reach; on two cores it is to be 30, and was 31."""


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A sandbox of its own: a hundred thousand services move the ids of everything that comes after."""
    running = Up(tmp_path_factory.mktemp("speed") / "root", "seller")
    yield running
    running.stop()


def test_fifty_clients_page_through_a_hundred_thousand_services(alone):
    seller = alone.panel("seller")
    seller.call("sandbox.client", name="large", password="pw")
    made = seller.call("sandbox.bulk", user="large", count=SERVICES)
    assert made.findtext("count") == str(SERVICES)
    page = seller.http("vds", ("large", "pw"), p_cnt=ROWS, p_num=SERVICES // ROWS)
    assert page.findtext("p_elems") == str(SERVICES)
    assert len({row.findtext("id") for row in page.findall("elem")}) == ROWS
    place = urlsplit(seller.facts["http_url"])
    words = [place.hostname, str(place.port), "large", "LOAD_PASSWORD", CONNECTIONS, SECONDS, ROWS, SERVICES // ROWS]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("load.py")), *map(str, words)],
        env={**os.environ, "LOAD_PASSWORD": "pw"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    told = json.loads(done.stdout)
    a_second = told["pages"] / told["seconds"]
    print(f"{a_second:.1f} pages/s of {ROWS} rows, {CONNECTIONS} connections, {SERVICES} services")
    assert a_second >= AT_LEAST


def test_a_panel_starts_in_under_three_seconds(alone):
    assert alone.seconds < 3
