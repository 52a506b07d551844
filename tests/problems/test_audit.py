"""The audit, the status and the figures; outages; two panels on one account. All in a sandbox of their own."""

import contextlib
import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from reseller.audit import findings, fix
from reseller.context import Context
from reseller.mgr5.panel import Panel
from tests.chaos.lanes import Lane
from tests.chaos.nursery import wrapped
from tests.support import environment, world
from tests.support.planting import Calls, planted
from tests.support.world import until

#: how long the database is away, with a run of checkevent after the other; a minute by hand
OUTAGE_SECONDS = float(os.environ.get("OUTAGE_SECONDS", "2"))
REQUEST = (
    "INSERT INTO reseller_request (item, kind, rkey, state, module, account, itemtype, error_text, created, updated) "
    "VALUES (%s, %s, CONCAT(%s, ' ', %s), %s, %s, 1, 'vds', 'why so', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))"
)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A seller and two panels that know nothing of each other."""
    running = world.Sandbox(tmp_path_factory.mktemp("audit") / "root", "seller", "reseller", "other")
    running.database = None
    yield running
    running.stop()
    if running.database:
        running.database.terminate()
        running.database.wait(30)


@pytest.fixture(scope="module")
def connected(own):
    return _connected(own, "reseller")


def _connected(own, name):
    here = own.at(name)
    world.install(here.base, environment.variables())
    return world.connected(here, own.at("seller"))


@pytest.fixture
def pairs(shop):
    """Pairs of equal services, looked at once; what a test leaves of the seller's is nobody's any more."""
    with planted(shop, 8) as found:
        assert shop.checkevent() == "nothing to do"
        yield found
    shop.there.write("UPDATE item SET account = 0 WHERE account = %s", shop.there.accounts[shop.buyer]["account"])
    for table in ("reseller_free", "reseller_swap", "reseller_plan"):
        shop.here.write(f"DELETE FROM {table}")


def audit(shop, *words):
    done = shop.ctl("audit", "--json", *words)
    return json.loads(done.stdout), done.returncode


def kinds(rows):
    return [row["kind"] for row in rows]


def suspend_there(shop, pair, *, back=False):
    shop.there.call("sandbox.item", item=pair.remote, status=2 if back else 3, employeesuspend="off" if back else "on")


def status(shop, pair):
    return shop.item(pair.item)["status"]


def bought(shop, key):
    """A service at the seller that no link knows."""
    remote = int(shop.there.call("sandbox.bulk", count=1, user=shop.buyer).findtext("first"))
    shop.there.call("sandbox.item", item=remote, remoteid=key)
    return str(remote)


def request(shop, pair, kind, state):
    shop.here.write(REQUEST, pair.item, kind, kind, pair.item, state, shop.module)


def run_of(shop):
    """checkevent as an operator starts it."""
    argv = ["./sbin/resellerctl", "checkevent"]
    return subprocess.Popen(argv, cwd=shop.here.base, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


# The audit.


def test_when_nothing_is_wrong_the_audit_says_so(shop, pairs):
    done = shop.ctl("audit")
    assert (done.returncode, done.stdout) == (0, b"Nothing is wrong.\n"), done.stdout + done.stderr


def test_everything_that_is_wrong_is_named_the_worst_first_and_what_is_safe_is_made_good(shop, pairs):
    closed, lost, half, left, doubt, owed, away, unread = pairs
    shop.here.call("sandbox.item", item=closed.item, status=4)
    shop.here.write("UPDATE reseller_link SET live = NULL WHERE item = %s", lost.item)
    shop.here.write(
        "INSERT INTO runningoperation (item, intname, trycount, manual) VALUES (%s, 'open', 1, 'on')", lost.item
    )
    shop.here.write("UPDATE reseller_link SET state = 'half' WHERE item = %s", half.item)
    request(shop, left, "prolong", "refused")
    request(shop, doubt, "prolong", "unconfirmed")
    request(shop, owed, "part", "money")
    links = {pair: shop.links(pair.item)[0]["id"] for pair in pairs if pair != lost}
    shop.here.write(
        "INSERT INTO reseller_swap (item, home, target, state, who, why, pricelist, period, status, created, updated) "
        "VALUES (%s, %s, 0, 'away', 'root', 'a disk', 1, 1, 2, UTC_TIMESTAMP(3) - INTERVAL 30 DAY, NOW())",
        away.item,
        shop.module,
    )
    shop.here.write("UPDATE reseller_observation SET deep = NOW() - INTERVAL 9 DAY WHERE link = %s", links[unread])
    shop.here.write(
        "INSERT INTO reseller_problem (subject, number, kind, module, error, params, here, there, since, updated) "
        "SELECT 'service', item, 'key', module, 'reseller_audit_key', CONCAT('{\"remote\": \"', remote, '\"}'), "
        "'a', 'b', NOW(), NOW() FROM reseller_link WHERE id = %s",
        links[away],
    )
    shop.here.write(
        "INSERT INTO reseller_problem (subject, number, kind, module, error, params, since, updated) "
        "SELECT 'service', item, 'owed', module, 'reseller_audit_owed', CONCAT('{\"remote\": \"', remote, "
        '\'", "key": "k", "state": "money", "cause": "no money"}\'), NOW(), NOW() '
        "FROM reseller_link WHERE id = %s",
        links[owed],
    )
    shop.here.write(
        "INSERT INTO reseller_problem (subject, number, kind, module, error, params, since, updated) VALUES "
        "('module', %s, 'refused', %s, 'reseller_audit_refused', %s, NOW(), NOW())",
        shop.module,
        shop.module,
        json.dumps({"module": str(shop.module), "count": "1"}),
    )
    shop.here.write(
        "INSERT INTO reseller_free (account, itemtype, pricelist, resources, remote, state, created, updated) "
        "VALUES ((SELECT account FROM reseller_link LIMIT 1), 'soft', '1', '', '999999', 'free', NOW(), NOW())"
    )
    orphan, foreign = bought(shop, ""), bought(shop, "77-abcdef01")
    rows, code = audit(shop)
    assert code == 1
    assert kinds(rows) == [
        *("alarm", "orphan", "lost", "foreign", "request", "owed", "half", "left", "operation", "refused", "key"),
        *("long_away", "unread", "kept"),
    ]
    said = {row["kind"]: row for row in rows}
    numbers = {kind: (row["service"], row["remote"]) for kind, row in said.items()}
    assert numbers["alarm"] == (closed.item, str(closed.remote))
    assert numbers["lost"] == (lost.item, str(lost.remote))
    assert (numbers["orphan"], numbers["foreign"]) == (("", orphan), ("", foreign))
    assert "77-abcdef01" in said["foreign"]["text"]
    assert "why so" in said["request"]["text"]
    assert not any("__" in row["text"] for row in rows)
    table = list(csv.DictReader(io.StringIO(shop.ctl("audit", "--csv").stdout.decode())))
    assert kinds(table) == kinds(rows)
    # The plan, and nothing else.
    plan = shop.ctl("audit", "--fix").stdout.decode()
    assert "4 can be made good without deciding anything: --yes does it." in plan
    assert f"half: service {half.item} remote {half.remote} [possible]" in plan
    assert "see --fix" in shop.ctl("audit").stdout.decode()
    assert kinds(audit(shop)[0]) == kinds(rows)
    written = len(shop.there.call("sandbox.journal").findall("elem"))
    done, code = audit(shop, "--fix", "--yes")
    assert {row["kind"]: row["fix"] for row in done if row["fix"]} == dict.fromkeys(
        ("half", "left", "unread", "kept"), "done"
    )
    assert code == 1
    assert len(shop.there.call("sandbox.journal").findall("elem")) == written
    shop.checkevent()
    after = kinds(audit(shop)[0])
    assert not {"half", "left", "unread", "kept"} & set(after)
    assert {"alarm", "orphan", "lost", "foreign", "request", "operation"} <= set(after)
    world.limits(shop.here, shared_account=1)
    assert next(row["person"] for row in audit(shop)[0] if row["kind"] == "foreign") == "no"


def test_what_is_being_settled_is_no_finding(shop, pairs):
    """An order at work, an operation that was just written down, and terms that wait for their day."""
    request(shop, pairs[0], "order", "looking")
    shop.here.write("UPDATE reseller_request SET rkey = %s WHERE item = %s", f"{pairs[0].item}-0badcafe", pairs[0].item)
    bought(shop, f"{pairs[0].item}-0badcafe")
    request(shop, pairs[1], "part", "owed")
    request(shop, pairs[2], "prolong", "waiting")
    world.limits(shop.here, stale_intent_seconds=600)
    request(shop, pairs[3], "prolong", "intent")
    assert audit(shop) == ([], 0)


def test_gone_there_is_said_once_and_what_no_list_shows_is_not_gone_yet(shop, pairs):
    shop.there.call("sandbox.item", item=pairs[0].remote, account=0)
    rows, code = audit(shop)
    assert (kinds(rows), code) == (["absent"], 0)
    until(lambda: (shop.checkevent(), kinds(audit(shop)[0]) == ["gone"])[1], "it is not gone")


def test_a_list_that_is_not_read_in_full_is_said(shop, pairs):
    shop.there.call("vds.filter", su=shop.buyer, domain="planted5", sok="ok")
    rows, code = audit(shop)
    shop.there.call("vds.filter", su=shop.buyer, clicked_button="clear", sok="ok")
    assert (kinds(rows), code) == (["unread_list"], 1)
    for fault in ({"kind": "error", "type": "access", "object": "vds"}, {"kind": "html"}):
        shop.there.call("sandbox.fault", forfunc="vds", times=1, **fault)
        assert kinds(audit(shop)[0]) == ["unread_list"]
    # What is not sold here need not be listed.
    shop.there.call("sandbox.fault", forfunc="dedic", times=1, kind="error", type="access", object="dedic")
    assert audit(shop) == ([], 0)


def test_a_module_without_settings_and_two_modules_of_one_account(shop, pairs):
    bought(shop, "")
    password = shop.there.accounts[shop.buyer]["password"]
    second = world.connect(shop.here, shop.there, shop.buyer, password)
    assert kinds(audit(shop)[0]) == ["orphan"]
    assert shop.ctl("audit").stdout.endswith(b"\n1 finding, 1 of them needs a person.\n")
    shop.here.write("UPDATE processingparam SET value = '' WHERE intname = 'url' AND processingmodule = %s", second)
    shop.here.call("tool.clearcache")
    assert kinds(audit(shop)[0]) == ["unread_list", "orphan"]
    done = shop.ctl("status")
    assert done.returncode == 1
    assert b"trouble" in done.stdout
    shop.here.write("DELETE FROM processingmodule WHERE id = %s", second)


def test_what_moved_since_the_audit_is_not_made_good(shop, pairs):
    context = Context.start(Panel(shop.here.base))
    request(shop, pairs[0], "prolong", "refused")
    row = shop.request(pairs[0].item)["id"]
    made = findings.Maker(context, shop.module).make
    told = {"key": "", "kind_of": "", "state": "", "cause": ""}
    left = made("left", pairs[0].item, "", row, **told)
    shop.here.write("INSERT INTO runningoperation (item, intname, manual) VALUES (%s, 'prolong', 'on')", pairs[0].item)
    assert fix.mend(context, left) == ""
    assert shop.request(pairs[0].item)["state"] == "refused"
    shop.here.write("DELETE FROM runningoperation WHERE item = %s", pairs[0].item)
    assert fix.mend(context, made("kept", 0, "123456", 1)) == ""
    shop.here.write(
        "INSERT INTO reseller_free (account, itemtype, pricelist, resources, remote, state, created, updated) "
        "VALUES ((SELECT account FROM reseller_link LIMIT 1), 'vds', '1', '', %s, 'free', NOW(), NOW())",
        pairs[1].remote,
    )
    kept = shop.here.value("SELECT id FROM reseller_free")
    assert fix.mend(context, made("kept", 0, str(pairs[1].remote), kept)) == ""
    assert shop.here.value("SELECT id FROM reseller_free") == kept
    shop.here.write("UPDATE reseller_lease SET owner = 'elsewhere', expires = NOW() + INTERVAL 1 HOUR")
    shop.here.write(
        "INSERT IGNORE INTO reseller_lease VALUES (%s, 'elsewhere', 1, NOW() + INTERVAL 1 HOUR)",
        f"item:{pairs[0].item}",
    )
    assert "elsewhere" in fix.mend(context, left)
    shop.here.write("UPDATE reseller_lease SET expires = NOW()")
    context.db.close()


# Signals.


def test_a_run_leaves_its_figures_and_the_last_success_outlives_a_failure(shop, pairs):
    file = shop.here.base / "var/reseller.prom"
    mine = f'{{module="{shop.module}"}}'

    def value(name):
        return float(re.search(rf"^reseller_{re.escape(name)} (\S+)$", file.read_text(), re.MULTILINE)[1])

    suspend_there(shop, pairs[0])
    before = int(time.time())
    shop.checkevent()
    success = value(f"last_success_timestamp_seconds{mine}")
    assert before <= success <= time.time()
    assert value(f'services{{module="{shop.module}",state="suspended"}}') == 1
    assert value(f'run_services{{module="{shop.module}",outcome="suspended"}}') == 1
    assert value(f"seller_calls{mine}") > 0
    until(lambda: shop.checkevent() == "nothing to do", "it does not come to rest")
    # A quiet run repeats what was counted over all services, for a while.
    file.write_text(file.read_text().replace('state="suspended"} 1', 'state="suspended"} 77'))
    shop.checkevent()
    assert value(f'services{{module="{shop.module}",state="suspended"}}') == 77
    file.write_text(re.sub(r"(counted_timestamp_seconds.* )\d+", r"\g<1>1", file.read_text()))
    shop.checkevent()
    assert value(f'services{{module="{shop.module}",state="suspended"}}') == 1
    success = value(f"last_success_timestamp_seconds{mine}")
    assert value(f"seller_up{mine}") == 1
    assert file.stat().st_mode & 0o777 == 0o644
    for line in file.read_text().splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) reseller_\w+ .+|reseller_\w+(\{\w+="\w+"(,\w+="\w+")*\})? [\d.]+', line)
    file.write_text(file.read_text().replace(str(int(success)), str(int(success) - 1000)))
    world.limits(shop.here, circuit_seconds=600)
    shop.there.call("sandbox.fault", kind="refused", forfunc="*", times=1000)
    for _ in range(6):
        shop.ctl("checkevent")
    assert value(f"last_success_timestamp_seconds{mine}") == success - 1000
    assert value(f"last_run_timestamp_seconds{mine}") >= success
    assert value(f"seller_up{mine}") == 0
    told = shop.ctl("status")
    assert (told.returncode, b"left alone for" in told.stdout, b"trouble" in told.stdout) == (1, True, True)
    shop.there.call("sandbox.fault.clear")
    shop.here.write("UPDATE reseller_circuit SET until = UTC_TIMESTAMP(3)")
    until(
        lambda: (shop.ctl("checkevent"), value(f"last_success_timestamp_seconds{mine}") >= success)[1],
        "no run comes through",
    )
    shop.here.write("UPDATE reseller_lease SET owner = 'elsewhere', expires = NOW() + INTERVAL 1 HOUR")
    runs = value(f"last_run_timestamp_seconds{mine}")
    assert "another run" in shop.checkevent()
    shop.here.write("UPDATE reseller_lease SET expires = NOW()")
    assert value(f"last_run_timestamp_seconds{mine}") == runs


def limit(shop, line):
    with (shop.here.base / "etc/reseller.conf").open("a") as file:
        file.write(f"{line}\n")


def test_the_figures_go_where_the_operator_says_and_a_bad_place_stops_nothing(shop, pairs, tmp_path):
    limit(shop, f"metrics_file {tmp_path}/here.prom")
    assert shop.checkevent() == "nothing to do"
    assert [path.name for path in tmp_path.iterdir()] == ["here.prom"]
    limit(shop, f"metrics_file {tmp_path}/none/here.prom")
    assert shop.checkevent() == "nothing to do"
    assert "cannot write" in (shop.here.base / "var/reseller.log").read_text().splitlines()[-1]
    limit(shop, "metrics_file none")
    assert shop.checkevent() == "nothing to do"
    assert b"never" in shop.ctl("status").stdout


def test_status_is_a_page_for_a_person_and_json_for_a_machine(shop, pairs):
    shop.here.call("sandbox.item", item=pairs[0].item, status=4)
    shop.here.write("UPDATE item SET processingmodule = NULL WHERE id = %s", pairs[1].item)
    shop.here.write("DELETE FROM item WHERE id = %s", pairs[2].item)
    shop.here.write("UPDATE item SET status = 9 WHERE id = %s", pairs[3].item)
    shop.here.write("UPDATE reseller_link SET state = 'opening' WHERE item = %s", pairs[4].item)
    request(shop, pairs[5], "prolong", "unconfirmed")
    done = shop.ctl("status")
    assert done.returncode == 0
    text = done.stdout.decode()
    assert f"buyer at {shop.there.url}" in text
    assert "3 active, 1 away, 2 deleted, 1 opening, 1 other" in text
    assert shop.there.accounts[shop.buyer]["password"] not in text
    found = shop.status()
    assert found["services"] == {"active": 3, "deleted": 2, "away": 1, "other": 1, "opening": 1}
    assert (found["away"], found["requests"]) == (1, {"unconfirmed": 1})
    assert float(found["balance"]) == 1000
    assert 0 <= found["age_seconds"] < 600
    try:
        shop.here.write("UPDATE processingmodule SET module = 'another' WHERE id = %s", shop.module)
        gone = shop.ctl("status")
    finally:
        shop.here.write("UPDATE processingmodule SET module = 'pmreseller' WHERE id = %s", shop.module)
    assert gone.returncode == 1
    assert "is none of this add-on any more" in gone.stdout.decode()


@pytest.mark.parametrize("command", ["checkevent", "audit"])
def test_long_work_shows_how_far_it_is_at_a_terminal_only(shop, pairs, command):
    suspend_there(shop, pairs[0])
    assert shop.ctl(command).stderr == b""
    suspend_there(shop, pairs[1])
    screen, other = pty.openpty()
    argv = ["./sbin/resellerctl", command]
    done = subprocess.run(argv, cwd=shop.here.base, stdout=subprocess.PIPE, stderr=other, timeout=60, check=False)
    os.close(other)
    shown = os.read(screen, 10000).decode()
    os.close(screen)
    assert re.search(r"vds, \w+: \d+ of \d+", shown)
    assert ("services: 0 of" in shown) == (command == "checkevent")
    assert b"\r" not in done.stdout


# Whatever happens, the next run completes.


def test_killed_at_any_boundary_the_next_run_completes_and_repeats_only_what_may_be_repeated(shop, pairs):
    shown, renamed = pairs[:2]
    log = shop.here.base / "var/billmgr.log"
    with wrapped(shop.here.base / "sbin/resellerctl", shop.here.base / "lib/reseller/venv/bin/python"):
        lane = Lane(shop)
        trace = lane.plan("checkevent")
        suspend_there(shop, shown)
        shop.there.call("sandbox.item", item=renamed.remote, param_ip="203.0.113.100")
        assert shop.ctl("checkevent").returncode == 0
        boundaries = trace.trace()
        asked = shop.there.base / "var/billmgr.log"
        before = asked.stat().st_size
        for number in range(6):
            back, address = number % 2 == 0, f"203.0.113.{number + 1}"
            suspend_there(shop, shown, back=back)
            shop.there.call("sandbox.item", item=renamed.remote, param_ip=address)
            plan = lane.plan("checkevent", index=number * len(boundaries) // 6, how="kill")
            start = log.stat().st_size
            assert shop.ctl("checkevent").returncode != 0
            assert plan.hit
            at = plan.met
            # The lease of the dead run is taken over at once.
            assert "another run" not in shop.ctl("checkevent").stdout.decode()
            until(lambda: shop.checkevent() == "nothing to do", at)
            assert status(shop, shown) == (2 if back else 3), at
            assert shop.params(renamed.item)["ip"] == address, at
            said = log.read_text()[start:]
            for call in ("service.postresume" if back else "service.postsuspend", "service.saveparam"):
                assert 1 <= len(re.findall(f"func={call}['&]", said)) <= 2, (at, call)
    assert "sok=ok" not in asked.read_text()[before:]


def test_a_handler_that_is_killed_by_its_time_limit_is_made_up_for(shop, pairs, switch):
    for pair in pairs:
        suspend_there(shop, pair)
    shop.there.call("sandbox.fault", kind="slow", forfunc="vds.edit", times=3, seconds=1)
    switch(shop.here, "handler_seconds", "1.5")
    with pytest.raises(world.Refused):
        shop.here.call("checkevent")
    switch(shop.here, "handler_seconds", "0")
    assert "another run" not in shop.checkevent()
    until(lambda: (shop.checkevent(), all(status(shop, pair) == 3 for pair in pairs))[1], "not all are shown")


def test_two_panels_on_one_account_both_stay_true_and_name_each_others_services(own, shop, pairs):
    other = _connected(own, "other")
    # Numbers of their own, or each would take the other's order for its own that somebody else has placed.
    other.here.write("ALTER TABLE item AUTO_INCREMENT = 700000")
    other.here.call("sandbox.balance", user="client1", value=1000)
    with planted(other, 3) as theirs:
        assert other.checkevent() == "nothing to do"
        mine, foreign = shop.order("vds"), other.order("vds")
        shop.until_active(mine)
        other.until_active(foreign)
        for pair, panel in ((pairs[0], shop), (theirs[0], other)):
            suspend_there(panel, pair)
        assert shop.checkevent() == "1 suspended"
        assert other.checkevent() == "1 suspended"
        for panel, own_pairs in ((shop, pairs), (other, theirs)):
            assert panel.checkevent() == "nothing to do"
            assert [status(panel, pair) for pair in own_pairs] == [3] + [2] * (len(own_pairs) - 1)
        seen = {row["remote"] for row in audit(shop)[0]}
        foreign_there = {str(pair.remote) for pair in theirs} | {other.links(foreign)[0]["remote"]}
        assert seen == foreign_there | {str(pairs[0].remote)}
        assert sorted(kinds(audit(shop)[0])) == ["foreign"] * len(foreign_there) + ["stopped"]
        assert len(audit(other)[0]) == len(pairs) + 2


def test_a_database_that_goes_away_in_the_middle_of_a_run_is_come_back_to(own, shop, pairs):
    """The last test of this sandbox: its database server is another process afterwards."""
    for pair in pairs:
        suspend_there(shop, pair)
    shop.there.call("sandbox.fault", kind="slow", forfunc="vds.edit", times=100, seconds=1)
    asked = Calls(shop.there)
    server = int((own.root / "mysql/mysqld.pid").read_text())
    argv = Path(f"/proc/{server}/cmdline").read_bytes().decode().split("\0")[:-1]
    run = run_of(shop)
    # The run has the forms of as many services before it.
    until(lambda: asked.of(r"vds\.edit"), "no form is asked for")
    os.kill(server, signal.SIGTERM)
    until(
        lambda: not Path(f"/proc/{server}/cmdline").exists() or not Path(f"/proc/{server}/cmdline").read_bytes(),
        "it stays",
    )
    told = run.communicate(timeout=60)
    assert run.returncode == 1, told
    assert b"Traceback" not in told[1]
    back = time.monotonic() + OUTAGE_SECONDS
    while time.monotonic() < back:
        away = shop.ctl("checkevent")
        assert away.returncode == 1
        assert b"database" in away.stderr
    again = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:

        def answers():
            with contextlib.suppress(Exception):
                return shop.here.value("SELECT 1")

        until(answers, "the database does not come back")
        shop.there.call("sandbox.fault.clear")
        until(lambda: (shop.ctl("checkevent"), all(status(shop, pair) == 3 for pair in pairs))[1], "not all are shown")
        assert shop.checkevent() == "nothing to do"
    finally:
        own.database = again
