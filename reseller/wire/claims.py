"""What a text claims to be: an address, a host name, a user name, a text for people.

Clients see these values of their services as the seller tells them, and type them elsewhere. So each kind has one
reader, which gives the value back as it came, or "" for what is none of the kind.
"""

from __future__ import annotations

import re

from reseller.wire.texts import UNSEEN

#: of a name of a licence (selling-api.md 3.2), an address, a user name, a password; and of a key
TEXT_CHARACTERS, KEY_CHARACTERS = 255, 1000
_NAME_CHARACTERS, _USER_CHARACTERS = 253, 128
_EXACT = frozenset({"username", "lickey"})
#: what stands where a secret is not shown
_BLANK = "*\u2022\u25cf\u00b7.-_\u2014\u2013\u2026 \t"
_HINT = re.compile(r"[*\u2022\u25cf\u00b7]{3}|^[xX]{4,}$")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
#: letters of every script: a Windows in Russian names its administrator so; DOMAIN\\user, user@host
_USER = re.compile(r"[\w.@+$ \\-]+")


def text(told: str, most: int = TEXT_CHARACTERS) -> str:
    """A text of one line in which every character can be seen."""
    return "" if len(told) > most or UNSEEN.search(told) else told


def key(told: str) -> str:
    """The key of a licence."""
    return text(told, KEY_CHARACTERS)


def addresses(told: str) -> str:
    """One IP address or several, as a comma or blanks separate them; no network, no port, no zone."""
    parts = told.replace(",", " ").split()
    return told if text(told) and parts and all(map(_is_address, parts)) else ""


def _is_address(told: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(told)
    except ValueError:
        return False
    # What follows a % may be anything.
    return "%" not in told


def host(told: str) -> str:
    """The name of a host or a domain, in any script; a certificate's may stand for all names below it (`*.`)."""
    bare = told.removesuffix(".")
    # Its length first: the codec takes a time that grows with its square.
    if not text(bare, _NAME_CHARACTERS):
        return ""
    try:
        ascii_name = bare if bare.isascii() else bare.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    labels = ascii_name.removeprefix("*.").split(".")
    return told if len(ascii_name) <= _NAME_CHARACTERS and all(map(_LABEL.fullmatch, labels)) else ""


def canonical(name: str, told: str) -> str:
    """By which two spellings of the field `name` are known to be the same value; nobody is shown it.

    Addresses have shorter and longer forms, a host's name a form in ASCII and no case, other texts neither case nor
    blanks that say anything. A user name and a key are what they are.
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
    """A label as people read it; what is no name in another script stays as it is."""
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
    """A password or a key; empty for one that is only hinted at, as by `********`, `ABCD-****-****` or `-`."""
    return "" if not told.strip(_BLANK) or _HINT.search(told) else told


def user(told: str) -> str:
    """A name to log in with; one that begins with a dash would be read as an option."""
    fits = text(told, _USER_CHARACTERS) and _USER.fullmatch(told)
    return told if fits and not told.startswith("-") else ""
