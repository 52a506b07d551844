"""Password hashes of users; a stand-in needs them unreadable in dumps and logs, not slow."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def hashed(password: str) -> str:
    salt = secrets.token_hex(8)
    return f"{salt}${_digest(salt, password)}"


def matches(stored: str, password: str) -> bool:
    salt, _, digest = stored.partition("$")
    return bool(digest) and hmac.compare_digest(digest, _digest(salt, password))


def _digest(salt: str, password: str) -> str:
    return hashlib.sha256(f"{salt}{password}".encode()).hexdigest()
