"""The sockets of a panel, made by the supervisor and handed to each of its cores in turn."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from sandbox.paths import PanelPaths


def tcp_listener(port: int) -> socket.socket:
    """A port of its own, the one of last time when it is still free. Bound by number, so that it survives `refused`."""
    for wanted in (port, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", wanted or free_port()))
        except OSError:
            listener.close()
            if not wanted:
                raise
            continue
        listener.listen(socket.SOMAXCONN)
        return listener
    raise RuntimeError("no free port")


def free_port() -> int:
    """One of 127.0.0.1 that nobody listens on now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def unix_listener(paths: PanelPaths) -> socket.socket:
    """mgrctl's socket, bound by a relative name: a socket's path holds 107 bytes and the tree may lie deep."""
    before = Path.cwd()
    os.chdir(paths.base)
    try:
        paths.socket.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind("var/core.sock")
        Path("var/core.sock").chmod(0o600)
        listener.listen(socket.SOMAXCONN)
    finally:
        os.chdir(before)
    return listener
