"""sandbox.fault: faults of the wire as commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.documents import done, elem
from sandbox.core.errors import bad_value
from sandbox.core.faults import KINDS, Fault
from sandbox.core.registry import function
from sandbox.core.request import ROOT
from sandbox.functions.staff import FACT, amount

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request


@function("sandbox.fault", ROOT, FACT)
def fault(panel: Panel, request: Request) -> etree._Element:
    """Put a fault on requests to come: kind=, forfunc=glob, user=glob, times=, skip=, seconds=, size=, type=, object=,
    value=."""
    if request.text("kind") not in KINDS:
        raise bad_value("kind", request.text("kind"), f"one of {', '.join(KINDS)}")
    numbers = {}
    for name, default in (("times", "1"), ("skip", "0"), ("size", "50000000")):
        if not request.text(name, default).isdecimal():
            raise bad_value(name, request.text(name))
        numbers[name] = int(request.text(name, default))
    made = panel.faults.add(
        Fault(
            0,
            request.text("kind"),
            request.text("forfunc", "*"),
            request.text("user", "*"),
            numbers["times"],
            numbers["skip"],
            float(amount(request, "seconds", "1")),
            numbers["size"],
            request.text("type", "value"),
            request.text("object"),
            request.text("value"),
        )
    )
    return done(id=made.id)


@function("sandbox.fault.clear", ROOT, FACT)
def fault_clear(panel: Panel, request: Request) -> etree._Element:
    """Forget all faults and let go what is held."""
    panel.faults.clear()
    return done()


@function("sandbox.fault.list", ROOT, FACT)
def fault_list(panel: Panel, request: Request) -> etree._Element:
    """Faults in force, those used up, and requests being held now."""
    document = etree.Element("doc")
    for state, faults in (("armed", panel.faults.all()), ("used", list(panel.faults.spent))):
        for one in faults:
            elem(
                document,
                {
                    "id": one.id,
                    "kind": one.kind,
                    "func": one.func,
                    "user": one.user,
                    "times": one.times,
                    "skip": one.skip,
                    "met": one.met,
                    "state": state,
                },
            )
    for func in panel.faults.held():
        elem(document, {"kind": "held", "func": func, "state": "held"})
    return document


@function("sandbox.release", ROOT, FACT)
def release(panel: Panel, request: Request) -> etree._Element:
    """Let go the requests that hold_before and hold_after keep."""
    return done(released=panel.faults.release())
