"""addon/reseller: answer the functions that the add-on gives the panel (platform.md 2).

The program always exits with 0 and prints a document: to the panel a non-zero exit and broken XML are the same failure,
which hides what was wrong. Rights are checked here as well as in the metadata. A caller who is no employee gets the
panel's own error `access` for every failure: settings, paths or a database that is down are not for clients to see.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reseller import process
from reseller.log import Log
from reseller.mgr5.panel import Panel
from reseller.pages.call import Call
from reseller.pages.functions import FUNCTIONS
from reseller.wire import document, texts
from reseller.wire.errors import ResellerError

if TYPE_CHECKING:
    from reseller.wire.document import Element


def main(executable: str, environment: Mapping[str, str]) -> int:
    """Answer the function that the environment names, by a document on stdout; always returns 0."""
    process.bound()
    call = Call(Panel.of(executable), environment)
    try:
        function = FUNCTIONS.get(call.func)
        if function is None:
            raise ResellerError("reseller_function", object="func", value=call.func)
        if call.level < function.level or call.says_otherwise:
            raise call.not_allowed()
        answer = function.answer(call)
    except ResellerError as error:
        answer = _refusal(call, error)
    except Exception as error:  # noqa: BLE001 - the panel must get a document, whatever happened; the log gets the rest
        answer = _refusal(call, Log(call.panel.base).unexpected(error))
    sys.stdout.buffer.write(document.dump(answer))
    return 0


def _refusal(call: Call, error: ResellerError) -> Element:
    """The error as this caller may see it; no other place decides that."""
    if not call.is_employee and error.type != "access":
        reason = texts.word(call.panel.base, error)
        Log(call.panel.base).error(f"{call.func} by {call.user!r} failed: {reason}")
        error = call.not_allowed()
    sentence = texts.word(call.panel.base, error, call.lang)
    return document.document(document.error_element(error, sentence, call.lang))
