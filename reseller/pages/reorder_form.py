"""The form `reseller.reorder`: send a request again that the seller never confirmed.

Elid is a row of `reseller.requests`.
"""

from __future__ import annotations

from reseller.commands.reorder import reorder
from reseller.ledger import requests
from reseller.pages import several
from reseller.pages.call import Call, done, refused
from reseller.wire import document
from reseller.wire.errors import ResellerError


def show(call: Call) -> document.Element:
    """Show in a sentence what would be sent; when the form is saved, do it if the sentence is still the same."""
    number = call.number("elid", 1, 2**31 - 1, 0)
    if not number:
        raise refused("elid", "")
    try:
        request = requests.by_id(call.context.db, number)
    except LookupError as error:
        raise ResellerError("reseller_no_request", object="elid", value=number) from error
    sentence = reorder(call.context, request.item, confirmed=False, chosen=number)
    if call.sok:
        several.require_shown(call, sentence)
        reorder(call.context, request.item, confirmed=True, chosen=number)
        return done()
    call.put(elid=number, service=request.item, plan=sentence, shown=several.digest(sentence))
    return call.page
