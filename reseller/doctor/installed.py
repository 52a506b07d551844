"""What was installed: files with owner and modes, the Python environment against the lock, and the line for cron."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path

from lxml import etree

from reseller import files
from reseller.audit import status
from reseller.context import Context
from reseller.doctor.finding import FAILS, HOLDS, UNCHECKED, WARNING, Finding
from reseller.mgr5 import items
from reseller.mgr5.panel import Panel
from reseller.sync import metrics, scheduled
from reseller.wire.errors import Message

MANIFEST = "lib/reseller/manifest"
#: the program with which a package makes itself work (package/settle); there is none after `make install`
SETTLE = "lib/reseller/settle"
#: what the panel runs with `make` when the module does not answer at its start (platform.md 5.1)
HOOK = "src/pmreseller/Makefile"
#: what the installation took its libraries from, kept in its environment
LOCK = Path(sys.prefix) / "requirements.txt"
#: the oldest Python that works, as setup.py says
PYTHON = (3, 9)
#: what this program imports of others
LIBRARIES = ("lxml", "pymysql", "requests")
#: modes by folder of the panel's tree; everything else is for everybody to read (scripts/install.sh)
_MODES = {"addon": 0o750, "processing": 0o750, "sbin": 0o750, "etc/xml": 0o640}
_EVERYBODY = 0o644
_LOCKED = re.compile(r"([a-z0-9-]+)==([^ ;\\]+)(?: *; *python_version *(<=|>=) *'3\.([0-9]+)')?")
#: what package managers leave beside a file that they did not replace
_LEFT = (".dpkg-old", ".dpkg-new", ".dpkg-dist", ".rpmnew", ".rpmsave", ".rpmorig")


def again(panel: Panel) -> str:
    """The command that mends the installation: a package's own program, or `make install` where the sources are."""
    mend = panel.base / SETTLE
    if mend.exists():
        return shlex.quote(str(mend))
    return f"make install PREFIX={shlex.quote(str(panel.base))}"


def _put_back(panel: Panel, path: Path) -> str:
    """The command for a missing file; settle leaves those of cron and logrotate alone, which may be off on purpose."""
    copy = panel.base / "lib/reseller/etc" / path.parent.name / path.name
    if not copy.exists():
        return again(panel)
    return f"install -m 644 {shlex.quote(str(copy))} {shlex.quote(str(path))}"


def manifest(panel: Panel) -> list[Path]:
    """The files that were installed, without directories; raises OSError without the list."""
    return [Path(line) for line in files.lines(panel.base / MANIFEST) if line and not line.endswith("/")]


def of_files(panel: Panel) -> Iterator[Finding]:
    """Each installed file is there, is ours, and has its mode; each description of the interface is XML."""
    try:
        paths = manifest(panel)
    except OSError as error:
        told = Message("reseller_doctor_manifest", path=panel.base / MANIFEST, text=error.strerror or error)
        yield Finding(FAILS, told, again(panel))
        return
    wrong = [finding for path in paths for finding in _file(panel, path)]
    yield from wrong
    if not wrong:
        yield Finding(HOLDS, Message("reseller_doctor_files", count=len(paths)))
    hook = panel.base / HOOK
    if hook.exists() and shutil.which("make") is None:
        yield Finding(WARNING, Message("reseller_doctor_make", path=hook.parent))


def _file(panel: Panel, path: Path) -> Iterator[Finding]:
    # The panel's directory is known by its real path; the list has the one that was given, which may be a link.
    place = os.path.realpath(path.parent)
    mode = next((each for folder, each in _MODES.items() if place == str(panel.base / folder)), _EVERYBODY)
    try:
        state = path.lstat()
    except OSError:
        yield Finding(FAILS, Message("reseller_doctor_file_missing", path=path), _put_back(panel, path))
        return
    if not stat.S_ISREG(state.st_mode):
        yield Finding(FAILS, Message("reseller_doctor_file_kind", path=path), again(panel))
        return
    named = shlex.quote(str(path))
    if (state.st_uid, state.st_gid) != (os.getuid(), os.getgid()):
        found, expected = f"{state.st_uid}:{state.st_gid}", f"{os.getuid()}:{os.getgid()}"
        told = Message("reseller_doctor_file_owner", path=path, found=found, expected=expected)
        yield Finding(FAILS, told, f"chown {expected} {named}")
    if stat.S_IMODE(state.st_mode) != mode:
        found, expected = f"{stat.S_IMODE(state.st_mode):o}", f"{mode:o}"
        told = Message("reseller_doctor_file_mode", path=path, found=found, expected=expected)
        yield Finding(FAILS, told, f"chmod {expected} {named}")
    if path.suffix == ".xml":
        try:
            description(path)
        except (OSError, etree.XMLSyntaxError) as error:
            yield Finding(FAILS, Message("reseller_doctor_file_xml", path=path, text=error), again(panel))


def description(path: Path) -> etree._Element:
    """A description of the interface; raises OSError, XMLSyntaxError."""
    return etree.fromstring(files.read(path), etree.XMLParser(resolve_entities=False, no_network=True))


def functions(panel: Panel) -> list[str]:
    """The functions that the installed descriptions give to the panel, by name; a broken file gives none."""
    found = []
    for path in manifest(panel):
        if path.suffix == ".xml":
            with contextlib.suppress(OSError, etree.XMLSyntaxError):
                found += [node.get("name", "") for node in description(path).iterfind("handler/func")]
    return sorted(found)


def of_python(panel: Panel) -> Iterator[Finding]:
    """The interpreter is new enough, and the libraries that it really imports are those of the lock."""
    told = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < PYTHON:
        expected = ".".join(map(str, PYTHON))
        yield Finding(FAILS, Message("reseller_doctor_python_old", found=told, expected=expected), again(panel))
        return
    for name in LIBRARIES:
        import_module(name)
    imported = {name: _version(name) for name in LIBRARIES}
    try:
        locked = _locked(files.lines(LOCK))
    except OSError as error:
        text = Message("reseller_doctor_lock", path=LOCK, text=error.strerror or error)
        yield Finding(UNCHECKED, text, again(panel))
        return
    wrong = [
        Message("reseller_doctor_library", name=name, found=found, expected=version)
        for name, version in sorted(locked.items())
        if (found := _version(name)) != version
    ]
    for message in wrong:
        yield Finding(FAILS, message, again(panel))
    if not wrong:
        names = ", ".join(f"{name} {version}" for name, version in imported.items())
        libxml = ".".join(map(str, import_module("lxml.etree").LIBXML_VERSION))
        message = Message("reseller_doctor_python", version=told, libraries=names, libxml=libxml)
        yield Finding(HOLDS, message, facts={"python": told, "libraries": imported})


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "-"


def _locked(lines: list[str]) -> dict[str, str]:
    """Name and version of each library that the lock has for this Python."""
    found = {}
    for line in lines:
        match = _LOCKED.match(line)
        if match:
            name, version, sign, minor = match.groups()
            here = sys.version_info[1]
            if not sign or (here <= int(minor) if sign == "<=" else here >= int(minor)):
                found[name] = version
    return found


#: a line that makes full runs: ours, and what it was before, which an operator may have kept
_CALLS_US = re.compile(r"^[^#]*(?:resellerctl cron(?! --pending)|mgrctl -m billmgr checkevent)")


def of_cron(panel: Panel) -> Iterator[Finding]:
    """The line for cron is there and active, no setting takes its effect, and runs begin."""
    path = next((each for each in manifest(panel) if each.parent.name == "cron.d"), None)
    if path is None:
        yield Finding(FAILS, Message("reseller_doctor_cron_none", path=panel.base / MANIFEST), again(panel))
        return
    try:
        lines = files.lines(path)
    except OSError:
        # That the file is missing is a finding of its own.
        lines = []
    active = [line for line in lines if _CALLS_US.search(line)]
    if not active:
        yield Finding(FAILS, Message("reseller_doctor_cron_off", path=path), again(panel))
    off = scheduled.switched_off(panel)
    if off:
        yield Finding(WARNING, off, scheduled.switch_on(panel))
    for left in (path.with_name(path.name + end) for end in _LEFT):
        if left.exists():
            yield Finding(WARNING, Message("reseller_doctor_cron_left", path=left), f"rm {shlex.quote(str(left))}")
    yield from _runs(panel, len(active))


def _runs(panel: Panel, active: int) -> Iterator[Finding]:
    """How long ago a run has begun, and how long ago one has come through, as `resellerctl status` says it."""
    context = Context.start(panel)
    missing = status.missing_run(context)
    run = f"{shlex.quote(str(panel.base / 'sbin/resellerctl'))} checkevent"
    if missing:
        yield Finding(FAILS, missing, run)
        return
    if not items.modules(context.db):
        yield Finding(HOLDS, Message("reseller_doctor_cron_idle"))
        return
    if metrics.path(panel.base, panel.limits) is None:
        yield Finding(UNCHECKED, Message("reseller_doctor_run_unknown"))
        return
    now = int(time.time())
    ages = [
        now - max(metrics.last(panel.base, panel.limits, name).values(), default=0)
        for name in (metrics.LAST_RUN, metrics.LAST_SUCCESS)
    ]
    if ages[1] > panel.limits.run_missing_seconds:
        yield Finding(WARNING, Message("reseller_doctor_run_fails", seconds=min(ages[1], now)), run)
    elif active:
        yield Finding(HOLDS, Message("reseller_doctor_cron", run=ages[0], success=ages[1]))
