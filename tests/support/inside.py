"""The program's own functions in the process of a test, on the panel's database and the seller as they are.

For states that a crash, or somebody else's hand, leaves behind: they are written into the tables, then the function
that meets them is called, as its command or cron would.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from reseller.context import Context
from reseller.ledger import requests
from reseller.ledger.leases import Lease, lease
from reseller.ledger.requests import Request
from reseller.lifecycle import term_to_buy
from reseller.mgr5.panel import Panel
from reseller.sync import looking
from reseller.sync.read_lists import Lists
from reseller.wire.errors import ResellerError, SellerError
from tests.support.keeping import remote
from tests.support.watch import error_texts
from tests.support.world import GAP, Shop, until


class Inside:
    """One process's work on the panel of `shop`."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.context = Context.start(Panel(shop.here.base))
        self.db = self.context.db

    def request(self, item: int, kind: str, state: str, *, sent_seconds: int = 0, **columns: Any) -> Request:
        """A live request of the service as an earlier process left it; `columns` are those of its table."""
        key = f"{item}-{os.urandom(4).hex()}"
        values = {
            "item": item,
            "kind": kind,
            "rkey": key if kind == requests.ORDER else f"{kind} {key}",
            "state": state,
            "module": self.shop.module,
            "account": self.context.seller(self.shop.module).account,
            "itemtype": self.itemtype(item),
            **columns,
        }
        marks = ", ".join(["%s"] * len(values))
        number = self.db.insert(
            f"INSERT INTO reseller_request ({', '.join(values)}, created, updated, sent) VALUES ({marks}, "
            "UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) - INTERVAL %s SECOND)",
            *values.values(),
            sent_seconds,
        )
        return requests.by_id(self.db, number)

    def itemtype(self, item: int) -> str:
        """The type of a service."""
        sql = (
            "SELECT t.intname FROM item i JOIN pricelist p ON p.id = i.pricelist JOIN itemtype t ON t.id = p.itemtype "
            "WHERE i.id = %s"
        )
        return str(self.db.value(sql, item))

    def operation(self, item: int, name: str) -> int:
        """An operation that the panel has handed over and that nobody runs."""
        sql = (
            "INSERT INTO runningoperation (item, intname, manual, nextrun, oldstatus, level, cdate) "
            "VALUES (%s, %s, 'on', 0, 2, 16, NOW())"
        )
        return self.db.insert(sql, item, name)

    def over(self, item: int) -> None:
        """Nothing is open for the service any more, whatever the test has left."""
        self.db.execute("DELETE FROM runningoperation WHERE item = %s", item)
        self.db.execute("DELETE FROM task WHERE item = %s", item)
        self.db.execute("DELETE FROM reseller_problem WHERE subject = 'service' AND number = %s", item)
        self.db.execute(
            "UPDATE reseller_request SET live = NULL, state = 'abandoned' WHERE item = %s AND live = 1", item
        )
        self.shop.here.call("sandbox.item", item=item, status=2)
        self.paid(item)

    def paid(self, item: int, months: int = 0) -> None:
        """The client has paid for so many months more than the seller was; none of them is accounted for."""
        link = self.db.row("SELECT id, remote FROM reseller_link WHERE item = %s AND live = 1", item)
        there = self.shop.there.value("SELECT expiredate FROM item WHERE id = %s", link[1]) if link else None
        if link and there:
            day = term_to_buy.after(there, months)
            self.db.execute("UPDATE reseller_link SET accounted = %s, highest = NULL WHERE id = %s", there, link[0])
            self.db.execute("UPDATE item SET expiredate = %s WHERE id = %s", day, item)

    def now(self, request: Request) -> Request:
        """The request as it stands now."""
        return requests.by_id(self.db, request.id)

    def look(self, request: Request) -> str:
        """As checkevent looks at a request of which the outcome is open."""
        return looking.look(self.context, request, Lists(self.context, self.context.seller(request.module)))

    def held(self, item: int) -> contextlib.AbstractContextManager[Lease]:
        """The service's lease."""
        return lease(self.db, f"item:{item}", self.context.limits.lease_seconds)

    def meanwhile(self, item: int, act: Callable[[Context], object], change: Callable[[], object]) -> object:
        """What `act` comes to when `change` happens after it has begun and before it gets the service's lease."""
        self.db.execute("INSERT IGNORE INTO reseller_lease VALUES (%s, '', 0, '2000-01-01')", f"item:{item}")
        lock = f"SELECT name FROM reseller_lease WHERE name = 'item:{item}' FOR UPDATE"
        waiting = f"INSERT IGNORE INTO reseller_lease (name, owner, fence, expires) VALUES ('item:{item}'"
        return self.between(act, lock, waiting, change)

    def between(
        self, act: Callable[[Context], object], lock: str, waiting: str, change: Callable[[], object]
    ) -> object:
        """What `act` comes to when `change` happens while its statement `waiting` waits for the rows of `lock`."""

        def run() -> object:
            own = Context.start(self.context.panel)
            try:
                return act(own)
            finally:
                own.db.close()

        def waits() -> bool:
            return any(waiting in str(one) for one in self.db.rows("SHOW FULL PROCESSLIST"))

        with contextlib.closing(self.shop.here.connect()) as other, ThreadPoolExecutor(1) as pool:
            other.begin()
            with other.cursor() as cursor:
                cursor.execute(lock)
            found = pool.submit(run)
            until(lambda: found.done() or waits(), f"it does not come to {waiting}")
            change()
            other.rollback()
            return found.result()

    def reachable(self) -> None:
        """The faults end, and the seller is asked again at once."""
        self.shop.there.call("sandbox.fault.clear")
        transport = self.context.seller(self.shop.module).transport

        def answers() -> bool:
            self.db.execute("DELETE FROM reseller_circuit")
            with contextlib.suppress(SellerError):
                transport.call("whoami")
                return True
            return False

        until(answers, "the seller does not answer")
        self.db.execute("DELETE FROM reseller_circuit")

    @contextlib.contextmanager
    def unlinked(self, item: int) -> Iterator[None]:
        """The service without its link."""
        row = self.shop.links(item)[0]["id"]
        self.db.execute("UPDATE reseller_link SET live = NULL WHERE id = %s", row)
        try:
            yield
        finally:
            self.db.execute("UPDATE reseller_link SET live = 1 WHERE id = %s", row)

    @contextlib.contextmanager
    def gone(self, item: int) -> Iterator[None]:
        """The service deleted at the seller."""
        there = remote(self.shop, item)
        self.shop.there.call("sandbox.item", item=there, status=4)
        try:
            yield
        finally:
            self.shop.there.call("sandbox.item", item=there, status=2)


@contextlib.contextmanager
def refused(*types: str) -> Iterator[None]:
    """The block ends with an error of one of these types, which has all that its text names."""
    with pytest.raises(ResellerError) as caught:
        yield
    error = caught.value
    assert error.type in types
    known = {f"__{name}__" for name in ("object", "value", *error.params)}
    assert {*GAP.findall(error_texts()[error.type])} <= known
