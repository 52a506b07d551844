"""What goes wrong at the seller or on the way to it, each kind as one row: a context in which a command is given.

Faults of the wire are aimed at one function of the seller; the others change the seller itself, and suit some commands
only. Leaving the context is the moment when somebody has mended it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.chaos.commands import Aim, Command
from tests.chaos.lanes import Lane
from tests.support.keeping import changed

#: answers are given up so soon where the fault is that they are late
IMPATIENT = {"order_seconds": 1, "read_seconds": 1}
LATE_SECONDS = 2
ANYWHERE: Aim = ("*", 0)


@dataclass(frozen=True)
class Fault:
    """One kind; `only` are beginnings of the names of commands that it suits, empty where it is aimed at a function."""

    name: str
    on: Callable[[Lane, Aim], AbstractContextManager[None]]
    only: tuple[str, ...] = ()

    def aims(self, command: Command) -> dict[str, Aim]:
        """What it is aimed at when it disturbs this command; nothing where it does not suit it."""
        if self.only:
            return {"": ANYWHERE} if command.name.startswith(self.only) else {}
        return dict(command.aims)


def wire(kind: str, **options: Any) -> Callable[[Lane, Aim], AbstractContextManager[None]]:
    @contextmanager
    def on(lane: Lane, aim: Aim) -> Iterator[None]:
        lane.there.call("sandbox.fault", kind=kind, forfunc=aim[0], skip=aim[1], times=1, **options)
        yield

    return on


def _late(kind: str) -> Callable[[Lane, Aim], AbstractContextManager[None]]:
    """The answer, or even the work, comes after it was given up; people decide when everything has come."""

    @contextmanager
    def on(lane: Lane, aim: Aim) -> Iterator[None]:
        lane.limits(**{**IMPATIENT, **lane.chosen})
        lane.there.call("sandbox.fault", kind=kind, forfunc=aim[0], skip=aim[1], times=1, seconds=LATE_SECONDS)
        yield
        if kind.startswith("hold"):
            lane.there.call("sandbox.release")
        time.sleep(LATE_SECONDS if kind.startswith("slow") else 0.3)

    return on


@contextmanager
def _refused(lane: Lane, _: Aim) -> Iterator[None]:
    lane.there.call("sandbox.fault", kind="refused", forfunc="*")
    yield
    lane.there.call("sandbox.fault.clear")


@contextmanager
def _without_money(lane: Lane, _: Aim) -> Iterator[None]:
    lane.there.call("sandbox.balance", user=lane.shop.buyer, value=0)
    yield
    lane.top_up()


@contextmanager
def _unpaid_row(lane: Lane, aim: Aim) -> Iterator[None]:
    with lane.switched(lane.there, short_balance_leaves="unpaid_row"), _without_money(lane, aim):
        yield


def hidden_row(lists: int) -> Callable[[Lane, Aim], AbstractContextManager[None]]:
    """The answer is lost, and the new service is not in the first lists that are read after it."""

    @contextmanager
    def on(lane: Lane, _: Aim) -> Iterator[None]:
        # Looked for in more lists than that: nobody has to decide meanwhile.
        lane.usual = {"look_times": 2 * lists}
        lane.limits()
        with lane.switched(lane.there, new_row_hidden_lists=str(lists)):
            lane.there.call("sandbox.fault", kind="reply_lost", forfunc="*.order.param", times=1)
            yield

    return on


@contextmanager
def _namesake(lane: Lane, _: Aim) -> Iterator[None]:
    """Somebody bought a service of the same name by hand, with the same account."""
    name = f"namesake{time.monotonic_ns()}.example.com"
    tariff = lane.there.value("SELECT id FROM pricelist WHERE name = 'VDS-1' AND parent IS NULL")
    template = "ISPsystem__Debian-12-amd64"
    more = {"period": 1, "datacenter": 1, "ostempl": template, "skipbasket": "on"}
    place = lane.there.value("SELECT MIN(id) FROM datacenter")
    lane.there.call(
        "vds.order.param", pricelist=tariff, domain=name, su=lane.shop.buyer, sok="ok", **{**more, "datacenter": place}
    )
    lane.wishes["domain"] = name
    yield
    lane.wishes.clear()


@contextmanager
def _restart(lane: Lane, _: Aim) -> Iterator[None]:
    """Our own panel is restarted while the command runs."""
    lane.after_act = lambda: lane.here.call("exit")
    yield


@contextmanager
def _seller_restart(lane: Lane, _: Aim) -> Iterator[None]:
    lane.after_act = lambda: lane.there.call("exit")
    yield


@contextmanager
def _busy_staff(lane: Lane, _: Aim) -> Iterator[None]:
    """The seller takes its time over everything that it has accepted."""
    with lane.switched(lane.there, provision="manual", prolong_runs="operation"):
        yield


@contextmanager
def _observes(lane: Lane, _: Aim) -> Iterator[None]:
    """Staff let the module only observe: nothing is changed at the seller until they let it act again."""
    done = lane.shop.ctl("observe", str(lane.shop.module), "--on")
    assert done.returncode == 0, done.stderr
    before = changed(lane.shop)
    yield
    lane.shop.checkevent()
    assert changed(lane.shop) == before, "a module that observes has changed something at its seller"
    done = lane.shop.ctl("observe", str(lane.shop.module), "--off", "--yes")
    assert done.returncode == 0, done.stderr


def _switched(**switches: str) -> Callable[[Lane, Aim], AbstractContextManager[None]]:
    @contextmanager
    def on(lane: Lane, _: Aim) -> Iterator[None]:
        with lane.switched(lane.there, **switches):
            yield

    return on


#: beginnings of the names of all commands but the histories of paid time, in which the seller acts as well
_COMMANDS = (
    *("open", "prolong", "suspend", "resume", "close", "setparam", "tariff", "start", "stop", "reboot", "hardreboot"),
    *("changepassword", "gen_key", "cancel_prolong", "reopen", "sync_item", "swap", "cron", "reorder"),
)
#: how a seller may write or count dates (switches of the stand-in)
_SAID_OTHERWISE = (
    *(("shown_dates", style) for style in ("dotted", "timed", "zero", "nothing")),
    *(("renewal_gives_days", days) for days in ("1", "-1")),
    ("late_renewal_from", "today"),
)
FAULTS = (
    *(Fault(kind, wire(kind)) for kind in ("reply_lost", "reset", "reset_after", "cut", "truncated")),
    *(Fault(kind, wire(kind)) for kind in ("html", "html_after", "html460", "progress", "captcha", "bomb")),
    Fault("huge", wire("huge", size=300_000)),
    Fault("error", wire("error", type="value", object="period")),
    # No row of the table of proofs names this type: the same answer with and without an effect.
    Fault("error after", wire("error_after", type="process", object="install")),
    Fault("unknown error", wire("error", type="process", object="install")),
    Fault("warning", wire("warning", type="value", object="period")),
    *(Fault(kind, _late(kind)) for kind in ("slow", "slow_before", "hold_before", "hold_after")),
    Fault("refused", _refused, ("open", "prolong", "suspend", "resume", "close")),
    Fault("no money", _without_money, ("open", "prolong")),
    Fault("unpaid row", _unpaid_row, ("open",)),
    Fault("hidden row", hidden_row(2), ("open",)),
    Fault("namesake", _namesake, ("open vds",)),
    *(
        Fault(f"{switch} {value}", _switched(**{switch: value}), ("prolong", "paid: ", "cron: owed"))
        for switch, value in _SAID_OTHERWISE
    ),
    Fault("no number", _switched(order_answer_id="no"), ("open",)),
    Fault("not allowed", _switched(client_suspend="denied", delete_does="denied"), ("suspend", "resume", "close")),
    Fault("seller takes its time", _busy_staff, ("open", "prolong", "suspend", "resume", "close")),
    Fault("module observes", _observes, _COMMANDS),
    Fault("panel restarts", _restart, ("open", "prolong", "suspend", "resume", "close")),
    Fault("seller restarts", _seller_restart, ("open", "prolong", "suspend", "resume", "close")),
)
