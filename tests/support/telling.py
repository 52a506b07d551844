"""What would give a secret away: it may stand somewhere as such or in any way in which programs write a text."""

import html
import json
import re
from base64 import b64encode
from functools import lru_cache
from urllib.parse import quote, quote_plus

#: passwords that a test has given to the program; it may show them to nobody
given: set[str] = set()
#: shifts of base64 -> characters at the beginning that what stands before shares
_SHARED = {0: 0, 1: 2, 2: 3}


def spellings(secret):
    """As bytes: plain, in a URL, a form, HTML, JSON, and in base64 wherever it stands in a longer text."""
    raw = secret.encode()
    found = {
        raw,
        json.dumps(secret)[1:-1].encode(),
        html.escape(secret).encode(),
        html.escape(secret, quote=False).encode(),
    }
    for text in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        found |= {text.encode(), re.sub("%..", lambda found: found[0].lower(), text).encode()}
    for shift, shared in _SHARED.items():
        whole = (shift + len(raw)) // 3 * 3
        core = b64encode(bytes(shift) + raw)[shared : whole // 3 * 4]
        found |= {core, core.replace(b"+", b"-").replace(b"/", b"_")}
    return found


@lru_cache(maxsize=64)
def _pattern(secrets):
    return re.compile(b"|".join(sorted(re.escape(way) for secret in secrets for way in spellings(secret))))


def shows(content, secrets):
    """Whether these bytes show one of the secrets to whoever reads them."""
    return bool(secrets) and _pattern(frozenset(secrets)).search(content) is not None
