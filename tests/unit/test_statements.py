"""No statement of the ledger changes a table that it reads; conftest.py asks that of all that its tests ran."""

import pytest

from sandbox.database import connect
from tests.unit import statements

HELD = "EXISTS (SELECT 1 FROM reseller_lease l WHERE l.name = 'a' AND l.fence = 1)"


@pytest.mark.parametrize(
    ("statement", "refused"),
    [
        (f"UPDATE reseller_lease SET expires = 1 WHERE name = 'a' AND {HELD}", True),
        (f"DELETE FROM reseller_lease WHERE name = 'a' AND {HELD}", True),
        ("UPDATE item\nSET cost = (SELECT MAX(cost) FROM `item` i) WHERE id = 1", True),
        (
            "update item set status = 2 where parent in (select p.id from account a join item p)",
            True,
        ),
        (f"UPDATE reseller_link SET state = 'live' WHERE id = 1 AND {HELD}", False),
        ("UPDATE reseller_lease SET owner = 'FROM reseller_leases' WHERE name = 'a'", False),
        (f"INSERT INTO reseller_link (item) SELECT 1 FROM DUAL WHERE {HELD}", False),
        ("SELECT 1 FROM reseller_lease WHERE name IN (SELECT name FROM reseller_lease)", False),
    ],
)
def test_a_statement_that_reads_what_it_changes_is_known(statement, refused):
    assert statements.reads_what_it_changes(statement) == refused


def test_what_the_ledger_asks_is_kept(server, db, item):
    db.execute("DELETE FROM reseller_problem WHERE number = %s", item.id)
    assert f"DELETE FROM reseller_problem WHERE number = {item.id}" in statements.kept(connect(server).cursor())
