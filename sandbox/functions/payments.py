"""Payments as modules of ways to pay see and settle them (platform.md 5.2, 6.2; additions-2.md h.18)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from sandbox.core.documents import add, done, parse
from sandbox.core.registry import function
from sandbox.core.request import ADMIN
from sandbox.core.rows import row_of

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

PAYMENT_STATUS = {"setnopay": 1, "setinpay": 2, "setpaid": 4, "setfraud": 7, "setcanceled": 9}
"""payment.status (platform.md 6.2). What setnopay leaves is not told: new again here."""


def _register_payment(name: str, status: int) -> None:
    def run(panel: Panel, request: Request) -> etree._Element:
        with panel.db.begin() as tx:
            for elid in request.elids:
                tx.update("payment", {"id": row_of(tx, "payment", elid)["id"]}, status=status)
        return done()

    run.__doc__ = f"A payment module sets payments to status {status}."
    function(f"payment.{name}", ADMIN, "platform.md 5.2, 6.2")(run)


for _name, _status in PAYMENT_STATUS.items():
    _register_payment(_name, _status)


@function("payment.info", ADMIN, "platform.md 5.2, additions-2.md h.18")
def payment_info(panel: Panel, request: Request) -> etree._Element:
    """A payment as a payment module reads it: currency and way to pay come twice, as an id and as a block."""
    with panel.db.begin() as tx:
        row = row_of(tx, "payment", request.elid)
        method = tx.row("SELECT * FROM paymethod WHERE id = %s", row["paymethod"] or 0)
        currency = tx.row("SELECT * FROM currency WHERE id = %s", row["currency"] or 0) or tx.row(
            "SELECT u.* FROM currency u JOIN project p ON p.currency = u.iso ORDER BY p.id LIMIT 1"
        )
        url = tx.value("SELECT billurl FROM project ORDER BY id LIMIT 1")
    document = etree.Element("doc")
    block = etree.SubElement(document, "payment", id=str(row["id"]))
    for name in ("id", "status", "xmlparams", "description", "recurring", "stored_payment"):
        add(block, name, row[name])
    add(block, "manager_url", url)
    add(block, "paymethodamount", row["amount"] if row["paymethodamount"] is None else row["paymethodamount"])
    if currency is not None:
        add(block, "currency", currency["id"])
        add(etree.SubElement(block, "currency"), "iso", currency["iso"])
    if method is not None:
        add(block, "paymethod", method["id"])
        block.append(_settings(method))
    return document


def _settings(method: dict[str, Any]) -> etree._Element:
    """`<paymethod>` with the settings that its xmlparams keep, and its module."""
    block = etree.Element("paymethod")
    add(block, "module", method["module"])
    if method["xmlparams"]:
        for setting in parse(method["xmlparams"].encode()):
            block.append(setting)
    return block
