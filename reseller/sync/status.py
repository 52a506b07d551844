"""How each module stands, for `resellerctl status`: from the ledger, and the seller's balance as it is now."""

from __future__ import annotations

import time
from typing import NamedTuple

from reseller.ledger import accounts, figures, stops
from reseller.ledger.figures import Figures
from reseller.lifecycle.work import Work
from reseller.mgr5 import items
from reseller.model import Balance
from reseller.seller.account import read_balance
from reseller.sync import metrics
from reseller.wire.errors import ResellerError


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
    operations: dict[str, int]
    down_seconds: int
    trouble: str
    #: who has stopped buying, since when and why; empty where nobody has
    halted: str


def of_all(work: Work) -> list[Status]:
    """Every module of ours."""
    successes = metrics.last(work.panel.base, work.limits, metrics.LAST_SUCCESS)
    return [_of(work, module, successes.get(module, 0)) for module in items.modules(work.db)]


def _of(work: Work, module: int, success: int) -> Status:
    name = url = username = trouble = ""
    down, balance = 0, Balance("", "")
    try:
        seller = work.seller(module)
        name, url, username = seller.settings.name, seller.transport.endpoint, seller.settings.username
        down = seller.circuit.down_seconds()
        balance = read_balance(seller.transport)
        accounts.save_balance(work.db, seller.account, balance)
    except ResellerError as error:
        trouble = work.word(error)
    age = int(time.time()) - success if success else 0
    found = figures.of(work.db, module)
    queue = items.queue(work.db, module)
    halt = stops.of(work.db, module)
    halted = work.word(halt.error) if halt else ""
    return Status(module, name, url, username, success, age, balance, found, queue, down, trouble, halted)
