"""Promised ratios, both sides measured in one run."""

import statistics
import subprocess
import sys
import time

import pytest

from tests.world import ROOT

ROUNDS = 15


def seconds(argv, cwd):
    started = time.perf_counter()
    subprocess.run(argv, cwd=cwd, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def ratio(panel, argv):
    """Median time of a command over that of a bare interpreter start, taken in turns."""
    python = str(panel.base / "lib/reseller/venv/bin/python")
    bare, ours = [], []
    for _ in range(ROUNDS):
        bare.append(seconds([python, "-I", "-c", "pass"], panel.base))
        ours.append(seconds(argv, panel.base))
    return statistics.median(ours) / statistics.median(bare)


@pytest.mark.calm
def test_features_costs_little_more_than_starting_python(connected):
    found = ratio(connected.here, ["processing/pmreseller", "--command", "features"])
    assert found <= 1.6, found


def test_features_imports_no_third_party_package(connected):
    base = connected.here.base
    python = str(base / "lib/reseller/venv/bin/python")
    code = (
        "import sys, runpy; sys.argv = ['processing/pmreseller', '--command', 'features'];"
        "runpy.run_path('processing/pmreseller', run_name='__main__');"
        "print(sorted({'lxml', 'requests', 'pymysql', 'urllib3', 'argparse'} & set(sys.modules)))"
    )
    done = subprocess.run([python, "-I", "-c", code], cwd=base, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_library_runs_on_the_oldest_python_it_promises():
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select", "E9", "--target-version", "py39", "reseller"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
