"""The settings of one of our modules, which the panel returns decrypted (`processing.edit`, platform.md 5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from reseller.assumption import EVERYTHING, columns, functions
from reseller.db import Database
from reseller.mgr5.features import NUMBER_PARAM, PARAMS
from reseller.mgr5.mgrctl import Mgrctl
from reseller.model import HOLD, NOTHING, WARN, Settings
from reseller.wire import document, money, numbers
from reseller.wire.errors import ResellerError

#: the functions that are called here (platform.md 5.2), and the table where the panel keeps what they save
ASSUMED = (
    *functions("processing.edit", "platform.md 5.2", EVERYTHING),
    *functions("processing.saveparam", "platform.md 5.2"),
    *columns("processingparam", "processingmodule intname:text value:text", "platform.md 6.2"),
)


def from_fields(parent: document.Element, module: int = 0) -> Settings:
    """The settings in the fields of the connection form.

    Raises `reseller_settings` with the first empty field that is required, `reseller_settings_limit` for a limit that
    is no amount.
    """
    names = (*PARAMS, "name")
    values = {name: document.text(parent, name) for name in names}
    # The passwords are not stripped, since a password may begin or end with a space.
    password = parent.findtext("password") or ""
    for name, value in (("url", values["url"]), ("username", values["username"]), ("password", password)):
        if not value:
            raise ResellerError("reseller_settings", object=name, module=module or "new", field=name)
    limit, tolerance, least = (_amount(values, name, module) for name in ("spendlimit", "tolerance", "tolerancesum"))
    return Settings(
        module=module,
        name=values["name"],
        url=values["url"],
        username=values["username"],
        password=password,
        cafile=values["cafile"],
        verify=values["noverify"] != "on",
        plain=values["plainhttp"] == "on",
        proxy=values["proxy"],
        proxy_username=values["proxyuser"],
        proxy_password=parent.findtext("proxypassword") or "",
        reuse=values["reuse"] == "on",
        spend_limit=limit,
        tolerance=Settings.tolerance if tolerance is None else tolerance,
        tolerance_sum=Settings.tolerance_sum if least is None else least,
        tax=_amount(values, "sellertax", module),
        tax_back=values["taxback"] == "on",
        short_orders=HOLD if values["shorthold"] == "on" else NOTHING if values["shortquiet"] == "on" else WARN,
        ask_gaps=values["askgaps"] == "on",
        acts=values["acts"] == "on",
        noted=numbers.parse(values[NUMBER_PARAM]) or 0,
    )


def _amount(values: Mapping[str, str], name: str, module: int) -> Decimal | None:
    """The amount in a field, None if it is empty; raises `reseller_settings_limit` for what is none."""
    typed = values[name]
    amount = money.parse(typed)
    if typed and (amount is None or amount < 0):
        raise ResellerError("reseller_settings_limit", object=name, value=typed, module=module or "new")
    return amount


def save_param(mgrctl: Mgrctl, module: int, name: str, value: object) -> None:
    """Store one setting of a module: its own number, or `acts`, the box by which it acts with nothing linked."""
    mgrctl.call("processing.saveparam", {"elid": module, "param": name, "value": value, "sok": "ok"})


def acting(db: Database) -> set[int]:
    """The modules of which the box is ticked by which they act; for lists, since it is read without the panel."""
    sql = "SELECT processingmodule FROM processingparam WHERE intname = 'acts' AND value = 'on'"
    return {int(module) for module in db.column(sql)}


def read(mgrctl: Mgrctl, module: int) -> Settings:
    """The settings of the module with this id; raises `reseller_settings` if a required one is empty, or PanelError."""
    return from_fields(mgrctl.call("processing.edit", {"elid": module}), module)
