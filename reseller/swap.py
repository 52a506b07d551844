"""The module swap (docs/architecture.md): a service goes to another processing module for work by hand, and comes back.

It replaces editing `processingmodule` in the table `item` by hand. What will happen is shown first. Each service is
moved under its lease by one compare-and-set, which fails if an operation has begun meanwhile. An undo row is written
before the move, so that after a crash between any two steps the next command finishes or undoes the move, and says so.
The link lives on all the while.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from reseller.context import Context
from reseller.db import Database
from reseller.ledger import links, requests, swaps, tariffmap
from reseller.ledger.leases import Lease
from reseller.ledger.swaps import Swap
from reseller.lifecycle import order_plan, ownership
from reseller.mgr5 import functions, items, modules
from reseller.mgr5.features import MODULE
from reseller.mgr5.modules import Module
from reseller.model import Item, Status
from reseller.seller import service
from reseller.wire import document, numbers
from reseller.wire.errors import Message, PanelError, ResellerError

MANUAL = "manual"
#: the name of the panel's manual module is not known (reselling.md 6), so the module is looked for by executable and by
#: words of its name, and the one that was found is shown before anything is done
MANUAL_EXECUTABLES = ("pmmanual",)
MANUAL_WORDS = ("manual", "ручн")


_NOTES = {
    "linked": "reseller_note_swap_linked",
    "not_linked": "reseller_note_not_linked",
    "gone": "reseller_note_gone",
    "tariff": "reseller_note_tariff",
    "renewed": "reseller_note_renewed",
    "closed": "reseller_note_closed",
    "status": "reseller_note_status",
    "unmapped": "reseller_note_unmapped",
}


class Step(NamedTuple):
    """What is planned for one service: where it goes, what an operator should know (`notes`), or why it is refused."""

    service: int
    name: str
    here: str
    to: str
    notes: tuple[str, ...] = ()
    refused: str = ""

    @classmethod
    def of(cls, context: Context, number: int, to: str, check: Callable[[Item], list[str]]) -> Step:
        """The step for a service; `check` returns its notes, or raises ResellerError with why it is refused."""
        try:
            item = items.read(context.db, number)
        except ResellerError as error:
            return cls(number, "", "", to, refused=context.word(error))
        here = f"{item.module} {item.module_name}"
        try:
            return cls(number, item.name, here, to, tuple(check(item)))
        except ResellerError as error:
            return cls(number, item.name, here, to, refused=context.word(error))


def target(db: Database, chosen: str) -> Module:
    """The module that `chosen` means, which is `manual` or an id.

    Raises ResellerError `reseller_swap_module`, naming the modules there are, or `reseller_swap_ours`.
    """
    known = modules.every(db)
    if chosen != MANUAL:
        matching = [module for module in known if str(module.id) == chosen]
    else:
        matching = [
            module
            for module in known
            if module.active
            and (module.module in MANUAL_EXECUTABLES or any(word in module.name.lower() for word in MANUAL_WORDS))
        ]
    if matching and matching[0].module == MODULE:
        # The link decides which seller is called, so a swap to another module of ours would change nothing; an account
        # that has moved has a command of its own (linking/moving.py).
        raise ResellerError("reseller_swap_ours", object="processingmodule", value=chosen, module=str(matching[0]))
    if len(matching) != 1 or not matching[0].active:
        listed = "; ".join(str(module) + ("" if module.active else ", off") for module in known)
        raise ResellerError("reseller_swap_module", object="processingmodule", value=chosen, known=listed)
    return matching[0]


def plan_away(context: Context, numbers: Sequence[int], to: Module) -> list[Step]:
    """What moving these services would do; changes nothing."""
    return [Step.of(context, number, str(to), lambda item: _require_movable(context, item, to)) for number in numbers]


def plan_back(context: Context, numbers: Sequence[int]) -> list[Step]:
    """What bringing these services back would do, and what the seller has not followed since; changes nothing."""
    homes = {number: swaps.of_item(context.db, number) for number in numbers}
    return [
        Step.of(context, number, str(swap.home) if swap else "-", lambda item: _require_returnable(context, item)[1])
        for number, swap in homes.items()
    ]


def away(context: Context, number: int, to: Module, why: str) -> str:
    """Move one service to another module; a sentence of what was done. Raises BusyError, ResellerError."""
    with context.hold(number) as held:
        healed = _heal(context, held, number)
        item = items.read(context.db, number)
        _require_movable(context, item, to)
        swap = swaps.create(
            held,
            item=number,
            home=item.module,
            target=to.id,
            who=context.caller.user[:64],
            why=why[:500],
            pricelist=item.pricelist,
            period=item.period,
            expiredate=item.expiredate,
            status=item.status,
        )
        _move(context, held, swap)
        swaps.settle(held, swap, swaps.AWAY)
    context.note("swap", f"module {item.module} -> {to.id}: {why[:500] or 'no reason given'}", item=number)
    link = links.of_item(context.db, number)
    remote = link.remote if link else "-"
    return f"{healed}service {number} is at module {to} now; its link to remote service {remote} lives on"


def back(context: Context, number: int) -> str:
    """Bring one service back to its module; a sentence of what was done. Raises BusyError, ResellerError."""
    with context.hold(number) as held:
        healed = _heal(context, held, number)
        item = items.read(context.db, number)
        swap, owed = _require_returnable(context, item)
        _move(context, held, swaps.settle(held, swap, swaps.RETURNING))
        _follow(context, item)
        swaps.settle(held, swap, swaps.BACK)
    context.note("swap back", f"module {swap.target} -> {swap.home}", item=number)
    return f"{healed}service {number} is back at module {swap.home}" + "".join(f"; {note}" for note in owed)


def _move(context: Context, held: Lease, swap: Swap) -> None:
    """Change the service's module, check again for operations, clear the panel's cache, and read the module back."""
    number = swap.item
    leaves = swap.state == swaps.INTENT
    old, new = (swap.home, swap.target) if leaves else (swap.target, swap.home)
    otherwise = swaps.UNDONE if leaves else swaps.AWAY
    if not swaps.move(held, number, old, new):
        swaps.settle(held, swap, otherwise)
        raise ResellerError("reseller_swap_race", object="item", value=number, item=number)
    if items.operations(context.db, number):  # pragma: no cover - between two statements; nothing can be put there
        swaps.undo(held, number, old, new)
        functions.clear_cache(context.mgrctl)
        swaps.settle(held, swap, otherwise)
        raise ResellerError("reseller_swap_race", object="item", value=number, item=number)
    functions.clear_cache(context.mgrctl)
    itemtype = items.read(context.db, number).itemtype
    try:
        form = context.mgrctl.call(f"{itemtype}.edit", {"elid": number})
    except PanelError as error:
        context.log.error(f"item {number}: cannot read its module back: {context.word(error)}")
        return
    # Whether the panel's form shows a module at all is not known (platform.md 6.3).
    shown = document.text(form, "processingmodule")
    if numbers.parse(shown) not in (None, new):
        raise ResellerError("reseller_swap_not_shown", object="item", value=shown, item=number, wanted=new)


def heal(context: Context) -> list[str]:
    """Finish or undo every swap that a crash left half-way; a sentence for each."""
    sentences = []
    for swap in swaps.all_live(context.db):
        if swap.state != swaps.AWAY:
            with context.hold(swap.item) as held:
                sentences.append(_heal(context, held, swap.item).strip())
    return [each for each in sentences if each]


def _heal(context: Context, held: Lease, number: int) -> str:
    swap = swaps.of_item(context.db, number)
    if swap is None or swap.state == swaps.AWAY:
        return ""
    item = items.read(context.db, number)
    at_home = item.module == swap.home
    if swap.state == swaps.INTENT:
        now = swaps.UNDONE if at_home else swaps.AWAY
    else:
        now = swaps.BACK if at_home else swaps.AWAY
        if at_home:
            _follow(context, item)
    functions.clear_cache(context.mgrctl)
    swaps.settle(held, swap, now)
    outcome = f"service {number}: a swap that was interrupted is {now} now"
    context.log.info(outcome)
    return f"{outcome}. "


def _require_movable(context: Context, item: Item, to: Module) -> list[str]:
    """Notes for the operator about a service that can be moved; raises ResellerError with why it cannot."""
    if swaps.of_item(context.db, item.id) is not None and item.module_name != MODULE:
        raise ResellerError("reseller_swap_away", object="item", value=item.id, item=item.id, module=item.module)
    items.read_ours(context.db, item.id)
    if item.module == to.id:
        raise ResellerError("reseller_swap_same", object="item", value=item.id, item=item.id, module=str(to))
    _require_idle(context, item)
    for request in requests.of_item(context.db, item.id):
        if request.live and request.kind != requests.PART:
            raise ResellerError("reseller_swap_request", item=item.id, kind=request.kind, state=request.state)
    link = links.of_item(context.db, item.id)
    return [_note(context, "linked", remote=link.remote) if link else _note(context, "not_linked")]


def _require_idle(context: Context, item: Item) -> None:
    operations = items.operations(context.db, item.id)
    if operations or item.status == Status.PROCESSING:
        raise ResellerError(
            "reseller_swap_busy", object="item", value=item.id, item=item.id, operations=", ".join(operations) or "-"
        )


def _require_returnable(context: Context, item: Item) -> tuple[Swap, list[str]]:
    """The swap of a service that can come back, and notes; raises ResellerError with why it cannot."""
    swap = swaps.of_item(context.db, item.id)
    if swap is None:
        raise ResellerError("reseller_swap_not_away", object="item", value=item.id, item=item.id)
    if item.module not in (swap.target, swap.home):
        raise ResellerError("reseller_swap_elsewhere", item=item.id, module=item.module, target=swap.target)
    home = next((module for module in modules.every(context.db) if module.id == swap.home), None)
    if home is None or not home.active or home.module != MODULE:
        raise ResellerError("reseller_swap_home", object="processingmodule", value=swap.home, item=item.id)
    if not items.serves(context.db, swap.home, item.pricelist):
        raise ResellerError(
            "reseller_swap_tariff", item=item.id, tariff=item.pricelist_name, pricelist=item.pricelist, module=str(home)
        )
    _require_idle(context, item)
    return swap, _owed(context, item, swap)


def _owed(context: Context, item: Item, swap: Swap) -> list[str]:
    """Notes on what was done here while the service was away and is not so at the seller.

    Raises ResellerError where the seller's tariff is not the one that the tariff here stands for, where the remote
    service carries another's key, or where the seller cannot be asked.
    """
    link = links.of_item(context.db, item.id)
    if link is None:
        return [_note(context, "not_linked")]
    form = service.read(context.seller_of(link).transport, link.itemtype, link.remote)
    if not form.exists:
        return [_note(context, "gone", remote=link.remote)]
    ownership.require_ours(link, form.key)
    wanted = items.tariff_params(context.db, item.pricelist).get(order_plan.TARIFF_FIELD, "")
    if form.pricelist != wanted:
        raise ResellerError(
            "reseller_swap_differs", item=item.id, remote=link.remote, here=item.pricelist_name, wanted=wanted or "-",
            there=form.pricelist, pricelist=item.pricelist,
        )  # fmt: skip
    notes = []
    if item.pricelist != swap.pricelist:
        notes.append(
            _note(context, "tariff", pricelist=item.pricelist, tariff=item.pricelist_name, there=form.pricelist)
        )
    there = form.expiredate
    is_renewed = item.expiredate and str(item.expiredate) > str(swap.expiredate or "")
    if item.expiredate and is_renewed and (there is None or item.expiredate > there):
        notes.append(_note(context, "renewed", here=item.expiredate, there=there or "-"))
    if item.status == Status.DELETED:
        notes.append(_note(context, "closed"))
    elif item.status != form.status:
        notes.append(_note(context, "status", here=item.status, there=form.status))
    if not tariffmap.load(context.db, item.pricelist).rows:
        notes.append(_note(context, "unmapped", pricelist=item.pricelist))
    return notes


def _note(context: Context, name: str, **params: object) -> str:
    """A note for the operator, as a sentence in the language of this run."""
    return context.word(Message(_NOTES[name], **params))


def _follow(context: Context, item: Item) -> None:
    """Record what the seller shows of the remote service now, its new tariff above all."""
    link = links.of_item(context.db, item.id)
    if link is None:
        return
    form = service.read(context.seller_of(link).transport, link.itemtype, link.remote)
    if form.exists and ownership.is_ours(link, form.key):
        links.observe(context.db, link, form.row)
