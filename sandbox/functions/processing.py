"""Processing modules as staff set them up: the list, the settings form, and what a module stores itself.

The form of a module is its plug-in's metadata `processing.edit.pmX`; which fields are stored, and which of them
crypted, is what its `features` say (platform.md 5.2, "Settings form", "features document").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core import validators
from sandbox.core.documents import Cell, add, done, elem, fields, slist
from sandbox.core.errors import PanelError, bad_value
from sandbox.core.modules import BUILT_IN, Features
from sandbox.core.registry import function
from sandbox.core.request import ADMIN
from sandbox.core.rows import row_of
from sandbox.functions import module_tariffs
from sandbox.functions.page_parts import is_page

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

_LIST = (
    "SELECT m.id, m.name, m.module, d.name AS datacenter_name, '' AS pusage, "
    "CONCAT_WS(' ', m.balance, m.balance_currency) AS balance_info, m.orderpriority, m.active AS status "
    "FROM processingmodule m LEFT JOIN datacenter d ON d.id = m.datacenter ORDER BY m.id"
)
_OWN_FIELDS = ("name", "orderpriority", "department", "active")


def load_module(tx: Tx, elid: str) -> dict[str, Any]:
    return row_of(tx, "processingmodule", elid)


def settings(panel: Panel, tx: Tx, module: int) -> dict[str, str]:
    """All settings of a module, already decrypted (platform.md 5.2, processing.edit)."""
    values = {
        row["intname"]: row["value"] or ""
        for row in tx.rows("SELECT * FROM processingparam WHERE processingmodule = %s ORDER BY id", module)
    }
    for row in tx.rows("SELECT * FROM processingcryptedparam WHERE processingmodule = %s ORDER BY id", module):
        values[row["intname"]] = panel.crypt.decrypt(row["value"])
        panel.log.hide(values[row["intname"]])
    return values


@function("processing", ADMIN, "platform.md 4.1")
def processing_list(panel: Panel, request: Request) -> etree._Element:
    """Modules that are set up."""
    document = etree.Element("doc")
    for row in panel.cached("processingmodule", _LIST):
        elem(document, row)
    etree.SubElement(document, "p_elems").text = str(len(document))
    return document


def connection(number: Cell, values: Mapping[str, str]) -> etree._Element:
    """What check_connection reads: the settings as children of `processingmodule` (platform.md 5.2), and its `id`
    (additions-2.md h.4), empty for a module that is only being added."""
    document = etree.Element("doc")
    block = etree.SubElement(document, "processingmodule")
    add(block, "id", number)
    for name, value in values.items():
        if name != "id":
            add(block, name, value)
    return document


def _check(panel: Panel, module: str, number: Cell, features: Features, values: dict[str, str]) -> None:
    """check_connection, which says nothing when it is content (additions-2.md h.3). Raises its error."""
    if module in BUILT_IN or "check_connection" not in features.names:
        return
    data = etree.tostring(connection(number, values), encoding="UTF-8")
    panel.modules.check(module, ["--command", "check_connection"], data)


def _tune(panel: Panel, request: Request, module: str, features: Features, form: etree._Element) -> etree._Element:
    """tune_connection reads the form, `func` telling the step, and gives it back with choices (platform.md 5.2)."""
    if module in BUILT_IN or "tune_connection" not in features.names:
        return form
    if form.find("func") is None:
        add(form, "func", request.func)
    panel.plugins.dress(form, f"processing.edit.{module}", request.lang)
    data = etree.tostring(form, encoding="UTF-8", xml_declaration=True)
    tuned = panel.modules.command(module, ["--command", "tune_connection"], data)
    for step in tuned.findall("func"):
        tuned.remove(step)
    return tuned


def _store(panel: Panel, tx: Tx, module: int, features: Features, values: dict[str, str]) -> None:
    for name, value in values.items():
        known = features.setting(name)
        crypted = known is not None and known.crypted
        table, other = (
            ("processingcryptedparam", "processingparam") if crypted else ("processingparam", "processingcryptedparam")
        )
        stored = panel.crypt.encrypt(name, value) if crypted else value
        tx.put(table, {"processingmodule": module, "intname": name}, value=stored)
        tx.run(f"DELETE FROM {other} WHERE processingmodule = %s AND intname = %s", module, name)


def _given(panel: Panel, request: Request, features: Features) -> dict[str, str]:
    """Settings in this request that the module declares; what is crypted of them no log shows from now on."""
    given = [one for one in features.settings if one.name in request.params]
    for one in given:
        if one.crypted:
            panel.log.hide(request.text(one.name))
    return {one.name: request.text(one.name) for one in given}


def _checked(panel: Panel, request: Request, module: str, stored: dict[str, str]) -> Request:
    """The request after the validators of the module's own form; what it does not name is as stored (1.1)."""
    from sandbox.core.dispatch import internal  # the table of functions is complete only when all are imported

    whole = {**stored, **request.params, "clicked_button": ""}
    checked = validators.checked(panel, replace(request, params=whole), internal, f"processing.edit.{module}")
    return replace(request, params={name: checked.params[name] for name in request.params})


def _defaults(features: Features) -> dict[str, str]:
    """`defval` of custom parameters (platform.md 5.2, features document)."""
    return {one.name: one.default for one in features.settings if one.default}


def _require_unique(tx: Tx, module: str, number: int, features: Features, values: dict[str, str]) -> None:
    """`unique="yes"`: no other module of this kind has the value of a custom parameter."""
    for one in features.settings:
        if not one.unique or not values.get(one.name):
            continue
        other = tx.value(
            "SELECT m.id FROM processingparam p JOIN processingmodule m ON m.id = p.processingmodule "
            "WHERE m.module = %s AND m.id <> %s AND p.intname = %s AND p.value = %s LIMIT 1",
            module,
            number,
            one.name,
            values[one.name],
        )
        if other is not None:
            raise PanelError("exists", one.name, values[one.name])


@function("processing.add.settings", ADMIN, "platform.md 5.2, B6 processing modules")
def processing_add_settings(panel: Panel, request: Request) -> etree._Element:
    """The last step of adding a module: its settings are checked by the module itself and stored; answers the id."""
    module = request.text("module")
    if not module:
        raise PanelError("wizard_unavailable", "module")
    features = panel.modules.features(module)
    values = {**_defaults(features), **_given(panel, request, features)}
    form = fields(module=module, name=request.text("name"), datacenter=request.text("datacenter"), **values)
    tuned = _tune(panel, request, module, features, form)
    if not request.sok or request.text("snext"):
        panel.plugins.dress(tuned, f"processing.edit.{module}", request.lang)
        _complete(panel, request, tuned, module, 0)
        return tuned
    checked = _checked(panel, request, module, _defaults(features))
    values = {**_defaults(features), **_given(panel, checked, features)}
    _check(panel, module, None, features, values)
    with panel.db.begin() as tx:
        _require_unique(tx, module, 0, features, values)
        centre = _datacenter(tx, request.text("datacenter"))
        number = tx.insert(
            "processingmodule",
            name=request.text("name") or module,
            module=module,
            datacenter=centre,
            orderpriority=_whole(request, "orderpriority", 1),
        )
        _store(panel, tx, number, features, values)
        module_tariffs.store(panel, tx, request, module, number)
    panel.forget("processingmodule")
    return done(id=number)


def _complete(panel: Panel, request: Request, form: etree._Element, module: str, number: int) -> None:
    """For people: the data centres, and the tariffs that the module may process."""
    if not is_page(request):
        return
    with panel.db.begin() as tx:
        rows = tx.rows("SELECT id, name FROM datacenter ORDER BY id")
    slist(form, "datacenter", [("", "null"), *((row["id"], row["name"]) for row in rows)])
    module_tariffs.show(panel, request, form, module, number)


def _datacenter(tx: Tx, text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or tx.value("SELECT id FROM datacenter WHERE id = %s", int(text)) is None:
        raise bad_value("datacenter", text)
    return int(text)


def _whole(request: Request, name: str, default: int) -> int:
    text = request.text(name) or str(default)
    if not text.isdecimal():
        raise bad_value(name, text)
    return int(text)


@function("processing.add.user", ADMIN, "platform.md 5.2, additions-2.md h.17")
def processing_add_user(panel: Panel, request: Request) -> etree._Element:
    """A step of adding a module, where an account at the provider may be made: the form of the module's
    `processing.edit.<module>.createuser`, tuned by it; with sok its command usercreate answers."""
    module = request.text("module")
    if not module:
        raise PanelError("wizard_unavailable", "module")
    features = panel.modules.features(module)
    step = f"processing.edit.{module}.createuser"
    values = {name: request.text(name) for name in panel.plugins.form_fields(step) if name in request.params}
    form = fields(module=module, **{**_given(panel, request, features), **values})
    if not request.sok:
        tuned = _tune(panel, request, module, features, form)
        panel.plugins.dress(tuned, step, request.lang)
        return tuned
    add(form, "func", step)
    panel.plugins.dress(form, step, request.lang)
    data = etree.tostring(form, encoding="UTF-8", xml_declaration=True)
    return panel.modules.command(module, ["--command", "usercreate"], data)


@function("processing.edit", ADMIN, "platform.md 5.2")
def processing_edit(panel: Panel, request: Request) -> etree._Element:
    """Settings of a module, decrypted; with `sok` checked by the module and stored."""
    with panel.db.begin() as tx:
        row = load_module(tx, request.elid)
        stored = settings(panel, tx, row["id"])
    features = panel.modules.features(row["module"])
    if not request.sok:
        form = fields(
            elid=row["id"],
            id=row["id"],
            module=row["module"],
            datacenter=row["datacenter"] or "",
            **{name: row[name] for name in _OWN_FIELDS},
            **{k: v for k, v in stored.items() if k not in _OWN_FIELDS},
        )
        tuned = _tune(panel, request, row["module"], features, form)
        panel.plugins.dress(tuned, f"processing.edit.{row['module']}", request.lang)
        _complete(panel, request, tuned, row["module"], row["id"])
        return tuned
    given = _given(panel, _checked(panel, request, row["module"], stored), features)
    _check(panel, row["module"], row["id"], features, {**stored, **given})
    own = {name: request.text(name) for name in _OWN_FIELDS if request.text(name)}
    if not own.get("orderpriority", "0").isdecimal() or own.get("active", "on") not in ("on", "off"):
        raise bad_value("active" if own.get("orderpriority", "0").isdecimal() else "orderpriority")
    with panel.db.begin() as tx:
        _require_unique(tx, row["module"], row["id"], features, given)
        if own:
            tx.update("processingmodule", {"id": row["id"]}, **own)
        if "datacenter" in request.params:
            tx.update("processingmodule", {"id": row["id"]}, datacenter=_datacenter(tx, request.text("datacenter")))
        _store(panel, tx, row["id"], features, given)
        module_tariffs.store(panel, tx, request, row["module"], row["id"])
    panel.forget("processingmodule")
    return done(id=row["id"])


@function("processing.delete", ADMIN, "platform.md 4.1")
def processing_delete(panel: Panel, request: Request) -> etree._Element:
    """Remove modules that no living service uses."""
    with panel.db.begin() as tx:
        for elid in request.elids:
            module = load_module(tx, elid)["id"]
            used = tx.value("SELECT id FROM item WHERE processingmodule = %s AND status <> 4 LIMIT 1", module)
            if used is not None:
                raise PanelError("value", "processingmodule", used)
            for table in ("processingparam", "processingcryptedparam", "processingmodule2pricelist"):
                tx.run(f"DELETE FROM {table} WHERE processingmodule = %s", module)
            tx.run("DELETE FROM processingmodule WHERE id = %s", module)
    panel.forget("processingmodule")
    return done()


@function("processing.saveparam", ADMIN, "platform.md 5.2")
def processing_saveparam(panel: Panel, request: Request) -> etree._Element:
    """A module stores one of its own settings: elid, param, value."""
    name = request.text("param") or request.text("name")
    if not name:
        raise bad_value("param")
    with panel.db.begin() as tx:
        row = load_module(tx, request.elid)
    features = panel.modules.features(row["module"])
    known = features.setting(name)
    if known is not None and known.crypted:
        panel.log.hide(request.text("value"))
    with panel.db.begin() as tx:
        _store(panel, tx, row["id"], features, {name: request.text("value")})
    return done()


@function("processing.savebalance", ADMIN, "platform.md 5.2")
def processing_savebalance(panel: Panel, request: Request) -> etree._Element:
    """A module reports its balance at the provider."""
    try:
        balance = Decimal(request.text("balance"))
    except InvalidOperation as error:
        raise bad_value("balance", request.text("balance")) from error
    with panel.db.begin() as tx:
        row = load_module(tx, request.text("processingmodule"))
        changes: dict[str, object] = {"balance": balance}
        if request.text("currency"):
            changes["balance_currency"] = request.text("currency")
        tx.update("processingmodule", {"id": row["id"]}, **changes)
    panel.forget("processingmodule")
    return done()


@function("processing.setconfig", ADMIN, "platform.md 5.2")
def processing_setconfig(panel: Panel, request: Request) -> etree._Element:
    """A module stores the configuration of the remote side."""
    with panel.db.begin() as tx:
        row = load_module(tx, request.elid)
        tx.update("processingmodule", {"id": row["id"]}, config=request.text("config"))
    return done()


@function("datacenter", ADMIN, "platform.md 6.2")
def datacenter_list(panel: Panel, request: Request) -> etree._Element:
    """Data centres of this panel."""
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        for row in tx.rows("SELECT id, name, external_id FROM datacenter ORDER BY id"):
            elem(document, row)
    return document


def module_choices(tx: Tx, document: etree._Element) -> None:
    rows = tx.rows("SELECT id, name FROM processingmodule ORDER BY orderpriority, id")
    slist(document, "processingmodule", [(row["id"], row["name"]) for row in rows])
