"""The nouns of the program (docs/glossary.md), as values that are parsed once where data come in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple


class Status:
    """`item.status` and the `status` column of a seller's list: the same numbers (selling-api.md 5.2)."""

    ORDERED = 1
    ACTIVE = 2
    SUSPENDED = 3
    DELETED = 4
    PROCESSING = 5


#: the level of a client's users, here and at the seller (platform.md 1.1)
CLIENT_LEVEL = 16
#: how many characters of a currency's name the ledger keeps
CURRENCY_CHARACTERS = 16
#: what becomes of an order that would leave renewals uncovered (lifecycle/cover.py)
NOTHING, WARN, HOLD = "nothing", "warn", "hold"
#: periods that are no months (platform.md 6.2): a trial is not renewed, a day is charged each day
TRIAL, DAY, FOR_EVER = -100, -50, 0
#: `pricelist.addontype` (platform.md 6.2)
BOOLEAN, INTEGER, ENUMERATION = 1, 2, 3


class Addon(NamedTuple):
    """How much a service has of one add-on of its tariff (read by mgr5/addons.py)."""

    pricelist: int
    #: its name in the tariff map: its internal name, else its number
    key: str
    #: its internal name, else that of its type
    intname: str
    name: str
    addontype: int
    #: the total that the service has: `on`/`off`, a whole number, or the id of an enumeration item; empty for nothing
    value: str
    #: how much the tariff includes, for a number
    included: str
    #: whether the client chose it; otherwise it has the tariff's value
    is_ordered: bool

    @property
    def is_nothing(self) -> bool:
        """Whether the service has none of it, so that nothing could be ordered."""
        return self.value in ("", "off", "0")


@dataclass(frozen=True)
class Item:
    """A service of the panel."""

    id: int
    name: str
    itemtype: str
    status: int
    pricelist: int
    pricelist_name: str
    period: int
    expiredate: dt.date | None
    module: int
    #: name of the module's executable, `pmreseller` for ours
    module_name: str
    #: the tariff from before a change that has not been carried out yet, 0 without one
    lastpricelist: int = 0
    params: dict[str, str] = field(default_factory=dict)
    addons: tuple[Addon, ...] = ()


class Expense(NamedTuple):
    """A charge as a seller's list names it: its number there, the remote service, the seller's word for it, its day.

    `currency` is empty where the list names none.
    """

    number: int
    remote: str
    operation: str
    day: dt.date
    amount: Decimal
    currency: str


def named_by(key: str | None) -> str:
    """The number of the service here in a key (`N`, or `N-...`), empty without a key."""
    return (key or "").partition("-")[0]


class Remote(NamedTuple):
    """A row of a type's list at the seller (seller/service.py); `key` is None if the list has no such column."""

    id: str
    status: int
    key: str | None
    name: str
    #: name of its tariff
    pricelist: str
    #: the end of its paid term, None without one
    expiredate: dt.date | None
    #: its domain or the name of its licence, empty for types that have neither
    label: str = ""
    address: str = ""
    #: the mark of a suspension by the seller's staff or for abuse, else empty
    suspended_by: str = ""

    @property
    def item(self) -> str:
        """The number of the service here that the key names, empty without a key."""
        return named_by(self.key)


@dataclass(frozen=True)
class Settings:
    """The connection form; `password` is sent in POST bodies only, `proxy_password` to the proxy only."""

    module: int
    name: str
    url: str
    username: str
    password: str = field(repr=False)
    cafile: str = ""
    verify: bool = True
    #: http:// is allowed too
    plain: bool = False
    #: older modules may have a user and a password in it
    proxy: str = field(default="", repr=False)
    proxy_username: str = ""
    proxy_password: str = field(default="", repr=False)
    #: keep closed licences for the next order (lifecycle/kept_licences.py)
    reuse: bool = False
    #: what may be spent within a day without an operation (sync/spending_limit.py); None: no limit
    spend_limit: Decimal | None = None
    #: ask before a whole term is bought for a few days that are missing (lifecycle/small_gaps.py)
    ask_gaps: bool = False
    #: a purchase waits that costs so many percent more than agreed, if that is more than the sum (lifecycle/ceiling.py)
    tolerance: Decimal = Decimal(20)
    tolerance_sum: Decimal = Decimal("0.1")
    #: percent of tax that the seller adds to its published prices, 0 where it is in them; None: not known
    tax: Decimal | None = None
    #: the tax comes back, so what is sold here has to earn the costs without it
    tax_back: bool = False
    #: what becomes of an order that would leave renewals uncovered: NOTHING, WARN or HOLD
    short_orders: str = WARN
    #: it may buy and change at the seller, though it has linked nothing yet (ledger/observing.py)
    acts: bool = False
    #: the module's number as stored with the settings, 0 while it is not stored
    noted: int = 0

    @property
    def cost_tax(self) -> Decimal:
        """Percent by which what is bought costs more than its published price."""
        return Decimal(0) if self.tax is None or self.tax_back else self.tax


class Balance(NamedTuple):
    """The seller account's money as decimal text, and its currency; both empty if the seller does not show them."""

    amount: str
    currency: str


class Money(NamedTuple):
    """An account's money in one currency; credit and reserved money are None where the seller does not name them.

    `floor` is what the seller keeps back beside them, by its last refusal for lack of money, None where none has said.
    """

    amount: Decimal
    currency: str
    credit: Decimal | None = None
    reserved: Decimal | None = None
    floor: Decimal | None = None
