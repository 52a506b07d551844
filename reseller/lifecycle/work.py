"""What every decision needs at hand: the panel, its database, its functions, and the seller of a module."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from reseller.db import Database
from reseller.ledger import accounts, schema
from reseller.limits import Limits
from reseller.log import Log
from reseller.mgr5.mgrctl import Mgrctl
from reseller.mgr5.panel import Panel
from reseller.progress import Progress
from reseller.wire import texts
from reseller.wire.errors import ResellerError

if TYPE_CHECKING:
    from reseller.ledger.circuits import Circuit
    from reseller.model import Settings
    from reseller.seller.transport import Transport


class Seller(NamedTuple):
    """A module's way to its seller; `account` is the ledger's number of the account."""

    settings: Settings
    transport: Transport
    account: int
    circuit: Circuit


@dataclass
class Work:
    """One process's work; sellers are connected on first use and kept."""

    panel: Panel
    db: Database
    mgrctl: Mgrctl
    log: Log
    lang: str = texts.FALLBACK
    progress: Progress = field(default_factory=Progress)
    _sellers: dict[int, Seller] = field(default_factory=dict)

    @classmethod
    def start(cls, panel: Panel, lang: str = texts.FALLBACK, progress: Progress | None = None) -> Work:
        """Connect to the database and bring the ledger's tables up to date."""
        db = panel.database()
        schema.ensure(db)
        return cls(panel, db, Mgrctl(panel), Log(panel.base), lang, progress or Progress())

    @property
    def limits(self) -> Limits:
        """Limits of this panel."""
        return self.panel.limits

    def seller(self, module: int) -> Seller:
        """The seller of a module; raises ResellerError when its settings are missing or impossible."""
        if module not in self._sellers:
            from reseller.ledger.circuits import Circuit
            from reseller.mgr5 import settings
            from reseller.seller.transport import Transport

            chosen = as_known(self.db, settings.read(self.mgrctl, module))
            circuit = Circuit(self.db, module, self.limits)
            transport = Transport(chosen, self.limits, self.log, circuit)
            account = accounts.number(self.db, transport.endpoint, chosen.username)
            self._sellers[module] = Seller(chosen, transport, account, circuit)
        return self._sellers[module]

    def generation(self, seller: Seller, itemtype: str) -> str:
        """Which order function the seller has for a type: as the connection check found it, probed now otherwise.

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

    def word(self, error: ResellerError) -> str:
        """What an error says, in the language of this run."""
        return texts.word(self.panel.base, error, self.lang)


def as_known(db: Database, chosen: Settings) -> Settings:
    """The settings with the address that their account is known by in the ledger, if it is known.

    `/billmgr` was once added to every path that did not end with it, and http was allowed to who did not verify
    certificates. A module that was connected then is called where it was; what is connected now is called as typed.
    Raises ResellerError `reseller_url` for what is no address.
    """
    from reseller.seller.transport import endpoint

    address = endpoint(chosen.url, allow_plain=True)
    former = address if address.endswith("/billmgr") else f"{address}/billmgr"
    if former != address and not accounts.is_known(db, address, chosen.username):
        address = former if accounts.is_known(db, former, chosen.username) else address
    is_former_plain = address.startswith("http:") and not chosen.verify
    plain = chosen.plain or (is_former_plain and accounts.is_known(db, address, chosen.username))
    return replace(chosen, url=address, plain=plain)
