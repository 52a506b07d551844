"""Whole Debian systems to install into, made by debootstrap and thrown away after each test.

A root is made once and kept in build/roots. A `System` lays a file system in memory over it, in namespaces of its own
for mounts and processes: when its first process ends, all of its processes and mounts are gone, whatever happened.
Inside, a stand-in panel lies at /usr/local/mgr5, on the distribution's own Python and MariaDB.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

from tests.support.world import ROOT

BUILD = ROOT.resolve() / "build"
ARCHIVE = "http://deb.debian.org/debian"
#: by suite: the version of its Python
SUITES = {"bullseye": "3.9", "bookworm": "3.11", "trixie": "3.13"}
PACKAGES = ("cron", "logrotate", "mariadb-server-core", "mariadb-client-core", "python3-venv", "python3-pip", "rpm")
#: Debian 11 has the server's version in the names
_BULLSEYE = {"mariadb-server-core": "mariadb-server-core-10.5", "mariadb-client-core": "mariadb-client-core-10.5"}
TRIES, PAUSE = 600, 0.1
_FROM_SOURCE = "cd /opt/source && PYTHONPATH=/opt/source PYTHONDONTWRITEBYTECODE=1 exec /opt/standin/bin/python"


def shell(*words: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a command of this machine; its output is shown when it fails."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, f"{words}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done


def root(suite: str) -> Path:
    """A system with what a panel's host has, made on first use."""
    folder = BUILD / "roots" / suite
    if not (folder / "made").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        tool = _debootstrap()
        program = tool / "usr/sbin/debootstrap"
        words = ("--variant=minbase", "--include=python3,make", suite, str(folder), ARCHIVE)
        shell(program, *words, env={**os.environ, "DEBOOTSTRAP_DIR": str(tool / "usr/share/debootstrap")})
        for name in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{name}", folder / "etc" / name)
        names = [_BULLSEYE.get(name, name) if suite == "bullseye" else name for name in PACKAGES]
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        shell("chroot", folder, "apt-get", "-q", "-y", "--no-install-recommends", "install", *names, env=quiet)
        (folder / "made").write_text("")
    return folder


def _debootstrap() -> Path:
    """The tool from Debian's package, unpacked: nothing is installed on this machine."""
    folder = BUILD / "debootstrap"
    if not (folder / "usr").exists():
        folder.mkdir(parents=True, exist_ok=True)
        shell("apt-get", "-q", "download", "debootstrap", cwd=folder)
        shell("dpkg-deb", "-x", next(folder.glob("debootstrap_*.deb")), folder)
    return folder


def standin(python: str) -> Path:
    """A folder with what the stand-in imports, for this version of Python; a virtual environment that nobody built."""
    folder = BUILD / f"standin-{python}"
    if not (folder / "made").exists():
        shutil.rmtree(folder, ignore_errors=True)
        site, fetched = folder / f"lib/python{python}/site-packages", folder / "wheels"
        # `pip install` would take what is for the Python that runs it; `pip download` does so for markers only, which
        # is why the last two are named: aiohttp needs them on older ones.
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        pip += ["--only-binary", ":all:", "--implementation", "cp", "--python-version", python, "--dest", str(fetched)]
        for tag in ("manylinux_2_28", "manylinux_2_26", "manylinux_2_17", "manylinux2014"):
            pip += ["--platform", f"{tag}_x86_64"]
        needed = ("aiohttp", "cryptography", "jinja2", "lxml", "pymysql", "requests", "trustme")
        shell(*pip, *needed, "async-timeout", "typing_extensions")
        for wheel in fetched.glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(site)
        shutil.rmtree(fetched)
        (folder / "bin").mkdir()
        (folder / "bin/python").symlink_to(f"/usr/bin/python{python}")
        (folder / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
        (folder / "made").write_text("")
    return folder


def _lives(group: int) -> bool:
    """Whether a process of this group has not ended; one that nobody has waited for has."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group = path.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                return True
    return False


_BEGIN = r"""
set -e
mount -t tmpfs -o size=4g none "$3"
mkdir "$3/up" "$3/work" "$3/root"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$3/up,workdir=$3/work" "$3/root"
mount -t proc proc "$3/root/proc"
mount --bind /dev "$3/root/dev"
mkdir -p "$3/root/opt/source" "$3/root/opt/standin" "$3/root/opt/packages"
mount --bind "$2" "$3/root/opt/source"
mount --bind "$4" "$3/root/opt/standin"
mount --bind "$5" "$3/root/opt/packages"
rm -f "$3/root/made"
touch "$3/root/opt/begun"
exec sleep infinity
"""


class System:
    """A running system; use it as a context. Files of `packages` are in /opt/packages there."""

    def __init__(self, suite: str, place: Path, packages: Path) -> None:
        self.suite = suite
        self._place = place
        place.mkdir()
        given = [root(suite), ROOT.resolve(), place, standin(SUITES[suite]), packages]
        words = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _BEGIN, "begin", *map(str, given)]
        self._process = subprocess.Popen(words)
        self._panels: subprocess.Popen[bytes] | None = None
        self._first = self._wait(self._inner, "no process of its own")
        self._wait(lambda: self.run("test", "-e", "/opt/begun").returncode == 0, "it did not begin")

    def __enter__(self) -> System:  # noqa: PYI034 - `Self` is newer than Python 3.9
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        if self._panels is not None:
            self._panels.wait()

    def _wait(self, found: Any, otherwise: str) -> Any:
        for _ in range(TRIES):
            value = found()
            if value:
                return value
            assert self._process.poll() is None, otherwise
            time.sleep(PAUSE)
        raise AssertionError(otherwise)

    def _inner(self) -> int:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return int(children[0]) if children else 0

    def words(self, *words: str) -> list[str]:
        """The command of this machine that runs these words there."""
        enter = ["nsenter", "--target", str(self._first), "--mount", "--pid", "--", "chroot", f"{self._place}/root"]
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return [*enter, "env", "-i", path, "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *words]

    def run(self, *words: str, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        """A command there, as root, without a terminal."""
        given = self.words(*words)
        return subprocess.run(
            given, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False
        )

    def must(self, *words: str, seconds: float = 300) -> str:
        """The same, which has to succeed; what it printed, errors too."""
        done = self.run(*words, seconds=seconds)
        assert done.returncode == 0, f"{words}: {done.stdout[-5000:]}{done.stderr[-5000:]}"
        return done.stdout + done.stderr

    def start_panels(self) -> None:
        """The stand-in's two panels, the reseller's at /usr/local/mgr5."""
        up = f"{_FROM_SOURCE} -m sandbox up --stay --root /srv/panels"
        up += " --at reseller=/usr/local/mgr5 >>/tmp/panels 2>&1"
        self._panels = subprocess.Popen(self.words("sh", "-c", up), stdin=subprocess.DEVNULL)
        self._wait(lambda: '"ready": true' in self.run("cat", "/srv/panels/sandbox.json").stdout, "no panels")

    def stop_panels(self) -> None:
        """As a host does that goes down: panels and database are away."""
        pid = json.loads(self.must("cat", "/srv/panels/sandbox.json"))["pid"]
        self.must("sh", "-c", f"kill {pid}")
        assert self._panels is not None
        self._panels.wait()

    def inside(self, step: str, *words: object) -> Any:
        """A step of tests/packages/inside.py, which drives the panels from within; its answer."""
        run = f"{_FROM_SOURCE} -m tests.packages.inside {step} {' '.join(map(str, words))}"
        return json.loads(self.must("sh", "-c", run, seconds=600).splitlines()[-1])

    def killed(self, seconds: float, *words: str) -> None:
        """Begin a command there and kill it, with all that it has started, after so many seconds."""
        process = subprocess.Popen(
            self.words(*words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        # On a busy machine one of them may be dying still, with the package manager's lock.
        self._wait(lambda: not _lives(process.pid), "what was killed lives on")

    def ctl(self, *words: str) -> str:
        """The operator's command."""
        return self.must("/usr/local/mgr5/sbin/resellerctl", *words)

    def findings(self) -> list[dict[str, Any]]:
        """What doctor finds that does not hold."""
        done = self.run("/usr/local/mgr5/sbin/resellerctl", "doctor", "--json")
        found: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
        return [each for each in found if each["verdict"] != "holds"]

    def files(self) -> list[str]:
        """Everything of the panel's tree and of /etc with mode and owner, but what a running panel writes."""
        find = r"find -L /usr/local/mgr5 /etc -xdev \( -path '*/mgr5/var' -o -path '*/mgr5/tmp' \) -prune -o "
        # apt and dpkg keep times of their own there, and ld its cache.
        find += r"-name '*.cache' -prune -o -printf '%p %y %m %u %g %l\n'"
        return sorted(self.must("sh", "-c", find).splitlines())
