"""Which failures are retried, how often, and at which intervals: the one table.

    not sent       nothing reached the seller, or its answer to a reading call could not be read: retried after growing
                   waits, then a task; where the seller cannot be reached at all, then until it can be reached
    seller down    the circuit is open (ledger/circuits.py): as not sent, since it is known that nothing would get
                   through, and no sooner than the circuit may close
    not let in     password, address or second factor; for an order, the right to it: retried when the account works
                   again, which checkevent finds out (sync/account_troubles.py); the account has the one task
    account busy   another process spends this account's money: retried soon, without end
    not before     the seller names the day from which it would carry out the call: retried from that day, without end
    no money       one at a time: retried when the balance has risen by the deficit, and one that was refused without
                   figures now and then (`affordable` in sync/restart.py)
    held, too dear an order that would leave renewals uncovered, a price above what was agreed: by who looks at the
                   money and the prices (sync/cover_watch.py, sync/price_watch.py)
    refused        not retried by itself: somebody presses Start, once the reason is gone
    in doubt       what may charge, a reboot and a new key are never sent again by themselves, but looked for
                   (`look_seconds`), then a person decides; other changes are repeated

A request that is to be retried has its `next_try` in the ledger; checkevent starts it, on whichever host that runs.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from reseller.ledger import problems
from reseller.limits import Limits
from reseller.wire import dates
from reseller.wire.errors import NotSent, Rejected, ResellerError, SellerDown, SellerError

#: a date further away than this, longer than any term, is not a day to wait for
_LONGEST_DAYS = 3660


_LOGIN = frozenset({"reseller_auth", "reseller_address", "reseller_second_factor"})
_AWAY = frozenset({"reseller_unreachable", "reseller_tls", "reseller_cafile", "reseller_seller_down"})
#: error types of requests that wait for the account to work again
WAITS_FOR_ACCOUNT, WAITS_FOR_RIGHTS = "reseller_account_unsent", "reseller_rights_unsent"
#: error types of all requests that may wait for a seller that did not answer
WAITS_TO_BE_SENT = (WAITS_FOR_ACCOUNT, "reseller_unsent", "reseller_change_unsent")
UNSENT = {
    problems.LOGIN: WAITS_FOR_ACCOUNT,
    problems.UNREACHABLE: WAITS_FOR_ACCOUNT,
    problems.RIGHTS: WAITS_FOR_RIGHTS,
}


def account_trouble(error: ResellerError) -> str:
    """The kind of problem of the whole account that a failed call shows; empty where only the call is concerned.

    A missing right concerns the account where it is the right to order; any other may concern just the service.
    """
    if error.type in _LOGIN:
        return problems.LOGIN
    if isinstance(error, NotSent) and error.type in _AWAY:
        return problems.UNREACHABLE
    is_order = ".order." in error.params.get("func", "")
    return problems.RIGHTS if error.type == "reseller_access" and is_order else ""


def ends_run(error: ResellerError) -> bool:
    """Whether nothing else of the module need be tried in this run: the login fails, or the seller is left alone."""
    return error.type in _LOGIN or isinstance(error, SellerDown)


def are_used_up(tries: int, limits: Limits) -> bool:
    """Whether so many tries in a row are all that are made without a person."""
    return tries >= limits.unsent_times


class Rule(NamedTuple):
    """`times` tries in all; each wait is `growth` times the one before, `longest_seconds` at most."""

    times: int
    first_seconds: int
    growth: int
    longest_seconds: int

    def wait_seconds(self, tries: int) -> int:
        """Seconds to wait after `tries` tries in a row."""
        grown: int = self.first_seconds * self.growth ** max(tries - 1, 0)
        return min(grown, self.longest_seconds)


def rule(error: SellerError, limits: Limits) -> Rule:
    """The retry rule for a call that was not carried out; no wait is shorter than an open circuit."""
    least = error.seconds if isinstance(error, SellerDown) else 0
    first, longest = max(limits.unsent_first_seconds, least), max(limits.unsent_longest_seconds, least)
    return Rule(limits.unsent_times, first, limits.unsent_growth, longest)


def not_before(error: Rejected, today: dt.date) -> dt.date | None:
    """The day from which the seller would renew, when that is why it refused: a later date in the error's `value`.

    Of the refusal "The service can be renewed only after <date>" only its text and its param `value` are known
    (selling-api.md 2). Texts are localised, so the date in `value` decides.
    """
    for value in (error.seller_params.get("value", ""), error.value):
        try:
            day = dates.parse(value)
        except dates.NotADate:
            continue
        if day and 0 < (day - today).days <= _LONGEST_DAYS:
            return day
    return None


def seconds_until(day: dt.date, now: dt.datetime) -> int:
    """Seconds until `day` has begun everywhere on earth; the seller's time zone is unknown."""
    begun = dt.datetime.combine(day, dt.time(12), dt.timezone.utc)
    return max(int((begun - now).total_seconds()), 0)
