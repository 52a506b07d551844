"""Functions of the ledger and of the panel's tables that only a rare state reaches, called as the rule does that meets
it, and every filter and order of the two lists."""

from __future__ import annotations

import contextlib
import datetime as dt
from decimal import Decimal
from pathlib import Path

from reseller.db import Database
from reseller.ledger import (
    claims,
    client_asks,
    installation,
    kept_licences,
    leases,
    limited_changes,
    links,
    margins,
    observations,
    overview,
    prices,
    problems,
    removal,
    requests,
    schema,
    spent,
    tariff_runs,
    terms,
    verdicts,
)
from reseller.ledger.kept_licences import Kind, Licence
from reseller.ledger.limited_changes import Refused
from reseller.ledger.overview import View, Wanted
from reseller.mgr5 import addons, items, tariffs
from reseller.mgr5.panel import Panel

SECONDS = 30


def reach(base: Path, item: int, module: int) -> None:
    """All of them, for a linked service of the panel in `base` and its module."""
    with contextlib.closing(Panel(base).database()) as db:
        _lists(db, overview.SERVICES)
        _lists(db, overview.REQUESTS)
        _panels_tables(db, item)
        _asked(db, item, module)
        with leases.lease(db, f"item:{item}", SECONDS) as held:
            installation.take(held, installation.here(base))
            _written(held, item, module)
            _kept(held, item)


def remove(base: Path) -> None:
    """Make our tables on a panel that has none, and take them away again."""
    with contextlib.closing(Panel(base).database()) as db:
        schema.ensure(db, base)
        assert removal.drop(db)
        assert removal.tables(db) == []


def _lists(db: Database, view: View) -> None:
    for name, (kind, _) in view.filters.items():
        value = "a" if kind == overview.Kind.TEXT else 1
        overview.read(db, view, Wanted({name: value}, view.sort, view.falling, 1, 50))
    for sort in view.sorts:
        overview.read(db, view, Wanted({}, sort, False, 1, 50))


def _panels_tables(db: Database, item: int) -> None:
    service = items.read(db, item)
    addons.find(db, service, "mem", 1)
    items.belongs(db, item, "client1")
    items.is_held_by_staff(db, item)
    items.is_open(db, 1)
    items.account_of(db, item)
    items.account_of_user(db, "client1")
    tariffs.addon_names(db, service.pricelist)
    tariffs.measure(db, "mib")
    numbers = [service.pricelist]
    for of_several in (tariffs.active, tariffs.with_services, tariffs.choices_of, tariffs.measures_of):
        of_several(db, numbers)
    tariffs.services(db, numbers, 1)
    tariffs.currencies(db)
    tariffs.projects(db)


def _asked(db: Database, item: int, module: int) -> None:
    link = links.of_item(db, item)
    assert link is not None
    client_asks.count(db, 1, SECONDS)
    links.count(db, module)
    links.some(db)
    links.last_of_item(db, item)
    links.knows(db, link.account, link.itemtype, link.remote)
    links.is_made_since(db, link.id, 1)
    links.absent(db, link)
    links.account_of(db, module)
    removal.left(db)
    overview.resold(db, [item])
    for by in (margins.TARIFF, margins.CLIENT, margins.MONTH):
        margins.rows(db, by, 1)
    unknown = prices.Price(prices.TARIFF, 1, "1 1", "EUR", 1, Decimal(1), "", Decimal(1), 0)
    prices.agree(db, [unknown], "somebody")
    prices.of(db, prices.SERVICE, item)
    prices.of_services(db, [item])
    prices.risen(db, module, SECONDS)
    problems.dearer(db, 1)
    problems.is_any_of_account(db, link.account)
    limited_changes.leave(db, [item], "somebody")
    requests.has_ordered(db, link.account, SECONDS)
    requests.is_any_sent(db, module)
    spent.of_day(db, module)
    for each in (item, 1):  # of the second no cost is known
        spent.expected(db, each)
    spent.last_of_terms(db, [item])
    spent.last_renewal(db, item, 1)
    tariffs.names(db, [1])
    tariffs.first_services(db, [1], 5, 1)
    terms.ending(db, link.account, dt.date(2099, 1, 1))
    terms.looks_after(db, link.account)
    tariff_runs.has_made(db, module, "1")
    tariff_runs.drop(db, 1, "name")
    verdicts.accept(db, module, "a fact", "somebody", "it works")
    verdicts.retract(db, module, "a fact")


def _written(held: leases.Lease, item: int, module: int) -> None:
    link = links.of_item(held.db, item)
    assert link is not None
    claims.read_again(held, link.id)
    observations.move(held, module, "a cursor", "")
    limited_changes.refuse(held, module, [Refused(link.id, "suspend", "a reason", 1, 1, "")])
    limited_changes.forget(held, [link.id])
    request = requests.of_item(held.db, item)[-1]
    requests.set_word(held, request, "somebody")
    spent.note(held, request.id, Decimal(0), "EUR")


def _kept(held: leases.Lease, item: int) -> None:
    """A licence from its keeping to its end."""
    link = links.of_item(held.db, item)
    assert link is not None
    kind = Kind(link.account, "soft", "1", "")
    reserved = kept_licences.reserve(held, Licence(kind, 0, "990001", kept_licences.FREE, "", "", "2027-01-01"))
    taken = kept_licences.claim(held, kind, "1-00c0ffee", ())
    assert taken == reserved
    kept_licences.settle(held, reserved, kept_licences.FREE)
    assert claims.forget_kept(held, reserved.id)
    kept_licences.remove(held, kept_licences.reserve(held, reserved))
