"""Units of measure as panels name them: which names mean the same one.

The panel's measures are a binary chain down to the byte, whatever they are called (additions-2.md h 7), so `Mb`, `MB`
and `mib` are one unit. A name that is not known here is only the same as itself.
"""

from __future__ import annotations

_BYTES = {
    1: ("b", "byte", "bytes", "б", "байт"),
    2**10: ("kib", "kb", "кб", "киб"),
    2**20: ("mib", "mb", "мб", "миб"),
    2**30: ("gib", "gb", "гб", "гиб"),
    2**40: ("tib", "tb", "тб", "тиб"),
}
_SIZES = {name: size for size, names in _BYTES.items() for name in names}


def are_same(one: str, other: str) -> bool:
    """Whether two names mean one unit; a name that is not told contradicts nothing."""
    first, second = one.strip().rstrip(".").casefold(), other.strip().rstrip(".").casefold()
    if not first or not second or first == second:
        return True
    return first in _SIZES and _SIZES[first] == _SIZES.get(second)
