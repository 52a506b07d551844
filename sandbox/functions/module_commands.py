"""Commands of processing modules that staff start beside the queue, each with its own input (platform.md 5.2).

The reference names the commands and what they read, not the panel's buttons behind them. So the buttons are two
functions of the sandbox: `sandbox.module` runs a command now and shows what it printed, `sandbox.operation` puts one
into the queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import items, lifecycle, param_checks, placement
from sandbox.core.documents import add, done, elem
from sandbox.core.errors import PanelError, bad_value, missing
from sandbox.core.modules import BUILT_IN
from sandbox.core.registry import function
from sandbox.core.request import ROOT
from sandbox.functions.processing import connection, load_module, settings

if TYPE_CHECKING:
    from sandbox.core.items import Item
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

FACT = "platform.md 5.2"
OPTIONS = (
    "subcommand",
    "id",
    "lang",
    "itemtype",
    "intname",
    "param",
    "value",
    "level",
    "addon",
    "domain",
    "emails",
    "tld",
    "searchstring",
    "userid",
    "password",
    "panelkey",
    "ip",
)
"""Options of the vendor's command line beside --command, --item, --module, --runningoperation."""
PANEL_KEY = "panelkey"
NO_MODULE = frozenset(["features", "check_connection", "tune_connection", "usercreate", "get_suitable_module"])
"""Commands about no module that is set up: no --module."""
FORMS = {
    "tune_connection": "processing.edit.{module}",
    "usercreate": "processing.edit.{module}.createuser",
    "tune_service_profile": "service_profile.{module}",
    "validate_service_profile": "service_profile.{module}",
    "pricelist_dynamic_settings_tune": "pricelist.{module}",
}
"""Commands that read a form: the metadata it is dressed in."""


@function("sandbox.module", ROOT, FACT)
def run_command(panel: Panel, request: Request) -> etree._Element:
    """Run a module's command now: module= (or item=), command=, any option of its command line; form_<name>= are
    fields of the form it reads, session_<name>= session parameters, stdin= replaces all that it would read."""
    command = request.text("command")
    if not command:
        raise bad_value("command")
    with panel.db.begin() as tx:
        item = items.find(tx, request.text("item")) if request.text("item") else None
        if request.text("item") and item is None:
            raise missing("item", request.text("item"))
        number = request.text("module") or str(item.module_id if item is not None else "")
        row = load_module(tx, number)
        stored = settings(panel, tx, row["id"])
    if row["module"] in BUILT_IN:
        raise PanelError("unsupported", "module", row["module"])
    words = ["--command", command]
    if item is not None:
        words += ["--item", str(item.id)]
    elif command not in NO_MODULE and not (command == "getbalance" and panel.switches["getbalance_of"] == "all"):
        words += ["--module", str(row["id"])]
    words += _options(panel, request)
    document = panel.modules.run(row["module"], words, _input(panel, request, row["module"], stored, item))
    return done() if document is None else document


def _options(panel: Panel, request: Request) -> list[str]:
    words: list[str] = []
    for name in OPTIONS:
        if name in request.params and not (name == "lang" and not request.text("lang")):
            words += [f"--{option_name(panel, name)}", _word(request, name)]
    return words


def _word(request: Request, name: str) -> str:
    """What is searched for by import comes with a backslash before each space (additions-2.md c.1)."""
    text = request.text(name)
    return text.replace(" ", "\\ ") if (name, request.text("command")) == ("searchstring", "import") else text


def option_name(panel: Panel, name: str) -> str:
    """The panel key's option has two possible names (platform.md 5.3)."""
    return panel.switches["panel_key_option"] if name == PANEL_KEY else name


def _input(panel: Panel, request: Request, module: str, stored: Mapping[str, str], item: Item | None) -> bytes:
    """What the command reads on stdin (platform.md 5.2, column "input")."""
    command = request.text("command")
    if "stdin" in request.params:
        return request.text("stdin").encode()
    if command == "get_suitable_module":
        skip = [int(word) for word in request.text("skip_modules").split(",") if word.strip().isdecimal()]
        return placement.question(int(request.text("pricelist", "0")), skip)
    if command in ("check_param", "check_addon") and item is not None:
        return param_checks.item_document(panel, item)
    document = etree.Element("doc")
    if command == "check_connection":
        document = connection(request.text("module"), {**stored, **_given(request, "form_")})
    elif command == "tuning_param":
        block = etree.SubElement(document, "session_params")
        for name, value in _given(request, "session_").items():
            etree.SubElement(block, "param", name=name, value=value)
    elif command in FORMS:
        step = FORMS[command].format(module=module)
        _fill(document, {"func": step, **_given(request, "form_")})
        panel.plugins.dress(document, step, request.lang)
    else:
        return b""
    return etree.tostring(document, encoding="UTF-8", xml_declaration=True)


def _fill(parent: etree._Element, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        add(parent, name, value)


def _given(request: Request, prefix: str) -> dict[str, str]:
    return {name[len(prefix) :]: value for name, value in request.params.items() if name.startswith(prefix)}


@function("sandbox.operation", ROOT, FACT)
def run_operation(panel: Panel, request: Request) -> etree._Element:
    """Put a command into the queue of a service: item=, name= (reopen, transfer, cancel_prolong, ...), and options
    of its command line as in sandbox.module. Answers the operation's id."""
    name = request.text("name")
    if not name:
        raise bad_value("name")
    with panel.db.begin() as tx:
        item = items.find(tx, request.text("item"))
        if item is None:
            raise missing("item", request.text("item"))
        items.lock(tx, item.id)
        if item.module in BUILT_IN or not panel.modules.serves(item.module, name):
            raise PanelError("unsupported", "command", name)
        options = {option_name(panel, one): request.text(one) for one in OPTIONS if request.text(one)}
        options.pop("lang", None)
        options.pop("level", None)
        if options.get("password"):
            # Encrypted as itemcryptedparam is (platform.md 5.2, changepassword).
            options["password"] = panel.crypt.encrypt("password", options["password"])
        number = lifecycle.begin(tx, panel, item, name, request.caller.level, options=options)
    panel.queue.wake()
    return done(id=number)


@function("sandbox.modules", ROOT, FACT)
def modules(panel: Panel, request: Request) -> etree._Element:
    """What each executable of processing/ says of itself: types, settings (crypted ones marked *), features."""
    document = etree.Element("doc")
    for name in panel.modules.names():
        try:
            known = panel.modules.features(name)
        except PanelError as error:
            elem(document, {"module": name, "error": str(error)})
            continue
        cells = {
            "module": name,
            "itemtypes": " ".join(sorted(known.itemtypes)),
            "settings": " ".join(f"{one.name}*" if one.crypted else one.name for one in known.settings),
            "features": " ".join(sorted(known.names)),
            "templates": " ".join(known.templates),
        }
        elem(document, cells)
    return document


@function("runningoperation.taskcreate", ROOT - 1, FACT)
def operation_taskcreate(panel: Panel, request: Request) -> etree._Element:
    """A task for an operation that has none: of the type that task.gettype names. Answers the task's id."""
    with panel.db.begin() as tx:
        row = (
            tx.row("SELECT * FROM runningoperation WHERE id = %s FOR UPDATE", int(request.elid))
            if request.elid.isdecimal()
            else None
        )
        if row is None:
            raise missing("elid", request.elid)
        number = tx.value("SELECT id FROM task WHERE runningoperation = %s LIMIT 1", row["id"])
        if number is None:
            kind = tx.value("SELECT id FROM tasktype WHERE operation = %s", row["intname"])
            if kind is None:
                raise missing("task_type", row["intname"])
            number = tx.insert("task", type=kind, item=row["item"], status=0, runningoperation=row["id"])
            tx.run("UPDATE task SET opendate = NOW() WHERE id = %s", number)
    return done(**{"task.id": number, "id": number})
