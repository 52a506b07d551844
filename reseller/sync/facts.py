"""The values of an active service that the panel takes from the seller: addresses, names, dates, password, licence key.

Clients see these values and trust them. A value that fails its check (wire/checked.py) is therefore not saved: the
panel keeps its old value, and the rejected one is named in `unfit`, from which the problem `value` is made
(problems.VALUE).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from reseller.ledger import problems
from reseller.seller.service import Service
from reseller.wire import checked, dates, texts

#: name of the service's parameter that shows the seller's date to staff
DATE_PARAM = "reseller_expiredate"
#: the check for each field of the form; `<itemtype>.open` takes all but _SAVED, which are saved separately
_READERS: Mapping[str, Callable[[str], str]] = {
    "ip": checked.addresses,
    "domain": checked.host,
    "username": checked.user,
    "licname": checked.text,
}
_SAVED = frozenset({"licname"})


class Facts(NamedTuple):
    """Checked values of an active service; `password` and `key` are never shown."""

    open_fields: dict[str, str]
    saved: dict[str, str]
    password: str
    key: str
    #: the values that failed their check, in words for a person; a secret only by its name
    unfit: str = ""

    def password_digest(self, key: str) -> int:
        """A keyed digest of 64 bits that recognises the password later; `key` is the password of the seller's account.

        0 for none.
        """
        if not self.password:
            return 0
        secret = hashlib.sha256(key.encode()).digest()
        digest = hashlib.blake2b(self.password.encode(), digest_size=8, key=secret).digest()
        return int.from_bytes(digest, "big") or 1


def facts(seen: Service) -> Facts:
    """The facts in a service's edit form (selling-api.md 4.2)."""
    values = {name: seen.fields[name] for name in _READERS if seen.fields.get(name)}
    fit = {name: value for name, value in values.items() if _READERS[name](value)}
    password, key = checked.text(seen.password), checked.key(seen.licence_key)
    unfit = [f"{name} {value!r}" for name, value in values.items() if name not in fit]
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
