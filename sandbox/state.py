"""What one panel keeps beside its tree: passwords, ports, the position of its ids. Mode 600."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass

from sandbox.paths import PanelPaths
from sandbox.tls import write_private


@dataclass(frozen=True)
class PanelState:
    """Accounts' passwords are for the person and the tests; the panel itself only keeps their hashes."""

    name: str
    number: int
    """Position among the panels; ids of the tables start at different places by it, so nothing passes by luck."""
    database_password: str
    forwarded_secret: str
    passwords: dict[str, str]
    http_port: int = 0
    https_port: int = 0
    database_name: str = ""

    @property
    def database(self) -> str:
        return self.database_name or f"billmgr_{self.name}"


HARD_CODED = "billmgr"
"""The database's name that some programs know by heart (additions-2.md h.6)."""


def new_state(name: str, number: int, database: str = "") -> PanelState:
    passwords = {user: secrets.token_urlsafe(12) for user in ("admin", "client1")}
    # The account that a program uses has what each way of writing a text writes in its own way.
    passwords["buyer"] = f"{secrets.token_urlsafe(8)}&+% é<{secrets.token_urlsafe(4)}"
    words = [secrets.token_urlsafe(18) for _ in range(2)]
    return PanelState(name, number, words[0], words[1], passwords, database_name=database)


def load(paths: PanelPaths) -> PanelState | None:
    if not paths.state.exists():
        return None
    return PanelState(**json.loads(paths.state.read_text(encoding="utf-8")))


def save(paths: PanelPaths, state: PanelState) -> None:
    paths.home.mkdir(mode=0o755, parents=True, exist_ok=True)
    write_private(paths.state, json.dumps(asdict(state), indent=1).encode())
