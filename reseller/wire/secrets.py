"""Hiding secrets in what people read: a seller, a panel or a library may repeat them, in whatever way it writes.

Each character of a secret may stand there as such, URL- or form-encoded, HTML- or JSON-escaped, white space may part
them, and the whole may be base64, also of something longer. A short secret is hidden only where it stands as a word of
its own: `******** seller` instead of `the seller` would tell what it is.
"""

from __future__ import annotations

import re
import threading
from base64 import b64encode
from collections.abc import Iterable
from functools import lru_cache

#: stands where a secret stood
HIDDEN = "********"
#: a secret of fewer characters is a short one
SHORT_CHARACTERS = 6
#: of a text in which secrets are looked for; nobody is shown more
MOST_CHARACTERS = 10_000
#: what one character of a secret takes at most, as far as the end of a cut text is concerned
_WIDEST = 24
#: how many secrets of this process are remembered
_REMEMBERED = 16

_SPACES = "\\s\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
#: bounded, since a longer run of blanks would be read again from each of them
_GAP = f"[{_SPACES}]{{0,32}}"
_NAMED = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_BASE64 = "[A-Za-z0-9+/_-]"

_known: dict[str, None] = {}
#: what this process itself logs in with
_always: dict[str, None] = {}
_guard = threading.Lock()


def remember(*given: str, always: bool = False) -> None:
    """Secrets that this process handles, hidden by hide_known(): those that it `always` has, and the last others."""
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
    """`text` without the secrets that this process remembers, and cut as hide() does."""
    return hide(text, (*_always, *_known), most)


def hide(text: str, secrets: Iterable[str], most: int = MOST_CHARACTERS) -> str:
    """`text` without these secrets, and cut if it has more than `most` characters."""
    given = [secret for secret in secrets if secret.strip()]
    cut, shown = len(text) > most, text[:most]
    # The longest first: one may be a part of another.
    for secret in sorted(given, key=len, reverse=True):
        shown = _pattern(secret).sub(HIDDEN, shown)
    # A secret may have been cut in two.
    edge = _WIDEST * max(map(len, given), default=0)
    return f"{shown[: max(most - edge, 0)]}…" if cut else shown


@lru_cache(maxsize=4 * _REMEMBERED)
def _pattern(secret: str) -> re.Pattern[str]:
    if len(secret) < SHORT_CHARACTERS:
        packed = b64encode(_bytes(secret)).decode("ascii").rstrip("=")
        plain = "".join(map(_character, secret))
        return re.compile(rf"(?<!\w){plain}(?!\w)|(?<!{_BASE64}){_packed(packed, '')}=*(?!{_BASE64})")
    # Between words any white space will do, as anywhere else.
    blank = f"(?:[{_SPACES}+]|{_encoded(' ')}){{0,32}}"
    plain = blank.join(_GAP.join(map(_character, word)) for word in secret.split())
    inside = "|".join(_packed(core, _GAP) for core in _cores(_bytes(secret)))
    return re.compile(f"{plain}|{_BASE64}{{0,2}}(?:{inside}){_BASE64}{{0,2}}={{0,2}}")


def _bytes(secret: str) -> bytes:
    return secret.encode("utf-8", "surrogatepass")


def _character(char: str) -> str:
    """All ways to write one character."""
    plain = r"(?:[ +])" if char == " " else f"\\\\?{re.escape(char)}" if char in "\"'/\\" else re.escape(char)
    return f"(?:{plain}|{_encoded(char)}{_misread(char)})"


def _misread(char: str) -> str:
    """What is not ASCII, read byte by byte: as latin-1, as a header of HTTP is, or as Python shows bytes."""
    if char.isascii():
        return ""
    shown = "".join(rf"\\x{_hexadecimal(f'{byte:02x}')}" for byte in _bytes(char))
    return f"|{re.escape(_bytes(char).decode('latin-1'))}|{shown}"


def _encoded(char: str) -> str:
    """URL-encoded, a second time too; an HTML reference by number or name; JSON."""
    percent = "".join("%(?:25){0,2}" + _hexadecimal(f"{byte:02x}") for byte in _bytes(char))
    number = f"0{{0,4}}{ord(char)}|[xX]0{{0,4}}{_hexadecimal(f'{ord(char):x}')}"
    name = f"|{_NAMED[char]}" if char in _NAMED else ""
    json = "".join(rf"\\u{_hexadecimal(unit)}" for unit in _units(char))
    return f"{percent}|&(?:amp;){{0,2}}(?:#(?:{number}){name});|{json}"


def _units(char: str) -> list[str]:
    """A character as JSON writes it: one or two numbers of four digits."""
    told = char.encode("utf-16-be", "surrogatepass").hex()
    return [told[start : start + 4] for start in range(0, len(told), 4)]


def _hexadecimal(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)


def _cores(secret: bytes) -> list[str]:
    """What base64 of anything with the secret in it holds, by where in a group of three bytes it begins."""
    packed = (b64encode(b"\0" * skipped + secret).decode("ascii") for skipped in range(3))
    return [text[-(-8 * skipped // 6) : 8 * (skipped + len(secret)) // 6] for skipped, text in zip(range(3), packed)]


def _packed(core: str, gap: str) -> str:
    """Characters of base64, in the alphabet for URLs too."""
    ways = {"+": "(?:[+-]|%2[bB])", "/": "(?:[/_]|%2[fF])"}
    return gap.join(ways.get(char, char) for char in core)
