"""The values of one remote service, and what its form says of whether it exists: never proof alone (lifecycle/gone.py).

Every edit form (`<type>.edit`) and every row of a list is parsed here and nowhere else, into typed and bounded values:
a date is a date, a status is a number, and an empty key differs from a key column that the seller does not show. All
code that asks whether a service still exists calls `read()`; an error that only names a missing function proves nothing
about a service.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from reseller import products
from reseller.assumption import EVERYTHING, FORM, RENEW, answers
from reseller.model import Remote, Status, named_by
from reseller.seller.transport import Transport
from reseller.wire import checked, dates, document, hosts, money, numbers
from reseller.wire.errors import Ambiguous, Rejected
from reseller.wire.numbers import whole

#: what the form of a service has to contain (selling-api.md 5.3)
ASSUMED = (
    *answers(FORM, "elid|id status", "selling-api.md 5.3", EVERYTHING),
    *answers(FORM, "expiredate", "selling-api.md 5.3", RENEW),
    *answers(FORM, "remoteid pricelist period", "selling-api.md 5.3"),
)

#: marks in `item_status` of a suspension by the seller's staff or for abuse, which the buyer cannot lift
STAFF_SUSPENSIONS = ("employeesuspend", "abusesuspend")
#: values of `autoprolong` that mean no automatic renewal (selling-api.md 4.2)
NO_RENEWAL = ("", "null", "off", "0")
#: period of a trial, which cannot be renewed (reselling.md 8.1)
TRIAL = "-100"
#: sub-statuses of a service for which the seller has work under way, such as `2_reboot` or `5_open`
_RUNNING = re.compile(rf"(?:{Status.ACTIVE}|{Status.PROCESSING})_([a-z_]+)")
#: objects by which an error may name the requested service, and those by which it names a function
_SERVICE_OBJECTS = frozenset({"elid", "id", "item", "service"})
_FUNCTION_OBJECTS = frozenset({"func", "function", "action"})
#: fields whose values are secrets
_SECRETS = frozenset({"password", "userpassword", "lickey"})


class Service(NamedTuple):
    """A service at the seller, as its edit form or a row of a list shows it."""

    #: False when the seller says that it is missing, or shows it as deleted (`status` tells the two apart)
    exists: bool
    #: the seller's number, empty if not shown
    id: str = ""
    #: `item.status`, 0 for none or an impossible one
    status: int = 0
    #: our key (`remoteid`), None where the seller does not show it
    key: str | None = None
    name: str = ""
    #: its domain or the name of its licence, empty for types that have neither
    label: str = ""
    address: str = ""
    #: the tariff: its number in a form, its name in a row of a list; and its name in a form
    pricelist: str = ""
    tariff: str = ""
    period: str = ""
    #: the end of the paid term; None without one; a shown value that is no date is in `undated`
    expiredate: dt.date | None = None
    undated: str = ""
    #: one of STAFF_SUSPENSIONS while it is suspended for that, else empty
    suspended_by: str = ""
    #: the work that the seller has under way for it, empty if not shown
    running: str = ""
    #: months by which the seller renews the service by itself, empty when it does not
    autoprolong: str = ""
    #: the key of a licence, empty where there is none yet
    licence_key: str = ""
    #: the price of a renewal for `period`, None if not shown as a number, and its currency, empty if not shown
    price: Decimal | None = None
    currency: str = ""
    #: the password of the service's own user as the form shows it, spaces included
    password: str = ""
    #: every plain value of the form by name, without secrets; and the values of add-ons by the seller's number
    fields: Mapping[str, str] = {}
    addons: Mapping[str, str] = {}

    def __repr__(self) -> str:
        """Without its secrets, wherever it may be printed."""
        return f"Service(id={self.id!r}, status={self.status}, key={self.key!r}, exists={self.exists})"

    @property
    def is_busy(self) -> bool:
        """Whether the seller has work under way for it: status 5, or 2 with a sub-status such as `2_reboot`."""
        return self.exists and (self.status == Status.PROCESSING or bool(self.running))

    def may_be_at(self, verb: str) -> bool:
        """Whether the work under way may be this one, as far as the form shows."""
        return self.is_busy and self.running in ("", verb)

    @property
    def item(self) -> str:
        """The number of the service here that the key names, empty without a key."""
        return named_by(self.key)

    @property
    def licence_digest(self) -> str:
        """A digest of the licence key for the ledger, by which a change is noticed; empty without a key."""
        return hashlib.sha256(self.licence_key.encode()).hexdigest() if self.licence_key else ""

    @property
    def row(self) -> Remote:
        """The values that a list shows as well."""
        return Remote(
            id=self.id,
            status=self.status,
            key=self.key,
            name=self.label or self.name,
            pricelist=self.tariff or self.pricelist,
            expiredate=self.expiredate,
            label=self.label,
            address=self.address,
            suspended_by=self.suspended_by,
        )


def assigned_addresses(itemtype: str, field: str) -> frozenset[str]:
    """The IP addresses in the address `field` of a service; none for a type whose address the client chooses.

    Host names are left out, since a client can set the name of his service to anything.
    """
    words = field.replace(",", " ").split() if products.of(itemtype).has_assigned_address else ()
    return frozenset(filter(None, map(hosts.address, words)))


#: a service that the seller says is missing
MISSING = Service(exists=False)


def read(transport: Transport, itemtype: str, remote: str) -> Service:
    """The service of this type with this number; `MISSING` if the seller says that there is none.

    Raises SellerError; Ambiguous for the form of another service.
    """
    try:
        form = transport.call(f"{itemtype}.edit", {"elid": remote})
    except Rejected as error:
        if is_missing(error, remote):
            return MISSING
        raise
    number = document.text(form, "elid") or document.text(form, "id")
    if whole(number) and number != remote:
        raise Ambiguous("reseller_bad_answer", what=f"the form of service {number}", url=transport.endpoint)
    return parse(form)._replace(id=remote)


def is_missing(error: Rejected, remote: str) -> bool:
    """Whether the error says that service `remote` does not exist (any more): this service, and nothing else.

    `missed` is also the answer for a function, a tariff or any other thing that is missing (selling-api.md 2), so the
    error has to name the service by its object and, if it has a value, by this number.
    """
    value = error.value or error.seller_params.get("value", "")
    if error.seller_type == "item_not_exists":
        return value in ("", remote)
    if error.seller_type != "missed":
        return False
    return error.seller_object in _SERVICE_OBJECTS and value in ("", remote)


def lacks_function(error: Rejected, func: str) -> bool:
    """Whether the error says that the seller has no function `func`, or none that this account may call."""
    if error.seller_type not in ("missed", "access"):
        return False
    return error.seller_object in ("", func) or error.seller_object in _FUNCTION_OBJECTS


def parse(elem: document.Element) -> Service:
    """The service in an edit form or a row of a list; an impossible value counts as not shown."""
    raw: dict[str, str] = {}
    for node in elem:
        if isinstance(node.tag, str) and not len(node):
            raw.setdefault(node.tag, node.text or "")
    values = {name: value.strip() for name, value in raw.items()}
    status = numbers.parse(values.get("status", "")) or 0
    expiredate, undated = _date(values.get("expiredate", ""))
    label = values.get("domain") or values.get("licname") or ""
    # item_status is composite and its XML is not documented (selling-api.md 5.2): search its words, not its structure.
    shown = elem.find("item_status")
    words = "" if shown is None else " ".join(map(str, (*shown.itertext(), *(child.tag for child in shown))))
    running = _RUNNING.search(words)
    autoprolong = values.get("autoprolong", "")
    return Service(
        exists=status != Status.DELETED,
        id=values.get("id", ""),
        status=status,
        key=values.get("remoteid"),
        name=values.get("name", ""),
        label=label,
        address=values.get("ip", ""),
        pricelist=values.get("pricelist", ""),
        tariff=values.get("pricelist_name", ""),
        period=values.get("period", ""),
        expiredate=expiredate,
        undated=undated,
        suspended_by=next((by for by in STAFF_SUSPENSIONS if status == Status.SUSPENDED and by in words), ""),
        running=running.group(1) if running else "",
        autoprolong="" if autoprolong in NO_RENEWAL else autoprolong,
        licence_key=checked.secret(values.get("lickey", "")),
        price=money.exact(elem.find("cost")),
        currency=money.currency(document.text(elem, "cost")),
        password=checked.secret(raw.get("userpassword") or raw.get("password") or ""),
        fields={name: value for name, value in values.items() if name not in _SECRETS},
        addons={name[6:]: value for name, value in values.items() if name.startswith("addon_") and whole(name[6:])},
    )


def _date(value: str) -> tuple[dt.date | None, str]:
    try:
        return dates.parse(value), ""
    except dates.NotADate as error:
        return None, str(error)
