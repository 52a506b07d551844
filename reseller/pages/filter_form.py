"""The filters of our lists as forms: the filled-in fields become parameters of the list (platform.md 2.2).

A filter is not stored: a list that is opened without these parameters shows everything again.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from reseller.ledger import overview
from reseller.ledger.overview import Kind
from reseller.mgr5 import modules
from reseller.pages import listing
from reseller.pages.call import Call
from reseller.products import ITEMTYPES
from reseller.wire import document

#: the lists that can be filtered
_LISTS = {"reseller.services": overview.SERVICES, "reseller.requests": overview.REQUESTS}
#: selects whose choices are all texts with one prefix
_WORDED = {"status": "status_", "there": "status_", "drift": "drift_", "kind": "kind_", "state": "state_"}


def show(call: Call) -> document.Element:
    """The filter form of one of the lists."""
    func = call.func.removesuffix(".filter")
    view = _LISTS[func]
    if call.sok:
        listing.wanted(call, view, asked=True)
        chosen = {name: call.text(name) for name in view.filters if call.text(name)}
        target = urlencode({"func": func, "filter": "on", **chosen})
        return document.document(document.element("ok", target, type="list"))
    words = call.words(f"{func}.filter")
    any_one = ("", words.get("any", ""))
    for name, (kind, _) in view.filters.items():
        offered = _offered(call, name, kind, words)
        if offered:
            listing.choices(call, name, [any_one, *offered.items()])
        call.put(**{name: call.text(name)})
    return call.page


def _offered(call: Call, name: str, kind: Kind, words: Mapping[str, str]) -> dict[str, str]:
    """The choices of a select; none for a field that is typed in."""
    if kind == Kind.FLAG:
        return {flag: words.get(f"flag_{flag}", flag) for flag in ("on", "off")}
    if name == "itemtype":
        return {itemtype: itemtype for itemtype in ITEMTYPES}
    if name == "processingmodule":
        return {str(module.id): str(module) for module in modules.every(call.context.db)}
    prefix = _WORDED.get(name)
    return {key[len(prefix) :]: word for key, word in words.items() if key.startswith(prefix)} if prefix else {}
