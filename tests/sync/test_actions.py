"""The table of checkevent (reseller/sync/decide.py), cell by cell, each played by a pair of services in one run."""

import pytest

from reseller.sync.decide import FACTS, TABLE, Action, Fact, Here, Open, There
from tests.support.planting import planted

#: cells in which something is to happen; all others are in none of the branches that do anything
CELLS = sorted((cell for cell, action in TABLE.items() if action != Action.WAIT), key=str)
HERE_STATUS = {
    Here.ORDERED: 1,
    Here.ACTIVE: 2,
    Here.SUSPENDED: 3,
    Here.SHOWN: 3,
    Here.PROCESSING: 5,
    Here.HELD: 5,
    Here.DELETED: 4,
    Here.AWAY: 2,
    Here.UNKNOWN: 9,
}
THERE_STATUS = {There.ACTIVE: 2, There.SUSPENDED: 3, There.STAFF: 3, There.PROCESSING: 5, There.ORDERED: 1}
THERE_STATUS.update({There.DELETED: 4, There.UNKNOWN: 9})


def test_the_table_has_every_cell():
    assert len(TABLE) == len(Here) * len(There) * len(Open)
    assert set(FACTS) == set(Fact)


def test_nothing_that_is_closed_or_suspended_here_is_brought_back_because_it_runs_there():
    own = (Here.SUSPENDED, Here.HELD, Here.DELETED)
    found = {action for (here, _, _), action in TABLE.items() if here in own}
    assert not found & {Action.LIFT, Action.RESUME}


def test_alive_there_and_closed_here_is_an_alarm_whatever_is_open():
    alive = (There.ACTIVE, There.SUSPENDED, There.STAFF, There.PROCESSING, There.UNKNOWN)
    assert {TABLE[Here.DELETED, there, opened] for there in alive for opened in Open} == {Action.ALARM}


def test_what_is_not_known_or_not_proven_changes_nothing():
    changing = {Action.SHOW, Action.LIFT, Action.RESUME, Action.SUSPEND, Action.GONE, Action.END, Action.FINISH}
    found = {action for (_, there, _), action in TABLE.items() if there in (There.UNKNOWN, There.ABSENT)}
    assert not found & changing


@pytest.fixture(scope="module")
def played(connected):
    """Every cell as a pair of services, and one run over all of them: what there was, what there is now."""
    shop = connected
    shop.there.call("sandbox.balance", user=shop.buyer, value=1000)
    shop.there.call("sandbox.switch", name="deleted_rows", value="shown")
    with planted(shop, len(CELLS)) as pairs:
        for cell, pair in zip(CELLS, pairs):
            arrange(shop, pair, *cell)
        before = {pair.item: shop.item(pair.item) for pair in pairs}
        log = shop.there.base / "var/billmgr.log"
        read = log.stat().st_size
        journal, bills = journal_size(shop), bills_of(shop)
        done = shop.here.run("sbin/resellerctl", "checkevent", seconds=110)
        summary = done.stdout.decode().splitlines()[0].partition(": ")[2]
        asked = log.read_text()[read:]
        yield (
            shop,
            dict(zip(CELLS, pairs)),
            before,
            summary,
            asked,
            journal_size(shop) - journal,
            bills_of(shop) - bills,
        )
    shop.there.call("sandbox.switch", name="deleted_rows", value="hidden")


def journal_size(shop):
    return len(shop.there.call("sandbox.journal").findall("elem"))


def bills_of(shop):
    """What the reselling panel has charged its clients for, how often."""
    root = shop.here.call("sandbox.journal")
    return sum(elem.findtext("event") == "charge" for elem in root.iterfind("elem"))


def arrange(shop, pair, here, there, opened):
    """Bring both services into the cell's states, past all rules."""
    shop.here.write(
        "UPDATE item SET status = %s, employeesuspend = %s, processingmodule = IF(%s, NULL, processingmodule) "
        "WHERE id = %s",
        HERE_STATUS[here],
        "on" if here == Here.HELD else "off",
        here == Here.AWAY,
        pair.item,
    )
    if there in THERE_STATUS:
        held = "on" if there == There.STAFF else "off"
        sql = "UPDATE item SET status = %s, employeesuspend = %s WHERE id = %s"
        shop.there.write(sql, THERE_STATUS[there], held, pair.remote)
    else:
        # Somebody else's: neither listed nor opened for this account.
        shop.there.write("UPDATE item SET account = account + 1 WHERE id = %s", pair.remote)
    link = shop.links(pair.item)[0]["id"]
    absences = 1 if there == There.GONE else 0
    if here == Here.SHOWN or absences:
        shop.here.write(
            "UPDATE reseller_observation SET shown = %s, absences = %s, seen = NOW() WHERE link = %s",
            int(here == Here.SHOWN),
            absences,
            link,
        )
    if opened == Open.OPENING:
        shop.here.write("UPDATE reseller_link SET state = 'opening' WHERE id = %s", link)
    if opened == Open.BUSY:
        sql = "INSERT INTO runningoperation (item, intname, manual) VALUES (%s, 'setparam', 'on')"
        shop.here.write(sql, pair.item)
    if opened == Open.LEFT:
        shop.here.write(
            "INSERT INTO reseller_request (item, kind, rkey, state, module, account, itemtype, created, updated) "
            "VALUES (%s, 'setparam', %s, 'refused', %s, 1, 'vds', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))",
            pair.item,
            f"setparam {pair.item}-left",
            shop.module,
        )


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: "-".join(part.value for part in cell))
def test_a_cell_does_what_the_table_says(played, cell):
    shop, pairs, before, *_ = played
    item = pairs[cell].item
    action, opened = TABLE[cell], cell[2]
    now = shop.item(item)
    status = {
        Action.SHOW: 3,
        Action.SUSPEND: 3,
        Action.LIFT: 2,
        Action.RESUME: 2,
        Action.FINISH: 2,
    }.get(action, before[item]["status"])
    assert now["status"] == status
    assert now["expiredate"] == before[item]["expiredate"]
    link = shop.here.rows("SELECT * FROM reseller_link WHERE item = %s", item)[0]
    assert (link["live"] is None) == (action == Action.END)
    if opened == Open.OPENING:
        assert (link["state"] == "live") == (action == Action.FINISH)
        return
    drifts = [row["kind"] for row in shop.here.rows("SELECT kind FROM reseller_problem WHERE number = %s", item)]
    kind = {Action.ALARM: "alarm", Action.GONE: "gone", Action.REPORT: "state", Action.TASK: "state"}.get(action)
    # A client who has paid is told of nothing, but somebody is.
    is_stopped = cell[0] in (Here.ACTIVE, Here.SHOWN) and cell[1] in (There.SUSPENDED, There.STAFF)
    stopped = ["stopped"] if is_stopped and opened == Open.NOTHING else []
    assert drifts == ([kind] if kind else []) + stopped
    asked = action in (Action.ALARM, Action.GONE, Action.TASK)
    assert len(shop.tasks(item)) == int(asked) + len(stopped)
    shown = shop.here.value("SELECT shown FROM reseller_observation WHERE link = %s", link["id"])
    assert bool(shown) == (action == Action.SHOW or (cell[0] == Here.SHOWN and action != Action.LIFT))
    if opened == Open.LEFT:
        state = shop.here.value("SELECT state FROM reseller_request WHERE item = %s", item)
        assert state == ("abandoned" if action == Action.GIVE_UP else "refused")


def test_the_run_counts_what_it_did_the_seller_saw_no_write_and_the_client_no_bill(played):
    *_, summary, asked, written, billed = played
    actions = list(TABLE.values())
    told = {word.split()[1]: int(word.split()[0]) for word in summary.split(", ")}
    assert told["failed"] == [cell[2] for cell in CELLS if TABLE[cell] == Action.GONE].count(Open.OPENING), summary
    assert told["suspended"] == actions.count(Action.SHOW) + actions.count(Action.SUSPEND)
    assert told["resumed"] == actions.count(Action.LIFT) + actions.count(Action.RESUME)
    assert told["alarms"] == actions.count(Action.ALARM)
    assert (written, billed) == (0, 0)
    assert "func=vds.suspend" not in asked
    assert "func=vds.delete" not in asked
    assert "sok=ok" not in asked
