"""The functions `item.setremoteid`, `reseller.link`, `reseller.link.force` and `reseller.unlink`.

If the panel has an `item.setremoteid` of its own, ours is attached to it as an event, and handles one kind of call
only: an employee's, for a service of our module. There the panel's own function would overwrite, with the seller's
number, the key of a client who resells that service. So the `before` event refuses the call, and the `final` event,
which runs in any case, does the work and answers. All other calls, including every client's, are left to the panel.
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

FORCE = "reseller.link.force"


def setremoteid(call: Call) -> document.Element:
    """`item.setremoteid elid= value= sok=ok`: `elid` is the service here, `value` the remote number, empty to
    unlink.
    """
    if call.stage in ("before", "final"):
        is_before, number = call.stage == "before", whole(call.text("elid"))
        if call.is_employee and call.sok and number and items.is_ours(call.context.db, number):
            if is_before:
                raise ResellerError("reseller_link_ours", object="elid", value=number, item=number)
            return _set(call)
        return document.document() if is_before else call.page
    if not call.sok:
        # Only staff see the remote service to which the service is linked.
        old = links.of_item(call.context.db, call.service()) if call.is_employee else None
        call.page.append(document.element("value", old.remote if old else ""))
        return call.page
    if call.is_employee:
        return _set(call)
    # In the language of staff, who read what is recorded here; the client's answer is worded elsewhere.
    context = Context.start(call.panel, caller=call.caller)
    repair.repair(context, call.user, call.text("elid"), call.text("value"))
    return document.document(document.element("ok"))


def _set(call: Call) -> document.Element:
    number, remote = call.service(), call.text("value")
    if not call.has("value"):
        raise ResellerError("reseller_link_value", object="value", item=number)
    return _ok(sides.link(call.context, number, remote) if remote else sides.unlink(call.context, number))


def link(call: Call) -> document.Element:
    """The form `reseller.link`: shows the plan of linking once a number is filled in, and links when it is saved.

    `reseller.link.force` also takes a kept licence, or a remote service with another service's key. Raises
    ResellerError `reseller_own_function` where another function is told to by the parameter `force`.
    """
    context, force = call.context, call.func == FORCE
    if not force:
        call.require_own("force", FORCE)
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
    """The form `reseller.unlink`: shows what would be written on both sides, and unlinks when it is saved."""
    if call.sok:
        return _ok(sides.unlink(call.context, call.service()))
    plan = planning.to_unlink(call.context, call.service())
    return _shown(call, plan.item, plan.notes(call.context))


def _shown(call: Call, item: Item, notes: Sequence[str]) -> document.Element:
    call.put(service=f"{item.id} {item.name} ({item.itemtype}, {item.pricelist_name})", plan="\n".join(notes))
    return call.page


def _ok(note: str) -> document.Element:
    return document.document(document.element("ok"), document.element("told", note))
