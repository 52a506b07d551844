"""`make coverage`: which lines and branches of reseller/ no test runs, in this process and in the installed ones.

The add-on is tested as processes that a panel starts, so the environment that the tests install carries coverage and
starts it in every process (environment.py, and only when this program asks for it). What is killed by SIGKILL reports
nothing. Words after `make coverage ARGS=` are pytest's; without any, all tests that meet reseller/ are run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support import environment

ROOT = environment.ROOT
FOLDER = ROOT / "build/coverage"
#: these never load reseller/, or start it from a nursery of their own
NOT_RUN = ("tests/chaos",)
MOST_EXCLUSIONS = 5


def main(words: list[str]) -> int:
    """Run the tests, report; 1 when something is missing or excluded without a reason."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    variables = {
        **os.environ,
        environment.MEASURE: str(FOLDER / "data"),
        "COVERAGE_FILE": str(FOLDER / "data"),
        "COVERAGE_PROCESS_START": str(ROOT / "pyproject.toml"),
    }
    chosen = words or ["tests", *(f"--ignore={path}" for path in NOT_RUN)]
    pytest = [sys.executable, "-m", "pytest", "--numprocesses", "2", *chosen]
    tested = subprocess.run(pytest, cwd=ROOT, env=variables, check=False).returncode
    _coverage(variables, "combine", "--quiet")
    _coverage(variables, "json", "--quiet", "-o", str(ROOT / "build/coverage.json"))
    _coverage(variables, "report")
    excluded = exclusions()
    for place in excluded:
        print(f"excluded: {place}")
    total = json.loads((ROOT / "build/coverage.json").read_text())["totals"]["percent_covered"]
    print(f"coverage: {total:.2f} % of lines and branches, {len(excluded)} exclusions")
    return int(bool(tested or total < 100 or len(excluded) > MOST_EXCLUSIONS))


def _coverage(variables: dict[str, str], *words: str) -> None:
    subprocess.run([sys.executable, "-m", "coverage", *words], cwd=ROOT, env=variables, check=False)


def exclusions() -> list[str]:
    """Lines that are not counted, with the reason that must stand behind them; raises ValueError where it does not."""
    found = []
    for path in sorted((ROOT / "reseller").rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if "pragma: no cover" in line:
                place = f"{Path(path).relative_to(ROOT)}:{number}"
                reason = re.search(r"pragma: no cover - (\S.+)", line)
                if reason is None:
                    raise ValueError(f"{place}: say why it is not covered: # pragma: no cover - reason")
                found.append(f"{place}: {reason.group(1)}")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
