"""What a difference between the two sides means: the one table.

A cell is (state here, state there, what is open) -> action. Nothing in it makes the seller see a write, none changes
the bill of a client. The seller decides that a service is stopped, is back, or is gone; the panel decides what is
closed here, and what it suspends itself: neither is ever brought back because it runs there. What contradicts is kept
and shown; what a person has to decide becomes a task.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Here(Enum):
    """A service of the panel."""

    ORDERED = "ordered"
    ACTIVE = "active"
    #: by the panel: unpaid, by its staff, or by the client
    SUSPENDED = "suspended"
    #: by us, because the seller suspended it, and by nobody else
    SHOWN = "shown"
    PROCESSING = "processing"
    #: in process, and held suspended by the panel
    HELD = "held"
    #: deleted, or not even a row any more
    DELETED = "deleted"
    #: its module was swapped: observed and nothing more
    AWAY = "away"
    UNKNOWN = "unknown"


class There(Enum):
    """A service at the seller."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    #: by the seller's staff, or for abuse
    STAFF = "staff"
    PROCESSING = "processing"
    #: in the cart, or unpaid
    ORDERED = "ordered"
    #: the seller says so
    DELETED = "deleted"
    #: in none of two complete lists, and unknown when asked for by number
    GONE = "gone"
    #: not shown, which proves nothing yet
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Open(Enum):
    """What is under way for the service."""

    NOTHING = "nothing"
    #: an operation, or a request that the seller has or may have
    BUSY = "busy"
    #: a request that was refused or lacks money, and whose operation staff deleted
    LEFT = "left"
    #: it was bought and is not active here yet (sync/activate.py)
    OPENING = "opening"


class Action(Enum):
    """What is done about it."""

    #: in step: the facts are compared
    OK = "ok"
    WAIT = "wait"
    #: suspend here, as the seller has done; lifted again when the seller lifts it
    SHOW = "show"
    LIFT = "lift"
    #: end a state "in process" that no operation will end, as the seller shows the service
    RESUME = "resume"
    SUSPEND = "suspend"
    #: say that it is gone, once it is proven
    GONE = "gone"
    #: say in every run that it lives on, and is paid
    ALARM = "alarm"
    #: both are gone: the link ends
    END = "end"
    #: keep it and show it
    REPORT = "report"
    #: the same, and a person has to decide
    TASK = "task"
    #: the wish went with its operation: nothing is kept open
    GIVE_UP = "give_up"
    #: bring its facts here and make it active
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
    """A value of a service that is in step otherwise."""

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
    #: a part of the tariff has no counterpart, so nobody can tell
    MAPPING = "mapping"
    #: a value there is not what it claims to be
    VALUE = "value"


class Answer(Enum):
    """What is done about a fact."""

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
    # The client goes without it, or with an old one.
    Fact.VALUE: Answer.TASK,
}
