"""Keep a service's operation and task true for the people who read them (Tools > Running operations, Tasks).

The panel's own functions do all of it (platform.md 5.2). A manual operation is one that the panel does not run by
itself any more; its task, where it has one, says what a person has to do, or that nobody has to.

An operation is made manual before its text is saved: with a text that the panel refuses, it would otherwise stay in
the panel's own schedule and be run, and send, again and again. Texts are cut, freed of invisible characters and, where
the panel's tables cannot hold them, written in ASCII.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping

from reseller import log
from reseller.assumption import CHANGE, ORDER, RENEW, functions, parameters
from reseller.context import Context
from reseller.ledger import requests
from reseller.ledger.leases import Lease
from reseller.ledger.requests import Request
from reseller.mgr5 import items
from reseller.model import Item
from reseller.wire import document, texts
from reseller.wire.errors import PanelError, ResellerError

#: the functions that are called here; nothing is spent for an operation that cannot be made manual (platform.md 5.2)
ASSUMED = (
    *functions("runningoperation.setmanual", "platform.md 5.2", ORDER, RENEW, CHANGE),
    *functions("runningoperation.edit runningoperation.start runningoperation.delete", "platform.md 5.2"),
    *functions("task.gettype task.edit task.delete", "platform.md 5.2"),
    *parameters("runningoperation.edit", "errorxml", "platform.md 5.2"),
    *parameters("task.edit", "item type runningoperation params", "platform.md 5.2"),
)

#: error types of the panel that are not about the text that was sent: the panel was not reached, or the row is gone
_NOT_OF_THE_TEXT = ("client", "timeout", "missed")


@contextlib.contextmanager
def begin(context: Context, number: int, intname: str, operation: int) -> Iterator[tuple[Lease, Item, int]]:
    """Begin a command: the service's lease, the service as it is now, and the operation that the command serves.

    That is the given one, else the newest of its name, 0 without one. Raises BusyError when another process holds the
    lease, ResellerError when the service is not ours, or `reseller_operation_gone`.
    """
    with context.hold_ours(number) as (held, item):
        if operation and not items.exists(context.db, operation):
            # Another process may have finished it before this one got the lease: going on would carry it out again.
            raise ResellerError(
                "reseller_operation_gone", object="runningoperation", value=operation, item=number, kind=intname
            )
        yield held, item, operation or items.operation_of(context.db, number, intname)


def report(context: Context, item: Item, operation: int, error: ResellerError, *, task: bool = False) -> None:
    """Make the operation manual, show `error` on it, and make its task if `task`; an open task says the error as well.

    Raises PanelError when the operation cannot be made manual; a text that cannot be shown is logged.
    """
    if not operation:
        return
    text = context.word(error)
    with _gone_is_fine():
        context.mgrctl.call("runningoperation.setmanual", {"elid": operation})
        with _logged(context, item):
            # `errorxml` in the layout of the vendor's module library (platform.md 5.2, ModuleError).
            inner = document.error_element(error, text, context.lang)
            inner.set("date", _now())
            message = document.element("custommessage", text, type="error", date=_now())
            outer = document.element("error", **{name: inner.get(name, "") for name in ("type", "object", "value")})
            _save(context, operation, document.document(_module(item, inner, message), outer))
        with _logged(context, item):
            if task:
                make_task(context, item, operation, text)
            else:
                _retell(context, operation, text)


def make_manual(context: Context, operation: int) -> bool:
    """Make the operation manual, so that the panel does not run it by itself; whether the panel shows it so.

    To be called before a byte that spends is sent. Raises PanelError, of type `missed` when the operation is gone.
    """
    context.mgrctl.call("runningoperation.setmanual", {"elid": operation})
    return items.is_manual(context.db, operation)


def note(context: Context, item: Item, operation: int, text: str) -> None:
    """Let the operation wait as a manual one, with its task, and show on both what it is waiting for.

    Raises PanelError when it cannot be made manual, or when its task cannot be made; a text of the operation that
    cannot be shown is logged.
    """
    fitted = texts.fit(text)
    context.mgrctl.call("runningoperation.setmanual", {"elid": operation})
    with _logged(context, item):
        message = document.element("custommessage", fitted, type="info", date=_now())
        _save(context, operation, document.document(_module(item, message)))
    make_task(context, item, operation, fitted)


def make_task(context: Context, item: Item, operation: int, text: str) -> None:
    """Make the operation's task unless it has, or had, one: never two. A task that is open gets the new `text`.

    An operation that was deleted in the meantime keeps no task: nobody would ever close it.
    """
    if items.has_task(context.db, operation):
        _retell(context, operation, text)
        return
    kind = _task_type(context, item, items.operation_name(context.db, operation))
    if kind:
        _new_task(context, item, kind, text, runningoperation=operation)
        if not items.exists(context.db, operation):
            close_tasks(context, operation)


def ask(context: Context, item: Item, intname: str, text: str) -> int:
    """Make a task about a service that has no operation; its number, 0 where the panel has no task of that kind.

    An open task with exactly this text, made before a crash, is taken as this one.
    """
    kind = _task_type(context, item, intname)
    if not kind:
        return 0
    made = items.task_without_operation(context.db, item.id, kind, text)
    if not made:
        _new_task(context, item, kind, text)
        made = items.task_without_operation(context.db, item.id, kind, text)
    return made


def asked(context: Context, item: Item, intname: str, text: str) -> int:
    """The open task that ask() made with this text, 0 without one."""
    kind = _task_type(context, item, intname)
    return items.task_without_operation(context.db, item.id, kind, text) if kind else 0


def unask(context: Context, task: int) -> None:
    """Delete a task that ask() made, if it still exists."""
    _delete(context, "task.delete", task)


def unask_others(context: Context, item: Item, intname: str, text: str, *, keep: int) -> None:
    """Delete every task with exactly this text, except the task `keep` (0: all of them)."""
    kind = _task_type(context, item, intname)
    for task in items.tasks_without_operation(context.db, item.id, kind, text) if kind else ():
        if task != keep:
            unask(context, task)


def retell(context: Context, task: int, text: str) -> None:
    """Replace the text of a task, if it still exists."""
    with _gone_is_fine():
        _put(context, "task.edit", {"elid": task, "sok": "ok"}, "params", texts.fit(text))


def _task_type(context: Context, item: Item, intname: str) -> str:
    """The panel's type of task for operations named `intname`; empty when it has none."""
    return document.text(context.mgrctl.call("task.gettype", {"operation": intname, "item": item.id}), "task_type")


def _new_task(context: Context, item: Item, kind: str, text: str, **more: object) -> None:
    _put(context, "task.edit", {"item": item.id, "type": kind, "sok": "ok", **more}, "params", texts.fit(text))


def _retell(context: Context, operation: int, text: str) -> None:
    """Replace the text of an operation's open tasks, so that they say what the operation says."""
    for task in items.open_tasks(context.db, operation):
        retell(context, task, text)


def of(context: Context, request: Request) -> int:
    """The newest operation of the service that the request serves, 0 without one."""
    return items.operation_of(context.db, request.item, *requests.operation_names(request.kind))


def close_of(context: Context, request: Request) -> None:
    """Delete the operation of a request that nobody wants any more.

    To be called before the request is settled: an operation that a crash left over would carry out anew what the ledger
    has given up.
    """
    operation = request.operation or of(context, request)
    if operation:
        close(context, operation)


def close(context: Context, operation: int) -> None:
    """Delete an operation and its open tasks; the panel's call-back has often deleted both already."""
    close_tasks(context, operation)
    if items.exists(context.db, operation):
        _delete(context, "runningoperation.delete", operation)


def close_tasks(context: Context, operation: int) -> None:
    """Delete the open tasks of an operation: nobody has to do anything about it any more."""
    for task in items.open_tasks(context.db, operation):
        _delete(context, "task.delete", task)


def start(context: Context, operation: int) -> None:
    """Have the panel run the operation again, as its Start button does."""
    context.mgrctl.call("runningoperation.start", {"elid": operation, "sok": "ok"})


def _delete(context: Context, func: str, elid: int) -> None:
    with _gone_is_fine():
        context.mgrctl.call(func, {"elid": elid, "sok": "ok"})


@contextlib.contextmanager
def _gone_is_fine() -> Iterator[None]:
    """Ignore that the row is gone: somebody may have deleted the operation or task at the same time."""
    try:
        yield
    except PanelError as error:
        if error.panel_type != "missed":
            raise


@contextlib.contextmanager
def _logged(context: Context, item: Item) -> Iterator[None]:
    """Log what the panel refuses to show to a person, and go on."""
    try:
        yield
    except PanelError as error:
        context.log.error(f"item {item.id}: what its operation says cannot be shown: {context.word(error)}")


def _put(context: Context, func: str, fields: Mapping[str, object], name: str, text: str) -> None:
    """Call `func` with a text; where the panel refuses it, call once more with the text in ASCII."""
    try:
        context.mgrctl.call(func, {**fields, name: text})
    except PanelError as error:
        bare = texts.plain(text)
        if bare == text or error.panel_type in _NOT_OF_THE_TEXT:
            raise
        context.log.error(f"{func} with a text in ASCII only, since the panel refused it: {context.word(error)}")
        context.mgrctl.call(func, {**fields, name: bare})


def _module(item: Item, *children: document.Element) -> document.Element:
    node = document.element("processingmodule", date=_now(), id=str(item.module), name=item.module_name)
    node.set("correlation", log.correlation())
    node.extend(children)
    return node


def _save(context: Context, operation: int, root: document.Element) -> None:
    errorxml = document.dump(root).decode("utf-8")
    _put(context, "runningoperation.edit", {"elid": operation, "sok": "ok"}, "errorxml", errorxml)


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")
