"""The functions of the panel that change a service, by name: its parameters, its date, and that a command is done.

Each raises PanelError as `Mgrctl.call` does. What is written on an operation or a task is lifecycle/operations.py.
"""

from __future__ import annotations

from reseller.mgr5.mgrctl import Mgrctl

#: parameters under which the panel keeps passwords: they travel in the environment, and are stored encrypted
PASSWORDS = ("password", "userpassword")
#: a licence key travels in the environment too, and is stored readable, as `<itemtype>.open` does
LICENCE_KEY = "lickey"


def save_param(mgrctl: Mgrctl, item: int, name: str, value: str) -> None:
    """Store parameter `name` of service `item` (`service.saveparam`, platform.md 5.2); a secret one by its name."""
    fields = {"elid": item, "name": name, "sok": "ok"}
    if name in PASSWORDS:
        mgrctl.call("service.saveparam", {**fields, "crypted": "on"}, secrets={"value": value})
    elif name == LICENCE_KEY:
        mgrctl.call("service.saveparam", fields, secrets={"value": value})
    else:
        mgrctl.call("service.saveparam", {**fields, "value": value})


def drop_param(mgrctl: Mgrctl, item: int, name: str) -> None:
    """Forget a parameter of a service."""
    mgrctl.call("service.dropparam", {"elid": item, "name": name, "sok": "ok"})


def set_expiredate(mgrctl: Mgrctl, item: int, date: str) -> None:
    """Move the date to which a service is paid, YYYY-MM-DD, without a bill for its client."""
    mgrctl.call("service.setexpiredate", {"elid": item, "expiredate": date, "sok": "ok"})


def call_back(mgrctl: Mgrctl, function: str, item: int) -> None:
    """Say that a command of a service is done (`service.postsuspend`, ...) or undone (`....rollback`)."""
    mgrctl.call(function, {"elid": item, "sok": "ok"})


def clear_cache(mgrctl: Mgrctl) -> None:
    """Let the panel read its tables anew, after a cell of `item.processingmodule` was written."""
    mgrctl.call("tool.clearcache")
