"""The reselling panel's tree, without the add-on and with it."""

from pathlib import Path

import pytest

from tests.support import environment
from tests.support.trees import listing
from tests.support.world import make


@pytest.fixture(scope="module")
def bare(sandbox):
    """The reselling panel's tree without the add-on. What was there before comes back at the end."""
    base = Path(sandbox.panels["reseller"]["base"])
    was_installed = (base / "lib/reseller/manifest").exists()
    if was_installed:
        assert make("uninstall", f"PREFIX={base}").returncode == 0
    yield base, listing(base)
    if was_installed:
        assert make("install", f"PREFIX={base}", variables=environment.variables()).returncode == 0
    elif (base / "lib/reseller/manifest").exists():
        make("uninstall", f"PREFIX={base}")


@pytest.fixture
def installed(bare):
    """The same tree with the add-on."""
    base, _ = bare
    if not (base / "lib/reseller/manifest").exists():
        done = make("install", f"PREFIX={base}")
        assert done.returncode == 0, done.stdout + done.stderr
    return base
