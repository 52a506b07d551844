"""The number of the newest request, beside the log: a database that is behind it was restored, and no other was."""

import pytest

from reseller.db import Database
from reseller.ledger import observing


@pytest.fixture
def tree(db, tmp_path):
    (tmp_path / "var").mkdir()
    yield tmp_path
    db.execute("DELETE FROM reseller_observing")


def sent(db):
    """One request more."""
    return db.insert(
        "INSERT INTO reseller_request (item, kind, live, rkey, state, module, account, itemtype, created, updated) "
        "VALUES (1, 'order', NULL, UUID(), 'done', 1, 1, 'vds', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))"
    )


class Interrupted(Database):
    """Right after its first question, another process sends a request and writes its number down."""

    def __init__(self, connection, meanwhile):
        super().__init__(connection)
        self.meanwhile = meanwhile

    def value(self, sql, *args):
        answer = super().value(sql, *args)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return answer


def test_a_request_that_another_process_sends_meanwhile_restores_nothing(db, tree):
    sent(db)
    observing.watch(db, tree)

    def meanwhile():
        sent(db)
        observing.watch(db, tree)

    same = Interrupted(db._connection, meanwhile)  # noqa: SLF001 - another question on the same connection
    observing.watch(same, tree)
    assert observing.every(db) == []


def test_a_number_that_is_ahead_stays_until_a_person_has_looked(db, tree):
    newest = sent(db)
    (tree / observing.MARK).write_text(f"{newest + 2}\n")
    for _ in range(2):
        observing.watch(db, tree)
        [every] = observing.every(db)
        assert (every.module, every.who) == (observing.ALL, "")
        assert observing.is_restored(db, 7)
    assert int((tree / observing.MARK).read_text()) == newest + 2
    observing.believe(db, tree)
    observing.end(db, observing.ALL)
    observing.watch(db, tree)
    assert observing.every(db) == []


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff\xfe", b"-5"])
def test_a_file_that_holds_no_number_restores_nothing_and_is_mended(db, tree, content):
    newest = sent(db)
    (tree / observing.MARK).write_bytes(content)
    observing.watch(db, tree)
    assert observing.every(db) == []
    assert int((tree / observing.MARK).read_text()) == newest


def test_that_a_person_has_looked_must_be_written_down(db, tree):
    sent(db)
    (tree / "var").rmdir()
    observing.watch(db, tree)
    with pytest.raises(OSError, match="var"):
        observing.believe(db, tree)


def test_an_order_that_is_under_way_lets_its_module_act(db, tree):
    assert observing.of(db, 99, acts=False) is not None
    number = sent(db)
    db.execute("UPDATE reseller_request SET live = 1, module = 99, sent = UTC_TIMESTAMP(3) WHERE id = %s", number)
    assert observing.of(db, 99, acts=False) is None
    db.execute("UPDATE reseller_request SET live = NULL WHERE id = %s", number)
