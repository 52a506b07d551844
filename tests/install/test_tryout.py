"""`make try`: a shop that works is in front of a person, and goes away with him."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.support.world import ROOT
from tests.tryout import READY, SHOWN
from tests.walk import walk

STARTING_SECONDS = 240


@pytest.fixture
def trial(tmp_path):
    """The program, up to the line that says that all is there; its lines."""
    output = tmp_path / "out"
    with output.open("wb") as file:
        command = [sys.executable, "-m", "tests.tryout", "--every", "1"]
        # Ctrl-C at a terminal reaches the whole group; here only the program itself is told.
        process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT)
    end = time.monotonic() + STARTING_SECONDS
    while not any(line.startswith(READY) for line in output.read_text().splitlines()):
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < end, output.read_text()
        time.sleep(0.2)
    yield process, output
    if process.poll() is None:
        process.kill()


def until(output, words):
    end = time.monotonic() + 120
    while words not in output.read_text():
        assert time.monotonic() < end, output.read_text()
        time.sleep(0.2)


@pytest.mark.timeout(600)
def test_a_person_finds_a_working_shop(trial):
    process, output = trial
    text = output.read_text()
    states = re.findall(r"^  \d+ +(\w+(?: \w+)?) +(?:A|An) ", text, re.MULTILINE)
    assert states == ["active", "active", "suspended", "active", "active", "in process"]
    assert len(states) == len(SHOWN)
    for name in ("reseller", "seller"):
        address, password = re.search(rf"^{name} +(\S+)\n  admin +(\S+)$", text, re.MULTILINE).groups()
        place = address.replace(f"{name}.localhost", "127.0.0.1")
        headers = {"Accept": "text/html"}
        assert "<form" in requests.get(place, headers=headers, timeout=60).text
        who = {"func": "whoami", "out": "xml", "authinfo": f"admin:{password}"}
        assert 'level="29"' in requests.post(place, data=who, timeout=60).text
    top_up = re.search(r"^top up +(.+)$", text, re.MULTILINE).group(1)
    assert subprocess.run(top_up.split(), check=True, capture_output=True, text=True).stdout.startswith("OK")
    until(output, "cron: checkevent:")
    # A panel that is down is a thing to try out too.
    root = re.search(r"(/\S*reseller-try-\w+)", text).group(1)
    socket = Path(root) / "root/reseller/mgr5/var/core.sock"
    socket.rename(socket.with_name("core.away"))
    until(output, "cron: checkevent: no run was made")
    socket.with_name("core.away").rename(socket)
    until(output, "Runs of checkevent are made again")
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 0
    assert not subprocess.run(["pgrep", "-f", root], capture_output=True, check=False).stdout


@pytest.mark.timeout(900)
def test_a_new_user_sells_a_service_by_clicks(tmp_path):
    """From no processing module to a service that runs; each step by what is written on menus and buttons."""
    walk(tmp_path / "pictures")
    steps = [re.sub("^[0-9]+-|[.]png$", "", file.name) for file in sorted((tmp_path / "pictures").iterdir())]
    assert steps[:4] == ["log-in", "start", "no-modules", "catalogue"]
    assert steps[-1] == "active"
