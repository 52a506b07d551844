"""The process of one panel: its core with the panel's functions and the pages for people.

Started by the supervisor, which hands over the listening sockets. Here the floors are put together: the core finds
functions in a table that they fill when they are imported, and is handed what answers browsers.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import sandbox.functions  # noqa: F401  (fills the table of functions)
from sandbox.browser import front
from sandbox.core.panel import open_panel
from sandbox.core.server import Server
from sandbox.paths import Root


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="sandbox.serve")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--panel", required=True)
    for name in ("--http", "--https", "--unix", "--ready"):
        parser.add_argument(name, type=int, required=True)
    options = parser.parse_args(arguments)
    paths = Root(options.root).panel(options.panel)
    os.chdir(paths.base)  # the current directory of everything the panel runs (platform.md 2.2)
    panel = open_panel(options.panel, paths)
    panel.front = front
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: panel.stop_requested.set())
    reading = threading.Thread(target=panel.modules.read_all, daemon=True)
    reading.start()
    panel.queue.start()
    sockets = [socket.socket(fileno=fd) for fd in (options.http, options.https, options.unix)]
    for listener in sockets:
        listener.setblocking(False)
    panel.log.note("core", f"panel {panel.name} started")
    os.write(options.ready, b"1")
    os.close(options.ready)
    asyncio.run(Server(panel, *sockets).serve())
    panel.log.note("core", f"panel {panel.name} stopped")
    # Threads that wait for modules must not keep the process: a module outlives its core and is found again.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
