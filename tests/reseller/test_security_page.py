"""docs/security.md: every attack has its test, and the tests try many."""

import re
import subprocess
import sys
from collections import Counter

from tests.world import ROOT

PAGE = ROOT / "docs/security.md"
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
LEAST_ATTEMPTS = 150


def test_every_row_names_tests_that_are_there_and_they_try_a_lot():
    section = PAGE.read_text().partition("## Attacks")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert [row for row in rows if not _TEST.search(row)] == []
    named = [test for row in rows for test in _TEST.findall(row)]
    assert [test for test, count in Counter(named).items() if count > 1] == []
    files = sorted({file for file, _ in named})
    argv = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *files]
    found = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    attempts = Counter(re.findall(r"^(tests/[\w/]+\.py)::(\w+)", found, re.MULTILINE))
    assert [test for test in named if not attempts[test]] == []
    assert sum(attempts[test] for test in named) >= LEAST_ATTEMPTS
