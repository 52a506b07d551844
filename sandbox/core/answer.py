"""What goes out over HTTP for one request."""

from __future__ import annotations

from dataclasses import dataclass

SESSION_COOKIE = "billmgrses5"
"""platform.md 2.2."""
FORGET = "-"


@dataclass(frozen=True)
class Answer:
    body: bytes
    content_type: str
    status: int = 200
    cookie: str = ""
    """The session to keep in the cookie; FORGET takes the cookie away."""
    headers: tuple[tuple[str, str], ...] = ()
