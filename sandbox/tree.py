"""A panel's mgr5 tree (platform.md 7.2, "Directories"). Only what installers source names the place."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from sandbox.database import Login
from sandbox.paths import PanelPaths
from sandbox.tls import write_private

FOLDERS = (
    "addon",
    "processing",
    "paymethods",
    "cgi",
    "oauth",
    "gate",
    "etc/xml",
    "etc/sql",
    "etc/billmgr.conf.d",
    "var/logs",
    "tmp/operations",
    "lib/python",
    "include/php",
    "skins/common/plugin-logo",
    "src",
    "sbin",
)
FILES = Path(__file__).parent / "files"


def ensure_tree(paths: PanelPaths) -> None:
    for folder in FOLDERS:
        (paths.base / folder).mkdir(mode=0o755, parents=True, exist_ok=True)
    paths.runs.chmod(0o700)
    (paths.base / "etc").chmod(0o750)  # the vendor's installer makes it so (additions-2.md f.2)
    install_mgrctl(paths)
    install_helpers(paths)
    shutil.copytree(FILES / "xml", paths.xml, dirs_exist_ok=True)


def install_mgrctl(paths: PanelPaths) -> None:
    """Written anew at each start: the interpreter may be another one. The real interpreter, since a link into a
    virtual environment costs a search for its home."""
    script = (FILES / "mgrctl").read_text().replace("@INTERPRETER@", os.path.realpath(sys.executable))
    target = paths.base / "sbin" / "mgrctl"
    fresh = target.with_name("mgrctl.new")
    fresh.write_text(script)
    fresh.chmod(0o755)
    fresh.rename(target)


def install_helpers(paths: PanelPaths) -> None:
    """What installers of plug-ins call, and what they read of the panel (additions-2.md e.1, e.2, h.20)."""
    source = FILES / "tree"
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        target = paths.base / file.relative_to(source)
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = target.with_name(f"{target.name}.new")
        fresh.write_text(file.read_text(encoding="utf-8").replace("@BASE@", str(paths.base)))
        fresh.chmod(0o755 if target.parent.name in ("sbin", "bin") else 0o644)
        fresh.rename(target)
    (paths.base / "etc" / "repo.version").write_text("stable\n")
    (paths.base / "etc" / "mgrlist.conf").write_text("manager billmgr\nmanager core\n")


def write_conf(paths: PanelPaths, login: Login, forwarded_secret: str) -> None:
    """`Key value` lines, the keys that paramlist shows (platform.md 6.2)."""
    values = {
        "DBHost": "localhost",
        "DBUser": login.user,
        "DBPassword": login.password,
        "DBName": login.database,
        "DBSocket": login.socket,
        "CryptKey": "etc/billmgr.pem",
        "ForwardedSecret": forwarded_secret,
    }
    text = "".join(f"{key} {value}\n" for key, value in values.items())
    write_private(paths.conf, text.encode())


def read_options(paths: PanelPaths) -> frozenset[str]:
    """`Option NAME` lines: any number of them (platform.md 4.1)."""
    parts = sorted((paths.base / "etc" / "billmgr.conf.d").glob("*.conf"))
    lines = [line.split() for file in [paths.conf, *parts] for line in file.read_text(encoding="utf-8").splitlines()]
    return frozenset(words[1] for words in lines if len(words) == 2 and words[0] == "Option")


def read_conf(paths: PanelPaths) -> dict[str, str]:
    """etc/billmgr.conf, then the files of etc/billmgr.conf.d over it (platform.md 6.2)."""
    values: dict[str, str] = {}
    parts = sorted((paths.base / "etc" / "billmgr.conf.d").glob("*.conf"))
    for file in [paths.conf, *parts]:
        for line in file.read_text(encoding="utf-8").splitlines():
            key, _, value = line.strip().partition(" ")
            if key and not key.startswith("#"):
                values[key] = value.strip()
    return values
