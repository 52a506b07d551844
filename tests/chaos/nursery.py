"""Starts the add-on's processes by forking one that has loaded the foreign libraries already.

Loading pymysql, lxml and the libraries of HTTP is half of what a short command costs, and thousands are run here. So a
panel's executables are replaced by a few lines (SEED) that hand their arguments, environment, directory and open files
to this process; it forks, and the child loads our own code afresh from the tree that the seed names and runs the real
executable in its own process. The seed ends as the child does, killed if it was killed.
"""

from __future__ import annotations

import array
import contextlib
import importlib
import os
import runpy
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

#: what stands in an executable's place; loads nothing but what is built into the interpreter
SEED = """#!{python} -IS
import posix, sys, _socket

def main():
    words = [posix.getcwd(), {tree!r}, {real!r}, str(len(sys.argv)), *sys.argv]
    parts = [word.encode("utf-8", "surrogateescape") for word in words]
    parts += [name + b"=" + value for name, value in posix.environ.items()]
    data = b"\\0".join(parts)
    there = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    there.connect({address!r})
    files = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
    there.sendmsg([len(data).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, files)])
    there.sendall(data)
    code = there.recv(1)
    if not code:
        posix.kill(posix.getpid(), 9)
    posix._exit(code[0])

main()
"""
#: the same without a nursery, by the interpreter of an installed add-on
_WRAPPER = """#!{python} -I
import runpy, sys
runpy.run_path({boundaries!r})["run"]({real!r}, sys.argv)
"""
BOUNDARIES = Path(__file__).with_name("boundaries.py")
PLANS = "tmp/chaos"


class Nursery:
    """The running process; `seed` writes executables that it serves."""

    def __init__(self, folder: Path, command: Sequence[str] = (), words: Sequence[str] = ()) -> None:
        self.address = folder / "nursery"
        command = command or [sys.executable, "-I", __file__]
        self.process = subprocess.Popen([*command, str(self.address), *words])
        until = time.monotonic() + 20
        while not self.address.exists():
            assert self.process.poll() is None, "the nursery did not start"
            assert time.monotonic() < until, "the nursery did not start in time"
            time.sleep(0.01)

    def seed(self, tree: Path, executable: Path) -> None:
        """Put a seed in the executable's place; the real one lies beside it. `tree` has the code it is to run."""
        real = _set_aside(executable)
        text = SEED.format(python=sys.executable, tree=str(tree), real=str(real), address=str(self.address))
        executable.write_text(text)
        executable.chmod(0o755)

    def stop(self) -> None:
        """End it; its children end by themselves."""
        self.process.terminate()
        self.process.wait()
        self.address.unlink(missing_ok=True)


def _set_aside(executable: Path) -> Path:
    """The real executable's new place; plans can be made for it."""
    (executable.parent.parent / PLANS).mkdir(parents=True, exist_ok=True)
    return executable.rename(executable.with_name(f"{executable.name}.real"))


@contextlib.contextmanager
def wrapped(executable: Path, python: Path) -> Iterator[None]:
    """For a while the executable can be planned for, without a nursery: each run is its own from exec on."""
    real = _set_aside(executable)
    executable.write_text(_WRAPPER.format(python=python, boundaries=str(BOUNDARIES), real=str(real)))
    executable.chmod(0o755)
    try:
        yield
    finally:
        real.rename(executable)


def _received(there: socket.socket) -> tuple[list[bytes], list[int]]:
    """The words of a seed, and its three open files."""
    size, ancillary, _, _ = there.recvmsg(4, socket.CMSG_LEN(12))
    files = array.array("i")
    for _, _, data in ancillary:
        files.frombytes(data)
    left = int.from_bytes(size, "big")
    parts = []
    while left:
        part = there.recv(left)
        parts.append(part)
        left -= len(part)
    return b"".join(parts).split(b"\0"), list(files)


def _grow(there: socket.socket) -> None:
    """The child: become the process that the seed stands for."""
    words, files = _received(there)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    # The ones of the parent know other files: whether those can be sought in, and how they are buffered.
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    folder, tree, real, count, *rest = [os.fsdecode(word) for word in words]
    os.chdir(folder)
    os.environ.clear()
    for pair in rest[int(count) :]:
        name, _, value = pair.partition("=")
        os.environ[name] = value
    sys.path.insert(0, tree)
    code = 1
    try:
        runpy.run_path(str(BOUNDARIES))["run"](real, rest[: int(count)])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - what an interpreter does with it
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    there.sendall(bytes([code & 255]))
    os._exit(code & 255)


def _reap() -> None:
    """Collect children that ended; until then they are zombies, which nobody takes for living."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def serve(address: str, begin: Callable[[], None] = lambda: None) -> None:
    """Fork a child for every seed, until the process that started this one is gone; each child begins with `begin`."""
    for name in ("lxml.etree", "pymysql.cursors", "requests", "argparse"):
        importlib.import_module(name)

    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(f"{address}.new")
    listener.listen(128)
    listener.settimeout(1)
    Path(f"{address}.new").rename(address)
    parent = os.getppid()
    while os.getppid() == parent:
        _reap()
        try:
            there, _ = listener.accept()
        except socket.timeout:
            continue
        if os.fork() == 0:
            listener.close()
            there.setblocking(True)
            begin()
            _grow(there)
        there.close()


if __name__ == "__main__":
    serve(sys.argv[1])
