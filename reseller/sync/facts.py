"""What the seller says of an active service and the panel keeps: addresses, names, dates, password, licence key."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from reseller.seller.service import Service
from reseller.wire import dates

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


def facts(seen: Service) -> Facts:
    """The facts of a service's edit form (reference/selling-api.md 4.2)."""
    opened = {name: seen.fields.get(name, "") for name in ("ip", "domain", "username")}
    saved = {"licname": seen.fields.get("licname", ""), DATE_PARAM: dates.text(seen.expiredate)}
    return Facts(
        open_fields={name: value for name, value in opened.items() if value},
        saved={name: value for name, value in saved.items() if value},
        password=seen.password,
        key=seen.licence_key,
    )
