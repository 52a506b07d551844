"""What every rule needs at hand: the panel, its database, its functions, the seller of a module, a service's lease."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from reseller.db import Database
from reseller.ledger import accounts, acts, client_asks, installation, observing, schema, stops, verdicts
from reseller.ledger.accounts import Address
from reseller.ledger.leases import Lease, lease
from reseller.limits import Limits
from reseller.log import Log, correlation
from reseller.mgr5 import items
from reseller.mgr5.mgrctl import Mgrctl
from reseller.mgr5.panel import Panel
from reseller.model import Item
from reseller.progress import Progress
from reseller.wire import texts
from reseller.wire.errors import Message, ResellerError

if TYPE_CHECKING:
    from reseller.ledger.circuits import Circuit
    from reseller.model import Settings
    from reseller.seller.proofs import Proofs
    from reseller.seller.transport import Transport


class Linked(Protocol):
    """A link or request, as far as it says which seller's account to call."""

    @property
    def module(self) -> int:
        """The module that bought it."""

    @property
    def account(self) -> int:
        """The ledger's number of the account that it was bought with."""


class Seller(NamedTuple):
    """A module's way to its seller; `account` is the ledger's number of the account."""

    settings: Settings
    transport: Transport
    account: int
    circuit: Circuit


class Caller(NamedTuple):
    """The person for whom work is done: name at the panel or on this machine, and address; empty for the panel."""

    user: str = ""
    address: str = ""

    def __str__(self) -> str:
        return f"{self.user or 'the panel'}{f' from {self.address}' if self.address else ''}"


NOBODY = Caller()


@dataclass
class Context:
    """What one process works with; a seller is connected on first use and kept."""

    panel: Panel
    db: Database
    mgrctl: Mgrctl
    log: Log
    lang: str = texts.FALLBACK
    progress: Progress = field(default_factory=Progress)
    caller: Caller = NOBODY
    _sellers: dict[int, Seller] = field(default_factory=dict)

    @classmethod
    def start(
        cls,
        panel: Panel,
        lang: str = texts.FALLBACK,
        progress: Progress | None = None,
        caller: Caller = NOBODY,
    ) -> Context:
        """Connect to the database and bring the ledger's tables up to date."""
        db = panel.database()
        schema.ensure(db, panel.base)
        context = cls(panel, db, Mgrctl(panel), Log(panel.base), lang, progress or Progress(), caller)
        for wrong in panel.wrong_limits:
            context.log.error(context.word(wrong))
        return context

    @contextmanager
    def hold(self, number: int) -> Iterator[Lease]:
        """Hold the lease of service `number`: whoever changes the service, here or at the seller, holds it meanwhile.

        What was read of the service before the lease may be out of date. Raises BusyError when another process has it.
        """
        with self.leased(f"item:{number}") as held:
            yield held

    def leased(self, name: str, *, wait_seconds: float = 0) -> AbstractContextManager[Lease]:
        """Hold the lease `name`; raises BusyError when it cannot be had within `wait_seconds`."""
        return lease(self.db, name, self.limits.lease_seconds, wait_seconds=wait_seconds)

    @contextmanager
    def hold_ours(self, number: int) -> Iterator[tuple[Lease, Item]]:
        """As hold(), with the service as it is now; raises ResellerError when it is not of a module of ours."""
        items.read_ours(self.db, number)
        with self.hold(number) as held:
            yield held, items.read_ours(self.db, number)

    @property
    def limits(self) -> Limits:
        """The limits of this panel."""
        return self.panel.limits

    @property
    def wrong_files(self) -> list[Message]:
        """A message for each line that cannot be used in the operator's own files; defaults hold instead."""
        return [*self.panel.wrong_limits, *self.proofs.wrong]

    @cached_property
    def proofs(self) -> Proofs:
        """The table of errors that prove that a call had no effect; read on first use, and wrong lines are logged."""
        from reseller.seller import proofs

        found = proofs.load(self.panel.base)
        for wrong in found.wrong:
            self.log.error(self.word(wrong))
        return found

    def seller(self, module: int) -> Seller:
        """The seller that the settings of a module lead to; for what the module has bought already use seller_of().

        Raises ResellerError when the settings are missing or impossible, SellerError when, on the first use of an
        address, the seller does not say which account the settings belong to.
        """
        if module not in self._sellers:
            from reseller.ledger.circuits import Circuit
            from reseller.mgr5 import settings
            from reseller.seller.transport import Transport

            chosen = as_known(self.db, settings.read(self.mgrctl, module))
            circuit = Circuit(self.db, module, self.limits, self.word)
            may_change = partial(self._require_allowed, module, acts=chosen.acts)
            transport = Transport(chosen, self.limits, self.log, circuit, may_change)
            address = Address.of(transport.endpoint, chosen.username)
            account = accounts.of_address(self.db, address) or self._recognise(transport, chosen.username)
            self._sellers[module] = Seller(chosen, transport, account, circuit)
        return self._sellers[module]

    def _require_allowed(self, module: int, function: str, *, spends: bool, acts: bool) -> None:
        """Raise Withheld when a function that changes something, or `spends`, may not be called at the seller now."""
        installation.require(self.db, self.panel.base)
        observing.watch(self.db, self.panel.base)
        observes = observing.of(self.db, module, acts=acts)
        if observes is not None:
            raise observes
        verdicts.require(self.db, module, function)
        stop = stops.of(self.db, module) if spends else None
        if stop is not None:
            raise stop.error

    def _recognise(self, transport: Transport, username: str) -> int:
        """The account at an address that was never used before."""
        from reseller import same_account

        return same_account.of(self.db, transport, username)

    def _require_other_panel(self, seller: Seller) -> None:
        """Raise if the seller is this very panel; nothing is asked where the ledger knows that it is not."""
        if accounts.is_own_panel(self.db, seller.account) is not False:
            from reseller import same_account

            same_account.require_other_panel(self, seller.transport, seller.account)

    def buyer(self, module: int) -> Seller:
        """The seller at which a module may buy: all that the module has bought before is at the same account.

        Raises as seller(), and ResellerError `reseller_account_differs` if not, or `reseller_own_panel`.
        """
        seller = self.seller(module)
        for each in accounts.bought(self.db, module, seller.account, most=1):
            raise self.differs(module, seller.account, each.account)
        self._require_other_panel(seller)
        return seller

    def seller_of(self, link: Linked) -> Seller:
        """The seller of a link's account, whatever module its service has today (promise 9).

        Raises ResellerError `reseller_account_differs` when the settings of the link's module lead elsewhere.
        """
        seller = self.seller(link.module)
        if seller.account != link.account:
            raise self.differs(link.module, seller.account, link.account)
        return seller

    def seller_asked(self, request: Linked, module: int) -> Seller:
        """The seller that a request was sent to; the seller of `module` while that is not known.

        Raises as seller_of() and seller().
        """
        return self.seller_of(request) if request.account else self.seller(module)

    def differs(self, module: int, now: int, bound: int) -> ResellerError:
        """The error for a module whose settings lead to account `now`, while what it has bought is at `bound`."""
        there, here = (accounts.name(self.db, account) for account in (bound, now))
        return ResellerError("reseller_account_differs", module=module, here=here, there=there)

    def generation(self, seller: Seller, itemtype: str) -> str:
        """Which order function the seller has for a type: as it was found before, otherwise probed now and recorded.

        Raises ResellerError `reseller_no_orders` when there is none, SellerError when the seller cannot be asked.
        """
        known = accounts.generations(self.db, seller.account).get(itemtype)
        if known:
            return known
        from reseller.seller import orders

        found = orders.preferred(itemtype, orders.probe(seller.transport, itemtype))
        if not found:
            raise ResellerError("reseller_no_orders", object="itemtype", value=itemtype, types=itemtype)
        accounts.save_generations(self.db, seller.account, {itemtype: found})
        return found

    def note(self, what: str, text: str, *, item: int = 0, module: int = 0) -> None:
        """Record in the log and in the ledger what a person did to a service, a module or the panel, and who it was."""
        about = f"item {item}" if item else f"module {module}" if module else "panel"
        self.log.info(f"{about}: {what} by {self.caller}: {text}")
        done = acts.Act(what, item, module, self.caller.user, self.caller.address, text, correlation())
        acts.note(self.db, done)

    def may_ask(self, account: int) -> bool:
        """Whether a client of this panel, by his `account` here, may make us call a seller once more.

        Counts the call; the first one over the limit of `client_asks` within `client_seconds` is logged.
        """
        times = client_asks.count(self.db, account, self.limits.client_seconds)
        if times == self.limits.client_asks + 1:
            self.log.error(f"account {account}: {times} questions to a seller within {self.limits.client_seconds} s")
        return times <= self.limits.client_asks

    def word(self, error: Message) -> str:
        """The sentence of an error or message, in the language of this run."""
        return texts.word(self.panel.base, error, self.lang)


def as_known(db: Database, chosen: Settings) -> Settings:
    """The settings, with the address by which the ledger knows their account, if the account is known.

    Earlier versions added `/billmgr` to every path that did not end with it, and allowed http to those who did not
    verify certificates. A module that was connected then is called at its old address; one that is connected now is
    called as typed. Raises ResellerError `reseller_url` for what is no address.
    """
    from reseller.seller.transport import endpoint

    address = endpoint(chosen.url, allow_plain=True)
    former = address if address.endswith("/billmgr") else f"{address}/billmgr"
    if former != address and not accounts.is_known(db, address, chosen.username):
        address = former if accounts.is_known(db, former, chosen.username) else address
    is_former_plain = address.startswith("http:") and not chosen.verify
    plain = chosen.plain or (is_former_plain and accounts.is_known(db, address, chosen.username))
    return replace(chosen, url=address, plain=plain)
