"""The tariff form `pricelist.pmreseller`: the seller's tariff and data centre for a tariff of this panel, and what
comes next: the map of its parts.
"""

from __future__ import annotations

from lxml import etree

from reseller.context import Context
from reseller.lifecycle.order_plan import DATACENTER_FIELD, TARIFF_FIELD
from reseller.mgr5.panel import Panel
from reseller.pages.call import parse
from reseller.seller import tariffs
from reseller.tariffs import resold
from reseller.wire import document
from reseller.wire.errors import Message, ResellerError
from reseller.wire.numbers import whole

COMMAND_FIELD = "reseller_command"


def tune(panel: Panel, module: int, itemtype: str, form: bytes) -> document.Element:
    """The form with the seller's tariffs and data centres as choices.

    If the seller cannot be reached, the current choice is the only one, so that the form still opens and saves.
    """
    root = parse(form)
    context = Context.start(panel)
    try:
        offered = tariffs.export(context.seller(module).transport, itemtype or document.text(root, "itemtype"))
    except ResellerError as error:
        context.log.error(f"module {module}: tariff form without choices: {context.word(error)}")
        offered = []
    _choices(root, TARIFF_FIELD, {tariff.id: f"{tariff.id} {tariff.name}" for tariff in offered})
    _choices(
        root, DATACENTER_FIELD, {number: name for tariff in offered for number, name in tariff.datacenters.items()}
    )
    root.append(document.element("next_step", context.word(_next(context, whole(document.text(root, "elid"))))))
    number = document.text(root, "elid") or document.text(root, "id")
    if number.isdecimal():
        # The one command that maps what has the same name on both sides, ready to be copied; a new tariff has none yet.
        root.append(document.element(COMMAND_FIELD, f"{panel.base}/sbin/resellerctl map {number} --yes"))
    return root


def _next(context: Context, pricelist: int) -> Message:
    """How far the tariff is mapped, and where that is done."""
    found = next((one for one in resold.read(context) if one.number == pricelist), None) if pricelist else None
    if found is None or not found.remote:
        return Message("reseller_form_new")
    mapped = len(found.parts) - len(found.missing)
    return Message("reseller_form_next", mapped=mapped, parts=len(found.parts))


def _choices(root: document.Element, name: str, offered: dict[str, str]) -> None:
    chosen = document.text(root, name)
    choices = etree.SubElement(root, "slist", name=name)
    labels = {"": "--", **({chosen: chosen} if chosen else {}), **offered}
    for key, label in labels.items():
        etree.SubElement(choices, "val", key=key).text = document.printable(label)
