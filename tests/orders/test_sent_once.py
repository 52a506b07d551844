"""Whatever keeps a command from saying how it ended, the panel does not run it, and so send, again by itself."""

import contextlib

import pytest

from tests.support.keeping import fault
from tests.support.world import until

ORDER = "*vds.order.param"


def met(shop):
    """How often the seller was sent an order, by the fault that answers it."""
    faults = [elem for elem in shop.there.call("sandbox.fault.list").iterfind("elem") if elem.findtext("func") == ORDER]
    return int(faults[-1].findtext("met"))


@contextlib.contextmanager
def column(panel, table, name, kind):
    """A column of the panel's as another version or another hand has made it."""
    panel.write("DELETE FROM runningoperation")
    row = panel.rows(f"SHOW FULL COLUMNS FROM {table} WHERE field = '{name}'")[0]
    null = "NULL" if row["Null"] == "YES" else "NOT NULL"
    panel.write(f"ALTER TABLE {table} MODIFY {name} {kind} {null}")
    try:
        yield
    finally:
        collation = f"CHARACTER SET {row['Collation'].split('_')[0]} COLLATE {row['Collation']}"
        default = "DEFAULT ''" if null == "NOT NULL" and row["Default"] is not None else ""
        panel.write("DELETE FROM runningoperation")
        panel.write(f"ALTER TABLE {table} MODIFY {name} {row['Type']} {collation} {null} {default}")


def sent_once(shop, looks=3):
    """Order what the seller refuses; the service, of which the order was sent once, however often anybody looks."""
    item = shop.order("vds")
    shop.rest(item)
    until(lambda: met(shop), "it is not sent")
    for _ in range(looks):
        shop.checkevent()
    shop.rest(item)
    assert met(shop) == 1
    assert shop.operation(item)["manual"] == "on"
    return item


@pytest.mark.parametrize("said", ["x" * 100_000, "\u0430" * 60_000, "\u202egnp.exe\u0085\u200b " * 5_000])
def test_a_refusal_of_any_length_is_said_and_sent_once(shop, said):
    fault(shop, "error", ORDER, type="value", object="domain", value=said, times=1000)
    item = sent_once(shop)
    shown = shop.error(item)
    assert said[0].strip("\u202e") in shown
    assert len(shown) < 20_000
    assert not {"\u202e", "\u200b", "\u0085"} & set(shop.request(item)["error_text"])


@pytest.mark.parametrize("charset", ["latin1", "utf8mb3"])
def test_a_refusal_that_the_panel_cannot_hold_is_said_in_ascii_and_sent_once(shop, charset):
    fault(shop, "error", ORDER, type="value", object="domain", value="\u0431\u0430\u043d\U0001f4a5", times=1000)
    with column(shop.here, "runningoperation", "errorxml", f"MEDIUMTEXT CHARACTER SET {charset}"):
        item = sent_once(shop)
        assert "reseller_order_refused" in shop.error(item)
        assert "?" in shop.error(item)


@contextlib.contextmanager
def trigger(panel, when, body):
    """What happens to rows of the panel's database without anybody's knowing."""
    panel.write(f"CREATE TRIGGER never {when} FOR EACH ROW {body}")
    try:
        yield
    finally:
        panel.write("DROP TRIGGER never")


FULL = "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the table is full'"


def test_an_error_that_nobody_expects_is_said_with_a_task_and_sent_once(shop):
    """The ledger cannot be written after the answer."""
    fault(shop, "error", ORDER, type="value", object="domain", value="taken", times=1000)
    body = f"BEGIN IF NEW.state = 'refused' THEN {FULL}; END IF; END"
    with trigger(shop.here, "BEFORE UPDATE ON reseller_request", body):
        item = sent_once(shop, looks=0)
        assert "reseller_internal" in shop.error(item)
        assert len(shop.tasks(item)) == 1
    # The answer was lost with it: it is looked for, and then a person decides.
    shop.until_unconfirmed(item)
    assert (met(shop), len(shop.tasks(item))) == (1, 1)


@pytest.mark.parametrize("kind", ["suspend", "prolong", "close"])
def test_every_other_command_has_a_last_handler_too(shop, vds, kind):
    before = len(shop.tasks(vds))
    with trigger(shop.here, "BEFORE INSERT ON reseller_request", FULL):
        shop.act(kind, vds)
        shop.rest(vds)
        assert "reseller_internal" in shop.error(vds)
        assert len(shop.tasks(vds)) == before + 1
    shop.here.call("runningoperation.delete", elid=shop.operation(vds)["id"], sok="ok")
    shop.here.call("sandbox.item", item=vds, status=2)


def test_an_operation_that_the_panel_will_not_leave_alone_sends_nothing(shop):
    """`runningoperation.setmanual` answers ok, and the panel shows that nothing has come of it."""
    with trigger(shop.here, "BEFORE UPDATE ON runningoperation", "SET NEW.manual = 'off'"):
        item = shop.order("vds")
        until(lambda: (shop.request(item) or {}).get("error_type"), "it says nothing")
        assert shop.request(item)["error_type"] == "reseller_later"
        assert shop.request(item)["sent"] is None
    shop.until_active(item)
    assert len(shop.charges(item)) == 1
