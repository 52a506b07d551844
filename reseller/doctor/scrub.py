"""Texts for a stranger: words that are in this program itself, numbers, and nothing else.

A list of what must not be shown always forgets something: a client's name in an error of the seller, a host name in a
form that nobody thought of. So this is a list of what may be shown: the words of our own source and of our own
sentences, names of functions made of them, plain numbers, dates and our keys. Any other word becomes a mark that is the
same for the same word within one report, and tells nothing about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import reseller
from reseller import files
from reseller.products import ITEMTYPES
from reseller.wire.secrets import hide_known

#: our sentences in a panel's tree
TEXTS = "etc/xml/billmgr_mod_*reseller*.xml"
_WORD = re.compile(r"[^\W\d_]+(?:_+[^\W\d_]+)*|\w+")
_TOKEN = re.compile(r"[^\s\"'(){}\[\]<>,;|]+")
#: what stands around a word and belongs to no name
_EDGES = re.compile(r"^[.:!?*=…]+|[.:!?*=…]+$")
#: dates, times, durations and amounts
_PLAIN = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d{1,3})?Z?)?|\d\d:\d\d(?::\d\d)?|-?\d{1,9}(?:\.\d{1,4})?%?"
)
#: keys that both sides know, and ids of processes and requests in the log
_OURS = re.compile(r"\d{1,9}-[0-9a-f]{8}|[0-9a-f]{8}")
#: a word with a dot between two letters: a host, or a function
_DOTTED = re.compile(r"[^\W\d_]\w*(?:\.[^\W\d_]\w*)+")
#: in our source, the rest of a function's name behind the type of a product
_TAIL = re.compile(r"[}*>]\.([a-z]+(?:\.[a-z]+)*)")
_LONGEST_WORD = 64


class Scrub:
    """Makes texts fit for a stranger; `base` is the panel's directory, where our sentences are."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._marks: dict[str, str] = {}

    @cached_property
    def known(self) -> frozenset[str]:
        """The words, in small letters."""
        own = Path(reseller.__file__).parent.rglob("*.py")
        found: set[str] = set()
        for path in (*own, *self._base.glob(TEXTS)):
            content = files.read(path).decode("utf-8", "replace").lower()
            found.update(_WORD.findall(content), _DOTTED.findall(content), _TAIL.findall(content))
        return frozenset(word for word in found if len(word) <= _LONGEST_WORD and not word.isdecimal())

    def text(self, text: str) -> str:
        """The text with a mark for each word that is not known."""
        return _TOKEN.sub(lambda match: self._token(match.group()), hide_known(text, len(text)))

    def value(self, value: object) -> object:
        """A document of JSON with its texts made fit, also those that name a value."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(name)): self.value(each) for name, each in value.items()}
        if isinstance(value, Sequence):
            return [self.value(each) for each in value]
        return value if value is None or isinstance(value, (bool, int, float)) else self.text(str(value))

    def _token(self, token: str) -> str:
        bare = _EDGES.sub("", token)
        if "::" in token:
            return self._mark(token)
        if not bare or self._may_show(bare):
            return token
        before, after = token.split(bare, 1)
        # A name and its value: the name may well be shown.
        name, sign, value = bare.partition("=")
        if sign and self._may_show(name):
            return f"{before}{name}={self._token(value)}{after}" if value else token
        return f"{before}{self._mark(bare)}{after}"

    def _may_show(self, word: str) -> bool:
        if _PLAIN.fullmatch(word) or _OURS.fullmatch(word):
            return True
        if _DOTTED.fullmatch(word):
            return self._is_name_of_ours(word.lower())
        if "@" in word or word.count(":") > 1:
            return False
        parts = _WORD.findall(word)
        return bool(parts) and self._are_known(parts) and not re.search(r"\d[.:]\d", word)

    def _is_name_of_ours(self, word: str) -> bool:
        """Whether our source has the word as a whole, or as a function of all product types."""
        itemtype, _, rest = word.removeprefix("v2.").partition(".")
        return word in self.known or (itemtype in ITEMTYPES and rest in self.known)

    def _are_known(self, parts: Iterable[str]) -> bool:
        return all(part.lower() in self.known or _PLAIN.fullmatch(part) for part in parts)

    def _mark(self, word: str) -> str:
        return self._marks.setdefault(word, f"<hidden {len(self._marks) + 1}>")
