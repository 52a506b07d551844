"""The operation and task of a service, kept true for the people who look at them (Tools > Running operations, Tasks).

The panel's own functions do all of it (reference/platform.md 5.2). A manual operation is one the panel does not run by
itself any more; its task, where it has one, says what a person has to do, or that nobody has to.
"""

from __future__ import annotations

import time

from reseller import log
from reseller.lifecycle.work import Work
from reseller.mgr5 import items
from reseller.model import Item
from reseller.wire import document
from reseller.wire.errors import PanelError, ResellerError


def current(work: Work, item: int, intname: str, given: int) -> int:
    """The operation that a command serves: the one it was `given`, else the newest of its name, 0 without one.

    To be asked under the service's lease. A command may wait for the lease while somebody else finishes its operation;
    going on then would do it a second time. Raises ResellerError `reseller_operation_gone`.
    """
    if given and not items.exists(work.db, given):
        raise ResellerError("reseller_operation_gone", object="runningoperation", value=given, item=item, kind=intname)
    return given or items.operation_of(work.db, item, intname)


def report(work: Work, item: Item, operation: int, error: ResellerError, *, task: bool = False) -> None:
    """Show on the operation why it stopped, take it out of the panel's own schedule, and make its task if asked to."""
    if not operation:
        return
    said = work.word(error)
    _save_error(work, item, operation, error, said)
    work.mgrctl.call("runningoperation.setmanual", {"elid": operation})
    if task:
        make_task(work, item, operation, said)
    else:
        _retell(work, operation, said)


def note(work: Work, item: Item, operation: int, text: str) -> None:
    """Show on the operation what it is waiting for, and let it wait with its task (`setmanual`)."""
    message = document.element("custommessage", text, type="info", date=_now())
    _save(work, operation, document.document(_module(item, message)))
    work.mgrctl.call("runningoperation.setmanual", {"elid": operation})
    make_task(work, item, operation, text)


def make_task(work: Work, item: Item, operation: int, text: str) -> None:
    """The operation's task, unless it has or had one: never two; one that is open says `text` from now on."""
    if items.has_task(work.db, operation):
        _retell(work, operation, text)
        return
    kind = _task_type(work, item, items.operation_name(work.db, operation))
    if kind:
        _new_task(work, item, kind, text, runningoperation=operation)


def ask(work: Work, item: Item, intname: str, text: str) -> None:
    """A task about a service that has no operation, unless one of the kind is open: one, never two."""
    kind = _task_type(work, item, intname)
    if kind and not items.tasks_without_operation(work.db, item.id, kind):
        _new_task(work, item, kind, text)


def unask(work: Work, item: Item, intname: str) -> None:
    """End the tasks that ask() made."""
    for task in items.tasks_without_operation(work.db, item.id, _task_type(work, item, intname)):
        _gone_is_fine(work, "task.delete", task)


def _task_type(work: Work, item: Item, intname: str) -> str:
    """Empty when the panel has no tasks for such operations."""
    return document.text(work.mgrctl.call("task.gettype", {"operation": intname, "item": item.id}), "task_type")


def _new_task(work: Work, item: Item, kind: str, text: str, **more: object) -> None:
    work.mgrctl.call("task.edit", {"item": item.id, "type": kind, "params": text, "sok": "ok", **more})


def _retell(work: Work, operation: int, text: str) -> None:
    """A task says what its operation says, also when that has changed since."""
    for task in items.open_tasks(work.db, operation):
        work.mgrctl.call("task.edit", {"elid": task, "params": text, "sok": "ok"})


def close(work: Work, operation: int) -> None:
    """End an operation that its finishing call left behind, with its tasks; both may well be gone already."""
    close_tasks(work, operation)
    if items.exists(work.db, operation):
        _gone_is_fine(work, "runningoperation.delete", operation)


def close_tasks(work: Work, operation: int) -> None:
    """Nobody has to do anything about an operation any more."""
    for task in items.open_tasks(work.db, operation):
        _gone_is_fine(work, "task.delete", task)


def start(work: Work, operation: int) -> None:
    """Have the panel run the operation again, as its Start button does."""
    work.mgrctl.call("runningoperation.start", {"elid": operation, "sok": "ok"})


def _gone_is_fine(work: Work, func: str, elid: int) -> None:
    try:
        work.mgrctl.call(func, {"elid": elid, "sok": "ok"})
    except PanelError as error:
        if error.panel_type != "missed":
            raise


def _save_error(work: Work, item: Item, operation: int, error: ResellerError, said: str) -> None:
    """`errorxml` in the layout of the vendor's module library (reference/platform.md 5.2, ModuleError)."""
    inner = document.error_element(error, said, work.lang)
    inner.set("date", _now())
    message = document.element("custommessage", said, type="error", date=_now())
    outer = document.element("error", type=error.type, object=error.object, value=error.value)
    _save(work, operation, document.document(_module(item, inner, message), outer))


def _module(item: Item, *children: document.Element) -> document.Element:
    node = document.element("processingmodule", date=_now(), id=str(item.module), name=item.module_name)
    node.set("correlation", log.correlation())
    node.extend(children)
    return node


def _save(work: Work, operation: int, root: document.Element) -> None:
    errorxml = document.dump(root).decode("utf-8")
    work.mgrctl.call("runningoperation.edit", {"elid": operation, "errorxml": errorxml, "sok": "ok"})


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")
