"""Numbers of services as people and panels write them."""

from __future__ import annotations

import re

#: no sign, no leading zero, no other digits than these: one number has one spelling
_WHOLE = re.compile("[1-9][0-9]{0,17}")


def whole(text: str) -> int:
    """The number that `text` is the one spelling of, 0 for anything else."""
    return int(text) if _WHOLE.fullmatch(text) else 0
