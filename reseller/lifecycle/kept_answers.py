"""An error document that proves nothing, kept with its request until looking has shown what became of the call.

When nothing shows it is a refusal like any other, so it is kept whole: its type decides whether money is waited for, a
day, or a person.
"""

from __future__ import annotations

import json

from reseller.wire.errors import Rejected

#: what the ledger's column holds; of what the seller said at length, and of everything else
MOST_CHARACTERS, TEXT_CHARACTERS, WORD_CHARACTERS = 2000, 300, 64
#: parameters of the error that word it; the others of a Rejected follow from its type
_WORDS = ("func", "amount", "have", "deficit", "currency", "available")


def kept(error: Rejected) -> str:
    """The answer as the ledger keeps it, with the seller's own parameters as far as there is room."""
    params = {name: error.params[name][:WORD_CHARACTERS] for name in _WORDS if name in error.params}
    params["text"] = error.params.get("text", "")[:TEXT_CHARACTERS]
    theirs: dict[str, str] = {}
    fields = {
        "type": error.type,
        "seller_type": error.seller_type[:WORD_CHARACTERS],
        "seller_object": error.seller_object[:WORD_CHARACTERS],
        "value": error.value[:TEXT_CHARACTERS],
        "seller_params": theirs,
        **params,
    }
    for name, told in error.seller_params.items():
        theirs[name[:WORD_CHARACTERS]] = told[:WORD_CHARACTERS]
        if len(_written(fields)) > MOST_CHARACTERS:
            del theirs[name[:WORD_CHARACTERS]]
            break
    return _written(fields)


def again(answer: str) -> Rejected | None:
    """The error that was kept, None for an empty answer."""
    if not answer:
        return None
    fields = json.loads(answer)
    return Rejected(fields.pop("type"), **fields)


def _written(fields: object) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
