"""The commands of `python -m sandbox`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from sandbox.core.faults import KINDS
from sandbox.mariadb import Login, MariaDbMissing, connect
from sandbox.paths import Root
from sandbox.schema import JOURNAL
from sandbox.switches import REGISTRY
from sandbox.up import AlreadyUp, Supervisor


def main(arguments: list[str]) -> int:
    options, rest = _parser().parse_known_args(arguments)
    if rest and options.run is not _call:
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    try:
        return int(options.run(options))
    except (MariaDbMissing, AlreadyUp, NotUp, RuntimeError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1


class NotUp(RuntimeError):
    """A command that needs running panels found none."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="stand-in BILLmanager panels")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start the panels; Ctrl-C or SIGTERM ends them")
    up.add_argument("--root", type=Path, required=True)
    up.add_argument("--panel", action="append", metavar="NAME", help="a panel to start; default seller and reseller")
    up.add_argument("--quiet", action="store_true", help="print nothing when ready")
    up.add_argument("--stay", action="store_true", help="stay up when the starting process ends")
    up.set_defaults(run=_up)
    call = commands.add_parser("call", help="call a function of a panel, as its mgrctl does")
    call.add_argument("panel")
    call.add_argument("words", nargs="+", metavar="FUNC|NAME=VALUE")
    call.add_argument("--root", type=Path, required=True)
    call.set_defaults(run=_call)
    journal = commands.add_parser("journal", help="charges and changes, oldest first")
    journal.add_argument("--root", type=Path, required=True)
    journal.add_argument("--panel")
    journal.add_argument("--json", action="store_true")
    journal.set_defaults(run=_journal)
    commands.add_parser("switches", help="all switches with their settings").set_defaults(run=_switches)
    commands.add_parser("faults", help="all faults of the wire").set_defaults(run=_faults)
    return parser


def _up(options: argparse.Namespace) -> int:
    names = options.panel or ["seller", "reseller"]
    for name in names:
        if not name.isidentifier() or not name.islower() or len(name) > 24 or name == "mysql":
            raise RuntimeError(f"a panel's name is lower-case letters, digits and _, at most 24: not {name!r}")
    if len(set(names)) != len(names):
        raise RuntimeError("two panels of one name")
    return Supervisor(Root(options.root.resolve()), names).run(not options.quiet, not options.stay)


def report_of(root: Path) -> dict[str, Any]:
    file = Root(root.resolve()).report
    if not file.exists():
        raise NotUp(f"no sandbox is up at {root}; start it with: python -m sandbox up --root {root}")
    data: dict[str, Any] = json.loads(file.read_text())
    return data


def _call(options: argparse.Namespace) -> int:
    panels = report_of(options.root)["panels"]
    if options.panel not in panels:
        raise NotUp(f"no panel {options.panel}; there are: {', '.join(panels)}")
    program = panels[options.panel]["mgrctl"]
    os.execv(program, [program, "-m", "billmgr", *options.words, *options.rest])


def _journal(options: argparse.Namespace) -> int:
    report = report_of(options.root)
    names = [options.panel] if options.panel else list(report["panels"])
    panel = next(iter(report["panels"].values()))
    login = Login(report["mysql"]["socket"], panel["dbuser"], panel["dbpassword"])
    with connect(login) as database, database.cursor() as cursor:
        marks = ", ".join(["%s"] * len(names))
        cursor.execute(f"SELECT * FROM {JOURNAL}.entry WHERE panel IN ({marks}) ORDER BY id", names)
        rows = [{name: "" if value is None else str(value) for name, value in row.items()} for row in cursor.fetchall()]
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return 0
    for row in rows:
        print(
            f"{row['time'][:23]} {row['panel']} {row['user']} {row['func']} item={row['item']} {row['amount']} "
            f"{row['currency']} remoteid={row['remoteid']} {row['detail']}".rstrip()
        )
    return 0


def _switches(options: argparse.Namespace) -> int:
    for switch in REGISTRY.values():
        print(f"{switch.name:24} {'|'.join(switch.settings):28} {switch.fact:22} {switch.meaning}")
    return 0


def _faults(options: argparse.Namespace) -> int:
    for kind, meaning in KINDS.items():
        print(f"{kind:12} {meaning}")
    return 0
