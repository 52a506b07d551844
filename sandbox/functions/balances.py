"""What modules have at their providers, asked of all at once; what a client has here (additions-2.md b.1, b.4, b.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core.documents import add, done, elem, money
from sandbox.core.errors import PanelError, missing
from sandbox.core.modules import BUILT_IN
from sandbox.core.registry import function
from sandbox.core.request import CLIENT, ROOT

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

FACT = "additions-2.md b.1"


@function("processing.checkbalance", ROOT, FACT)
def checkbalance(panel: Panel, request: Request) -> etree._Element:
    """Ask every module that can tell its balance (getbalance); one that fails never stops the rest."""
    with panel.db.begin() as tx:
        rows = tx.rows("SELECT id, module FROM processingmodule WHERE active = 'on' ORDER BY id")
    each = panel.switches["getbalance_of"] == "module"
    asked = {}
    for row in rows:
        if row["module"] in BUILT_IN or not panel.modules.has(row["module"], "getbalance"):
            continue
        words = ["--command", "getbalance", *(["--module", str(row["id"])] if each else [])]
        asked[row["module"], row["id"] if each else 0] = words
    failed = 0
    for (module, _), words in asked.items():
        try:
            panel.modules.run(module, words)
        except PanelError as error:
            panel.log.failure("module", f"getbalance of {module}: {error}")
            failed += 1
    return done(asked=len(asked), failed=failed)


@function("crontask", ROOT, FACT)
def crontask(panel: Panel, request: Request) -> etree._Element:
    """What a line of the crontab calls: action= a function of the panel."""
    from sandbox.core.dispatch import internal  # the table of functions is complete only when all are imported

    if request.text("action") in ("", request.func):
        raise missing("action", request.text("action"))
    return internal(panel, request, request.text("action"), {})


@function("accountinfo", CLIENT, "additions-2.md b.8")
def accountinfo(panel: Panel, request: Request) -> etree._Element:
    """A client's money with its credit limit, as sellers of the fourth generation show it (switch accountinfo)."""
    if panel.switches["accountinfo"] == "absent":
        raise missing("func", request.func)
    document = etree.Element("doc")
    with panel.db.begin() as tx:
        rows = tx.rows(
            "SELECT s.id, a.name, p.currency, s.balance, s.creditlimit FROM subaccount s "
            "JOIN account a ON a.id = s.account JOIN project p ON p.id = s.project WHERE s.account = %s ORDER BY s.id",
            request.caller.account,
        )
    for row in rows:
        elem(document, {**row, "balance": money(row["balance"]), "creditlimit": money(row["creditlimit"])})
    add(document, "p_elems", len(rows))
    return document
