"""The panel: it answers, knows our functions, starts our module, and holds nothing back."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator

from reseller.context import Context
from reseller.doctor import installed
from reseller.doctor.finding import FAILS, HOLDS, WARNING, Finding
from reseller.ledger import installation, stops
from reseller.mgr5 import function_list, programs
from reseller.mgr5.features import FEATURES, MODULE
from reseller.mgr5.panel import Panel
from reseller.wire import document
from reseller.wire.errors import Message

FEATURES_SECONDS = 20


def restart(panel: Panel) -> str:
    """The command that makes the panel read its files anew; it starts again with the next call."""
    return f"{shlex.quote(str(panel.base / 'sbin/mgrctl'))} -m billmgr exit"


def of_functions(panel: Panel) -> Iterator[Finding]:
    """The panel lists its functions, ours among them: so it has read our files."""
    known = function_list.of(panel)
    ours = installed.functions(panel)
    missing = [name for name in ours if name not in known]
    if missing:
        told = Message("reseller_doctor_functions_missing", names=", ".join(missing))
        yield Finding(FAILS, told, restart(panel))
        return
    yield Finding(HOLDS, Message("reseller_doctor_functions", count=len(ours), all=len(known)))


def of_module(panel: Panel) -> Iterator[Finding]:
    """The program that the panel starts for each command answers, and says what it should."""
    path = panel.base / "processing" / MODULE
    try:
        done = programs.run([str(path), "--command", "features"], FEATURES_SECONDS, cwd=panel.base)
        root = document.parse(done.stdout)
        named = {node.get("name") for node in root.iterfind("features/feature")}
        text = "" if done.returncode == 0 and set(FEATURES) <= named else f"exit code {done.returncode}"
    except (OSError, subprocess.TimeoutExpired, document.NotADocument) as error:
        text = str(error) or error.__class__.__name__
    if text:
        yield Finding(FAILS, Message("reseller_doctor_module_silent", path=path, text=text), installed.again(panel))
    else:
        yield Finding(HOLDS, Message("reseller_doctor_module", path=path, count=len(FEATURES)))


def of_holds(panel: Panel) -> Iterator[Finding]:
    """What a person has switched off, a panel that may be a copy, and lines of our files that cannot be used.

    Each of them is a person's decision, so no command is offered that would take it back.
    """
    context = Context.start(panel)
    found = [Finding(WARNING, wrong) for wrong in context.wrong_files]
    if panel.does_nothing:
        found.append(Finding(WARNING, Message("reseller_do_nothing")))
    moved = installation.difference(context.db, panel.base)
    if moved is not None:
        found.append(Finding(FAILS, moved))
    found += [Finding(WARNING, stop.error) for stop in stops.every(context.db)]
    yield from found or [Finding(HOLDS, Message("reseller_doctor_nothing_held"))]
