"""Move a module to another address or account of its seller, after every link has been proven to exist there.

The proof is the key: at the new address the same remote service carries the key that the ledger has. A kept licence
carries no key: it has to be there as it was put away (stopped, free.lic, 0.0.0.0, no key, no renewal). Whatever is not
proven is named, and then nothing is changed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from reseller import same_account
from reseller.context import Context
from reseller.ledger import accounts, requests
from reseller.ledger import links as ledger_links
from reseller.ledger.accounts import Bought
from reseller.ledger.leases import lease
from reseller.lifecycle import kept_licences
from reseller.mgr5 import settings
from reseller.model import Remote, Settings
from reseller.seller import service
from reseller.seller.services import read_list
from reseller.seller.transport import Transport
from reseller.wire.errors import Message, Rejected, ResellerError


class Wish(NamedTuple):
    """The settings of the module that are to change; empty for those that stay."""

    url: str = ""
    username: str = ""
    password: str = ""


class Move(NamedTuple):
    """What would move from which account to which, both in words; `unproven` has a sentence for each obstacle.

    `links` and `kept` are the links and kept licences that were bought at another account than `account`.
    """

    chosen: Settings
    account: int
    was: str
    becomes: str
    links: tuple[Bought, ...]
    kept: tuple[Bought, ...]
    unproven: tuple[str, ...]

    @property
    def is_done(self) -> bool:
        """Whether nothing is left at another account."""
        return not self.links and not self.kept


def plan(context: Context, module: int, wish: Wish) -> Move:
    """What moving a module would do; moves nothing, and changes nothing at the seller.

    Raises ResellerError when the new settings lead to no usable account, SellerError when that cannot be asked.
    """
    now = settings.read(context.mgrctl, module)
    chosen = replace(now, **{name: value for name, value in wish._asdict().items() if value})
    transport = Transport(chosen, context.limits, context.log)
    account = same_account.of(context.db, transport, chosen.username)
    same_account.require_other_panel(context, transport, account)
    links = tuple(accounts.bought(context.db, module, account))
    kept = tuple(accounts.kept(context.db, module, account))
    was = sorted({accounts.name(context.db, each.account) for each in (*links, *kept)})
    unproven = _unproven(context, transport, account, links, kept)
    for each in requests.all_live(context.db, [module]):
        # An open request that went to another account: after the move its effect could not be found.
        if each.is_open and each.account not in (0, account):
            names = {"item": each.item, "kind": each.kind, "key": each.key, "state": each.state}
            unproven.append(context.word(Message("reseller_move_open", **names)))
    becomes = f"{chosen.username} @ {transport.endpoint}"
    return Move(chosen, account, ", ".join(was), becomes, links, kept, tuple(unproven))


def _unproven(
    context: Context, transport: Transport, account: int, links: tuple[Bought, ...], kept: tuple[Bought, ...]
) -> list[str]:
    """A sentence for each link or kept licence that is not proven at the new account.

    The lists are read first, and a form only for what they leave open.
    """
    rows: dict[tuple[str, str], Remote] = {}
    for itemtype in sorted({each.itemtype for each in (*links, *kept)}):
        try:
            rows.update(((itemtype, row.id), row) for row in read_list(transport, itemtype, context.limits).rows)
        except Rejected as error:
            context.log.info(f"account move: {itemtype} has no list: {context.word(error)}")
    taken = ledger_links.remotes(context.db, account)
    sentences = [
        context.word(Message("reseller_move_taken", item=each.item, remote=each.remote))
        for each in links
        if each.remote in taken
    ]
    open_ = [each for each in links if getattr(rows.get((each.itemtype, each.remote)), "key", "") != each.key]
    for each in (*open_, *kept):
        form = service.read(transport, each.itemtype, each.remote)
        # A kept licence has no key: it is known by the shape in which it was put away.
        is_ours = form.key == each.key if each.key else kept_licences.is_put_away(form)
        if not form.exists or not is_ours:
            type_ = "reseller_move_unproven" if form.exists else "reseller_move_missing"
            keys = {"here": each.key, "there": form.key or "-"}
            sentences.append(context.word(Message(type_, item=each.item, remote=each.remote, **keys)))
    return sentences


def carry_out(context: Context, module: int, wish: Wish) -> Move:
    """Move the module, after proving everything again under the lease of its runs, and save its settings on the panel.

    Raises BusyError while a run of checkevent holds that lease, ResellerError `reseller_move_refused` while anything is
    not proven.
    """
    with lease(context.db, f"checkevent:{module}", context.limits.run_seconds + context.limits.lease_seconds) as held:
        move = plan(context, module, wish)
        if move.unproven:
            raise ResellerError("reseller_move_refused", module=module, count=len(move.unproven))
        accounts.move(held, module, move.account)
        # After the ledger: saving has the panel check the settings, which refuses another account than the ledger's.
        changed = {name: value for name, value in (("url", wish.url), ("username", wish.username)) if value}
        secret = {"password": wish.password} if wish.password else {}
        if changed or secret:
            context.mgrctl.call("processing.edit", {"elid": module, **changed, "sok": "ok"}, secrets=secret)
    context.note("account move", f"moved from {move.was or 'nothing'} to {move.becomes}", module=module)
    return move
