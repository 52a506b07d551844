"""The connection form `processing.edit.pmreseller`: check that the settings lead to a usable seller."""

from __future__ import annotations

from dataclasses import replace

from reseller import same_account
from reseller.commands import observing
from reseller.context import Context, as_known
from reseller.ledger import accounts
from reseller.mgr5 import settings
from reseller.mgr5.panel import Panel
from reseller.pages.call import parse
from reseller.products import ITEMTYPES
from reseller.seller import account, proxies
from reseller.seller.transport import Transport


def check(panel: Panel, form: bytes) -> None:
    """Try the settings on stdin (`<doc><processingmodule>`), and record the account, its balance and its order
    functions.

    Raises ResellerError with the reason: settings, URL, proxy, password, address, second factor, TLS, not an API, not a
    client account, nothing that can be ordered, this very panel, or another account than the one at which the module
    has bought.
    """
    root = parse(form)
    node = root.find("processingmodule")
    chosen = settings.from_fields(root if node is None else node)
    proxies.require_no_password(chosen)
    context = Context.start(panel)
    # The form itself decides whether the password may travel unencrypted, not what was saved before.
    chosen = replace(as_known(context.db, chosen), plain=chosen.plain)
    transport = Transport(chosen, panel.limits, context.log)
    theirs = account.check(transport, ITEMTYPES)
    number = same_account.of(context.db, transport, chosen.username, theirs.own_id)
    same_account.require_other_panel(context, transport, number, anew=True)
    # What the module has bought must be at this account. The module's number is in the settings themselves.
    bought = accounts.bought(context.db, chosen.noted, number, most=1)
    for each in (*bought, *accounts.kept(context.db, chosen.noted, number)):
        raise context.differs(chosen.noted, number, each.account)
    if chosen.acts and chosen.noted and not settings.read(context.mgrctl, chosen.noted).acts:
        observing.require_no_one_waits(context, chosen.noted)
    accounts.save_balance(context.db, number, theirs.balance)
    accounts.save_generations(context.db, number, theirs.generations)
