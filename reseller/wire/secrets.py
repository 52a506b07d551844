"""Hide secrets in texts for people: a seller, a panel or a library may repeat them, in any encoding (promise 7).

Each character of a secret may appear as itself, URL- or form-encoded, or HTML- or JSON-escaped; white space may
separate them; and the whole may be base64, also as a part of something longer. A short secret is hidden only where it
is a word of its own: otherwise a secret `the` would turn `the seller` into `******** seller`, which would reveal it.
"""

from __future__ import annotations

import re
import threading
from base64 import b64encode
from collections.abc import Iterable
from functools import lru_cache

#: replaces a secret
HIDDEN = "********"
#: a secret with fewer characters counts as short
SHORT_CHARACTERS = 6
#: most characters of a text that is searched for secrets; the rest is not shown
MOST_CHARACTERS = 10_000
#: how many characters one encoded character of a secret may take, for a secret that is cut at the end of a text
_WIDEST = 24
#: how many secrets are remembered, besides those with `always`
_REMEMBERED = 16

_SPACES = "\\s\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
#: bounded, since the search would read a longer run of spaces again from each space
_GAP = f"[{_SPACES}]{{0,32}}"
_SPACE = re.compile(f"[{_SPACES}]+")
#: one of these begins every encoding of a character but base64
_ENCODES = "%&\\"
#: the alphabet of base64 for URLs, as the standard one has it
_STANDARD_BASE64 = str.maketrans("-_", "+/")
_NAMED = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_BASE64 = "[A-Za-z0-9+/_-]"

_known: dict[str, None] = {}
#: secrets with which this process logs in
_always: dict[str, None] = {}
_guard = threading.Lock()


def remember(*given: str, always: bool = False) -> None:
    """Record secrets that this process uses, for hide_known(): with `always` for good, otherwise the latest few."""
    with _guard:
        if always:
            _always.update(dict.fromkeys(filter(None, given)))
            return
        for secret in filter(None, given):
            _known.pop(secret, None)
            _known[secret] = None
        for secret in tuple(_known)[:-_REMEMBERED]:
            del _known[secret]


def hide_known(text: str, most: int = MOST_CHARACTERS) -> str:
    """`text` without the recorded secrets, cut as in hide()."""
    return hide(text, (*_always, *_known), most)


def hide(text: str, secrets: Iterable[str], most: int = MOST_CHARACTERS) -> str:
    """`text` without these secrets, cut if it has more than `most` characters."""
    given = [secret for secret in secrets if secret.strip()]
    cut, shown = len(text) > most, text[:most]
    # The longest first, since one secret may be a part of another.
    for secret in sorted(given, key=len, reverse=True):
        if _may_show(secret, shown):
            shown = _pattern(secret).sub(HIDDEN, shown)
    # A secret may be cut at the end, where it would not be recognised, so the end is dropped.
    edge = _WIDEST * max(map(len, given), default=0)
    return f"{shown[: max(most - edge, 0)]}…" if cut else shown


def _may_show(secret: str, text: str) -> bool:
    """Whether the pattern of a secret could match: building it costs more than all else that a sentence costs.

    Without a sign that begins an encoding, a secret shows as itself or as base64, with nothing but spaces in between.
    """
    is_misread = not secret.isascii() and not text.isascii()
    if is_misread or any(sign in text for sign in _ENCODES):
        return True
    bare = _SPACE.sub("", text)
    if all(_SPACE.sub("", word) in bare for word in secret.split()):
        return True
    packed = bare.translate(_STANDARD_BASE64)
    return any(core in packed for core in (*_cores(_bytes(secret)), b64encode(_bytes(secret)).decode().rstrip("=")))


@lru_cache(maxsize=4 * _REMEMBERED)
def _pattern(secret: str) -> re.Pattern[str]:
    if len(secret) < SHORT_CHARACTERS:
        packed = b64encode(_bytes(secret)).decode("ascii").rstrip("=")
        plain = "".join(map(_character, secret))
        return re.compile(rf"(?<!\w){plain}(?!\w)|(?<!{_BASE64}){_packed(packed, '')}=*(?!{_BASE64})")
    # Any white space may separate the words of a secret.
    blank = f"(?:[{_SPACES}+]|{_encoded(' ')}){{0,32}}"
    plain = blank.join(_GAP.join(map(_character, word)) for word in secret.split())
    inside = "|".join(_packed(core, _GAP) for core in _cores(_bytes(secret)))
    return re.compile(f"{plain}|{_BASE64}{{0,2}}(?:{inside}){_BASE64}{{0,2}}={{0,2}}")


def _bytes(secret: str) -> bytes:
    return secret.encode("utf-8", "surrogatepass")


def _character(char: str) -> str:
    """A pattern for all ways to write one character."""
    plain = r"(?:[ +])" if char == " " else f"\\\\?{re.escape(char)}" if char in "\"'/\\" else re.escape(char)
    misread = ""
    if not char.isascii():
        # Read byte by byte: as latin-1, like an HTTP header, or as Python shows bytes.
        shown = "".join(rf"\\x{_hexadecimal(f'{byte:02x}')}" for byte in _bytes(char))
        misread = f"|{re.escape(_bytes(char).decode('latin-1'))}|{shown}"
    return f"(?:{plain}|{_encoded(char)}{misread})"


def _encoded(char: str) -> str:
    """A pattern for a character URL-encoded (once or several times), as an HTML reference, or in JSON."""
    percent = "".join("%(?:25){0,2}" + _hexadecimal(f"{byte:02x}") for byte in _bytes(char))
    number = f"0{{0,4}}{ord(char)}|[xX]0{{0,4}}{_hexadecimal(f'{ord(char):x}')}"
    name = f"|{_NAMED[char]}" if char in _NAMED else ""
    # JSON escapes a character as one or two numbers of four hexadecimal digits.
    units = char.encode("utf-16-be", "surrogatepass").hex()
    json = "".join(rf"\\u{_hexadecimal(units[start : start + 4])}" for start in range(0, len(units), 4))
    return f"{percent}|&(?:amp;){{0,2}}(?:#(?:{number}){name});|{json}"


def _hexadecimal(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)


def _cores(secret: bytes) -> list[str]:
    """The base64 text that is certain wherever the secret begins in a group of three bytes: one for each position."""
    packed = (b64encode(b"\0" * skipped + secret).decode("ascii") for skipped in range(3))
    return [text[-(-8 * skipped // 6) : 8 * (skipped + len(secret)) // 6] for skipped, text in zip(range(3), packed)]


def _packed(core: str, gap: str) -> str:
    """A pattern for base64 characters, in the alphabet for URLs too."""
    ways = {"+": "(?:[+-]|%2[bB])", "/": "(?:[/_]|%2[fF])"}
    return gap.join(ways.get(char, char) for char in core)
