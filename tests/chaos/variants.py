"""Broken copies of the add-on: a patch each, and what shows that it is broken (tests/chaos/broken/*.patch)."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from tests.chaos.cases import KILL, STOP, Case
from tests.chaos.faults import FAULTS, Fault, hidden_row, wire
from tests.chaos.lives import Life
from tests.chaos.search import ALL
from tests.support.world import ROOT

PATCHES = Path(__file__).with_name("broken")
_COMMANDS = {command.name: command for command in ALL}
_FAULTS = {fault.name: fault for fault in FAULTS}
_HANDED_OVER = replace(_COMMANDS["open kept"], aims={"resume": ("soft.resume", 0)})
_HIDDEN_FOR_LONG = Fault("long hidden row", hidden_row(5), ("open",))
#: an error that proves a refusal (reseller/seller/proofs.tsv), so that what was done before is undone at once
_DENIED = Fault("denied", wire("error", type="access", object="soft"))

#: by the name of the patch: a life that does not go well with it (lives.py)
REVEALING_LIVES = {
    "promise-instead-of-level": Life(1, 0, False, ((2, "seller renews", 1), (3, "seller renews", 1), (5, "renew", 1))),
    "slot-freed-by-time": Life(1, 0, False, ((2, "held", 4), (2, "renew", 1))),
    "tolerance-at-the-end": Life(1, 0, False, ((2, "goodwill", 1),)),
    "goodwill-unlimited": Life(1, 0, False, ((2, "jump", 400),)),
}
#: days that such a life takes to show it
LIFE_DAYS = {
    "promise-instead-of-level": 7,
    "slot-freed-by-time": 8,
    "tolerance-at-the-end": 33,
    "goodwill-unlimited": 33,
}
#: those with which a stranger's service is struck (strangers.py)
REVEALING_STRANGERS = ("key-not-checked", "seller-of-the-items-module")

#: by the name of the patch: the few tries of the search that it cannot pass
REVEALING = {
    # of an order only: a renewal reads the seller's date first, and what is not done by then shows as "in process"
    "intent-after-send": (
        Case(_COMMANDS["open vds"], _HIDDEN_FOR_LONG, how=KILL, at="sent http v2.vds.order.param #1"),
    ),
    "adoption-by-name": (Case(_COMMANDS["open vds"], _FAULTS["namesake"]),),
    "resend-on-timeout": (
        Case(_COMMANDS["open vds"], _FAULTS["slow"], "call"),
        Case(_COMMANDS["prolong"], _FAULTS["reply_lost"], "call"),
    ),
    "undo-without-lease": (Case(_HANDED_OVER, _DENIED, "resume", STOP, "after http soft.edit #7"),),
}


def copy(patch: str, folder: Path, patches: Path = PATCHES) -> Path:
    """A copy of the tree with this patch applied."""
    tree = folder / patch
    for part in ("addon", "processing", "sbin", "xml", "reseller"):
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    apply(patches / f"{patch}.patch", tree)
    return tree


def apply(patch: Path, tree: Path) -> None:
    """Apply a unified diff wherever its lines are now; AssertionError when they are nowhere, or in several places."""
    path = ""
    hunks: list[tuple[str, list[str]]] = []
    for line in patch.read_text().splitlines():
        if line.startswith("+++ "):
            path = line.partition("/")[2]
        elif line.startswith("@@"):
            hunks.append((path, []))
        elif hunks and line[:1] in (" ", "-", "+") and not line.startswith("---"):
            hunks[-1][1].append(line)
    assert hunks, f"{patch.name} holds no change"
    for name, lines in hunks:
        before, after = ("".join(f"{line[1:]}\n" for line in lines if line[0] in kept) for kept in (" -", " +"))
        text = (tree / name).read_text()
        assert text.count(before) == 1, f"{patch.name} does not apply to {name}: {before}"
        (tree / name).write_text(text.replace(before, after))
