"""`make mutation`: small errors are put into the code one by one (mutmut); which of them does no test notice?

The ledger's tests run against one MariaDB that is kept running, in a process that has everything loaded, so a mutant
costs a second. The lifecycle's run end to end on panels that are kept running, the add-on's processes forked from one
that has all mutants loaded (lanes.py, lane.py, hatchery.py): some seconds each, so a sample is drawn by a seed.

Not counted are mutants that change nothing: the letter case of SQL's own words.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from mutmut.stats import status_by_exit_code

from sandbox import servers
from tests.quality import lanes
from tests.support.world import ROOT
from tests.unit.conftest import SERVER

FOLDER = ROOT / "build/mutation"
COPIED = ("reseller", "sandbox", "tests", "pyproject.toml", "xml", "addon", "processing", "sbin")
GOAL = 85.0
MUTMUT = Path(sys.executable).with_name("mutmut")
NOBODY = "no.such.mutant"
#: what a run may find out, and counts as noticed
NOTICED = {"killed", "timeout", "suspicious", "segfault"}
SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|REPLACE|FROM|WHERE|AND|ORDER BY|LEFT JOIN)\b")
SQL_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True)
class Part:
    """Files whose mutants are tried, and the tests that try them; `sample` 0 for all mutants."""

    name: str
    mutated: str
    tests: tuple[str, ...]
    on_panels: bool = False
    sample: int = 0


LEDGER_TESTS = tuple(sorted(f"tests/unit/{path.name}" for path in (ROOT / "tests/unit").glob("test_ledger*.py")))
#: tests of commands; all others meet the lifecycle as well, and would only be slower
LIFECYCLE_TESTS = tuple(
    f"tests/{folder}/test_{name}.py"
    for folder, names in (
        ("life", "change close commands control_panel failures half_way life reopen reuse terms"),
        ("orders", "checks half_way order"),
        ("security", "edges"),
        ("swap", "half_way"),
    )
    for name in names.split()
)
PARTS = (
    Part("ledger", "reseller/ledger/*", LEDGER_TESTS),
    Part("lifecycle", "reseller/lifecycle/*", LIFECYCLE_TESTS, on_panels=True, sample=150),
    Part("commands", "reseller/commands/*", LIFECYCLE_TESTS, on_panels=True, sample=150),
)


def main(words: list[str]) -> int:
    """Make and try the mutants; 1 when a part's score is below the goal."""
    parser = argparse.ArgumentParser(prog="make mutation", description="How many small errors the tests notice.")
    parser.add_argument("--only", choices=[part.name for part in PARTS], help="one part")
    parser.add_argument("--sample", type=int, help="so many mutants of a part, drawn by the seed; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="show what no test noticed")
    chosen = parser.parse_args(words)
    parts = [part for part in PARTS if chosen.only in (None, part.name)]
    scores = {part.name: _score(part, chosen) for part in parts}
    (ROOT / "build/mutation.json").write_text(json.dumps({"scores": scores, "seed": chosen.seed}, indent=1) + "\n")
    return int(any(score["percent"] < GOAL for score in scores.values()))


def _score(part: Part, chosen: argparse.Namespace) -> dict[str, float]:
    folder = FOLDER / part.name
    _prepare(folder, part)
    names = _made(folder)
    sample = part.sample if chosen.sample is None else chosen.sample
    if sample:
        names = sorted(random.Random(chosen.seed).sample(names, min(sample, len(names))))
    print(f"mutation: {part.name}: {len(names)} mutants, seed {chosen.seed}", flush=True)
    files = list(part.tests)
    results = lanes.verdicts(folder / "mutants", files, names) if part.on_panels else _by_mutmut(folder, names)
    return _report(part, folder, results, show=chosen.show)


def _prepare(folder: Path, part: Part) -> None:
    """A copy of the tree, so that nothing is left behind in the real one."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, folder / name)
    lines = {
        "source_paths": ["reseller"],
        "also_copy": [name for name in COPIED if name not in ("reseller", "tests")],
        "only_mutate": [part.mutated],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "-p", "no:xdist"],
        # Those of a part on panels are run by lanes; mutmut is content with any that pass.
        "pytest_add_cli_args_test_selection": ["tests/unit/test_texts.py"] if part.on_panels else part.tests,
    }
    told = "".join(f"{name} =\n" + "".join(f"    {line}\n" for line in given) for name, given in lines.items())
    (folder / "setup.cfg").write_text(f"[mutmut]\n{told}use_git_change_detection = false\n")


def _mutmut(folder: Path, *names: str, quiet: bool = False) -> int:
    output = subprocess.DEVNULL if quiet else None
    with tempfile.TemporaryDirectory(prefix="mutation-") as short:
        server = servers.chosen()(Path(short) / "mysql", "pw", Path(short))
        server.start()
        variables = {**os.environ, SERVER: json.dumps(asdict(server.login))}
        argv = [str(MUTMUT), "run", "--max-children", "2", *names]
        try:
            return subprocess.run(argv, cwd=folder, env=variables, stdout=output, stderr=output, check=False).returncode
        finally:
            server.stop()


def _made(folder: Path) -> list[str]:
    """All mutants that change something, made by a run that asks for one that does not exist."""
    _mutmut(folder, NOBODY, quiet=True)
    return sorted(name for name, changed in _changes(folder).items() if not _is_letter_case(*changed))


def _codes(folder: Path) -> dict[str, int | None]:
    """mutmut's own record of every mutant."""
    found: dict[str, int | None] = {}
    for meta in (folder / "mutants").rglob("*.meta"):
        found.update(json.loads(meta.read_text())["exit_code_by_key"])
    return found


def _by_mutmut(folder: Path, names: list[str]) -> dict[str, str]:
    code = _mutmut(folder, *names)
    if code:
        raise SystemExit(f"mutmut ended with {code}")
    codes = _codes(folder)
    return {name: status_by_exit_code[codes[name]] for name in names}


def _changes(folder: Path) -> dict[str, tuple[str, str]]:
    """By mutant: the function as it was, and as it is."""
    found = {}
    for meta in (folder / "mutants").rglob("*.meta"):
        tree = ast.parse(meta.with_suffix("").read_text())
        bodies = {
            node.name: ast.unparse(ast.Module(node.body, []))
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
        }
        for name in json.loads(meta.read_text())["exit_code_by_key"]:
            mutant = name.rpartition(".")[2]
            found[name] = (bodies[re.sub(r"__mutmut_\d+$", "__mutmut_orig", mutant)], bodies[mutant])
    return found


def _is_letter_case(before: str, after: str) -> bool:
    """Whether nothing but SQL's own words became small, which the server does not mind."""
    lines = [pair for pair in zip(before.splitlines(), after.splitlines()) if pair[0] != pair[1]]
    return all(SQL.search(old) and new == SQL_TEXT.sub(lambda text: text.group().lower(), old) for old, new in lines)


def _report(part: Part, folder: Path, results: dict[str, str], *, show: bool) -> dict[str, float]:
    found = Counter(results.values())
    noticed = sum(count for status, count in found.items() if status in NOTICED)
    percent = 100 * noticed / len(results)
    told = ", ".join(f"{count} {status}" for status, count in found.most_common())
    print(f"mutation: {part.name}: {percent:.1f} % of {len(results)} mutants noticed ({told})")
    changes = _changes(folder) if show else {}
    for name in (name for name in changes if results.get(name, "killed") not in NOTICED):
        before, after = (text.splitlines() for text in changes[name])
        changed = difflib.unified_diff(before, after, n=0, lineterm="")
        lines = [line for line in changed if line[:3] not in ("---", "+++", "@@ ")]
        print(f"\n{results[name]} {name}", *lines, sep="\n")
    return {"percent": round(percent, 1), "noticed": noticed, "mutants": len(results)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
