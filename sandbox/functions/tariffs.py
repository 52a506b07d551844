"""Tariffs: the export for resellers and websites, and what staff change (selling-api.md 7, platform.md 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import prices, tariffs, validators
from sandbox.core.documents import add, done, fields, listed
from sandbox.core.errors import bad_value, denied, missing
from sandbox.core.modules import BUILT_IN
from sandbox.core.registry import function
from sandbox.core.request import ADMIN, NOBODY
from sandbox.functions import export
from sandbox.functions.module_tariffs import serves_type
from sandbox.functions.page_parts import is_page, page, table, texts
from sandbox.functions.processing import module_choices

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request
    from sandbox.core.tariffs import Tariff


@function("pricelist", ADMIN, "selling-api.md 7.2")
def pricelist_list(panel: Panel, request: Request) -> etree._Element:
    """Tariffs of this panel, without their add-ons."""
    with panel.db.begin() as tx:
        rows = tx.rows(
            "SELECT p.id, p.name, t.intname AS itemtype, p.active, p.project FROM pricelist p "
            "JOIN itemtype t ON t.id = p.itemtype WHERE p.parent IS NULL ORDER BY p.id"
        )
    return listed(rows)


@function("pricelist.export", NOBODY, "selling-api.md 7.1")
def pricelist_export(panel: Panel, request: Request) -> etree._Element:
    """Tariffs with prices, add-ons and data centres; works without authentication on many panels."""
    if request.caller.level == NOBODY and panel.switches["export_needs_login"] == "on":
        raise denied(request.func)
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        rows = tx.rows(
            "SELECT p.id FROM pricelist p JOIN itemtype t ON t.id = p.itemtype WHERE p.parent IS NULL "
            "AND (%s = '' OR t.intname = %s) AND (%s = '' OR p.id = %s) AND (%s = '' OR p.project = %s) ORDER BY p.id",
            *(
                value
                for name in ("itemtype", "pricelist", "elid")
                for value in (request.text(name), request.text(name))
            ),
        )
        for row in rows:
            tariff = tariffs.load(tx, row["id"])
            if tariff is not None and (tariff.active or request.text("onlyavailable") != "on"):
                export.tariff(panel, tx, document, tariff, request.lang)
    return document


@function("pricelist.edit", ADMIN, "platform.md 5.2")
def pricelist_edit(panel: Panel, request: Request) -> etree._Element:
    """Read a tariff, or change its names, prices (`monthly126=`), state, modules and its modules' own fields."""
    with panel.db.begin() as tx:
        tariff = tariffs.load(tx, request.elid)
        if tariff is None:
            raise missing("elid", request.elid)
        modules = _linked(tx, tariff.id)
        stored = {
            row["intname"]: row["value"] or ""
            for row in tx.rows("SELECT intname, value FROM pricelistparam WHERE pricelist = %s ORDER BY id", tariff.id)
        }
    if not request.sok:
        return _form(panel, request, tariff, modules, stored)
    for module in modules:
        request = _checked(panel, request, str(module["module"]))
    with panel.db.begin() as tx:
        if "processingmodule" in request.params:
            modules = _link(panel, tx, tariff, request.text("processingmodule"))
        own = {name: request.text(name) for name in ("name", "name_ru", "intname") if request.text(name)}
        if own:
            tx.update("pricelist", {"id": tariff.id}, **own)
        prices.take(tx, tariff.id, request.params)
        if request.text("active") in ("on", "off"):
            tx.run("UPDATE pricelist SET active = %s WHERE id = %s", request.text("active"), tariff.id)
        for module in modules:
            for name in panel.plugins.form_fields(f"pricelist.{module['module']}"):
                if name in request.params:
                    tx.put("pricelistparam", {"pricelist": tariff.id, "intname": name}, value=request.text(name))
    return done(id=tariff.id)


def _checked(panel: Panel, request: Request, module: str) -> Request:
    """The request after the validators of a module's own form; what it does not name stays as it is (1.1)."""
    from sandbox.core.dispatch import internal  # the table of functions is complete only when all are imported

    named = {name for name in panel.plugins.form_fields(f"pricelist.{module}") if name in request.params}
    return validators.checked(panel, request, internal, f"pricelist.{module}", named) if named else request


def _linked(tx: Tx, tariff: int) -> list[dict[str, object]]:
    return tx.rows(
        "SELECT m.id, m.module FROM processingmodule2pricelist l JOIN processingmodule m ON m.id = l.processingmodule "
        "WHERE l.pricelist = %s ORDER BY m.orderpriority, m.id",
        tariff,
    )


def _link(panel: Panel, tx: Tx, tariff: Tariff, text: str) -> list[dict[str, object]]:
    """The modules that process this tariff; one that says it does not serve the type is refused."""
    ids = [part.strip() for part in text.split(",") if part.strip()]
    for number in ids:
        row = (
            tx.row("SELECT id, module FROM processingmodule WHERE id = %s", int(number)) if number.isdecimal() else None
        )
        if row is None:
            raise bad_value("processingmodule", number)
        if not serves_type(panel, row["module"], tariff.itemtype):
            raise bad_value("processingmodule", number, f"{row['module']} does not serve {tariff.itemtype}")
    tx.run("DELETE FROM processingmodule2pricelist WHERE pricelist = %s", tariff.id)
    for number in ids:
        tx.insert("processingmodule2pricelist", processingmodule=int(number), pricelist=tariff.id)
    return _linked(tx, tariff.id)


def _form(
    panel: Panel, request: Request, tariff: Tariff, modules: list[dict[str, object]], stored: dict[str, str]
) -> etree._Element:
    """The tariff's form; a module may add its choices (platform.md 5.2, pricelist_dynamic_settings_tune)."""
    form = fields(
        elid=tariff.id,
        id=tariff.id,
        name=tariff.name,
        intname=tariff.intname,
        itemtype=tariff.itemtype,
        active="on" if tariff.active else "off",
        processingmodule=",".join(str(one["id"]) for one in modules),
    )
    for name, value in stored.items():
        add(form, name, value)
    with panel.db.begin() as tx:
        for name, cost in prices.fields(tx, tariff.id).items():
            add(form, name, f"{cost:.4f}")
        module_choices(tx, form)
    for one in modules:
        name, number = str(one["module"]), str(one["id"])
        panel.plugins.dress(form, f"pricelist.{name}", request.lang)
        if name not in BUILT_IN and panel.modules.has(name, "pricelist_dynamic_settings_tune"):
            words = ["--command", "pricelist_dynamic_settings_tune", "--module", number, "--itemtype", tariff.itemtype]
            form = panel.modules.command(name, words, etree.tostring(form, encoding="UTF-8", xml_declaration=True))
    if is_page(request):
        _complete(panel, request, form, tariff)
    return form


def _complete(panel: Panel, request: Request, form: etree._Element, tariff: Tariff) -> None:
    """For people: the modules that may be ticked, and a field for each price, named by its term and currency."""
    with panel.db.begin() as tx:
        rows = tx.rows("SELECT id, name, module FROM processingmodule ORDER BY orderpriority, id")
        currencies = {str(row["id"]): row["iso"] for row in tx.rows("SELECT id, iso FROM currency")}
        known = list(prices.fields(tx, tariff.id))
    served = [row for row in rows if serves_type(panel, row["module"], tariff.itemtype)]
    table(
        form,
        "modulelist",
        [{"processingmodule": row["id"], "title": row["name"], "module": row["module"]} for row in served],
    )
    found, labels = page(form, request, "prices"), {}
    for name in known:
        period, currency = prices.term_of(name)
        etree.SubElement(etree.SubElement(found, "field", name=name), "input", name=name, type="text")
        term = prices.SETUP if period is None else tariffs.period_name(period, request.lang)
        labels[name] = f"{term}, {currencies.get(currency, currency)}"
    texts(form, request, labels)
