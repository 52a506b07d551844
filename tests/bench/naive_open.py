"""What `open` is measured against: the same work as it is usually written at first.

    python naive_open.py BASE ITEM OPERATION

Everything is imported first, connections are made as the libraries' front pages show it. It reads the service, its
tariff and its map, looks whether the seller already lists it, orders it over HTTPS, keeps the number with the service
and leaves operation and task for whoever finishes it. It keeps no record, takes no lease, and knows no doubt.
"""

import secrets
import subprocess
import sys
from pathlib import Path

import pymysql
import requests
from lxml import etree

BASE, ITEM, OPERATION = sys.argv[1:]


def panel(func, **fields):
    """A function of the panel we live in."""
    words = [f"{name}={value}" for name, value in fields.items()]
    done = subprocess.run(
        [f"{BASE}/sbin/mgrctl", "-m", "billmgr", "-o", "xml", func, *words], capture_output=True, check=True
    )
    return answer(func, done.stdout)


def answer(func, content):
    root = etree.fromstring(content)
    error = root.find("error")
    if error is not None:
        raise SystemExit(f"{func}: {error.findtext('msg')}")
    return root


def rows(sql, *args):
    with database.cursor() as cursor:
        cursor.execute(sql, args)
        return cursor.fetchall()


def seller(func, **fields):
    """A function of the panel we buy from."""
    body = {"func": func, "out": "xml", "authinfo": f"{username}:{password}", **fields}
    return answer(func, requests.post(url, data=body, verify=cafile, timeout=60).content)


config = dict(
    line.split(None, 1)
    for line in Path(BASE, "etc/billmgr.conf").read_text(encoding="utf-8").splitlines()
    if len(line.split(None, 1)) == 2
)
database = pymysql.connect(
    unix_socket=config["DBSocket"], user=config["DBUser"], password=config["DBPassword"], database=config["DBName"]
)

((itemtype, tariff, period, module),) = rows(
    "SELECT t.intname, i.pricelist, i.period, i.processingmodule FROM item i JOIN pricelist p ON p.id = i.pricelist "
    "JOIN itemtype t ON t.id = p.itemtype WHERE i.id = %s",
    ITEM,
)
params = dict(rows("SELECT intname, value FROM itemparam WHERE item = %s", ITEM))
addons = rows(
    "SELECT p.intname, COALESCE(a.addonlimit, p.addonlimit, 0) + a.intvalue FROM item a "
    "JOIN pricelist p ON p.id = a.pricelist WHERE a.parent = %s",
    ITEM,
)
chosen = dict(rows("SELECT intname, value FROM pricelistparam WHERE pricelist = %s", tariff))
mapped = {
    (kind, local): remote
    for kind, local, remote in rows("SELECT kind, local, remote FROM reseller_map WHERE pricelist = %s", tariff)
}

settings = panel("processing.edit", elid=module)
url, username, password, cafile = (settings.findtext(name) for name in ("url", "username", "password", "cafile"))

listed = seller(itemtype, p_cnt=1000, p_num=1)
if any((row.findtext("remoteid") or "").partition("-")[0] == ITEM for row in listed.iterfind("elem")):
    raise SystemExit(f"service {ITEM} was bought before")

ordered = seller(
    f"v2.{itemtype}.order.param",
    pricelist=chosen["reseller_pricelist"],
    datacenter=chosen["reseller_datacenter"],
    order_period=mapped["period", str(period)],
    domain=params["domain"],
    ostempl=mapped["os", params["ostempl"]],
    remoteid=f"{ITEM}-{secrets.token_hex(4)}",
    autoprolong="off",
    skipbasket="on",
    clicked_button="finish",
    sok="ok",
    **{f"addon_{mapped['addon', name]}": str(int(value)) for name, value in addons if value},
)
remote = ordered.findtext("item.id")

panel("service.saveparam", elid=ITEM, name="reseller_remote", value=remote, sok="ok")
note = f"<doc><custommessage>bought as {remote}, waiting for it</custommessage></doc>"
panel("runningoperation.edit", elid=OPERATION, errorxml=note, sok="ok")
panel("runningoperation.setmanual", elid=OPERATION)
kind = panel("task.gettype", operation="open", item=ITEM).findtext("task_type")
panel("task.edit", item=ITEM, runningoperation=OPERATION, type=kind, params=f"bought as {remote}", sok="ok")
