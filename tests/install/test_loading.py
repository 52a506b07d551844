"""What a command must not load, and the oldest Python that it runs on."""

import subprocess
import sys

from tests.support.world import ROOT


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
