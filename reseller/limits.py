"""Every limit that an operator may change (in etc/reseller.conf), with its unit in its name and its default.

The file is in the panel's directory and has one `name value` per line, as the panel's own `etc/billmgr.conf`. An
unusable line is reported wherever the program reports anything, and its default is used: a program that stopped because
of it would renew nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from reseller import files
from reseller.wire import numbers
from reseller.wire.errors import Message


class Limits(NamedTuple):
    """The limits; the defaults suit a panel with some thousand resold services."""

    connect_seconds: int = 10
    read_seconds: int = 30
    # An order may wait for the seller's payment and provisioning; giving up early only makes it ambiguous.
    order_seconds: int = 60
    # A lease must outlive the longest call made under it; see ledger/leases.py.
    lease_seconds: int = 180
    # A process that was stopped in a transaction keeps its rows locked; another one that needs them gives up after this
    # time.
    lock_wait_seconds: int = 10
    # The most bytes of any answer; each kind of call has bounds of its own as well (wire/bounds.py).
    document_bytes: int = 32 * 1024 * 1024
    page_rows: int = 1000
    # A list with more pages or rows than this is incomplete; each page has to bring a new row (seller/services.py).
    list_pages: int = 10_000
    list_rows: int = 2_000_000
    # For one reading of a list outside of checkevent, which has run_seconds. Below lease_seconds: an order reads under
    # a lease.
    list_seconds: int = 120
    # One form or button of the panel handles at most this many services; each takes calls of the panel and the seller.
    form_services: int = 50
    # A client may cause at most this many questions to a seller within this time: to link, to enter a panel, to check a
    # value.
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
    # A request that was sent and is no longer wanted may still be carried out by the seller for this long.
    land_seconds: int = 21600
    # A deletion put off to the end of the paid term is waited for this much longer before a task is made.
    at_end_days: int = 2
    # A deletion that was refused for a minimum order period is tried again after this time if the seller does not say
    # how much is left.
    min_order_retry_seconds: int = 86400
    # The wait after a try that could not be sent: the first, times the growth after each, up to the longest. After so
    # many tries the operation becomes a task.
    unsent_first_seconds: int = 60
    unsent_growth: int = 3
    unsent_longest_seconds: int = 3600
    unsent_times: int = 8
    # After this many failed calls in a row (which count: ledger/circuits.py) the seller is left alone for this long.
    circuit_times: int = 5
    circuit_seconds: int = 60
    # Calls that spend money are made one at a time for each account; one that has waited this long gives way and is
    # tried again later.
    account_wait_seconds: int = 60
    # An intent whose process died before sending is started again after this time if the panel itself did not.
    stale_intent_seconds: int = 600
    # An owed term is bought this many days before the seller's date, which is checked this often.
    part_days: int = 3
    part_look_seconds: int = 21600
    run_seconds: int = 200
    # Every linked service is read in full within the first time; if the seller's list cannot be read, within the
    # second.
    deep_seconds: int = 86400
    unlisted_seconds: int = 3600
    # If no run of checkevent has started for this long, nothing is looked after, and that is reported.
    run_missing_seconds: int = 1200
    # A service that was bought and is not active here after this time is a problem.
    late_seconds: int = 86400
    # How many calls of the panel one run of checkevent makes at the same time.
    panel_calls_at_once: int = 4
    # A service in process without an operation is left alone this long: the panel may be about to start one.
    stuck_seconds: int = 600
    # The dates of the two sides may be this many days apart before that is a difference, or a shortfall.
    tolerance_days: int = 1
    # A shortfall or a jump of up to this many days is a month's end, a late payment or goodwill: no renewal buys a term
    # for such a shortfall, and such a jump of the panel's date is followed.
    few_days: int = 7
    # For one service at most one term is bought without an operation within this time.
    part_pause_seconds: int = 86400
    # Terms bought within a day without an operation: this percentage of a module's services, or this number if it is
    # more.
    buy_percent: int = 30
    buy_least: int = 10
    # If the seller's day and this machine's differ by more days than this, nothing is bought without an operation.
    clock_days: int = 1
    # A service that is away at another module, and paid at the seller for no more days than this, becomes a task.
    away_days: int = 7
    # 1: a later date at the seller is taken over; 0: it is reported.
    follow_expiry: int = 0
    # 1: a service that is gone at the seller is closed here; 0: that becomes a task.
    close_gone: int = 0
    # Within a day checkevent changes at most this percentage of services (no limit below change_least services), and
    # closes at most that percentage, or close_least if that is more.
    change_percent: int = 30
    change_least: int = 10
    close_percent: int = 2
    close_least: int = 2
    # Suspensions by the seller that are shown here within a day: this percentage of the services that run, or
    # stop_least if that is more.
    stop_percent: int = 30
    stop_least: int = 2
    # Tariffs are compared with the seller's this often; 0: never.
    tariff_look_seconds: int = 86400
    # A price that was seen longer ago than this is old: it is shown as old, and nothing is raised or ended by it.
    price_seconds: int = 172800
    # The seller's charges are held against our requests this often; 0: never.
    expense_look_seconds: int = 86400
    # A tariff of which so many orders were refused within a day is a problem: the next one is refused too. 0: never.
    refused_orders: int = 3
    # doctor warns when the seller's certificate ends within this time.
    certificate_days: int = 14
    # The seller's balance is read again after the first time; after the second it is old, and decides nothing.
    balance_seconds: int = 3600
    balance_old_seconds: int = 86400
    # So many days are foreseen, and an account that will be short within them is a problem today; only within the
    # second number of days where the module is set not to warn early.
    forecast_days: int = 30
    short_days: int = 14
    # An assumption that does not hold, or could not be seen, is looked at again after this time; one that held before
    # switches something off only when it is still so then.
    assumption_seconds: int = 900
    # If more services than this have the same problem, they get one task together.
    many_services: int = 3
    # A swapped service that is away for longer than this is a problem, and a finding of the audit.
    long_away_days: int = 14
    # 1: other panels buy with the seller account too, so the audit shows their services and asks nobody about them, and
    # charges for services that were never linked here are theirs.
    shared_account: int = 0
    # 0: what the line for cron starts makes no run, and says nothing. A setting, since an upgrade may bring back a line
    # that was taken out.
    cron: int = 1
    # The file for Prometheus that each full run of checkevent writes: a path in the panel's directory, a full path, or
    # none.
    metrics_file: str = "var/reseller.prom"
    # The certificate authority (PEM) of a database server that is reached by TCP; if it is set, TLS is used and
    # verified.
    database_cafile: str = "none"


#: names that an operator's file may still have
RENAMED = {"expiry_days": "tolerance_days"}


#: the highest value of a limit, by the end of its name: ten years
_MOST = {"_days": 3660, "_seconds": 316_224_000}
#: ends of the names of limits that cannot be 0, since nothing would ever be sent, read or held
_NEVER_NOTHING = (
    *("_bytes", "_rows", "_pages", "lease_seconds", "circuit_times", "connect_seconds", "read_seconds"),
    *("order_seconds", "list_seconds", "run_seconds", "mgrctl_seconds", "calls_at_once"),
)


def path(base: Path) -> Path:
    """The operator's file, in the panel's directory `base`; it need not be there."""
    return base / "etc" / "reseller.conf"


def load(base: Path) -> tuple[Limits, list[Message]]:
    """The limits of the panel at `base`, and one message `reseller_limits` for each unusable line of its file."""
    file = path(base)
    try:
        lines = files.lines(file)
    except FileNotFoundError:
        return Limits(), []
    except OSError as error:
        return Limits(), [Message("reseller_limits_unread", file=str(file), text=str(error.strerror))]
    known: dict[str, type] = {name: type(value) for name, value in Limits()._asdict().items()}
    chosen: dict[str, Any] = {}
    wrong: list[Message] = []
    for line in lines:
        text = line.split("#", 1)[0].strip()
        if not text:
            continue
        name, _, value = text.partition(" ")
        name = RENAMED.get(name, name)
        kind, value = known.get(name), value.strip()
        if kind is None or not (_is_possible(name, value) if kind is int else value):
            wrong.append(Message("reseller_limits", object=name, file=str(file), line=text))
        else:
            chosen[name] = kind(value)
    return Limits()._replace(**chosen), wrong


def _is_possible(name: str, text: str) -> bool:
    """Whether this number can be the limit: limits of a call, a list or a lease are not 0, and no time is endless."""
    value = numbers.parse(text)
    if value is None:
        return False
    most = next((most for end, most in _MOST.items() if name.endswith(end)), 10**numbers.INT_DIGITS)
    return (value > 0 or not name.endswith(_NEVER_NOTHING)) and value <= most
