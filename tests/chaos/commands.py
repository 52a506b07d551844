"""The module's commands, each as one row: what a person does, and which of the seller's functions it calls.

To add a command: a row `_client(kind, needs, ends, aims)`: what Shop.act() calls it, the status that a service needs
before and shows on both sides after, and the seller's functions that faults are aimed at. waiting.py has the rows of
what runs from cron and by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.lanes import LARGER, SERVER, Lane
from tests.chaos.settle import settle, standing
from tests.chaos.sides import ADDON, TARIFF

NEW, ACTIVE, SUSPENDED, DELETED = 0, 2, 3, 4
Aim = tuple[str, int]
PASSWORD = "another-one"


def _run_again(lane: Lane, item: int) -> None:
    """The panel's retry of the service's newest operation, by another process, and a run of cron.

    An older one is for whoever gave it: begun again, it would be his wish again.
    """
    row = max(standing(lane, item), key=lambda row: row["operation"] or 0)
    if row["operation"]:
        words = ["--command", row["intname"], "--item", str(item), "--runningoperation", str(row["operation"])]
        lane.here.run("processing/pmreseller", *words)
    lane.shop.checkevent()


@dataclass(frozen=True)
class Command:
    """One thing that can be disturbed; `plan` names the process that is (boundaries.py)."""

    name: str
    plan: str
    #: makes a service ready for it, 0 when the act itself makes one
    prepare: Callable[[Lane], int]
    #: what starts it; the service
    act: Callable[[Lane, int], int]
    #: status on both sides when all is over, 0 when that is not said
    ends: int
    #: seller's functions that faults are aimed at, by what they are; and how many calls of them pass before
    aims: Mapping[str, Aim] = field(default_factory=dict)
    #: what somebody else does while the process is stopped, by default the panel, which runs the command again
    meanwhile: Callable[[Lane, int], None] = _run_again
    #: whether `act` returns only when the process does
    blocks: bool = False
    #: whether it ends with something open, as what only a person can mend
    open_end: bool = False
    #: whether its services are not used again
    once: bool = False
    #: whether it is tried on panels that move a service's date before a renewal's command, and on those that do after
    both_ways: bool = False
    #: what a person does when it is over, before it is settled; and what is put back in the end
    mend: Callable[[Lane, int], None] = lambda _, __: None
    after: Callable[[Lane], None] = lambda _: None


def take(lane: Lane, status: int) -> int:
    """A service in this status that nothing is going on with."""
    if lane.idle[status]:
        return lane.idle[status].pop()
    if status == SUSPENDED:
        item = take(lane, ACTIVE)
        _do(lane, item, "suspend")
        return item
    item = lane.shop.order("vds")
    assert settle(lane, item).quiet, standing(lane, item)
    return item


def give_back(lane: Lane, item: int) -> None:
    """Keep a quiet service for the next try."""
    status = standing(lane, item)[0]["status"]
    if status in lane.idle and lane.itemtype(item) == "vds":
        lane.idle[status].append(item)


def _do(lane: Lane, item: int, kind: str) -> None:
    lane.shop.act(kind, item)
    settled = settle(lane, item)
    assert settled.quiet, settled.standing


def order(itemtype: str) -> Callable[[Lane, int], int]:
    return lambda lane, _: lane.shop.order(itemtype, **lane.wishes)


def _client(kind: str, needs: int, ends: int, aims: Mapping[str, Aim]) -> Command:
    """What a client asks for with a button, and the panel runs as the command of the same name."""

    def act(lane: Lane, item: int) -> int:
        lane.shop.act(kind, item)
        return item

    return Command(kind, kind, lambda lane: take(lane, needs), act, ends, aims)


def resize(lane: Lane, item: int) -> int:
    """More memory, or less."""
    memory = lane.ask(lane.here, f"{ADDON} AND p.intname = 'mem'", item)[0]
    size = 3072 if memory["total"] != 3072 else 4096
    addon: dict[str, Any] = {f"addon_{memory['pricelist']}": size}
    lane.here.call("vds.edit", elid=item, su="client1", sok="ok", **addon)
    return item


def retariff(lane: Lane, item: int) -> int:
    """The larger tariff, or the smaller one again."""
    name = lane.ask(lane.here, f"{TARIFF} WHERE i.id = %s", item)[0]["name"]
    target = lane.shop.tariffs[SERVER if name == LARGER else LARGER]
    lane.here.call("service.changepricelist", elid=item, pricelist=target, su="client1", sok="ok")
    return item


def press(lane: Lane, item: int, verb: str) -> int:
    """A button of the client."""
    secret = {"passwd": PASSWORD, "confirm": PASSWORD} if verb == "changepassword" else {}
    lane.here.call(f"service.{verb}", secrets=secret, elid=item, su="client1", sok="ok")
    return item


def _button(verb: str) -> Command:
    aims = {"call": (f"service.{verb}", 0), **_EDIT}
    return Command(
        verb, verb, lambda lane: take(lane, ACTIVE), lambda lane, item: press(lane, item, verb), ACTIVE, aims
    )


_EDIT = {"edit": ("vds.edit", 0), "edit after": ("vds.edit", 1)}

COMMANDS = (
    Command(
        "open vds",
        "open",
        lambda _: 0,
        order("vds"),
        ACTIVE,
        {"call": ("v2.vds.order.param", 0), "list": ("vds", 0), "list after": ("vds", 1)},
    ),
    Command(
        "open soft",
        "open",
        lambda _: 0,
        order("soft"),
        ACTIVE,
        {"call": ("soft.order.param", 0), "list": ("soft", 0)},
    ),
    _client("prolong", ACTIVE, ACTIVE, {"call": ("service.prolong", 1), "form": ("service.prolong", 0), **_EDIT}),
    _client("suspend", ACTIVE, SUSPENDED, {"call": ("vds.suspend", 0), **_EDIT}),
    _client("resume", SUSPENDED, ACTIVE, {"call": ("vds.resume", 0), **_EDIT}),
    _client("close", ACTIVE, DELETED, {"call": ("vds.delete", 0), **_EDIT}),
    Command(
        "setparam",
        "setparam",
        lambda lane: take(lane, ACTIVE),
        resize,
        ACTIVE,
        {"form": ("vds.edit", 0), "call": ("vds.edit", 1), "form after": ("vds.edit", 2)},
    ),
    Command(
        "tariff",
        "setparam",
        lambda lane: take(lane, ACTIVE),
        retariff,
        ACTIVE,
        {"call": ("service.changepricelist.getmoney", 0), "targets": ("service.changepricelist", 0), **_EDIT},
    ),
    *(_button(verb) for verb in ("start", "stop", "reboot", "hardreboot", "changepassword")),
)
