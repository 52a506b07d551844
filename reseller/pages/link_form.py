"""The functions `item.setremoteid`, `reseller.link`, `reseller.link.force` and `reseller.unlink`.

Where the panel has an `item.setremoteid` of its own, ours hangs on it as an event and takes over one kind of call only:
an employee's, for a service of our module. The panel's own function would write the seller's number where the key of a
client who sells that service on stands. So the event before it says no, and the final one, which runs in any case,
does the work and answers. All other calls, every client's among them, are left as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from reseller.context import Context
from reseller.ledger import links
from reseller.linking import plan as planning
from reseller.linking import repair, sides
from reseller.mgr5 import items
from reseller.model import Item
from reseller.pages.call import Call
from reseller.wire import document
from reseller.wire.errors import ResellerError
from reseller.wire.numbers import whole


def setremoteid(call: Call) -> document.Element:
    """`item.setremoteid elid= value= sok=ok`: elid is the service here, value the one there, empty to unlink."""
    if call.stage in ("before", "final"):
        return _event(call)
    if not call.sok:
        return _setremoteid_form(call)
    if call.is_employee:
        return _set(call.context, call)
    # In the language of staff: the client's answer is worded elsewhere.
    context = Context.start(call.panel, caller=call.caller)
    repair.repair(context, call.user, call.text("elid"), call.text("value"))
    return document.document(document.element("ok"))


def _event(call: Call) -> document.Element:
    is_before = call.stage == "before"
    number = whole(call.text("elid"))
    if call.is_employee and call.sok and number:
        context = call.context
        if items.is_ours(context.db, number):
            if is_before:
                raise ResellerError("reseller_link_ours", object="elid", value=number, item=number)
            return _set(context, call)
    return document.document() if is_before else call.page


def _setremoteid_form(call: Call) -> document.Element:
    """Only staff see what the service is linked with."""
    page = call.page
    old = links.of_item(call.context.db, call.service()) if call.is_employee else None
    page.append(document.element("value", old.remote if old else ""))
    return page


def _set(context: Context, call: Call) -> document.Element:
    number, remote = call.service(), call.text("value")
    if not call.has("value"):
        raise ResellerError("reseller_link_value", object="value", item=number)
    return _ok(sides.link(context, number, remote) if remote else sides.unlink(context, number))


def link(call: Call) -> document.Element:
    """The form `reseller.link`: shows what linking would do as soon as a number is there, and does it when saved.

    Raises ResellerError `reseller_own_function` for `force`.
    """
    call.require_own("force", "reseller.link.force")
    return _link(call, force=False)


def force(call: Call) -> document.Element:
    """The form `reseller.link.force`: the same, also for what is kept, or carries another service's key."""
    return _link(call, force=True)


def _link(call: Call, *, force: bool) -> document.Element:
    context = call.context
    number, remote = call.service(), call.text("remote")
    if call.sok:
        return _ok(sides.link(context, number, remote, force=force))
    call.put(remote=remote)
    if remote:
        plan = planning.to_link(context, number, remote, force=force)
        return _shown(call, plan.item, plan.notes(context))
    plan = planning.to_unlink(context, number)
    return _shown(call, plan.item, plan.notes(context)[:1])


def unlink(call: Call) -> document.Element:
    """The form `reseller.unlink`: shows what would be written on both sides, and does it when saved."""
    if call.sok:
        return _ok(sides.unlink(call.context, call.service()))
    plan = planning.to_unlink(call.context, call.service())
    return _shown(call, plan.item, plan.notes(call.context))


def _shown(call: Call, item: Item, notes: Sequence[str]) -> document.Element:
    call.put(service=f"{item.id} {item.name} ({item.itemtype}, {item.pricelist_name})", plan="\n".join(notes))
    return call.page


def _ok(told: str) -> document.Element:
    return document.document(document.element("ok"), document.element("told", told))
