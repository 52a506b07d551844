"""The commands of `python -m sandbox`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox import servers, tables
from sandbox.core.faults import KINDS
from sandbox.database import Login, ServerMissing, connect
from sandbox.install import install, plan
from sandbox.paths import Root
from sandbox.place import Place
from sandbox.schema import JOURNAL
from sandbox.switches import REGISTRY
from sandbox.up import AlreadyUp, Supervisor


def main(arguments: list[str]) -> int:
    options, rest = _parser().parse_known_args(arguments)
    if rest and options.run is not _call:
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    options.arguments = arguments
    try:
        return int(options.run(options))
    except (ServerMissing, AlreadyUp, NotUp, RuntimeError) as error:
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
    up.add_argument(
        "--at",
        action="append",
        default=[],
        metavar="PANEL=DIRECTORY",
        help="put a panel's tree there as well, e.g. reseller=/usr/local/mgr5, until the end",
    )
    up.add_argument(
        "--database",
        choices=sorted(servers.KINDS),
        help=f"what the panels run on; else ${servers.VARIABLE} says it",
    )
    up.add_argument("--tcp", action="store_true", help="the database listens on a port of 127.0.0.1 too, with TLS")
    up.add_argument("--quiet", action="store_true", help="print nothing when ready")
    up.add_argument("--stay", action="store_true", help="stay up when the starting process ends")
    up.set_defaults(run=_up)
    call = commands.add_parser("call", help="call a function of a panel, as its mgrctl does")
    call.add_argument("panel")
    call.add_argument("words", nargs="+", metavar="FUNC|NAME=VALUE")
    call.add_argument("--root", type=Path, required=True)
    call.set_defaults(run=_call)
    put = commands.add_parser("install", help="put a plug-in's files into a panel's tree and restart the panel")
    put.add_argument("--root", type=Path, required=True)
    put.add_argument("--panel", required=True)
    put.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files, or folders with addon/ xml/ etc/ ...")
    put.set_defaults(run=_install)
    journal = commands.add_parser("journal", help="charges and changes, oldest first")
    journal.add_argument("--root", type=Path, required=True)
    journal.add_argument("--panel")
    journal.add_argument("--json", action="store_true")
    journal.set_defaults(run=_journal)
    commands.add_parser("switches", help="all switches with their settings").set_defaults(run=_switches)
    commands.add_parser("faults", help="all faults of the wire").set_defaults(run=_faults)
    known = commands.add_parser("functions", help="all functions of a panel with the facts they stand on")
    known.add_argument(
        "--refresh", type=Path, nargs="+", metavar="FILE", help="make the tables of such pages anew (docs/*.md)"
    )
    known.set_defaults(run=_functions)
    return parser


def _up(options: argparse.Namespace) -> int:
    names = options.panel or ["seller", "reseller"]
    for name in names:
        if not name.isidentifier() or not name.islower() or len(name) > 24 or name == "mysql":
            raise RuntimeError(f"a panel's name is lower-case letters, digits and _, at most 24: not {name!r}")
    if len(set(names)) != len(names):
        raise RuntimeError("two panels of one name")
    places = [Place.from_text(text) for text in options.at]
    for place in places:
        if place.panel not in names:
            raise RuntimeError(f"--at names the panel {place.panel}, which is not started")
    server = servers.KINDS[options.database] if options.database else servers.chosen()
    supervisor = Supervisor(Root(options.root.resolve()), names, places, server, tcp=options.tcp)
    return supervisor.run(not options.quiet, not options.stay)


def report_of(root: Path) -> dict[str, Any]:
    file = Root(root.resolve()).report
    if not file.exists():
        raise NotUp(f"no sandbox is up at {root}; start it with: python -m sandbox up --root {root}")
    data: dict[str, Any] = json.loads(file.read_text())
    return data


def _panel_of(options: argparse.Namespace) -> dict[str, Any]:
    panels: dict[str, dict[str, Any]] = report_of(options.root)["panels"]
    if options.panel not in panels:
        raise NotUp(f"no panel {options.panel}; there are: {', '.join(panels)}")
    return panels[options.panel]


def _install(options: argparse.Namespace) -> int:
    """Then the panel is restarted, so that it reads the new files (platform.md 2.1, "Activation")."""
    panel = _panel_of(options)
    copies = plan(options.files)
    install(Path(panel["base"]), copies)
    for copy in copies:
        print(f"{copy.mode:o} {copy.place}")
    restart = [panel["mgrctl"], "-m", "billmgr", "-R", "whoami"]
    return subprocess.run(restart, stdout=subprocess.DEVNULL, check=False).returncode


def _call(options: argparse.Namespace) -> int:
    program = _panel_of(options)["mgrctl"]
    os.execv(program, [program, "-m", "billmgr", *_words_for_mgrctl(options.arguments[1:], options.panel)])


def _words_for_mgrctl(arguments: list[str], panel: str) -> list[str]:
    """In the order they were given, since mgrctl's options have values of their own; without the panel and --root."""
    words: list[str] = []
    skip_next = False
    for word in arguments:
        if skip_next:
            skip_next = False
        elif word == "--root":
            skip_next = True
        elif word == panel and panel:
            panel = ""
        elif not word.startswith("--root="):
            words.append(word)
    return words


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


def _functions(options: argparse.Namespace) -> int:
    for file in options.refresh or ():
        file.write_text(tables.refreshed(file.read_text(encoding="utf-8")), encoding="utf-8")
    if not options.refresh:
        print(tables.plain())
    return 0


def _faults(options: argparse.Namespace) -> int:
    for kind, meaning in KINDS.items():
        print(f"{kind:12} {meaning}")
    return 0
