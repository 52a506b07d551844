"""One module of ours: its settings, the seller's certificate, the account and what may be ordered there, and whether
the seller's day is this machine's.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from reseller.audit.census import Census
from reseller.audit.findings import Maker
from reseller.context import Context
from reseller.doctor import assumed
from reseller.doctor.finding import FAILS, HOLDS, UNCHECKED, WARNING, Check, Finding
from reseller.ledger import accounts
from reseller.mgr5 import items, tariffs
from reseller.mgr5.panel import Panel
from reseller.model import CLIENT_LEVEL
from reseller.products import ITEMTYPES
from reseller.seller import account, certificate
from reseller.wire import dates
from reseller.wire.errors import Message

#: how many services of others are named
NAMED = 10
#: each call may take `read_seconds`, and the order functions of each type are asked for
SECONDS = 120


def checks(panel: Panel) -> list[Check]:
    """The checks of each module of ours; raises ResellerError where the modules cannot be read."""
    db = panel.database()
    modules = items.modules(db)
    db.close()
    return [
        Check(f"module {number} {name}", partial(look, number), SECONDS)
        for number in modules
        for name, look in (
            ("settings", _settings),
            ("certificate", _certificate),
            ("account", _account),
            ("others", _others),
            ("assumptions", assumed.of),
        )
    ]


def _settings(module: int, panel: Panel) -> Iterator[Finding]:
    """The settings lead to a seller; what is unsafe among them is a warning."""
    context = Context.start(panel)
    seller = context.seller(module)
    settings = seller.settings
    if not items.is_active(context.db, module):
        yield Finding(WARNING, Message("reseller_doctor_module_off", module=module))
    if not settings.verify:
        yield Finding(WARNING, Message("reseller_doctor_unverified", module=module))
    if settings.plain and seller.transport.endpoint.startswith("http:"):
        yield Finding(WARNING, Message("reseller_doctor_plain", module=module))
    for each in accounts.bought(context.db, module, seller.account, most=1):
        yield Finding(FAILS, context.differs(module, seller.account, each.account))
        return
    yield Finding(HOLDS, Message("reseller_doctor_settings", module=module, url=seller.transport.endpoint))


def _certificate(module: int, panel: Panel) -> Iterator[Finding]:
    """How long the seller's certificate is still valid."""
    context = Context.start(panel)
    seller = context.seller(module)
    left = certificate.days_left(seller.transport.endpoint, seller.settings, panel.limits)
    if left is None:
        # Plain http and an unverified certificate are findings of the settings; a proxy hides the certificate.
        yield Finding(HOLDS if not seller.settings.proxy else UNCHECKED, Message("reseller_doctor_certificate_unseen"))
        return
    soon = panel.limits.certificate_days
    verdict = HOLDS if left > soon else WARNING
    yield Finding(verdict, Message("reseller_doctor_certificate", days=left, expected=soon))


def _others(module: int, panel: Panel) -> Iterator[Finding]:
    """Whether somebody else buys with the account, by the rule of the audit, which reads the lists in full."""
    context = Context.start(panel)
    found = list(Census(Maker(context, module), context.seller(module)).take())
    unread = [finding for finding in found if finding.kind == "unread_list"]
    if unread:
        yield Finding(UNCHECKED, Message("reseller_doctor_lists_unread", text=unread[0].text))
    others = [finding.remote for finding in found if finding.kind == "foreign"]
    told = Message("reseller_doctor_others", count=len(others), remotes=", ".join(others[:NAMED]) or "-")
    is_expected = panel.limits.shared_account or not others
    yield Finding(HOLDS if is_expected else WARNING, told, facts={"others": len(others)})


def _account(module: int, panel: Panel) -> Iterator[Finding]:
    """What the connection form checks, by the same function: log-in, level, balance and order functions.

    Then whether the seller's day and this machine's are at most `clock_days` apart.
    """
    context = Context.start(panel)
    seller = context.seller(module)
    found = account.check(seller.transport, ITEMTYPES)
    facts = {"currency": found.balance.currency, "order_functions": found.generations}
    yield Finding(HOLDS, Message("reseller_doctor_account", user=found.name, level=CLIENT_LEVEL))
    if found.balance.amount:
        told = Message("reseller_doctor_balance", amount=found.balance.amount, currency=found.balance.currency or "?")
        yield Finding(HOLDS if found.balance.currency else WARNING, told)
    else:
        yield Finding(UNCHECKED, Message("reseller_doctor_balance_none"))
    sold = tariffs.sold_types(context.db, module)
    missing = [itemtype for itemtype in sold if itemtype not in found.generations]
    if missing:
        yield Finding(FAILS, Message("reseller_no_orders", types=", ".join(missing)), facts=facts)
    else:
        named = ", ".join(f"{itemtype} ({generation})" for itemtype, generation in sorted(found.generations.items()))
        told = Message("reseller_doctor_orders", functions=named, types=", ".join(sold) or "-")
        yield Finding(HOLDS, told, facts=facts)
    days, most = abs((seller.transport.today - dates.machine_day()).days), panel.limits.clock_days
    yield Finding(HOLDS if days <= most else FAILS, Message("reseller_doctor_clock", days=days, expected=most))
