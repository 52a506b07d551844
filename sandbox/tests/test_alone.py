"""The folder alone, copied to where nothing else of this tree is, does what its README says."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.tests.panels import CHECKOUT, WAIT_SECONDS, until

README = (CHECKOUT / "sandbox/README.md").read_text(encoding="utf-8")
BUILT = ("__pycache__", "build", "*.egg-info")


def commands(after: str) -> str:
    """The first block of commands behind these words of the README."""
    assert README.count(after) == 1, after
    return README.split(after)[1].split("```")[1]


class Alone:
    """An empty folder with a copy of `sandbox/`, and a shell that has left the checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(CHECKOUT / "sandbox", folder / "sandbox", ignore=shutil.ignore_patterns(*BUILT))
        self.root = folder / "panels"
        hidden = ("PYTHONPATH", "VIRTUAL_ENV", "PYTEST_CURRENT_TEST")
        self.environment = {name: value for name, value in os.environ.items() if name not in hidden}
        base = os.path.realpath(sys.executable)
        self.environment["PATH"] = f"{Path(base).parent}:{os.environ['PATH']}"

    def words(self, script: str) -> list[str]:
        """The script as a person's shell runs it once the environment is made."""
        activated = ". venv/bin/activate\n" if (self.folder / "venv/bin/activate").exists() else ""
        return ["/bin/bash", "-ec", activated + script.replace("/tmp/panels", str(self.root))]

    def run(self, script: str) -> str:
        done = subprocess.run(
            self.words(script), cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @contextlib.contextmanager
    def started(self, script: str) -> Iterator[dict[str, Any]]:
        """Panels that run until the end of the block."""
        output = self.folder / "up.out"
        with output.open("wb") as file:
            process = subprocess.Popen(
                self.words(f"exec {script}"), cwd=self.folder, env=self.environment, stdout=file, stderr=file
            )
        try:
            until(lambda: process.poll() is not None or (self.root / "sandbox.json").exists(), "it does not start")
            assert process.poll() is None, output.read_text()
            yield json.loads((self.root / "sandbox.json").read_text())
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(WAIT_SECONDS)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    made = Alone(tmp_path_factory.mktemp("alone"))
    made.run(commands("## Install\n"))
    return made


def line(of: str, having: str) -> str:
    """The one command of a block that has these words, without its remark."""
    found = [each.partition("  #")[0].strip() for each in of.splitlines() if having in each]
    assert len(found) == 1, (having, found)
    return found[0]


def test_it_installs_without_anything_of_the_checkout(alone):
    where = "import sandbox, importlib.util as u; print(sandbox.__file__, u.find_spec('reseller'))"
    shown = alone.run(f'cd / && python -c "{where}"').split()
    assert Path(shown[0]).is_relative_to(alone.folder / "venv")
    assert shown[1] == "None"
    assert "reply_lost" in alone.run("cd / && python -m sandbox faults")


def test_a_module_in_shell_is_installed_and_sells_a_server_by_the_readme(alone):
    with (Path(tempfile.gettempdir()) / "sandbox-home.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the place is one; other tests take turns there
        with alone.started(line(commands("## Start\n"), "--at reseller=/usr/local/mgr5")) as facts:
            assert facts["panels"]["reseller"]["at"] == ["/usr/local/mgr5"]
            orders = alone.run(commands("so start with `--at reseller=/usr/local/mgr5`:\n"))
            assert "<domain>vm.test</domain>" in orders
            machine = commands("for this one is a file:\n")
            folder = alone.root / "reseller/mgr5/var/shellvps"
            until(lambda: list(folder.glob("*.vm")), "the module opens no server")
            assert "domain=vm.test" in alone.run(machine)


def test_the_lines_for_ci_run_to_their_end(alone):
    shutil.rmtree(alone.root, ignore_errors=True)
    plugin = commands("The smallest plug-in:\n").splitlines()
    alone.run("\n".join(each for each in plugin if "sandbox" not in each))
    script = commands("## Test against it in CI\n")
    assert "<greeting>" in alone.run(script)
    assert json.loads((alone.folder / "journal.json").read_text()) == []
    assert not (alone.root / "sandbox.json").exists()
