"""The beginning and the end of the tables: a migration that was cut off is completed, and so is their removal."""

import re

import pytest

from reseller.ledger import removal, schema
from reseller.mgr5.panel import Panel
from tests.unit.conftest import made


def described(db):
    """Each table of ours as the server would make it anew; counters of rows are left out."""
    names = [row[0] for row in db.rows("SHOW TABLES LIKE 'reseller\\_%%'")]
    told = {name: db.rows(f"SHOW CREATE TABLE {name}")[0][1] for name in names}
    return {name: re.sub(r" AUTO_INCREMENT=\d+", "", text) for name, text in told.items()}


@pytest.fixture
def own(base):
    """A connection of its own; the tables are whole again at the end, and empty."""
    db = Panel(base).database()
    yield db
    removal.drop(db)
    schema.ensure(db, base)


def columns(told):
    """What tables are compared by: the order of columns is the one in which they came."""
    return {name: sorted(line.strip(" ,") for line in text.splitlines()) for name, text in told.items()}


@pytest.mark.parametrize("part", [0.5, 1])
def test_a_migration_that_was_killed_is_completed_by_the_next_process(own, base, monkeypatch, part):
    whole = schema.MIGRATIONS
    wanted = columns(described(own))
    removal.drop(own)
    for version, statements in enumerate(whole, 1):
        # Carried out, but not written down: each statement is committed by itself, and the process has died.
        for statement in statements[: max(1, int(len(statements) * part))]:
            own.execute(statement)
        monkeypatch.setattr(schema, "MIGRATIONS", whole[:version])
        schema.ensure(own, base)
        assert own.value("SELECT MAX(version) FROM reseller_schema") == version
    assert columns(described(own)) == wanted


def test_what_stays_at_sellers_is_counted_and_tables_that_are_not_there_have_no_rows(own):
    removal.drop(own)
    assert removal.left(own) == removal.Left({}, 0, 0)
    assert removal.tables(own) == []


def test_links_kept_licences_and_open_requests_stay(own, held, numbers):
    before = removal.left(own)
    item = made(next(numbers))
    own.execute(
        "INSERT INTO reseller_link (item, module, account, itemtype, remote, rkey, state, created, updated) "
        "VALUES (%s, 77, 1, 'vds', %s, %s, 'live', NOW(), NOW())",
        *(item.id, f"r{item.id}", f"{item.id}-00c0ffee"),
    )
    for state in ("free", "keeping", "taking"):
        own.execute(
            "INSERT INTO reseller_free (account, itemtype, pricelist, resources, remote, state, created, updated) "
            "VALUES (1, 'soft', '1', '', %s, %s, NOW(), NOW())",
            *(f"{state}{item.id}", state),
        )
    left = removal.left(own)
    assert left.linked[77] == 1
    assert left.kept - before.kept == 2
    assert left.living - before.living == 3


def test_a_removal_that_was_cut_off_is_carried_on_and_leaves_what_is_not_ours(own, base):
    own.execute("CREATE TABLE IF NOT EXISTS reseller_of_somebody_else (id INT)")
    tables = removal.tables(own)
    assert tables[-1] == "reseller_schema"
    for name in tables[:-2]:
        own.execute(f"DROP TABLE {name}")
    # As the next process of the program does; the version is still there, so it makes nothing anew.
    schema.ensure(own, base)
    assert removal.tables(own) == tables[-2:]
    assert removal.left(own).living == 0
    assert removal.drop(own) == tables[-2:]
    assert [row[0] for row in own.rows("SHOW TABLES LIKE 'reseller\\_%%'")] == ["reseller_of_somebody_else"]
    own.execute("DROP TABLE reseller_of_somebody_else")
