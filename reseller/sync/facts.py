"""What the seller says of an active service and the panel keeps: addresses, names, dates, password, licence key."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from reseller.wire import document

#: the parameter of a service that shows staff the seller's date
DATE_PARAM = "reseller_expiredate"


class Facts(NamedTuple):
    """What the seller says of an active service; secrets are never shown."""

    open_fields: dict[str, str]
    saved: dict[str, str]
    password: str
    key: str

    def password_digest(self, key: str) -> int:
        """64 bits by which the password is known again by whoever has `key`, the seller's own; 0 for none."""
        if not self.password:
            return 0
        secret = hashlib.sha256(key.encode()).digest()
        digest = hashlib.blake2b(self.password.encode(), digest_size=8, key=secret).digest()
        return int.from_bytes(digest, "big") or 1


def facts(form: document.Element) -> Facts:
    """The facts of a service's edit form (reference/selling-api.md 4.2)."""
    opened = {name: document.text(form, name) for name in ("ip", "domain", "username")}
    saved = {name: document.text(form, name) for name in ("licname",)}
    saved[DATE_PARAM] = document.text(form, "expiredate")
    return Facts(
        open_fields={name: value for name, value in opened.items() if value},
        saved={name: value for name, value in saved.items() if value},
        password=form.findtext("userpassword") or form.findtext("password") or "",
        key=document.text(form, "lickey"),
    )
