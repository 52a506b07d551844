"""Find likely pairs among services here and remote services that are not linked (resellerctl link --discover).

Only exact facts count. A pair is sure only by facts that no client can choose: a key that names the service, or an
address that the seller has assigned. A domain, the name of a licence and the address of one are what a client has
typed, here or there, so they could make another client's server his: a pair that shares only such a fact is shown, and
left to a person. Tariff (by the tariff form) and date never make a pair, since many services share them.

A pair is linked only when it is the best for both of its sides, and no known fact contradicts it. A remote service
whose key names another service is no candidate, and neither is one that is kept for the next order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from reseller import products
from reseller.context import Context
from reseller.ledger import kept_licences, links
from reseller.lifecycle.order_plan import TARIFF_FIELD
from reseller.linking import sides
from reseller.linking.plan import Plan
from reseller.mgr5 import items
from reseller.mgr5.items import Unlinked
from reseller.model import Remote, Status
from reseller.seller import tariffs
from reseller.seller.services import read_list
from reseller.wire import dates
from reseller.wire.errors import Message, ResellerError

SURE, AMBIGUOUS, CONTRADICTED = "sure", "ambiguous", "contradicted"
#: facts that identify a service, strongest first, and their weights: one weighs more than all weaker ones together
WEIGHTS = {"key": 2, "address": 1}
#: facts that rule a pair out where they differ (not the date: dates may differ on purpose); facts that a client chooses
_EXCLUDING, _CHOSEN = frozenset({"address", "tariff"}), frozenset({"typed", "name"})
_FACTS = {
    "key": "reseller_fact_key",
    "address": "reseller_fact_address",
    "typed": "reseller_fact_typed",
    "name": "reseller_fact_name",
    "tariff": "reseller_fact_tariff",
    "date": "reseller_fact_date",
}


class Pair(NamedTuple):
    """A service here and a remote one that share a key, address or name: which facts are the same, which differ."""

    here: Unlinked
    there: Remote
    same: tuple[str, ...]
    differs: tuple[str, ...]
    verdict: str = ""

    @property
    def rank(self) -> int:
        """The weight of the shared facts that identify a service; 0 where only facts that a client chose are shared."""
        return sum(WEIGHTS.get(fact, 0) for fact in self.same)

    @property
    def is_ruled_out(self) -> bool:
        """Whether a differing fact that no client can choose excludes the pair; a shared key outweighs any of these."""
        return "key" not in self.same and not _EXCLUDING.isdisjoint(self.differs)

    @property
    def is_contradicted(self) -> bool:
        """Whether any fact speaks against the pair, even a differing name, which proves nothing but asks for a look."""
        return self.is_ruled_out or ("key" not in self.same and not _CHOSEN.isdisjoint(self.differs))


class Unread(NamedTuple):
    """A list of a seller that could not be searched for services without a link, and why."""

    module: int
    itemtype: str
    error: ResellerError


@dataclass(frozen=True)
class Found:
    """The result of a search: pairs with their verdict, services without any counterpart, and lists not read."""

    pairs: list[Pair] = field(default_factory=list)
    alone_here: list[Unlinked] = field(default_factory=list)
    alone_there: list[tuple[str, Remote]] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def look(context: Context) -> Found:
    """Pair the unlinked services of both sides; a list that cannot be read never hides the others."""
    found = Found()
    linked = links.items(context.db)
    for module in items.modules(context.db):
        heres = [each for each in items.living(context.db, module) if each.id not in linked]
        for itemtype in sorted({each.itemtype for each in heres}):
            mine = [each for each in heres if each.itemtype == itemtype]
            try:
                theirs = _unlinked_there(context, module, itemtype)
                pairs = judge(_pairs(mine, theirs, _tariffs(context, module, itemtype, mine)))
            except ResellerError as error:
                found.unread.append(Unread(module, itemtype, error))
                continue
            paired_here, paired_there = {pair.here.id for pair in pairs}, {pair.there.id for pair in pairs}
            found.pairs.extend(pairs)
            found.alone_here.extend(each for each in mine if each.id not in paired_here)
            found.alone_there.extend((itemtype, row) for row in theirs if row.id not in paired_there)
    return found


def carry_out(context: Context, pair: Pair) -> str:
    """Link a pair; a sentence of what was done. Under the service's lease the remote service is read and checked again.

    The pair's facts are not compared again. Raises as sides.link(), and ResellerError when the key is not shown.
    """

    def require_key_shown(plan: Plan) -> None:
        # A key that the seller does not show could be another service's.
        if plan.found.key is None:
            raise ResellerError("reseller_discover_unseen", item=plan.item.id, remote=plan.remote)

    return sides.link(context, pair.here.id, pair.there.id, allowed=require_key_shown)


def _unlinked_there(context: Context, module: int, itemtype: str) -> list[Remote]:
    seller = context.seller(module)
    listed = read_list(seller.transport, itemtype, context.limits)
    if not listed.complete:
        raise ResellerError("reseller_discover_incomplete", object="itemtype", value=itemtype, itemtype=itemtype)
    known = links.remotes(context.db, seller.account) | kept_licences.kept(context.db, seller.account)
    return [row for row in listed.rows if row.status not in (Status.DELETED, Status.ORDERED) and row.id not in known]


class _Tariff(NamedTuple):
    """The seller's name of a tariff's counterpart, empty without one, and all tariff names of the type there."""

    name: str
    all: frozenset[str]


def _tariffs(context: Context, module: int, itemtype: str, heres: Iterable[Unlinked]) -> dict[int, _Tariff]:
    """The counterparts of the services' tariffs, by the tariff's number here."""
    names = {tariff.id: tariff.name for tariff in tariffs.export(context.seller(module).transport, itemtype)}
    numbers = {each.pricelist for each in heres}
    told = items.tariff_params_of(context.db, numbers)
    chosen = {number: told.get(number, {}).get(TARIFF_FIELD, "") for number in numbers}
    return {mine: _Tariff(names.get(theirs, ""), frozenset(names.values())) for mine, theirs in chosen.items()}


def _pairs(heres: list[Unlinked], theirs: list[Remote], mapped: Mapping[int, _Tariff]) -> Iterator[Pair]:
    """Pairs that share a key, an address or a name, whoever chose that."""
    by: dict[tuple[str, str], set[str]] = defaultdict(set)
    rows = {row.id: row for row in theirs}
    for row in theirs:
        for fact, value in (("key", row.item), ("address", row.address), ("name", row.label.casefold())):
            by[fact, value].add(row.id)
    for here in heres:
        facts = (("key", str(here.id)), ("address", here.address), ("name", here.label.casefold()))
        near: set[str] = set().union(*(by.get((fact, value), set()) for fact, value in facts if value))
        for number in sorted(near, key=lambda digits: (len(digits), digits)):
            row = rows[number]
            if row.item in ("", str(here.id)):
                yield _compare(here, row, mapped[here.pricelist])


def _compare(here: Unlinked, there: Remote, tariff: _Tariff) -> Pair:
    same: list[str] = []
    differs: list[str] = []

    def hold(fact: str, mine: str, theirs: str) -> None:
        if mine and theirs:
            (same if mine == theirs else differs).append(fact)

    if there.item:
        same.append("key")
    hold("address" if products.of(here.itemtype).has_assigned_address else "typed", here.address, there.address)
    hold("name", here.label.casefold(), there.label.casefold())
    # A list may show a tariff by another name than the export does; such a name says nothing.
    hold("tariff", tariff.name, there.pricelist if there.pricelist in tariff.all else "")
    hold("date", dates.text(here.expiredate), dates.text(there.expiredate))
    return Pair(here, there, tuple(same), tuple(differs))


def judge(pairs: Iterable[Pair]) -> list[Pair]:
    """The pairs with their verdict; other pairs of a service that has a sure pair are left out.

    The best pair is found without names: no client gets a pair, or loses a rival pair, by what he calls his service.
    """
    every = list(pairs)
    possible = [pair for pair in every if not pair.is_ruled_out]
    by_here, by_there = _best(possible, lambda pair: pair.here.id), _best(possible, lambda pair: pair.there.id)
    best = [pair for pair in possible if by_here[pair.here.id] == [pair] and by_there[pair.there.id] == [pair]]
    sure = [pair for pair in best if pair.rank and not pair.is_contradicted]
    settled_here, settled_there = {pair.here.id for pair in sure}, {pair.there.id for pair in sure}
    judged = []
    for pair in every:
        if pair in sure:
            judged.append(Pair(pair.here, pair.there, pair.same, pair.differs, SURE))
        elif pair.here.id not in settled_here and pair.there.id not in settled_there:
            verdict = CONTRADICTED if pair.is_contradicted else AMBIGUOUS
            judged.append(Pair(pair.here, pair.there, pair.same, pair.differs, verdict))
    return judged


def _best(pairs: list[Pair], side: Callable[[Pair], object]) -> dict[object, list[Pair]]:
    """The pairs of the highest rank, by the number that `side` takes from a pair."""
    best: dict[object, list[Pair]] = {}
    for pair in sorted(pairs, key=lambda each: -each.rank):
        top = best.setdefault(side(pair), [])
        if not top or top[0].rank == pair.rank:
            top.append(pair)
    return best


def reasons(context: Context, pair: Pair) -> list[str]:
    """Sentences for a person, the strongest fact first: what is the same on both sides, then what differs."""
    here, there = pair.here, pair.there
    values = {
        "key": (str(here.id), there.key or ""),
        "address": (here.address, there.address),
        "typed": (here.address, there.address),
        "name": (here.label, there.label),
        "tariff": (str(here.pricelist), there.pricelist),
        "date": (dates.text(here.expiredate), dates.text(there.expiredate)),
    }
    sentences = [("reseller_pair_same", fact) for fact in pair.same]
    sentences += [("reseller_pair_differs", fact) for fact in pair.differs]
    words = {fact: context.word(Message(_FACTS[fact])) for fact in values}
    return [
        context.word(Message(type_, fact=words[fact], here=values[fact][0], there=values[fact][1]))
        for type_, fact in sentences
    ]
