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

#: characters of placeholders that stand for a hidden secret
_BLANK = "*\u2022\u25cf\u00b7.-_\u2014\u2013\u2026 \t"
_HINT = re.compile(r"[*\u2022\u25cf\u00b7]{3}|^[xX]{4,}$")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
#: letters of every script, since a Russian Windows has a Russian administrator name; DOMAIN\\user, user@host
_USER = re.compile(r"[\w.@+$ \\-]+")


def text(value: str, most: int = TEXT_CHARACTERS) -> str:
    """A text of one line in which every character is visible."""
    return "" if len(value) > most or UNSEEN.search(value) else value


def key(value: str) -> str:
    """The key of a licence."""
    return text(value, KEY_CHARACTERS)


def addresses(value: str) -> str:
    """One or several IP addresses, separated by commas or spaces; no network, no port, no zone."""
    parts = value.replace(",", " ").split()
    # The zone after a % may be any text.
    if not text(value) or not parts or "%" in value:
        return ""
    import ipaddress

    try:
        for part in parts:
            ipaddress.ip_address(part)
    except ValueError:
        return ""
    return value


def host(value: str) -> str:
    """A host or domain name in any script; `*.` in front is allowed, as in a certificate's name."""
    bare = value.removesuffix(".")
    # Check the length first, since the codec's time grows with its square.
    if not text(bare, _NAME_CHARACTERS):
        return ""
    try:
        ascii_name = bare if bare.isascii() else bare.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    labels = ascii_name.removeprefix("*.").split(".")
    return value if len(ascii_name) <= _NAME_CHARACTERS and all(map(_LABEL.fullmatch, labels)) else ""


def canonical(name: str, value: str) -> str:
    """A form in which two spellings of the same value of field `name` are equal; never shown to anybody.

    Addresses are compressed, host names decoded from IDNA and in lower case, other texts without regard to case and
    repeated spaces. A user name and a key are compared exactly.
    """
    if name in ("username", "lickey"):
        return value
    bare = " ".join(value.split()).lower()
    if name == "ip" and addresses(bare):
        import ipaddress

        return " ".join(ipaddress.ip_address(part).compressed for part in bare.replace(",", " ").split())
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


def secret(value: str) -> str:
    """A password or a key; empty for a placeholder such as `********`, `ABCD-****-****` or `-`."""
    return "" if not value.strip(_BLANK) or _HINT.search(value) else value


def user(value: str) -> str:
    """A login name; one that begins with a dash is refused, since a program would read it as an option."""
    fits = text(value, _USER_CHARACTERS) and _USER.fullmatch(value)
    return value if fits and not value.startswith("-") else ""
