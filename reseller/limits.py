"""Every limit of the add-on, its unit in its name.

An operator changes one in `etc/reseller.conf` of the panel's tree, one `name value` a line, like the panel's own
`etc/billmgr.conf`. A line that cannot be used is named wherever the program says anything, and its default holds: a
program that stopped for it would renew nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from reseller import files
from reseller.wire import numbers
from reseller.wire.errors import Message


class Limits(NamedTuple):
    """Defaults that suit a panel with some thousand resold services."""

    connect_seconds: int = 10
    read_seconds: int = 30
    # An order may wait for the seller's payment and provisioning; giving up early only makes it ambiguous.
    order_seconds: int = 60
    # A lease must outlive the longest call made under it; see ledger/leases.py.
    lease_seconds: int = 180
    # A process that was stopped in a transaction keeps its rows; whoever needs one of them gives way after so long.
    lock_wait_seconds: int = 10
    # Of any answer; each kind of call has bounds of its own as well (wire/bounds.py).
    document_bytes: int = 32 * 1024 * 1024
    page_rows: int = 1000
    # A list that goes on for longer than this is incomplete; each page has to bring a new row (seller/services.py).
    list_pages: int = 10_000
    list_rows: int = 2_000_000
    # For one reading outside of checkevent, which has run_seconds. Below lease_seconds: an order reads under a lease.
    list_seconds: int = 120
    # One form or button of the panel works on so many services at most; each takes calls of the panel and the seller.
    form_services: int = 50
    # A client makes us ask a seller so often at most within so long: to link, for a way into a panel, to check a value.
    client_asks: int = 60
    client_seconds: int = 3600
    mgrctl_seconds: int = 60
    # The panel may be restarting (platform.md 5.2): calls that never reached it are repeated this long.
    panel_away_seconds: int = 30
    # An ambiguous order is looked for this long, and in at least this many complete lists, before a task is made.
    look_seconds: int = 600
    look_times: int = 2
    # A change that the seller took but does not show is waited for this long before a task is made.
    change_seconds: int = 86400
    # What was sent and is not wanted any more may still be carried out by the seller for so long.
    land_seconds: int = 21600
    # A deletion put off to the end of the paid term is waited for this much longer before a task is made.
    at_end_days: int = 2
    # A deletion refused for a minimum order period, by a seller that does not say what is left of it.
    min_order_retry_seconds: int = 86400
    # Waiting after the n-th try that could not be sent; after the last one the operation becomes a task.
    unsent_first_seconds: int = 60
    unsent_growth: int = 3
    unsent_longest_seconds: int = 3600
    unsent_times: int = 8
    # After so many calls in a row without a usable answer the seller is left alone for so long.
    circuit_times: int = 5
    circuit_seconds: int = 60
    # Calls that spend money go one at a time an account; one that has waited this long gives way, and comes back.
    account_wait_seconds: int = 60
    # An intent whose process died before sending is started again after this time if the panel itself did not.
    stale_intent_seconds: int = 600
    # A term that is owed is bought so long before the seller's date, which is looked at that often.
    part_days: int = 3
    part_look_seconds: int = 21600
    run_seconds: int = 200
    # Every linked service is read in full within so long; where the seller's list cannot be read, within so long.
    deep_seconds: int = 86400
    unlisted_seconds: int = 3600
    # Without a run of checkevent for so long nothing is looked after, and that is said.
    run_missing_seconds: int = 1200
    # A service that was bought and is not active here after so long is a problem.
    late_seconds: int = 86400
    # Calls of the panel at the same time, by one run of checkevent.
    panel_calls_at_once: int = 4
    # A service in process without an operation is left alone this long: the panel may be about to start one.
    stuck_seconds: int = 600
    # Dates of the two sides may be so many days apart before that is a difference, or a shortfall.
    tolerance_days: int = 1
    # Less than this is missing by a month's end, a late payment or goodwill: no renewal buys for it.
    few_days: int = 7
    # What no operation asks for is bought at most once a service in so long.
    part_pause_seconds: int = 86400
    # Within a day so many are bought without an operation: this part of a module's services, and at least so many.
    buy_percent: int = 30
    buy_least: int = 10
    # The seller's day and this machine's may differ by so many days before nothing is bought without an operation.
    clock_days: int = 1
    # A service that is away at another module, and paid at the seller for no longer than this, becomes a task.
    away_days: int = 7
    # 1: a later date at the seller is taken over; 0: it is reported.
    follow_expiry: int = 0
    # 1: a service that is gone at the seller is closed here; 0: that becomes a task.
    close_gone: int = 0
    # Within a day checkevent changes no more than this part of at least so many services, and closes no more than that.
    change_percent: int = 30
    change_least: int = 10
    close_percent: int = 2
    close_least: int = 2
    # Within a day so many may be shown stopped as the seller stopped them: this part of those that run, or so many.
    stop_percent: int = 30
    stop_least: int = 2
    # More services than this with the same trouble have one task.
    many_services: int = 3
    # A swapped service that is away longer than this is a finding of the audit.
    long_away_days: int = 14
    # 1: other panels buy with the seller account too, so the audit shows their services and asks nobody about them.
    shared_account: int = 0
    # Where each run of checkevent leaves its figures for Prometheus: in the panel's tree, or a full path; or none.
    metrics_file: str = "var/reseller.prom"
    # The certificate authority of a database server that is reached by TCP (PEM); by it TLS is used, and verified.
    database_cafile: str = "none"


#: names that an operator's file may still have
RENAMED = {"expiry_days": "tolerance_days"}


#: by what its name ends with, how much a limit may be: ten years
_MOST = {"_days": 3660, "_seconds": 316_224_000}
#: ends of names of limits that cannot be 0: nothing would ever be sent, read or held
_NEVER_NOTHING = (
    *("_bytes", "_rows", "_pages", "lease_seconds", "circuit_times", "connect_seconds", "read_seconds"),
    *("order_seconds", "list_seconds", "run_seconds", "mgrctl_seconds", "calls_at_once"),
)


def load(base: Path) -> tuple[Limits, list[Message]]:
    """Limits of the panel at `base`, and one `reseller_limits` for each line of its file that cannot be used."""
    path = base / "etc" / "reseller.conf"
    try:
        lines = files.lines(path)
    except FileNotFoundError:
        return Limits(), []
    except OSError as error:
        return Limits(), [Message("reseller_limits_unread", file=str(path), text=str(error.strerror))]
    known: dict[str, type] = {name: type(value) for name, value in Limits()._asdict().items()}
    chosen: dict[str, Any] = {}
    wrong: list[Message] = []
    for line in lines:
        told = line.split("#", 1)[0].strip()
        if not told:
            continue
        name, _, value = told.partition(" ")
        name = RENAMED.get(name, name)
        kind, value = known.get(name), value.strip()
        if kind is None or not (_is_possible(name, value) if kind is int else value):
            wrong.append(Message("reseller_limits", object=name, file=str(path), line=told))
        else:
            chosen[name] = kind(value)
    return Limits()._replace(**chosen), wrong


def _is_possible(name: str, told: str) -> bool:
    """Whether a number can be this limit: what bounds a call, a list or a lease is not 0, and no time is endless."""
    value = numbers.parse(told)
    if value is None:
        return False
    most = next((most for end, most in _MOST.items() if name.endswith(end)), 10**numbers.INT_DIGITS)
    return (value > 0 or not name.endswith(_NEVER_NOTHING)) and value <= most
