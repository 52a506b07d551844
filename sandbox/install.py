"""Putting any plug-in's files into a panel's tree, with owner and modes as the platform wants them.

Places and modes: handlers in addon/ 750 (platform.md 2.1), modules in processing/ 755 and the other folders of
platform.md 7.2. A file is told by the folder it comes from; a plug-in's `xml/` lies in etc/xml (7.2, "installed
automatically"), and a tree `dist/` is copied as it is.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

FOLDERS = (
    "addon",
    "processing",
    "paymethods",
    "cgi",
    "oauth",
    "gate",
    "etc",
    "lib",
    "include",
    "skins",
    "src",
    "sbin",
    "var",
)
"""Top folders of a panel's tree that a plug-in may bring files for (platform.md 7.2)."""
PROGRAMS = {"addon": 0o750, "processing": 0o755, "paymethods": 0o755, "cgi": 0o755, "oauth": 0o755, "gate": 0o755}
SBIN_MODE = 0o755
PLAIN_MODE = 0o644
NOT_OURS = {
    "sbin/mgrctl",
    "src/isp.mk",
    "lib/pkgsh/core_pkg_funcs.sh",
    "etc/billmgr.conf",
    "etc/billmgr.pem",
    "var/core.sock",
    "etc/xml/billmgr.xml",
}
"""The panel's own files; built-in files must not be edited (platform.md 1.1)."""


class NotInstallable(RuntimeError):
    """A file whose place in the tree cannot be told, or that is the panel's own."""


@dataclass(frozen=True)
class Copy:
    source: Path
    place: PurePosixPath

    @property
    def mode(self) -> int:
        top = self.place.parts[0]
        if top == "sbin":
            return SBIN_MODE
        return PROGRAMS.get(top, PLAIN_MODE) if len(self.place.parts) > 1 else PLAIN_MODE


def plan(sources: list[Path]) -> list[Copy]:
    """What goes where. Raises NotInstallable before anything has been copied."""
    copies = [copy for source in sources for copy in _of(source)]
    if not copies:
        raise NotInstallable("nothing to install: no folder of a panel's tree among " + ", ".join(map(str, sources)))
    for copy in copies:
        if str(copy.place) in NOT_OURS:
            raise NotInstallable(f"{copy.place} is the panel's own and is not replaced")
    return copies


def _of(source: Path) -> Iterator[Copy]:
    if not source.exists():
        raise NotInstallable(f"{source} does not exist")
    if source.is_file():
        yield Copy(source, _place_of_file(source))
    elif source.name in (*FOLDERS, "xml", "dist"):
        yield from _folder(source)
    else:
        for child in sorted(source.iterdir()):
            if child.is_dir() and child.name in (*FOLDERS, "xml", "dist"):
                yield from _folder(child)


def _folder(folder: Path) -> Iterator[Copy]:
    head = {"xml": "etc/xml", "dist": ""}.get(folder.name, folder.name)
    for file in sorted(folder.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield Copy(file, PurePosixPath(head) / file.relative_to(folder).as_posix())


def _place_of_file(source: Path) -> PurePosixPath:
    """By the nearest folder of its path that a panel's tree has; `*_mod_*.xml` needs none."""
    parts = source.resolve().parts
    for index in range(len(parts) - 2, -1, -1):
        if parts[index] in (*FOLDERS, "xml"):
            # etc/xml/x.xml and etc/sql/t.addon/f: the outer of the two folders counts.
            first = index - 1 if index and parts[index] in ("xml", "sql") and parts[index - 1] == "etc" else index
            head = ("etc", "xml") if parts[first] == "xml" else (parts[first],)
            return PurePosixPath(*head, *parts[first + 1 :])
    if "_mod_" in source.name and source.suffix == ".xml":
        return PurePosixPath("etc/xml", source.name)
    raise NotInstallable(f"{source}: put it into a folder named for its place, such as addon/ or processing/")


def install(base: Path, copies: list[Copy]) -> None:
    """Copy. An old file is replaced whole, so a program that runs is not disturbed. New own columns need the cache of
    the database's description gone (platform.md 1.1)."""
    for copy in copies:
        target = base / copy.place
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.new")
        shutil.copyfile(copy.source, fresh)
        fresh.chmod(copy.mode)
        fresh.rename(target)
    if any(copy.place.parts[:2] == ("etc", "sql") for copy in copies):
        for cache in (base / "var").glob(".db.cache*"):
            cache.unlink()
