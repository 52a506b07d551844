"""Eight operations of each of fifty services at once: from the panel's queue, from rivals of it, and from cron.

Each operation that spends money is started twice, as two nodes of a cluster might: by the panel's queue, and by a
process of its own that carries the same operation's number. cron's runs come without a pause.
"""

import json
import subprocess
import threading
import time
from collections import Counter

import pytest

from tests.chaos.commands import resize
from tests.chaos.journal import counted, paid, verdict
from tests.chaos.settle import standing

SERVICES = 50
OPERATIONS = ("open", "prolong", "suspend", "resume", "setparam", "prolong", "suspend", "close")
RIVALLED = ("open", "prolong", "close")
DEADLINE_SECONDS = 500
#: services of which something is still open
BUSY = """SELECT item FROM runningoperation UNION SELECT item FROM reseller_request WHERE live = 1
    UNION SELECT item FROM reseller_link WHERE live = 1 AND state = 'opening'"""
#: forms; without `sok` they are only looked at, which checkevent does whenever it likes (it reads again before it acts)
FORMS = ("order.param", "service.prolong", "vds.edit")
#: calls that cost money, by function
SPENDING = ("order.param", "service.prolong", "vds.edit")


class Parallel:
    """All services side by side, each at its own place in the list of operations."""

    def __init__(self, lane):
        self.lane = lane
        self.rivals = []
        self.place = {lane.shop.order("vds"): 0 for _ in range(SERVICES)}
        for item in self.place:
            self.rival(item, "open")

    def rival(self, item, name):
        """The same command, with the same operation, from elsewhere."""
        operation = standing(self.lane, item)[0]["operation"]
        words = ["--command", name, "--item", str(item), "--runningoperation", str(operation or 0)]
        if operation:
            self.rivals.append(
                subprocess.Popen(
                    ["./processing/pmreseller", *words], cwd=self.lane.here.base, stdout=subprocess.DEVNULL
                )
            )

    def go_on(self, item):
        """The service's next operation, now that the last one is over; whether it has more."""
        self.place[item] += 1
        if self.place[item] == len(OPERATIONS):
            return False
        name = OPERATIONS[self.place[item]]
        if name == "setparam":
            resize(self.lane, item)
        else:
            self.lane.shop.act(name, item)
        if name in RIVALLED:
            self.rival(item, name)
        return True

    def run(self):
        """Until every service has had all of its operations."""
        end = time.monotonic() + DEADLINE_SECONDS
        left = list(self.place)
        while left:
            assert time.monotonic() < end, f"they wait for each other: {[standing(self.lane, item) for item in left]}"
            busy = {row["item"] for row in self.lane.ask(self.lane.here, BUSY)}
            left = [item for item in left if item in busy or self.go_on(item)]
            time.sleep(0.1)
        for rival in self.rivals:
            rival.wait(60)


@pytest.fixture
def lane(arena):
    """A lane whose every process tells what it sends."""
    found = arena.lanes[-1]
    found.limits(account_wait_seconds=30)
    (found.here.base / "tmp/chaos/sends").unlink(missing_ok=True)
    always = found.here.base / "tmp/chaos/always.json"
    always.write_text(json.dumps({"sends": str(found.here.base / "tmp/chaos/sends")}))
    yield found
    always.unlink()
    found.limits()


@pytest.fixture
def cron(lane):
    """checkevent again and again."""
    over = threading.Event()

    def runs():
        while not over.wait(0.2):
            lane.here.run("sbin/mgrctl", "-m", "billmgr", "checkevent")

    thread = threading.Thread(target=runs, daemon=True)
    thread.start()
    yield
    over.set()
    thread.join(60)


def overlapping(sends):
    """Pairs of changes of which one left before the other was answered."""
    changes = [send for send in sends if send.get("sok") or not send["func"].endswith(FORMS)]
    ordered = sorted(changes, key=lambda send: send["left"])
    return [(one, other) for one, other in zip(ordered, ordered[1:]) if other["left"] < one["back"]]


@pytest.mark.timeout(700)
def test_fifty_services_with_eight_operations_each(lane, cron):
    parallel = Parallel(lane)
    parallel.run()
    wrong = [verdict(lane, item) for item in parallel.place]
    assert [each.words for each in wrong if each] == []
    renewals = OPERATIONS.count("prolong")
    assert Counter(counted(paid(lane, item))["renewal"] for item in parallel.place) == {renewals: SERVICES}

    sends = [json.loads(line) for line in (lane.here.base / "tmp/chaos/sends").read_text().splitlines()]
    links = {
        row["remote"]: row["item"] for row in lane.ask(lane.here, "SELECT item, remote FROM reseller_link ORDER BY id")
    }
    of_service = {item: [] for item in parallel.place}
    for send in sends:
        key = send.get("remoteid", "").partition("-")[0]
        item = int(key) if key else links.get(send.get("elid"))
        if item in of_service:
            of_service[item].append(send)
    assert all(len(found) > len(OPERATIONS) for found in of_service.values())
    assert [pair for found in of_service.values() for pair in overlapping(found)] == []
    spending = [send for send in sends if send["func"].endswith(SPENDING) and send.get("sok")]
    assert len(spending) >= SERVICES * (1 + renewals)
    assert overlapping(spending) == []
