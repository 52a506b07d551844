"""Functions of the panel that change a service: its parameters, its date, and the call-back that a command is done.

Each raises PanelError as `Mgrctl.call` does. Functions for operations and tasks are in lifecycle/operations.py.
"""

from __future__ import annotations

import datetime as dt

from reseller.assumption import CHANGE, ORDER, POWER, RENEW, STATE, functions, parameters
from reseller.mgr5.mgrctl import Mgrctl
from reseller.products import ITEMTYPES

#: the functions that are called here, and the call-backs that commands end with (platform.md 5.2)
ASSUMED = (
    *functions("service.saveparam service.postopen", "platform.md 5.2", ORDER),
    *functions("service.dropparam service.setexpiredate tool.clearcache", "platform.md 5.2"),
    *functions("processing.savebalance", "platform.md 5.2"),
    *functions("service.postprolong", "platform.md 5.2", RENEW),
    *functions("service.postsetparam", "platform.md 5.2", CHANGE),
    *functions("service.changepricelist.rollback", "platform.md 5.2"),
    *functions("service.postsuspend service.postresume service.postclose service.postreopen", "platform.md 5.2", STATE),
    *functions(
        "service.poststart service.poststop service.postreboot service.posthardreboot", "platform.md 5.2", POWER
    ),
    *functions("service.postchangepassword", "platform.md 5.2", POWER),
    *(each for name in ITEMTYPES for each in functions(f"{name}.open", "platform.md 5.2", f"{ORDER}:{name}")),
    *functions(" ".join(f"{name}.edit" for name in ITEMTYPES), "platform.md 5.2"),
    # What our descriptions add to the forms of services (xml/billmgr_mod_pmreseller.xml).
    *(
        each
        for name in ITEMTYPES
        for each in parameters(f"{name}.edit", "reseller_remote reseller_expiredate", "platform.md 1.2")
    ),
)

#: parameters under which the panel keeps passwords: they travel in the environment, and are stored encrypted
PASSWORDS = ("password", "userpassword")
#: a licence key travels in the environment too, and is stored readable, as `<itemtype>.open` does
LICENCE_KEY = "lickey"


def save_param(mgrctl: Mgrctl, item: int, name: str, value: str) -> None:
    """Store parameter `name` of service `item` (`service.saveparam`, platform.md 5.2).

    Passwords and the licence key are passed as secrets; passwords are also stored encrypted.
    """
    fields = {"elid": item, "name": name, "sok": "ok"}
    if name in PASSWORDS:
        mgrctl.call("service.saveparam", {**fields, "crypted": "on"}, secrets={"value": value})
    elif name == LICENCE_KEY:
        mgrctl.call("service.saveparam", fields, secrets={"value": value})
    else:
        mgrctl.call("service.saveparam", {**fields, "value": value})


def drop_param(mgrctl: Mgrctl, item: int, name: str) -> None:
    """Delete a parameter of a service."""
    mgrctl.call("service.dropparam", {"elid": item, "name": name, "sok": "ok"})


def set_expiredate(mgrctl: Mgrctl, item: int, date: str) -> None:
    """Set the date to which a service is paid (YYYY-MM-DD), without a bill for its client."""
    mgrctl.call("service.setexpiredate", {"elid": item, "expiredate": date, "sok": "ok"})


def call_back(mgrctl: Mgrctl, function: str, item: int) -> None:
    """Tell the panel that a command of a service is done (`service.postsuspend`, ...) or undone (`....rollback`)."""
    mgrctl.call(function, {"elid": item, "sok": "ok"})


def save_balance(mgrctl: Mgrctl, module: int, balance: str, currency: str, now: dt.datetime) -> None:
    """Store a module's balance at its seller with the panel (additions-2.md b.5)."""
    fields = {"processingmodule": module, "balance": balance, "currency": currency}
    mgrctl.call("processing.savebalance", {**fields, "notify_time": f"{now:%Y-%m-%d %H:%M:%S}", "sok": "ok"})


def clear_cache(mgrctl: Mgrctl) -> None:
    """Make the panel read its tables again, after a cell of `item.processingmodule` was written."""
    mgrctl.call("tool.clearcache")
