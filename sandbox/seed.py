"""What a fresh panel holds: project, data centres, types, tariffs, modules, employees and two clients."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.core.modules import AUTO, MANUAL
from sandbox.core.passwords import hashed
from sandbox.core.request import ADMIN, CLIENT
from sandbox.core.tariffs import ENUMERATION, INTEGER, TRIAL
from sandbox.tariff_maker import DAY, LIFETIME, AddonPlan, TariffPlan, make_tariff, zone

if TYPE_CHECKING:
    from sandbox.core.db import Tx
    from sandbox.state import PanelState

BALANCES = {"buyer": Decimal(1000), "client1": Decimal(500)}
OS_TEMPLATES = ("ISPsystem__CentOS-7-amd64", "ISPsystem__Debian-12-amd64", "ISPsystem__Ubuntu-22.04-amd64")
"""Format of ids: selling-api.md 3.2."""
CURRENCIES = (("EUR", "Euro", "\u20ac"), ("RUB", "Russian ruble", "\u20bd"), ("USD", "US dollar", "$"))
ITEMTYPES = (
    ("vds", "Virtual servers", "Виртуальные серверы", "domain ostempl recipe"),
    ("soft", "Licences", "Лицензии", "ip licname"),
    ("dedic", "Dedicated servers", "Выделенные серверы", "domain ostempl recipe"),
    ("vhost", "Shared hosting", "Виртуальный хостинг", "domain"),
    ("instances", "Instances", "Инстансы", "servername domain instances_os use_ssh_key"),
    ("platform", "Platform licences", "Лицензии на платформы", "comment"),
    ("softexternal", "Other software", "Стороннее ПО", "ip licname"),
    ("addition", "Modules", "Модули", "item"),
    ("parallelslic", "Plesk licences", "Лицензии Plesk", "pa_ip"),
    (
        "certificate",
        "Certificates",
        "Сертификаты",
        "CN ST L O OU emailAddress field_country csr approver_email_1 altname",
    ),
    ("domain", "Domains", "Домены", "domain"),
    ("storage", "Storage", "Хранилища", "domain"),
    ("dnshost", "DNS hosting", "DNS-хостинг", "domain"),
    ("colocation", "Colocation", "Размещение серверов", "domain"),
    ("forexbox", "Forex boxes", "Forex-серверы", "domain"),
)
"""intname, names, what an order may carry (selling-api.md 3.5)."""

PERIODS = (1, 3, 6, 12)
BILLURL = "https://billing.example.com/billmgr"
"""A project has the address of its billing (additions-2.md h.19)."""
MEASURES = (
    ("byte", "B", "Б"),
    ("kib", "KiB", "КиБ"),
    ("mib", "MiB", "МиБ"),
    ("gib", "GiB", "ГиБ"),
    ("tib", "TiB", "ТиБ"),
)
MEASURED = {"mem": "mib", "disk": "mib"}
"""Add-ons of the tariffs below with their measure."""


def _vds_addons(scale: int) -> tuple[AddonPlan, ...]:
    return (
        AddonPlan("mem", INTEGER, 1024 * scale, 16384, Decimal("0.002")),
        AddonPlan("disk", INTEGER, 30 * scale, 500, Decimal("0.05")),
        AddonPlan("ip", INTEGER, 1, 8, Decimal("1.5")),
        AddonPlan("panel", ENUMERATION, choices=(("panel_none", Decimal(0)), ("panel_lite", Decimal("3.5")))),
    )


TARIFFS = (
    TariffPlan("vds", "VDS-1", Decimal(10), PERIODS, _vds_addons(1), "1"),
    TariffPlan("vds", "VDS-2", Decimal(20), PERIODS, _vds_addons(2), "1"),
    TariffPlan(
        "soft",
        "ISPmanager Lite",
        Decimal(5),
        (TRIAL, 1, 12),
        (AddonPlan("nodes", INTEGER, 1, 50, Decimal(2)),),
        "1",
    ),
    TariffPlan("dedic", "Dedic-1", Decimal(80), (1, 3, 12)),
    TariffPlan(
        "vhost",
        "Host-1",
        Decimal(3),
        (1, 12),
        (AddonPlan("disk", INTEGER, 5, 100, Decimal("0.2")),),
        "1",
    ),
    TariffPlan("soft", "ISPmanager Pro", Decimal(8), (1, 12), (), "1"),
    TariffPlan(
        "platform",
        "VMmanager",
        Decimal(12),
        (TRIAL, 1, 12),
        (AddonPlan("nodes", INTEGER, 1, 50, Decimal(4)),),
        "1",
    ),
    TariffPlan("softexternal", "BitNinja", Decimal(6), (TRIAL, 1, 3, 6, 12), (), "1"),
    TariffPlan("addition", "Virusdie", Decimal(4), (TRIAL, 1, 6, 12), (), "1"),
    TariffPlan("parallelslic", "Plesk Web Pro", Decimal(9), (1, 12), (), "1"),
    TariffPlan("instances", "Instance-1", Decimal(7), (DAY, 1), (), "1"),
    TariffPlan("certificate", "DV certificate", Decimal(2), (12, 24), (), "1"),
    TariffPlan("domain", "example", Decimal(1), (12, 24), (), "1"),
    TariffPlan("storage", "Storage-1", Decimal(5), (1, 12), (), "1"),
    TariffPlan("dnshost", "DNS-1", Decimal(1), (1, LIFETIME), (), "1"),
    TariffPlan("colocation", "Unit-1", Decimal(30), (1, 12), (), "1"),
    TariffPlan("forexbox", "Forex-1", Decimal(11), (1, 12), (), "1"),
)
TASK_OPERATIONS = (
    "open",
    "reopen",
    "suspend",
    "resume",
    "close",
    "setparam",
    "prolong",
    "transfer",
    "start",
    "stop",
    "reboot",
    "hardreboot",
    "changepassword",
)


def seed(tx: Tx, state: PanelState) -> None:
    for iso, name, symbol in CURRENCIES:
        tx.insert("currency", iso=iso, name=name, symbol=symbol)
    tx.insert("project", name="Provider", name_ru="Провайдер", billurl=BILLURL, currency="EUR")
    for iso2, name, name_ru in countries():
        tx.insert("country", iso2=iso2, name=name, name_ru=name_ru)
    tx.insert("locale", langcode="en")
    tx.insert("locale", langcode="ru")
    tx.insert("department", name="Support")
    for name in ("Amsterdam", "Frankfurt"):
        tx.insert("datacenter", name=name, external_id="")
    for intname, name, name_ru, order in ITEMTYPES:
        _itemtype(tx, intname, name, name_ru, order)
    modules = [
        tx.insert("processingmodule", name=name, module=module, orderpriority=place)
        for place, (name, module) in enumerate((("sandbox provisioning", AUTO), ("manual", MANUAL)))
    ]
    for plan in TARIFFS:
        tx.insert("processingmodule2pricelist", processingmodule=modules[0], pricelist=make_tariff(tx, plan))
    measures = _measures(tx)
    sql = "UPDATE pricelist SET measure = %s WHERE parent IS NOT NULL AND intname = %s"
    for addon, measure in MEASURED.items():
        tx.run(sql, measures[measure], addon)
    for name in ("example", "test"):
        zone(tx, name)
    for operation in TASK_OPERATIONS:
        tx.insert("tasktype", operation=operation, name=f"{operation} by hand")
    _people(tx, state)


def countries() -> list[list[str]]:
    """`[iso2, name, name_ru]`: some of the world's."""
    lines = (Path(__file__).parent / "files" / "countries.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines]


def _measures(tx: Tx) -> dict[str, int]:
    """Each measure names the next smaller one and how many of it make one, down to byte (additions-2.md h.7)."""
    made: dict[str, int] = {}
    smaller: int | None = None
    for intname, name, name_ru in MEASURES:
        relation = 1 if smaller is None else 1024
        made[intname] = smaller = tx.insert(
            "measure", intname=intname, name=name, name_ru=name_ru, relation=relation, lessmeasure=smaller
        )
    return made


def _itemtype(tx: Tx, intname: str, name: str, name_ru: str, order: str) -> None:
    number = tx.insert("itemtype", intname=intname, name=name, name_ru=name_ru, orderparams=order)
    if "ostempl" in order:
        param = tx.insert("itemtypeparam", itemtype=number, intname="ostempl")
        for template in OS_TEMPLATES:
            tx.insert("itemtypeparamvalue", itemtypeparam=param, intname=template, name=template.partition("__")[2])


def _people(tx: Tx, state: PanelState) -> None:
    password = hashed(state.passwords["admin"])
    tx.insert("user", name="admin", realname="Administrator", email="admin@example.com", level=ADMIN, password=password)
    for name, balance in BALANCES.items():
        account = tx.insert("account", name=name)
        tx.run("UPDATE account SET registration_date = CURDATE() WHERE id = %s", account)
        tx.insert("subaccount", account=account, project=1, balance=balance)
        tx.insert(
            "user",
            name=name,
            realname=name,
            email=f"{name}@example.com",
            level=CLIENT,
            account=account,
            password=hashed(state.passwords[name]),
        )
