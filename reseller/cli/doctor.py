"""resellerctl doctor: whether this installation works, and what to do where it does not."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from reseller import __version__
from reseller.cli import shown
from reseller.context import Context
from reseller.doctor import assumed, checks
from reseller.doctor.finding import FAILS, HOLDS, UNCHECKED, WARNING, exit_code
from reseller.mgr5.panel import Panel
from reseller.wire.errors import ResellerError

#: it looks at installations on which nothing else starts, so it is given the panel alone
PANEL_ONLY = True

_COLOURS = {HOLDS: "32", WARNING: "33", UNCHECKED: "35", FAILS: "31"}


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Looks whether this installation works, and says what to do where it does not: files, Python, cron, database, "
        "disk, the panel, and each module with its seller. It changes nothing there. Each finding holds, is a "
        "warning, fails, or was not checked. Exit code: 0 when nothing is worse than a warning, 1 when something "
        "fails, 2 when something could not be checked."
    )
    parser.add_argument("--facts", metavar="FILE", help="also write what was found, without secrets and names, to FILE")
    parser.add_argument("--accept", metavar="NAME", help="go on although this assumption does not hold; see --why")
    parser.add_argument("--retract", metavar="NAME", help="take back what was accepted")
    parser.add_argument(
        "--module", type=int, metavar="N", help="with --accept, --retract: at the seller of this module only"
    )
    parser.add_argument("--why", default="", help="with --accept: the reason, shown with your name from then on")
    parser.add_argument("--lang", choices=("en", "ru"), default="en", help="language of the sentences")


def run(panel: Panel, arguments: argparse.Namespace) -> int:
    """Print each finding as soon as it is known; exit codes as in the description."""
    if arguments.accept or arguments.retract:
        _decide(Context.start(panel, caller=shown.caller()), arguments)
    lines = []
    for line in checks.every(panel, arguments.lang):
        lines.append(line)
        if not arguments.json:
            shown.say(f"{_coloured(line.verdict):12} {line.check}: {line.text}")
            if line.command:
                shown.say(f"{'':12} {line.command}")
    code = exit_code([line.verdict for line in lines])
    if arguments.json:
        told = [{name: value for name, value in line._asdict().items() if name != "facts"} for line in lines]
        shown.machine({"version": __version__, "exit": code, "findings": told})
    else:
        verdicts = [line.verdict for line in lines]
        shown.say(", ".join(f"{verdicts.count(one)} {one}" for one in (FAILS, UNCHECKED, WARNING, HOLDS)))
    if arguments.facts:
        facts = {"version": __version__, "found": checks.report(lines)}
        content = json.dumps(facts, indent=1, sort_keys=True, default=str) + "\n"
        shown.save(Path(arguments.facts), content, "reseller_doctor_facts")
    return code


def _decide(context: Context, arguments: argparse.Namespace) -> None:
    if arguments.accept and not arguments.why:
        raise ResellerError("reseller_doctor_why", name=arguments.accept)
    if arguments.accept:
        assumed.accept(context, arguments.accept, arguments.why, arguments.module)
    if arguments.retract:
        assumed.retract(context, arguments.retract, arguments.module)


def _coloured(verdict: str) -> str:
    word = f"{verdict:12}"
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return word
    return f"\033[{_COLOURS[verdict]}m{word}\033[0m"
