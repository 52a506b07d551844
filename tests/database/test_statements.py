"""Every SQL statement of the program: run on this server, and read along an index where a table grows.

The statements are those that the server was sent while the story of an operator's weeks was played (story.py) and what
only a rare state reaches was called (rare.py). What stands in the source and was not among them is a failure, so that
nothing counts as looked at that was not. They are explained on a panel that has thousands of services (filled.py);
`make test DATABASE=mysql` does the same on MySQL.
"""

from __future__ import annotations

import pytest

from reseller.ledger import schema
from sandbox.database import Login, connect
from tests.database import filled, plans, rare, source, story
from tests.support import environment, world
from tests.support.world import ROOT
from tests.unit import statements

#: What may read all of a long table: words of its statements, and why it may.
WHOLE = {
    "b JOIN item i ON i.id = b.id": "the list of services, and the report: they count every service that is resold",
    "FROM reseller_request r LEFT JOIN item i ON i.id = r.item LEFT JOIN account a": "the list of requests counts and "
    "sorts what a person asks for; its pages are measured (docs/bench.md)",
    "SELECT EXISTS (SELECT ? FROM reseller_link)": "ends at the first row",
    "SELECT item, MIN(rank_) FROM (SELECT item, module, ? AS rank_": "names some services when a panel has moved: once",
    "reseller_plan p": "only what is refused now has a row",
    "FROM reseller_problem WHERE module NOT IN": "only what is wrong now has a row",
    "JOIN reseller_address d ON d.host = CONCAT": "a change of tables: once",
    "FROM expense e LEFT JOIN item": "the margins add up all sales of the months that a person asks for, mostly a year",
    "FROM reseller_request q LEFT JOIN item": "as well as all purchases of these months",
    "FROM reseller_free WHERE state IN": "what stays when the add-on is removed: once",
    "SELECT module, COUNT(*) FROM reseller_link WHERE live": "as well as the services, by module",
}
#: What the server says instead of a plan when a row that is looked up by its key is not there, or no table is read.
NOTHING_TO_READ = (
    "impossible",
    "no matching",
    "no tables",
    "not optimized, outer query is empty",
    "select tables optimized",
    "const row not found",
)
#: what changes the tables, and the errors (no such column, no such table) where that names what a later change removes
_CHANGES = {statement for version in schema.MIGRATIONS for statement in version}
_GONE = (1054, 1146)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A cursor on the filled database of the panel, and what the program has sent to the server before."""
    root = tmp_path_factory.mktemp("statements") / "root"
    sandbox = world.Sandbox(root)
    try:
        login = Login(sandbox.facts["mysql"]["socket"], "sandbox", (root / "mysql.password").read_text())
        with connect(login) as connection, connection.cursor() as server:
            statements.keep(server)
            here, there = sandbox.at("reseller"), sandbox.at("seller")
            world.install(here.base, environment.variables())
            shop = world.connected(here, there)
            here.call("sandbox.balance", user="client1", value=1000)
            there.call("sandbox.balance", user=shop.buyer, value=5000)
            story.play(shop)
            item = shop.order("vds")
            shop.until_active(item)
            rare.reach(here.base, item, shop.module)
            rare.remove(there.base)
            sent = statements.of_the_program(server)
            server.execute("SET GLOBAL general_log = OFF")
            server.execute(f"USE `{here.database}`")
            filled.fill(server, shop.module, shop.links(item)[0]["account"])
            yield server, sent
    finally:
        sandbox.stop()


@pytest.mark.timeout(1800)
def test_every_statement_of_the_source_was_sent(played):
    _, sent = played
    missing = source.not_run(source.pieces(ROOT / "reseller"), sent)
    assert not missing, "\n".join(f"{piece.place}: {piece.text}" for piece in missing)


def test_no_statement_that_was_sent_reads_what_it_changes(played):
    _, sent = played
    assert [statement for statement in sent if statements.reads_what_it_changes(statement)] == []


def test_every_statement_is_accepted_and_reads_no_long_table_whole(played):
    server, sent = played
    shapes = plans.by_shape(sent)
    whole, without, refused = [], [], []
    for shape, examples in shapes.items():
        reads, (code, text) = plans.best(server, examples)
        if code and not (code in _GONE and examples[0] in _CHANGES):
            refused.append(f"{code} {text}: {shape}")
        whole += [f"{read.table} ({read.how} {read.rows}): {shape}" for read in reads if read.is_whole]
        without += [shape for read in reads if not read.how and not read.note.lower().startswith(NOTHING_TO_READ)]
    assert refused == []
    assert without == []
    unnamed = [found for found in whole if not any(words in found for words in WHOLE)]
    assert not unnamed, "\n".join(unnamed)
    assert [words for words in WHOLE if not any(words in shape for shape in shapes)] == []


@pytest.mark.parametrize(
    ("statement", "whole"),
    [
        ("SELECT id FROM item WHERE name = 'one of them'", True),
        ("SELECT id FROM item WHERE id = 5000001", False),
        ("SELECT p.id FROM pricelist p LEFT JOIN item i ON FALSE WHERE p.id = 5000001", True),
        ("UPDATE reseller_request SET tries = 1 WHERE correlation = 'x'", True),
        ("DELETE FROM reseller_lease WHERE name = 'item:1'", False),
        ("SELECT value FROM reseller_cursor WHERE name = 'a short table'", False),
    ],
)
def test_a_long_table_that_is_read_whole_is_seen(played, statement, whole):
    server, _ = played
    if "ON FALSE" in statement and "MariaDB" not in _version(server):
        whole = False  # MySQL sees that nothing can fit
    assert any(read.is_whole for read in plans.explained(server, statement)) == whole


def _version(server):
    server.execute("SELECT VERSION() AS version")
    return server.fetchone()["version"]


def test_a_statement_that_was_not_sent_is_seen(tmp_path):
    (tmp_path / "ledger").mkdir()
    (tmp_path / "mgr5").mkdir()
    (tmp_path / "ledger/some.py").write_text(
        '"""Words of a docstring: SELECT nothing FROM here."""\n'
        'MADE = re.compile("CREATE TABLE IF NOT EXISTS")\n'
        "def of(db, more):\n"
        '    sql = "SELECT a FROM t WHERE b = %s"\n'
        "    if more:\n"
        "        sql += \" AND c LIKE 'x%%'\"\n"
        '    return db.rows(sql, more), db.rows(f"SELECT {more} FROM u LIMIT %s", 3)\n'
    )
    known = source.pieces(tmp_path)
    assert [piece.text for piece in known] == [
        "SELECT a FROM t WHERE b = %s",
        " AND c LIKE 'x%%'",
        "SELECT %s FROM u LIMIT %s",
    ]
    sent = ["SELECT a FROM t\n  WHERE b = 7", "SELECT c FROM u WHERE d = 1"]
    assert [piece.place for piece in source.not_run(known, sent)] == ["ledger/some.py:6", "ledger/some.py:7"]
    assert source.not_run(known, ["SELECT a FROM t WHERE b = 7 AND c LIKE 'x%'", "SELECT c, d FROM u LIMIT 3"]) == []
