"""Each fact about the panel's tables that the program stands on is an entry, and each entry is seen to fail."""

import ast
import os
import re
from pathlib import Path

import pytest

import reseller
from reseller import assumption
from reseller.assumption import ABILITIES, ANSWER, COLUMN, DATE, FUNCTION, NUMBER, TEXT, Assumption, merged, needs
from reseller.context import Context
from reseller.ledger import requests, verdicts
from reseller.ledger.requests import Effect, Standing
from reseller.ledger.states import State
from reseller.ledger.verdicts import Verdict
from reseller.lifecycle import assumptions
from reseller.lifecycle.assumptions import Found
from reseller.mgr5.panel import Panel
from reseller.wire.errors import Unfounded
from sandbox import schema
from sandbox.database import connect
from tests.support.world import ROOT
from tests.unit.conftest import age, bought, made

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
    # MySQL renames no column that another one is made of, and those are the stand-in's own.
    made = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND "
    for table, column in found.rows(f"{made} generation_expression <> ''"):
        found.execute(f"ALTER TABLE `{table}` DROP COLUMN `{column}`")
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
    assert verdicts.accept(db, 0, "task.status", "root", "it works") == 1
    verdicts.require(db, 5, "vds.order.param")
    [row] = verdicts.every(db)
    assert (row.who, row.why, bool(row.accepted)) == ("root", "it works", True)
    verdicts.put(db, verdict._replace(found="blob"))
    [row] = verdicts.every(db)
    assert (row.who, row.off) == ("", True)
    assert verdicts.retract(db, 0, "task.status") == 0


def test_what_was_accepted_goes_on_when_more_rests_on_it(db, verdict):
    verdicts.put(db, verdict)
    verdicts.accept(db, 0, "task.status", "root", "it works")
    verdicts.put(db, verdict._replace(rests="order renew state"))
    [row] = verdicts.every(db)
    assert (row.who, row.rests, verdicts.off(db, 5)) == ("root", "order renew state", [])
    verdicts.require(db, 5, "vds.suspend")


def test_what_has_held_since_is_not_accepted_any_more(db, verdict):
    verdicts.put(db, verdict)
    verdicts.accept(db, 0, "task.status", "root", "it works")
    verdicts.put(db, verdict._replace(holds=True, off=False))
    verdicts.put(db, verdict)
    assert [each.name for each in verdicts.off(db, 5)] == ["task.status"]


def test_it_is_accepted_at_one_seller_and_not_at_the_others(db, verdict):
    for module in (4, 5):
        verdicts.put(db, verdict._replace(module=module))
    verdicts.accept(db, 4, "task.status", "root", "it works")
    assert (verdicts.off(db, 4), [each.module for each in verdicts.off(db, 5)]) == ([], [5])
    verdicts.accept(db, 5, "task.status", "root", "it works")
    assert verdicts.retract(db, 4, "task.status") == 1
    assert ([each.module for each in verdicts.off(db, 4)], verdicts.off(db, 5)) == ([4], [])


def test_a_warning_that_was_accepted_and_taken_back_is_a_warning(db, verdict):
    verdicts.put(db, verdict._replace(off=False))
    verdicts.accept(db, 0, "task.status", "root", "it works")
    verdicts.retract(db, 0, "task.status")
    assert [(each.off, each.who) for each in verdicts.every(db)] == [(False, "")]


def test_what_was_accepted_can_be_taken_back(db, verdict):
    verdicts.put(db, verdict)
    verdicts.accept(db, 0, "task.status", "root", "it works")
    assert verdicts.retract(db, 0, "task.status") == 1
    assert [each.name for each in verdicts.off(db, 5)] == ["task.status"]


def test_what_holds_cannot_be_accepted(db, verdict):
    verdicts.put(db, verdict._replace(holds=True, off=False))
    assert verdicts.accept(db, 0, "task.status", "root", "x") == 0


def test_what_is_no_assumption_any_more_is_forgotten(db, verdict):
    verdicts.put(db, verdict)
    verdicts.forget(db, 0, ["another"])
    assert verdicts.every(db) == []


# When a fact switches something off: services are linked, unless a test says that none is.

OPEN = Assumption(FUNCTION, "vds.open", "platform.md 5.2", ("order:vds",))
STATUS = Assumption(COLUMN, "task.status", "platform.md 6", ("order",), NUMBER)
LIST = Assumption(ANSWER, "vds elem/id", "selling-api.md 5.2", ("everything",))


@pytest.fixture
def context(base, held, item, verdict):
    bought(held, item)
    found = Context.start(Panel(base))
    yield found
    found.db.close()


def off_after(context, entry, *looks, module=0, apart=900):
    """Whether a fact is off after looks that found this of it, so many seconds apart."""
    for holds in looks:
        context.db.execute("UPDATE reseller_verdict SET since = since - INTERVAL %s SECOND", apart)
        assumptions.record(context, module, [Found(entry, holds, "x" if holds else "-")])
    return bool(verdicts.off(context.db, module))


def test_a_function_that_goes_switches_off_only_when_it_is_still_gone_later(context):
    assert not off_after(context, OPEN, True, False)
    assert not off_after(context, OPEN, False, apart=60)
    assert off_after(context, OPEN, False)


def test_a_function_that_is_back_at_the_second_look_never_was_off(context):
    assert not off_after(context, OPEN, True, False, True, False)


def test_what_could_not_be_seen_changes_nothing(context):
    assert not off_after(context, OPEN, True, None, None)
    assert [each.holds for each in verdicts.every(context.db)] == [True]
    assert off_after(context, OPEN, False, False, None)


def test_a_column_that_goes_switches_off_at_once(context):
    assert off_after(context, STATUS, True, False)


@pytest.mark.parametrize(
    "changed",
    [{"rests": ("order:vds", "renew")}, {"expected": TEXT}, {"kind": COLUMN}],
    ids=["rests", "class", "kind"],
)
def test_only_the_very_entry_that_was_seen_to_hold_switches_off(context, changed):
    off_after(context, OPEN, True)
    assert not off_after(context, OPEN._replace(**changed), False, False)


def test_what_never_held_is_a_warning(context):
    assert not off_after(context, OPEN, False, False, False)


def test_a_fact_about_a_seller_of_whom_services_are_linked_switches_nothing_off(context, item):
    assert not off_after(context, LIST, True, False, False, module=item.module)


def test_while_nothing_is_linked_it_is_off_at_once_and_stays_off_until_it_holds(context, held, numbers):
    module = next(numbers)
    assert off_after(context, LIST, False, module=module)
    bought(held, made(next(numbers), module=module))
    assert off_after(context, LIST, False, module=module)
    assert not off_after(context, LIST, True, module=module)


def test_what_waits_goes_on_when_one_of_two_facts_holds_again(context, held, numbers):
    db, module = context.db, next(numbers)
    db.execute("INSERT INTO processingmodule VALUES (%s, 'm', 'pmreseller', 'on')", module)
    waiting = requests.create(held, made(next(numbers), module=module))
    requests.sending(held, waiting, Effect("x"))
    requests.settle(held, waiting, Standing(State.UNSENT, error_type=Unfounded.unsent, wait_seconds=3000))
    both = [Found(STATUS, True, "int"), Found(OPEN, True, "listed")]
    gone = [Found(STATUS, False, "-"), Found(OPEN, False, "-")]
    for found in (both, gone):
        assumptions.record(context, 0, found)
    assert age(db, "reseller_request", waiting.id, "next_try") > 2000
    assumptions.record(context, 0, [both[0], gone[1]])
    assert age(db, "reseller_request", waiting.id, "next_try") <= 0
    db.execute("DELETE FROM processingmodule WHERE id = %s", module)
