"""The connection form `processing.edit.pmreseller`: the check that it leads to a usable seller."""

from __future__ import annotations

from dataclasses import replace

from reseller import same_account
from reseller.context import Work, as_known
from reseller.ledger import accounts
from reseller.mgr5 import settings
from reseller.mgr5.features import ITEMTYPES
from reseller.mgr5.panel import Panel
from reseller.seller import account, proxies
from reseller.seller.transport import Transport
from reseller.wire import document
from reseller.wire.errors import ResellerError


def check(panel: Panel, form: bytes) -> None:
    """Try the settings on stdin (`<doc><processingmodule>`) and remember what was found out.

    Raises ResellerError with what is wrong in words: settings, URL, proxy, password, address, second factor, TLS, not
    an API, not a client account, nothing that can be ordered, this very panel, or another account than what the module
    has bought is at.
    """
    root = parse(form)
    node = root.find("processingmodule")
    chosen = settings.from_fields(root if node is None else node)
    proxies.require_no_password(chosen)
    work = Work.start(panel)
    # Who saves says it himself whether the password may travel unencrypted.
    chosen = replace(as_known(work.db, chosen), plain=chosen.plain)
    transport = Transport(chosen, panel.limits, work.log)
    found = account.check(transport, ITEMTYPES)
    number = same_account.of(work.db, transport, chosen.username, found.own_id)
    same_account.require_other_panel(work, transport, number, anew=True)
    _require_bound(work, chosen.noted, number)
    accounts.save_balance(work.db, number, found.balance)
    accounts.save_generations(work.db, number, found.generations)


def _require_bound(work: Work, module: int, account: int) -> None:
    """What the module has bought stays with its account; which module it is the settings themselves say."""
    for each in (*accounts.bought(work.db, module, account, most=1), *accounts.kept(work.db, module, account)):
        raise work.differs(module, account, each.account)


def parse(form: bytes) -> document.Element:
    """A form that the panel handed over on stdin; raises ResellerError `reseller_form` when it is none."""
    try:
        return document.parse(form)
    except document.NotADocument as error:
        raise ResellerError("reseller_form", text=str(error)) from error
