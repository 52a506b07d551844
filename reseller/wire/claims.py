"""Checks of values by their kind: an address, a host name, a user name, a text for people.

Clients see these values of their services as the seller sends them, and copy them elsewhere. So each kind has one
check, which returns the value unchanged, or "" if it is not of its kind.
"""

from __future__ import annotations

import re

from reseller.wire.texts import UNSEEN

#: most characters of a licence name (selling-api.md 3.2), an address or a password; and of a key
TEXT_CHARACTERS, KEY_CHARACTERS = 255, 1000
_NAME_CHARACTERS, _USER_CHARACTERS = 253, 128
_EXACT = frozenset({"username", "lickey"})
#: characters of placeholders that stand for a hidden secret
_BLANK = "*\u2022\u25cf\u00b7.-_\u2014\u2013\u2026 \t"
_HINT = re.compile(r"[*\u2022\u25cf\u00b7]{3}|^[xX]{4,}$")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
#: letters of every script, since a Russian Windows has a Russian administrator name; DOMAIN\\user, user@host
_USER = re.compile(r"[\w.@+$ \\-]+")


def text(told: str, most: int = TEXT_CHARACTERS) -> str:
    """A text of one line in which every character is visible."""
    return "" if len(told) > most or UNSEEN.search(told) else told


def key(told: str) -> str:
    """The key of a licence."""
    return text(told, KEY_CHARACTERS)


def addresses(told: str) -> str:
    """One or several IP addresses, separated by commas or spaces; no network, no port, no zone."""
    parts = told.replace(",", " ").split()
    return told if text(told) and parts and all(map(_is_address, parts)) else ""


def _is_address(told: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(told)
    except ValueError:
        return False
    # The zone after a % may be any text.
    return "%" not in told


def host(told: str) -> str:
    """A host or domain name in any script; `*.` in front is allowed, as in a certificate's name."""
    bare = told.removesuffix(".")
    # Check the length first, since the codec's time grows with its square.
    if not text(bare, _NAME_CHARACTERS):
        return ""
    try:
        ascii_name = bare if bare.isascii() else bare.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    labels = ascii_name.removeprefix("*.").split(".")
    return told if len(ascii_name) <= _NAME_CHARACTERS and all(map(_LABEL.fullmatch, labels)) else ""


def canonical(name: str, told: str) -> str:
    """A form in which two spellings of the same value of field `name` are equal; never shown to anybody.

    Addresses are compressed, host names decoded from IDNA and in lower case, other texts without regard to case and
    repeated spaces. A user name and a key are compared exactly.
    """
    if name in _EXACT:
        return told
    bare = " ".join(told.split()).lower()
    if name == "ip" and addresses(bare):
        return " ".join(_compressed(part) for part in bare.replace(",", " ").split())
    if name == "domain" and host(bare):
        return ".".join(map(_in_letters, bare.removesuffix(".").split(".")))
    return bare


def _in_letters(label: str) -> str:
    """A label as people read it; a label that cannot be decoded stays as it is."""
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _compressed(told: str) -> str:
    import ipaddress

    return ipaddress.ip_address(told).compressed


def secret(told: str) -> str:
    """A password or a key; empty for a placeholder such as `********`, `ABCD-****-****` or `-`."""
    return "" if not told.strip(_BLANK) or _HINT.search(told) else told


def user(told: str) -> str:
    """A login name; one that begins with a dash is refused, since a program would read it as an option."""
    fits = text(told, _USER_CHARACTERS) and _USER.fullmatch(told)
    return told if fits and not told.startswith("-") else ""
