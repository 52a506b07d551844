"""resellerctl support: an archive for whoever helps from afar: without secrets and without names."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from reseller.cli import shown
from reseller.doctor import support
from reseller.mgr5.panel import Panel

#: it is asked for where things do not work, so it is given the panel alone
PANEL_ONLY = True


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Writes an archive for whoever helps from afar: versions, what doctor and status say, problems, limits and "
        "switches, and the end of the log. Each word that this program does not know itself is replaced by a mark, so "
        "that no name, address, domain, password or key is in it. Nothing is sent: look at it, then send it on. "
        "It asks panel and sellers what `doctor` asks them."
    )
    parser.add_argument("file", metavar="FILE", help="where to write it, for instance support.tar.gz")
    parser.add_argument("--lang", choices=("en", "ru"), default="en", help="language of the sentences in it")


def run(panel: Panel, arguments: argparse.Namespace) -> int:
    """Write the archive and say what is in it."""
    path = Path(arguments.file)
    parts = list(support.gather(panel, arguments.lang))
    content = support.pack(parts)
    shown.save(path, content, "reseller_support_file")
    if arguments.json:
        sizes = {part.name: len(part.text.encode()) for part in parts}
        shown.machine({"file": str(path), "bytes": len(content), "parts": sizes})
        return 0
    shown.say(f"{path}: {len(content)} bytes")
    for part in parts:
        shown.say(f"  {part.name:16}{len(part.text.encode()):>9} bytes")
    shown.say(f"Look at it before you send it on: tar -xzOf {shlex.quote(str(path))} | less")
    return 0
