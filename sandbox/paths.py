"""Where everything of one sandbox lies. Nothing else builds these paths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SOCKET_PATH_BYTES = 100
"""sun_path holds 107 bytes; a margin is kept for the names of temporary files beside it."""


@dataclass(frozen=True)
class Root:
    """The directory given to `up --root`."""

    path: Path

    @property
    def report(self) -> Path:
        return self.path / "sandbox.json"

    @property
    def lock(self) -> Path:
        return self.path / "up.lock"

    @property
    def mysql(self) -> Path:
        return self.path / "mysql"

    def panel(self, name: str) -> PanelPaths:
        return PanelPaths(self.path / name)


@dataclass(frozen=True)
class PanelPaths:
    """One panel: its own state beside its mgr5 tree (platform.md 7.2, "Directories")."""

    home: Path

    @property
    def base(self) -> Path:
        return self.home / "mgr5"

    @property
    def state(self) -> Path:
        return self.home / "panel.json"

    @property
    def ca(self) -> Path:
        return self.home / "ca.pem"

    @property
    def server_pem(self) -> Path:
        return self.home / "server.pem"

    @property
    def core_log(self) -> Path:
        return self.home / "core.out"

    @property
    def socket(self) -> Path:
        return self.base / "var" / "core.sock"

    @property
    def log(self) -> Path:
        return self.base / "var" / "billmgr.log"

    @property
    def key(self) -> Path:
        return self.base / "etc" / "billmgr.pem"

    @property
    def conf(self) -> Path:
        return self.base / "etc" / "billmgr.conf"

    @property
    def xml(self) -> Path:
        return self.base / "etc" / "xml"

    @property
    def addon(self) -> Path:
        return self.base / "addon"

    @property
    def processing(self) -> Path:
        return self.base / "processing"

    @property
    def runs(self) -> Path:
        return self.base / "tmp" / "operations"
