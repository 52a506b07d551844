"""processing/pmreseller: run one command of the panel, from its arguments to its answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from reseller import process
from reseller.log import Log
from reseller.mgr5 import command_line
from reseller.mgr5.command_line import Arguments
from reseller.mgr5.panel import Panel
from reseller.wire.errors import ResellerError, UsageError

if TYPE_CHECKING:
    from reseller.context import Context
    from reseller.wire.document import Element


def main(argv: Sequence[str]) -> int:
    """Run the command and print its document to stdout; the exit code for the panel."""
    process.bound()
    panel = Panel.of(argv[0])
    arguments = Arguments("")
    try:
        arguments = command_line.parse(argv[1:])
        command = COMMANDS.get(arguments.command)
        if command is None:
            raise UsageError("reseller_command", object="command", value=arguments.command)
        is_skipped = arguments.command in SKIPPED and panel.does_nothing
        answer = _ok() if is_skipped else command(panel, arguments)
    except ResellerError as error:
        return _failed(panel, arguments, error)
    except Exception as error:  # noqa: BLE001 - the panel must get a document, whatever happened; the log gets the rest
        return _failed(panel, arguments, Log(panel.base).unexpected(error))
    _print(answer)
    return 0


def _failed(panel: Panel, arguments: Arguments, error: ResellerError) -> int:
    """Show the error on the operation if the command has not, and print it as the answer; the exit code."""
    from reseller.lifecycle import last_handler
    from reseller.wire import document, texts

    lang = arguments.lang or "en"
    last_handler.tell(panel, error, arguments.item, arguments.runningoperation, lang)
    if arguments.command in SHOWN and error.type not in FOR_CLIENTS:
        from reseller.pages.call import EMPLOYEE_LEVEL

        # A caller who is an employee, by what the panel says, sees the real error.
        if arguments.level < EMPLOYEE_LEVEL:
            Log(panel.base).error(f"item {arguments.item}: {arguments.command} failed: {error}"[:LOG_CHARACTERS])
            error = ResellerError("access", object="command", value=arguments.command)
    _print(document.document(document.error_element(error, texts.word(panel.base, error, lang), lang)))
    return error.exit_code


def _of_service(panel: Panel, arguments: Arguments) -> Element:
    """Run a command of OF_SERVICE."""
    file, function, is_one_of_several = OF_SERVICE[arguments.command]
    item = arguments.need("item")
    command = getattr(import_module(f"reseller.commands.{file}"), function)
    name = (arguments.command,) if is_one_of_several else ()
    command(_context(panel, arguments), item, *name, arguments.runningoperation)
    return _ok()


def _change_password(panel: Panel, arguments: Arguments) -> Element:
    from reseller.commands.changepassword import change_password

    item = arguments.need("item")
    context = _context(panel, arguments)
    change_password(context, item, arguments.password, arguments.userid, arguments.runningoperation)
    return _ok()


def _check_param(panel: Panel, arguments: Arguments) -> Element:
    from reseller.commands.check_param import check_addon, check_param

    item = arguments.need("item")
    # The panel describes the service on stdin; this is not used, since its rows say as much, in a known shape.
    sys.stdin.buffer.read()
    context = _context(panel, arguments)
    if arguments.command == "check_param":
        check_param(context, item, arguments.param, arguments.value)
    else:
        check_addon(context, item, arguments.param, arguments.addon, arguments.value)
    return _ok()


def _control_panel(panel: Panel, arguments: Arguments) -> Element:
    from reseller.commands.transition_controlpanel import way_in
    from reseller.wire import document

    item = arguments.need("item")
    way = way_in(_context(panel, arguments), item)
    return document.document(
        document.element("url", way.url),
        document.element("panelcount", "1"),
        document.element("panelname", way.caption, keyname=arguments.panelkey or "panel"),
    )


def _sync_item(panel: Panel, arguments: Arguments) -> Element:
    from reseller.sync.sync_item import sync
    from reseller.wire import document

    item = arguments.need("item")
    seen = sync(_context(panel, arguments), item, arguments.runningoperation)
    values = (document.element(name, text) for name, text in seen._asdict().items())
    return document.document(document.element("ok"), *values)


def _check_connection(panel: Panel, arguments: Arguments) -> Element:
    from reseller.pages import connection_form

    connection_form.check(panel, sys.stdin.buffer.read())
    return _ok()


def _get_balance(panel: Panel, arguments: Arguments) -> Element:
    """Of one module as a document, or of all of ours, which prints nothing about any (additions-2.md b.4)."""
    from reseller.commands import get_balance
    from reseller.wire import document

    context = _context(panel, arguments)
    if not arguments.module:
        get_balance.save_all(context)
        return _ok()
    told = get_balance.save(context, arguments.module)
    cells = [("balance", told.amount), ("currency", told.currency), ("credit", told.credit)]
    cells.append(("reserved", told.reserved))
    return document.document(*(document.element(name, str(value)) for name, value in cells if value is not None))


def _tune_tariff(panel: Panel, arguments: Arguments) -> Element:
    from reseller.pages import tariff_form

    number = arguments.need("module")
    return tariff_form.tune(panel, number, arguments.itemtype, sys.stdin.buffer.read())


def _import_pricelist(panel: Panel, arguments: Arguments) -> Element:
    from reseller.tariffs import stock_import

    number = arguments.need("module")
    return stock_import.answer(_context(panel, arguments), number, arguments.subcommand, arguments.id)


def _features(panel: Panel, arguments: Arguments) -> Element:
    from reseller.mgr5 import features
    from reseller.wire import document

    return document.parse(features.document(str(panel.base)).encode())


#: commands that get the service and its operation, and nothing else: their file in commands/, the function there, and
#: whether that carries out several commands, so that it has to get the command's name as well
OF_SERVICE = {
    "open": ("open", "open_service", False),
    "prolong": ("prolong", "prolong", False),
    "setparam": ("setparam", "set_params", False),
    "suspend": ("suspend_resume_close", "change", True),
    "resume": ("suspend_resume_close", "change", True),
    "close": ("suspend_resume_close", "change", True),
    "start": ("power", "power", True),
    "stop": ("power", "power", True),
    "reboot": ("power", "power", True),
    "hardreboot": ("power", "power", True),
    "gen_key": ("gen_key", "new_key", False),
    "cancel_prolong": ("cancel_prolong", "cancel_prolong", False),
    "reopen": ("reopen", "reopen", False),
}
#: commands whose error the panel shows to a client at once; a client sees only errors of FOR_CLIENTS, else `access`
SHOWN = frozenset({"check_param", "check_addon", "transition_controlpanel"})
FOR_CLIENTS = frozenset(
    {
        "reseller_param_address",
        "reseller_param_choice",
        "reseller_param_fixed",
        "reseller_param_later",
        "reseller_param_range",
        "reseller_panel_closed",
    }
)
#: an error that may quote a client's input is cut to this length before it is logged
LOG_CHARACTERS = 500

#: commands that do nothing and answer with success while etc/billmgr.DoNothing exists, as the vendor's modules do
#: (platform.md 5.2)
SKIPPED = frozenset({"open", "resume", "suspend", "cancel_prolong", "close", "sync_item", "prolong", "reopen"})

#: every command of the module; the executable answers plain `--command features` itself, without loading any of this
COMMANDS: dict[str, Callable[[Panel, Arguments], Element]] = {
    "features": _features,
    "check_connection": _check_connection,
    "getbalance": _get_balance,
    "pricelist_dynamic_settings_tune": _tune_tariff,
    **dict.fromkeys(OF_SERVICE, _of_service),
    "changepassword": _change_password,
    "transition_controlpanel": _control_panel,
    "sync_item": _sync_item,
    "check_param": _check_param,
    "check_addon": _check_param,
    "import_pricelist": _import_pricelist,
}


def _context(panel: Panel, arguments: Arguments) -> Context:
    """The context in which this command works: the panel, its database, and the caller's language."""
    from reseller.context import Context

    return Context.start(panel, arguments.lang or "en")


def _ok() -> Element:
    from reseller.wire import document

    return document.document(document.element("ok"))


def _print(root: Element) -> None:
    from reseller.wire import document

    sys.stdout.buffer.write(document.dump(root))
    sys.stdout.flush()
