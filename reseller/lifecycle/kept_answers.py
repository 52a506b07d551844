"""Keep an error document that proves nothing with its request, until polling has shown what became of the call.

When polling shows no effect, the error counts as a refusal like any other. So all of the error that a refusal needs is
kept: its type and parameters decide whether the request waits for money, for a day, or for a person.
"""

from __future__ import annotations

import json

from reseller.wire.errors import Rejected

#: characters that the ledger's column holds; that are kept of a long text of the seller's, and of any other value
MOST_CHARACTERS, TEXT_CHARACTERS, WORD_CHARACTERS = 2000, 300, 64
#: parameters that fill the sentence of the error; all others of a Rejected follow from its type
_WORDS = ("func", "amount", "have", "deficit", "currency", "available")


def kept(error: Rejected) -> str:
    """The error as JSON for the ledger's column, with the seller's own parameters as far as there is room."""
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
    for name, value in error.seller_params.items():
        theirs[name[:WORD_CHARACTERS]] = value[:WORD_CHARACTERS]
        if len(_written(fields)) > MOST_CHARACTERS:
            del theirs[name[:WORD_CHARACTERS]]
            break
    return _written(fields)


def again(answer: str) -> Rejected | None:
    """The error that kept() has written as `answer`; None for an empty answer."""
    if not answer:
        return None
    fields = json.loads(answer)
    return Rejected(fields.pop("type"), **fields)


def _written(fields: object) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
