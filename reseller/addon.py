"""addon/reseller: the panel's functions that we answer (reference/platform.md 2).

A handler always exits with 0 and prints a document: a non-zero exit and broken XML are one and the same failure to the
panel, and hide what was wrong. Rights are checked here as well as in the metadata.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from reseller.log import Log
from reseller.mgr5.panel import Panel
from reseller.wire import document, texts
from reseller.wire.errors import ResellerError

if TYPE_CHECKING:
    from reseller.wire.document import Element

#: provider's employees and root (reference/platform.md 1.1)
EMPLOYEE_LEVEL = 29


def main(executable: str, environment: Mapping[str, str]) -> int:
    """Answer the function named in the environment."""
    panel = None
    try:
        panel = Panel.of(executable)
        func = environment.get("PARAM_func", "") or environment.get("ACTION_NAME", "")
        handler = FUNCTIONS.get(func)
        if handler is None:
            raise ResellerError("reseller_function", object="func", value=func)
        if not environment.get("AUTH_LEVEL", "").isdigit() or int(environment["AUTH_LEVEL"]) < EMPLOYEE_LEVEL:
            raise ResellerError("access", object="func", value=func)
        answer = handler(panel, environment)
    except ResellerError as error:
        answer = _error(panel, error, environment)
    except Exception as error:  # noqa: BLE001 - the panel must get a document, whatever happened; the log gets the rest
        if panel:
            Log(panel.base).error("internal: " + " | ".join(traceback.format_exc().splitlines()))
        answer = _error(panel, ResellerError("reseller_internal", text=error.__class__.__name__), environment)
    sys.stdout.buffer.write(document.dump(answer))
    return 0


def _checkevent(panel: Panel, environment: Mapping[str, str]) -> Element:
    from reseller.lifecycle.work import Work
    from reseller.sync import checkevent

    summary = checkevent.run(Work.start(panel))
    return document.document(document.element("ok"), document.element("summary", str(summary)))


FUNCTIONS: dict[str, Callable[[Panel, Mapping[str, str]], Element]] = {
    "checkevent": _checkevent,
    "reseller.checkevent": _checkevent,
}


def _error(panel: Panel | None, error: ResellerError, environment: Mapping[str, str]) -> Element:
    lang = environment.get("PARAM_lang", "") or "en"
    said = texts.word(panel.base, error, lang) if panel else str(error)
    return document.document(document.error_element(error, said, lang))
