"""What a list is filtered by, in words, and how that is forgotten (selling-api.md 5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.browser import forms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.browser.visit import Sight
    from sandbox.core.interface import Interface

    Call = Callable[[Mapping[str, str]], Sight]


def name_of(func: str, interface: Interface) -> str:
    """The filter form of a list; empty where it has none."""
    name = f"{func}.filter"
    return name if interface.metadata(name) is not None else ""


def led_to(func: str, interface: Interface) -> bool:
    """Whether a button of the list itself opens its filter."""
    own = interface.metadata(func)
    return own is not None and any(one.get("func") == f"{func}.filter" for one in own.iter("toolbtn"))


def in_force(call: Call, name: str) -> list[tuple[str, str]]:
    """Labels and values of the fields that are set, as the filter's own form shows them."""
    sight = call({"func": name})
    if sight.error:
        return []
    form = forms.read(sight.metadata, sight.document, sight.words, {}, "")
    return [
        (field.label or field.name, control.shown)
        for page in form.pages
        for field in page.fields
        for control in field.controls
        if control.value not in ("", "off", "null") and control.kind != "hidden"
    ]


def clear(call: Call, name: str) -> str:
    """Forget the filter: a button that says so, and every field empty. Answers the panel's refusal, if any."""
    sight = call({"func": name})
    form = forms.read(sight.metadata, sight.document, sight.words, {}, "")
    empty = dict.fromkeys(sorted(form.names - {""}), "")
    return call({**empty, "func": name, "clicked_button": "clear", "sok": "ok"}).error
