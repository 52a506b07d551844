"""What the seller says of an active service and the panel keeps: addresses, names, dates, password, licence key.

Clients see these values and trust them. So what is not what it claims to be is not saved: it is kept back in `unfit`,
of which a problem is made (problems.VALUE), and what the panel had before stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from reseller.ledger import problems
from reseller.seller.service import Service
from reseller.wire import claims, dates, texts

#: the parameter of a service that shows staff the seller's date
DATE_PARAM = "reseller_expiredate"
#: who reads what the form calls so; activating hands over all but the name of a licence, which is saved by itself
_READERS: Mapping[str, Callable[[str], str]] = {
    "ip": claims.addresses,
    "domain": claims.host,
    "username": claims.user,
    "licname": claims.text,
}
_SAVED = frozenset({"licname"})


class Facts(NamedTuple):
    """What the seller says of an active service; secrets are never shown."""

    open_fields: dict[str, str]
    saved: dict[str, str]
    password: str
    key: str
    #: what is kept back, in words for a person: a secret by its name alone
    unfit: str = ""

    def password_digest(self, key: str) -> int:
        """64 bits by which the password is known again by whoever has `key`, the seller's own; 0 for none."""
        if not self.password:
            return 0
        secret = hashlib.sha256(key.encode()).digest()
        digest = hashlib.blake2b(self.password.encode(), digest_size=8, key=secret).digest()
        return int.from_bytes(digest, "big") or 1


def facts(seen: Service) -> Facts:
    """The facts of a service's edit form (selling-api.md 4.2)."""
    told = {name: seen.fields[name] for name in _READERS if seen.fields.get(name)}
    fit = {name: value for name, value in told.items() if _READERS[name](value)}
    password, key = claims.text(seen.password), claims.key(seen.licence_key)
    unfit = [f"{name} {value!r}" for name, value in told.items() if name not in fit]
    secrets = {"password": (seen.password, password), "lickey": (seen.licence_key, key)}
    unfit += [name for name, (raw, value) in secrets.items() if raw != value]
    date = {DATE_PARAM: dates.text(seen.expiredate)} if seen.expiredate else {}
    return Facts(
        open_fields={name: value for name, value in fit.items() if name not in _SAVED},
        saved={**{name: value for name, value in fit.items() if name in _SAVED}, **date},
        password=password,
        key=key,
        unfit=texts.fit("; ".join(unfit), problems.VALUE_CHARACTERS),
    )
