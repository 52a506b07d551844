"""The state of each module for `resellerctl status`: from the ledger, with the seller's balance as it is now.

A seller that cannot be reached is shown with its last known balance. This file also finds what no run can report: that
no run takes place.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reseller.context import Context
from reseller.ledger import accounts, figures, links, observing, problems, stops
from reseller.ledger.figures import Figures
from reseller.mgr5 import items
from reseller.model import Balance
from reseller.seller.account import read_balance
from reseller.sync import metrics
from reseller.wire.errors import Message, ResellerError


class Status(NamedTuple):
    """One module. `last_success` is in seconds since 1970, 0 for never; `trouble` says why the seller was not asked."""

    module: int
    name: str
    url: str
    username: str
    last_success: int
    age_seconds: int
    balance: Balance
    figures: Figures
    #: the services that each kind of problem names
    touched: Mapping[str, Sequence[int]]
    operations: dict[str, int]
    #: age of the balance, 0 if it was read now
    balance_age_seconds: int
    down_seconds: int
    #: whether the panel has it switched on
    is_active: bool
    trouble: str
    #: who stopped buying, when and why; empty if nobody did
    halted: str
    #: that it only observes; empty if it acts
    observes: str = ""


def missing_run(context: Context) -> Message | None:
    """The message that no run of checkevent has started for too long.

    None if one has, or if no metrics file is kept.
    """
    if metrics.path(context.panel.base, context.limits) is None or not items.modules(context.db):
        return None
    last = max(metrics.last(context.panel.base, context.limits, metrics.LAST_RUN).values(), default=0)
    if time.time() - last < context.limits.run_missing_seconds:
        return None
    since = dt.datetime.fromtimestamp(last, dt.timezone.utc).strftime("%Y-%m-%d %H:%M") if last else "-"
    return Message("reseller_no_run", since=since)


def of_all(context: Context) -> list[Status]:
    """The state of every module of ours, then of deleted modules whose services are still linked."""
    successes = metrics.last(context.panel.base, context.limits, metrics.LAST_SUCCESS)
    modules = [*items.modules(context.db), *links.without_module(context.db)]
    return [_of(context, module, successes.get(module, 0)) for module in modules]


def _of(context: Context, module: int, success: int) -> Status:
    name = url = username = trouble = observes = ""
    down, balance, balance_age = 0, Balance("", ""), 0
    try:
        if module not in items.modules(context.db):
            raise ResellerError("reseller_ownerless", module=module, count=links.count(context.db, module))
        seller = context.seller(module)
        name, url, username = seller.settings.name, seller.transport.endpoint, seller.settings.username
        watching = observing.of(context.db, module, acts=seller.settings.acts)
        observes = context.word(watching) if watching else ""
        down = seller.circuit.down_seconds()
        balance, balance_age = accounts.balance_of(context.db, seller.account)
        balance, balance_age = read_balance(seller.transport), 0
        accounts.save_balance(context.db, seller.account, balance)
    except ResellerError as error:
        trouble = context.word(error)
    age = int(time.time()) - success if success else 0
    counted = figures.of(context.db, module)
    touched: dict[str, set[int]] = {}
    for problem in problems.live(context.db, module):
        if problem.cause.subject != problems.MANY:
            touched.setdefault(problem.cause.kind, set()).update(problem.touches)
    services = {kind: sorted(numbers) for kind, numbers in touched.items()}
    queue = items.queue(context.db, module)
    halt = stops.of(context.db, module)
    halted = context.word(halt.error) if halt else ""
    active = items.is_active(context.db, module)
    return Status(
        *(module, name, url, username, success, age, balance, counted, services, queue),
        *(balance_age, down, active, trouble, halted, observes),
    )
