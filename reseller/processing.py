"""processing/pmreseller: one command of the panel, from its arguments to its answer."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from reseller.log import Log
from reseller.mgr5 import module
from reseller.mgr5.module import Arguments
from reseller.mgr5.panel import Panel
from reseller.wire.errors import ResellerError, UsageError

if TYPE_CHECKING:
    from reseller.wire.document import Element


def main(argv: Sequence[str]) -> int:
    """Run the command; its document goes to stdout, the exit code is the panel's."""
    panel = None
    lang = "en"
    try:
        panel = Panel.of(argv[0])
        arguments = module.parse(argv[1:])
        lang = arguments.lang or lang
        command = COMMANDS.get(arguments.command)
        if command is None:
            raise UsageError("reseller_command", object="command", value=arguments.command)
        answer = command(panel, arguments)
    except ResellerError as error:
        _print(_error_document(panel, error, lang))
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the panel must get a document, whatever happened; the log gets the rest
        if panel:
            Log(panel.base).error("internal: " + " | ".join(traceback.format_exc().splitlines()))
        unknown = ResellerError("reseller_internal", text=error.__class__.__name__)
        _print(_error_document(panel, unknown, lang))
        return 1
    _print(answer)
    return 0


def _open(panel: Panel, arguments: Arguments) -> Element:
    from reseller.lifecycle.open import open_service
    from reseller.lifecycle.work import Work

    item = arguments.need("item")
    open_service(Work.start(panel, arguments.lang or "en"), item, arguments.runningoperation)
    return _ok()


def _prolong(panel: Panel, arguments: Arguments) -> Element:
    from reseller.lifecycle.term import prolong
    from reseller.lifecycle.work import Work

    item = arguments.need("item")
    prolong(Work.start(panel, arguments.lang or "en"), item, arguments.runningoperation)
    return _ok()


def _change(panel: Panel, arguments: Arguments) -> Element:
    from reseller.lifecycle.state import change
    from reseller.lifecycle.work import Work

    item = arguments.need("item")
    change(Work.start(panel, arguments.lang or "en"), item, arguments.command, arguments.runningoperation)
    return _ok()


def _check_connection(panel: Panel, arguments: Arguments) -> Element:
    from reseller.pages import connection_form

    connection_form.check(panel, sys.stdin.buffer.read())
    return _ok()


def _tune_connection(panel: Panel, arguments: Arguments) -> Element:
    from reseller.pages import connection_form

    return connection_form.tune(sys.stdin.buffer.read())


def _tune_tariff(panel: Panel, arguments: Arguments) -> Element:
    from reseller.pages import tariff_form

    number = arguments.need("module")
    return tariff_form.tune(panel, number, arguments.itemtype, sys.stdin.buffer.read())


def _features(panel: Panel, arguments: Arguments) -> Element:
    from reseller.mgr5 import features
    from reseller.wire import document

    return document.parse(features.document().encode())


#: every command of the module; the executable answers plain `--command features` itself, without loading any of this
COMMANDS: dict[str, Callable[[Panel, Arguments], Element]] = {
    "features": _features,
    "check_connection": _check_connection,
    "tune_connection": _tune_connection,
    "pricelist_dynamic_settings_tune": _tune_tariff,
    "open": _open,
    "prolong": _prolong,
    "suspend": _change,
    "resume": _change,
    "close": _change,
}


def _ok() -> Element:
    from reseller.wire import document

    return document.document(document.element("ok"))


def _error_document(panel: Panel | None, error: ResellerError, lang: str) -> Element:
    from reseller.wire import document, texts

    said = texts.word(panel.base, error, lang) if panel else str(error)
    return document.document(document.error_element(error, said, lang))


def _print(root: Element) -> None:
    from reseller.wire import document

    sys.stdout.buffer.write(document.dump(root))
    sys.stdout.flush()
