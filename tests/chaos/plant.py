"""A panel with the add-on of any tree in it, quickly: what `make install` copies, without an environment of its own.

That the installer does it right is shown elsewhere (tests/install/test_install.py); here a dozen panels get the add-on,
some of them a broken copy of it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.chaos.nursery import Nursery
from tests.support.world import PanelAt

EXECUTABLES = ("addon/reseller", "processing/pmreseller", "sbin/resellerctl")


def plant(tree: Path, panel: PanelAt, nursery: Nursery) -> None:
    """Put the add-on of `tree` into the panel, with seeds for executables."""
    base = panel.base
    for path in (tree / "xml").glob("*.xml"):
        shutil.copy2(path, base / "etc/xml")
    # The sandbox's panels lack a `checkevent` of their own unless they are told otherwise (switch absent_functions).
    stock = "billmgr_mod_reseller_checkevent"
    shutil.copy2(tree / f"xml/stock/{stock}_func.xml", base / f"etc/xml/{stock}.xml")
    shutil.copy2(tree / "addon/reseller_lists", base / "addon")
    for name in EXECUTABLES:
        shutil.copy2(tree / name, base / name)
        nursery.seed(tree, base / name)
    panel.call("exit")
