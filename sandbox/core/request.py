"""One call of a panel's function, whoever made it and over whichever way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NOBODY = 0
CLIENT = 16
"""user.level 16 = client (platform.md 6.2)."""
ADMIN = 29
ROOT = 30
"""mgrctl runs as root, level 30 (platform.md 3.1)."""

LEVEL_NAMES = {"nobody": 0, "mailbox": 9, "user": 16, "reseller": 24, "admin": 29, "super": 30, "root": 30, "all": 0}
"""Registered names (platform.md 1.1)."""


@dataclass(frozen=True)
class Caller:
    name: str
    level: int
    user: int = 0
    account: int = 0

    @property
    def staff(self) -> bool:
        return self.level >= ADMIN


LOCAL_ROOT = Caller("root", ROOT)
ANONYMOUS = Caller("", NOBODY)


@dataclass(frozen=True)
class Origin:
    """How the call came; handlers see it in their environment (platform.md 2.1, 2.2)."""

    ip: str
    local: bool
    method: str = ""
    query: str = ""
    secure: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    session: str = ""
    nested: str = ""
    """Not empty for a call made by a program that the panel itself is waiting for."""


@dataclass(frozen=True)
class Request:
    func: str
    params: Mapping[str, str]
    caller: Caller
    origin: Origin
    lang: str = "en"
    out: str = "text"
    itemtype: str = ""
    """The type in `<itemtype>.edit` and its like."""

    def text(self, name: str, default: str = "") -> str:
        return self.params.get(name, default)

    @property
    def sok(self) -> bool:
        """`sok` non-empty saves a form (platform.md 1.1)."""
        return self.params.get("sok", "") != ""

    @property
    def elid(self) -> str:
        return self.params.get("elid", "")

    @property
    def elids(self) -> list[str]:
        """Several ids are joined by comma and space (platform.md 1.1)."""
        return [part.strip() for part in self.elid.split(",") if part.strip()]
