"""Tables in docs/ whose rows name tests: each test is there, the attacks are many, each kind of problem has a row."""

import re
import subprocess
import sys
from collections import Counter
from itertools import pairwise

from reseller.ledger.states import State
from reseller.lifecycle import problems
from tests.support.world import ROOT

_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
LEAST_ATTEMPTS = 150


def rows(text):
    """Of all tables in it, without their heads."""
    return [line for before, line in pairwise(text.splitlines()) if line.startswith("| ") and before.startswith("|")]


def collected(named):
    """How many tests of each name there are, in the files that are named."""
    files = sorted({file for file, _ in named})
    argv = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *files]
    found = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return Counter(re.findall(r"^(tests/[\w/]+\.py)::(\w+)", found, re.MULTILINE))


def test_every_attack_names_tests_that_are_there_and_they_try_a_lot():
    section = (ROOT / "docs/security.md").read_text().partition("## Attacks")[2].partition("\n## ")[0]
    assert [row for row in rows(section) if not _TEST.search(row)] == []
    named = [test for row in rows(section) for test in _TEST.findall(row)]
    assert [test for test, count in Counter(named).items() if count > 1] == []
    attempts = collected(named)
    assert [test for test in named if not attempts[test]] == []
    assert sum(attempts[test] for test in named) >= LEAST_ATTEMPTS


def test_every_kind_of_problem_has_one_row_with_a_test_that_is_there():
    page = (ROOT / "docs/problems.md").read_text()
    kinds = [row.split("|")[2].strip(" `") for row in rows(page)]
    assert sorted(kinds) == sorted(problems.KINDS)
    assert [row for row in rows(page) if len(_TEST.findall(row)) != 1] == []
    named = _TEST.findall(page)
    attempts = collected(named)
    assert [test for test in named if not attempts[test]] == []


def test_every_lesson_of_tariffs_names_tests_that_are_there_or_says_that_it_is_open():
    page = (ROOT / "docs/tariff-lessons.md").read_text()
    lessons = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows(page)]
    assert [int(lesson[0]) for lesson in lessons] == list(range(1, 18))
    named = _TEST.findall(page)
    attempts = collected(named)
    assert [test for test in named if not attempts[test]] == []


def test_every_promise_names_a_test_and_files_that_are_there():
    page = (ROOT / "docs/promises.md").read_text()
    named = _TEST.findall(page)
    attempts = collected(named)
    assert [test for test in named if not attempts[test]] == []
    files = re.findall(r"`((?:\w+/)*\w+\.(?:py|xml))`|`(\w+/)`", page)
    assert [name for pair in files for name in pair if name and not _is_there(name)] == []
    assert len(rows(page)) == 12


def test_every_file_that_the_architecture_names_is_there():
    page = (ROOT / "docs/architecture.md").read_text()
    rooms = {row.split("|")[1].strip(" `").partition("`")[0]: row for row in rows(page)}
    missing = []
    for room, row in rooms.items():
        folder = room if room.endswith("/") else ""
        missing += [name for name in re.findall(r"`([\w/]+\.py)`", row) if not _is_there(folder + name, name)]
    missing += [name for name in re.findall(r"\(`([\w/]+\.py)`\)", page) if not _is_there(name, f"sync/{name}")]
    assert missing == []


def test_every_name_that_the_architecture_quotes_is_in_the_program():
    page = (ROOT / "docs/architecture.md").read_text()
    quoted = set(re.findall(r"`([A-Za-z_]+(?:\.[A-Za-z_]+)?)`", page))
    rooms = ("reseller", "sandbox", "tests", "scripts", "package", "addon", "processing", "sbin")
    files = [path for room in rooms for path in (ROOT / room).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    words = set(re.findall(r"\w+", " ".join(file.read_text(errors="replace") for file in files)))
    missing = [name for name in quoted if not set(name.split(".")) <= words and not (ROOT / name).exists()]
    assert missing == []


def _is_there(*names):
    return any((ROOT / name).exists() or (ROOT / "reseller" / name).exists() for name in names)


def test_the_page_of_the_ledger_has_every_column_and_every_state(db):
    page = (ROOT / "docs/ledger.md").read_text(encoding="utf-8")
    found = db.rows("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()")
    ours = {(table, column) for table, column in found if table.startswith("reseller_")}
    assert len(ours) > 100
    headed = {part.partition("`")[0]: part.partition("\n## ")[0] for part in page.split("\n## `")[1:]}
    rest = {row.split("|")[1].strip(" `"): row for row in page.splitlines() if row.startswith("| `reseller_")}
    missing = [(table, column) for table, column in ours if f"`{column}`" not in {**rest, **headed}.get(table, "")]
    assert missing == []
    assert [str(state) for state in State if f"| `{state}`" not in page and f", `{state}`" not in page] == []
