"""Positions of the carts: what has been chosen and not been paid for (selling-api.md 3.6).

The old cart is one order (`billorder`) that is paid whole; the new one's positions (`lineitem`) are paid singly. Which
of the new carts a call means depends on the header of the new interface.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.core.request import Request


@dataclass(frozen=True)
class Position:
    cart: str
    item: int
    operation: str
    """open, prolong, edit, changepricelist"""
    params: dict[str, str] = field(default_factory=dict)
    cost: Decimal = Decimal(0)
    id: int = 0
    billorder: int = 0


def cart_of(request: Request) -> str:
    """Header `ISP-Client: Web-interface` and `theme=dragon` name the cart of the new interface (selling-api.md 3.6)."""
    client = request.origin.headers.get("Isp-Client", "")
    return "dragon" if client == "Web-interface" and request.text("theme", "dragon") == "dragon" else "new"


def put(tx: Tx, account: int, position: Position) -> int:
    """The id by which the position is paid: the old cart's order, or the line item itself."""
    number = tx.insert(
        "lineitem",
        account=account,
        cart=position.cart,
        item=position.item,
        operation=position.operation,
        params=json.dumps(position.params),
        cost=position.cost,
    )
    if position.cart != "old":
        return number
    known = tx.value(
        "SELECT MIN(billorder) FROM lineitem WHERE account = %s AND cart = 'old' AND billorder > 0", account
    )
    order = int(known) if known else number
    tx.run("UPDATE lineitem SET billorder = %s WHERE id = %s", order, number)
    return order


def positions(tx: Tx, account: int, cart: str) -> list[Position]:
    rows = tx.rows("SELECT * FROM lineitem WHERE account = %s AND cart = %s ORDER BY id FOR UPDATE", account, cart)
    return [_position(row) for row in rows]


def _position(row: dict[str, Any]) -> Position:
    return Position(
        row["cart"],
        row["item"],
        row["operation"],
        json.loads(row["params"] or "{}"),
        row["cost"],
        row["id"],
        row["billorder"],
    )


def drop(tx: Tx, number: int) -> None:
    tx.run("DELETE FROM lineitem WHERE id = %s", number)


def drop_of_item(tx: Tx, item: int) -> None:
    tx.run("DELETE FROM lineitem WHERE item = %s", item)
