"""What a difference between the two sides means: one table for all states.

A cell maps (state here, state at the seller, open work) to an action. No action sends a change to the seller, and none
changes a client's bill. The seller decides that a service is stopped, is back, or is gone. The panel decides which
services are closed here and which it suspended itself: neither kind is brought back because it runs at the seller
(promise 1). A contradiction is recorded and shown; if a person has to decide it, it becomes a task.

One call changes something at the seller all the same: it switches off the seller's automatic renewal
(lifecycle/autorenewal.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Here(Enum):
    """The state of a service on this panel."""

    ORDERED = "ordered"
    ACTIVE = "active"
    #: suspended by the panel: unpaid, by its staff, or by the client
    SUSPENDED = "suspended"
    #: suspended by the add-on alone, because the seller suspended it
    SHOWN = "shown"
    PROCESSING = "processing"
    #: in process, while the panel also holds it suspended
    HELD = "held"
    #: deleted, or not even a row any more
    DELETED = "deleted"
    #: its module was swapped: it is observed only
    AWAY = "away"
    UNKNOWN = "unknown"


class There(Enum):
    """The state of a remote service at the seller."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    #: suspended by the seller's staff, or for abuse
    STAFF = "staff"
    PROCESSING = "processing"
    #: in the cart, or unpaid
    ORDERED = "ordered"
    #: the seller shows it as deleted
    DELETED = "deleted"
    #: missing in two complete lists, and its form is unknown to the seller
    GONE = "gone"
    #: not shown, which proves nothing yet
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Open(Enum):
    """Work under way for the service."""

    NOTHING = "nothing"
    #: an operation, or a request that the seller has or may have
    BUSY = "busy"
    #: a request that was refused or lacks money, and whose operation staff deleted
    LEFT = "left"
    #: bought, and not active here yet (sync/activate.py)
    OPENING = "opening"


class Action(Enum):
    """What is done about a service."""

    #: the states agree: compare the values
    OK = "ok"
    WAIT = "wait"
    #: suspend here because the seller did; LIFT undoes it when the seller does
    SHOW = "show"
    LIFT = "lift"
    #: RESUME and SUSPEND end a state "in process" that no operation will end, by the seller's state
    RESUME = "resume"
    SUSPEND = "suspend"
    #: raise the problem that the service is gone
    GONE = "gone"
    #: report in every run that a service closed here lives on at the seller and is paid
    ALARM = "alarm"
    #: both are gone: the link ends
    END = "end"
    #: record the difference and show it
    REPORT = "report"
    #: record it, and create a task: a person has to decide
    TASK = "task"
    #: the operation was deleted: end its request
    GIVE_UP = "give_up"
    #: save its values here and make it active
    FINISH = "finish"


_GRIDS = {
    Open.NOTHING: """
                active    suspended staff     processing ordered   deleted   gone      absent    unknown
    ordered     task      report    report    wait       ok        report    report    wait      report
    active      ok        show      show      wait       task      gone      gone      wait      report
    suspended   task      ok        ok        wait       task      gone      gone      wait      report
    shown       lift      ok        ok        wait       task      gone      gone      wait      report
    processing  resume    suspend   show      wait       task      gone      gone      wait      report
    held        task      suspend   suspend   wait       task      gone      gone      wait      report
    deleted     alarm     alarm     alarm     alarm      report    end       end       wait      alarm
    away        ok        ok        ok        ok         report    report    report    wait      report
    unknown     report    report    report    report     report    report    report    wait      report
    """,
    Open.BUSY: """
                active    suspended staff     processing ordered   deleted   gone      absent    unknown
    ordered     wait      wait      wait      wait       wait      wait      wait      wait      wait
    active      wait      wait      wait      wait       wait      wait      wait      wait      wait
    suspended   wait      wait      wait      wait       wait      wait      wait      wait      wait
    shown       wait      wait      wait      wait       wait      wait      wait      wait      wait
    processing  wait      wait      wait      wait       wait      wait      wait      wait      wait
    held        wait      wait      wait      wait       wait      wait      wait      wait      wait
    deleted     alarm     alarm     alarm     alarm      wait      wait      wait      wait      alarm
    away        wait      wait      wait      wait       wait      wait      wait      wait      wait
    unknown     wait      wait      wait      wait       wait      wait      wait      wait      wait
    """,
    Open.LEFT: """
                active    suspended staff     processing ordered   deleted   gone      absent    unknown
    ordered     give_up   give_up   give_up   give_up    give_up   give_up   give_up   give_up   give_up
    active      give_up   give_up   give_up   give_up    give_up   give_up   give_up   give_up   give_up
    suspended   give_up   give_up   give_up   give_up    give_up   give_up   give_up   give_up   give_up
    shown       give_up   give_up   give_up   give_up    give_up   give_up   give_up   give_up   give_up
    processing  give_up   give_up   give_up   give_up    give_up   give_up   give_up   give_up   give_up
    held        give_up   give_up   give_up   give_up    give_up   give_up   give_up   give_up   give_up
    deleted     alarm     alarm     alarm     alarm      give_up   give_up   give_up   give_up   alarm
    away        wait      wait      wait      wait       wait      wait      wait      wait      wait
    unknown     wait      wait      wait      wait       wait      wait      wait      wait      wait
    """,
    Open.OPENING: """
                active    suspended staff     processing ordered   deleted   gone      absent    unknown
    ordered     finish    wait      wait      wait       wait      gone      gone      wait      wait
    active      finish    wait      wait      wait       wait      gone      gone      wait      wait
    suspended   wait      wait      wait      wait       wait      gone      gone      wait      wait
    shown       wait      wait      wait      wait       wait      gone      gone      wait      wait
    processing  finish    wait      wait      wait       wait      gone      gone      wait      wait
    held        finish    wait      wait      wait       wait      gone      gone      wait      wait
    deleted     alarm     alarm     alarm     alarm      alarm     end       end       wait      alarm
    away        wait      wait      wait      wait       wait      wait      wait      wait      wait
    unknown     wait      wait      wait      wait       wait      wait      wait      wait      wait
    """,
}


def _read(grids: Mapping[Open, str]) -> dict[tuple[Here, There, Open], Action]:
    table = {}
    for opened, grid in grids.items():
        head, *lines = (line.split() for line in grid.strip().splitlines())
        for here, *actions in lines:
            for there, action in zip(head, actions):
                table[Here(here), There(there), opened] = Action(action)
    return table


TABLE: Mapping[tuple[Here, There, Open], Action] = _read(_GRIDS)


class Fact(Enum):
    """A value that is compared once the states agree."""

    #: address, names, user name, licence key, password: the seller decides
    TECHNICAL = "technical"
    #: the panel's date has jumped for no known reason (lifecycle/term_to_buy.py)
    PAID = "paid"
    #: the seller was paid for longer than the client paid, by more than one term
    EXPIRES_LATER = "expires_later"
    TARIFF = "tariff"
    RESOURCES = "resources"
    #: the seller renews by itself, and does not let that be switched off (apply.py)
    AUTOPROLONG = "autoprolong"
    #: the seller's remoteid names something else
    KEY = "key"
    #: a part of the tariff has no counterpart in the map, so it cannot be compared
    MAPPING = "mapping"
    #: a value there is not what it claims to be
    VALUE = "value"


class Answer(Enum):
    """What is done about a value that differs."""

    SAVE = "save"
    #: save it where the operator wants it (limits.follow_expiry), else report
    FOLLOW = "follow"
    REPORT = "report"
    TASK = "task"


FACTS: Mapping[Fact, Answer] = {
    Fact.TECHNICAL: Answer.SAVE,
    Fact.PAID: Answer.TASK,
    Fact.EXPIRES_LATER: Answer.FOLLOW,
    # Both are on the client's bill.
    Fact.TARIFF: Answer.TASK,
    Fact.RESOURCES: Answer.TASK,
    Fact.AUTOPROLONG: Answer.TASK,
    Fact.KEY: Answer.REPORT,
    Fact.MAPPING: Answer.REPORT,
    # The client has no value, or an old one.
    Fact.VALUE: Answer.TASK,
}
