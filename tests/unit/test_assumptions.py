"""Each fact about the panel's tables that the program stands on is an entry, and each entry is seen to fail."""

import ast
import os
import re
from pathlib import Path

import pytest

import reseller
from reseller import assumption
from reseller.assumption import ABILITIES, COLUMN, DATE, FUNCTION, NUMBER, TEXT, merged, needs
from reseller.ledger import verdicts
from reseller.ledger.verdicts import Verdict
from reseller.lifecycle import assumptions
from reseller.mgr5.panel import Panel
from reseller.wire.errors import Unfounded
from sandbox import schema
from sandbox.database import connect
from tests.support.world import ROOT

COLUMNS = [entry for entry in assumptions.OF_PANEL.values() if entry.kind == COLUMN]
FUNCTIONS = [entry.name for entry in assumptions.OF_PANEL.values() if entry.kind == FUNCTION]


@pytest.fixture(scope="module")
def panel_db(server, tmp_path_factory):
    """A database with all tables of the stand-in, which the panel's own rows say nothing about."""
    tree, name = tmp_path_factory.mktemp("tree"), f"assumed_{os.getpid()}"
    told = {"DBUser": server.user, "DBPassword": server.password, "DBName": name, "DBSocket": server.socket}
    (tree / "etc").mkdir()
    (tree / "etc/billmgr.conf").write_text("".join(f"{key} {value}\n" for key, value in told.items()))
    admin = connect(server)
    schema.create_database(admin, name, 1)
    found = Panel(tree).database()
    yield found
    found.close()
    admin.cursor().execute(f"DROP DATABASE {name}")


def astray(db):
    return {each.entry.name: each.found for each in assumptions.of_tables(db) if not each.holds}


def definition(db, name):
    """How the column is declared, as a statement that changes it to that."""
    table, _, column = name.partition(".")
    text = db.row(f"SHOW CREATE TABLE `{table}`")[1]
    return next(line.strip().rstrip(",") for line in text.splitlines() if line.strip().startswith(f"`{column}` "))


def test_at_the_stand_in_all_hold(panel_db):
    assert astray(panel_db) == {}
    assert len(COLUMNS) > 60


@pytest.mark.parametrize("name", [entry.name for entry in COLUMNS])
def test_a_column_that_is_missing_is_named_and_no_other(panel_db, name):
    table, _, column = name.partition(".")
    declared = definition(panel_db, name).partition("` ")[2]
    panel_db.execute(f"ALTER TABLE `{table}` CHANGE `{column}` gone_column {declared}")
    try:
        assert astray(panel_db) == {name: "-"}
    finally:
        panel_db.execute(f"ALTER TABLE `{table}` CHANGE gone_column `{column}` {declared}")
    assert astray(panel_db) == {}


@pytest.mark.parametrize("table", sorted({entry.name.partition(".")[0] for entry in COLUMNS}))
def test_a_table_that_is_missing_is_named_by_all_its_columns(panel_db, table):
    panel_db.execute(f"RENAME TABLE `{table}` TO gone_table")
    try:
        assert set(astray(panel_db)) == {entry.name for entry in COLUMNS if entry.name.startswith(f"{table}.")}
    finally:
        panel_db.execute(f"RENAME TABLE gone_table TO `{table}`")


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("task.status", "VARCHAR(8)"),
        ("itemtype.intname", "INT"),
        ("item.expiredate", "INT"),
        ("user.name", "VARBINARY(64)"),
    ],
)
def test_a_column_of_another_class_is_named_with_its_type(panel_db, name, other):
    table, _, column = name.partition(".")
    declared = definition(panel_db, name)
    panel_db.execute("SET SESSION foreign_key_checks = 0")
    panel_db.execute(f"ALTER TABLE `{table}` MODIFY `{column}` {other}")
    try:
        assert set(astray(panel_db)) == {name}
        assert other.lower().startswith(astray(panel_db)[name])
    finally:
        panel_db.execute(f"ALTER TABLE `{table}` MODIFY {declared}")


@pytest.mark.parametrize("other", ["BIGINT UNSIGNED", "SMALLINT", "DECIMAL(20,0)"])
def test_a_number_of_another_size_is_no_difference(panel_db, other):
    declared = definition(panel_db, "task.status")
    panel_db.execute(f"ALTER TABLE task MODIFY status {other}")
    try:
        assert astray(panel_db) == {}
    finally:
        panel_db.execute(f"ALTER TABLE task MODIFY {declared}")


# What the code uses is what is assumed.

_NAMED = re.compile(
    r"\b(?:FROM|JOIN|UPDATE|INTO)\s+`?([a-z][a-z0-9_]*)`?(?:\s+(?:AS\s+)?(?!ON\b|WHERE\b|SET\b)([a-z]\w*))?"
)


def statements(path):
    """The SQL of a file: every text in it that names a table, whole f-strings with their constant parts."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            found.append(" ".join(part.value if isinstance(part, ast.Constant) else " ? " for part in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


def used(path, known):
    """`table.column` of the panel in the statements of a file; `known` are all columns of all tables of the panel."""
    texts = statements(path)
    aliases = {}
    for text in texts:
        for table, alias in _NAMED.findall(text):
            if re.search(r"\b(SELECT|UPDATE|DELETE|INSERT|JOIN|FROM)\b", text):
                aliases.setdefault(alias or table, set()).add(table)
    found = set()
    for text in texts:
        for alias, column in re.findall(r"\b([a-z]\w*)\.([a-z]\w*)\b", text):
            found |= {f"{table}.{column}" for table in aliases.get(alias, ()) if f"{table}.{column}" in known}
        named = {table for table, alias in _NAMED.findall(text) if not alias}
        if re.match(r"\s*(SELECT|UPDATE)\b", text) and len(named) == 1 and not re.search(r"\bJOIN\b", text):
            [table] = named
            bare = re.findall(r"(?<![.'\w])([a-z]\w*)\b(?!\()", text)
            found |= {f"{table}.{word}" for word in bare if f"{table}.{word}" in known and word != table}
    return found


def columns_of(db):
    rows = db.rows("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()")
    return {f"{table}.{column}" for table, column in rows if not table.startswith("reseller_")}


@pytest.mark.parametrize("room", ["mgr5", "ledger"])
def test_every_column_of_the_panel_that_a_statement_reads_is_an_entry(panel_db, room):
    known = columns_of(panel_db)
    entries = {entry.name for entry in COLUMNS}
    found = {}
    for path in sorted((Path(reseller.__file__).parent / room).glob("*.py")):
        for name in used(path, known):
            found.setdefault(name, path.name)
    assert {name: file for name, file in found.items() if name not in entries} == {}
    assert len(found) > 15


def test_every_entry_of_a_column_is_read_by_a_statement(panel_db):
    known = columns_of(panel_db)
    read = set()
    for room in ("mgr5", "ledger"):
        for path in (Path(reseller.__file__).parent / room).glob("*.py"):
            read |= used(path, known)
    assert {entry.name for entry in COLUMNS} - read == set()


def test_every_function_of_the_panel_that_is_called_is_an_entry():
    called = set()
    # The names of assumption.py are those of a seller's functions.
    for path in set(Path(reseller.__file__).parent.rglob("*.py")) - {Path(assumption.__file__)}:
        text = path.read_text(encoding="utf-8")
        called |= set(re.findall(r'mgrctl\.call\(\s*f?"([^"{]+)"', text))
        called |= set(re.findall(r'"((?:service|runningoperation|task|processing|tool)\.[a-z]+(?:\.[a-z]+)?)"', text))
    # Of the seller, and of another room's functions by the same word.
    theirs = {"service.prolong", "service.history", "service.changepassword", "service.changepricelist"}
    theirs |= {"service.changepricelist.pricelist", "service.changepricelist.getmoney"}
    # Asked only where another way has failed, and a failure is told in words.
    fallbacks = {"paramlist", "whoami"}
    assert called - theirs - fallbacks - set(FUNCTIONS) == set()


def test_every_source_is_a_section_and_every_ability_is_known():
    for entry in (*assumptions.OF_PANEL.values(), *assumptions.OF_SELLER.values()):
        page, _, section = entry.source.partition(" ")
        text = (ROOT / "docs/reference" / page).read_text(encoding="utf-8")
        assert re.search(rf"^#+ {re.escape(section)}\.? ", text, re.MULTILINE), entry
        assert all(ability.partition(":")[0] in ABILITIES for ability in entry.rests), entry
        if entry.kind == COLUMN:
            assert entry.expected in (NUMBER, TEXT, DATE)


def test_the_same_fact_named_twice_rests_under_both():
    [first] = merged([entry for entry in COLUMNS if entry.name == "item.id"]).values()
    two = merged([first._replace(rests=("order",)), first._replace(rests=("renew",))])
    assert two["item.id"].rests == ("order", "renew")


@pytest.mark.parametrize(
    ("ability", "function", "needed"),
    [
        ("order", "vds.order.param", True),
        ("order", "v2.soft.order.param", True),
        ("order", "service.prolong", False),
        ("order:vds", "v2.vds.order.param", True),
        ("order:vds", "soft.order.param", False),
        ("state", "vds.delete", True),
        ("change", "soft.edit", True),
        ("everything", "anything", True),
    ],
)
def test_what_rests_on_a_fact_is_known_by_the_function_that_would_be_called(ability, function, needed):
    assert needs(ability, function) == needed


@pytest.fixture
def verdict(db):
    """A row of a fact that does not hold; none is left."""
    db.execute("DELETE FROM reseller_verdict")
    yield Verdict(0, "task.status", holds=False, found="text", rests="order renew", version="1", off=True)
    db.execute("DELETE FROM reseller_verdict")


def test_only_what_rests_on_it_is_refused(db, verdict):
    verdicts.put(db, verdict)
    with pytest.raises(Unfounded) as refused:
        verdicts.require(db, 5, "vds.order.param")
    assert refused.value.params["name"] == "task.status"
    verdicts.require(db, 5, "vds.suspend")


def test_of_another_module_it_stops_nothing(db, verdict):
    verdicts.put(db, verdict._replace(module=4))
    verdicts.require(db, 5, "service.prolong")
    with pytest.raises(Unfounded):
        verdicts.require(db, 4, "service.prolong")


def test_what_was_accepted_goes_on_until_something_else_is_found(db, verdict):
    verdicts.put(db, verdict)
    assert verdicts.accept(db, "task.status", "root", "it works") == 1
    verdicts.require(db, 5, "vds.order.param")
    [row] = verdicts.every(db)
    assert (row.who, row.why, bool(row.accepted)) == ("root", "it works", True)
    verdicts.put(db, verdict._replace(found="blob"))
    [row] = verdicts.every(db)
    assert (row.who, row.off) == ("", True)
    assert verdicts.retract(db, "task.status") == 0


def test_what_was_accepted_can_be_taken_back(db, verdict):
    verdicts.put(db, verdict)
    verdicts.accept(db, "task.status", "root", "it works")
    assert verdicts.retract(db, "task.status") == 1
    assert [each.name for each in verdicts.off(db, 5)] == ["task.status"]


def test_what_holds_cannot_be_accepted(db, verdict):
    verdicts.put(db, verdict._replace(holds=True, off=False))
    assert verdicts.accept(db, "task.status", "root", "x") == 0


def test_what_is_no_assumption_any_more_is_forgotten(db, verdict):
    verdicts.put(db, verdict)
    verdicts.forget(db, 0, ["another"])
    assert verdicts.every(db) == []
