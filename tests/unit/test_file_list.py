"""docs/files.md and files-sandbox.md are as `make files` writes them, and every file that it lists says what it is."""

import ast
import subprocess
import sys

from tests.support.world import ROOT


def test_the_list_of_files_is_current():
    done = subprocess.run([sys.executable, ROOT / "scripts/file_list.py", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0, "run `make files`"


def test_every_file_of_the_program_says_what_it_is():
    paths = [path for path in (ROOT / "reseller").rglob("*.py") if path.read_text(encoding="utf-8").strip()]
    assert len(paths) > 200
    silent = [path.name for path in paths if len(str(ast.get_docstring(ast.parse(path.read_text()))).split()) < 4]
    assert silent == []
