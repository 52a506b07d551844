"""The pre-rendered seller as a process (prerendered.py), and its templates: taken from answers of the stand-in.

Services are made at the stand-in's seller, changed there as its staff would change them, and read as the buyer reads
them. What of a row or form belongs to the one service is replaced by a mark; filled in again, every answer must be what
the stand-in said, to the byte.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests
import trustme

from tests.support import planting
from tests.support.world import PanelAt, Shop

PROGRAM = Path(__file__).with_name("prerendered.py")
ITEMTYPE = "vds"
#: elements whose text is that of the one service, and the value that it is
_OWN = {"id": "id", "elid": "id", "name": "name", "domain": "name", "ip": "ip", "remoteid": "remoteid"}
_TAIL = ("p_num", "p_cnt", "p_elems")
IP_THERE = "203.0.113.9"

Values = dict[str, str]


class Ready:
    """The running program; `url` and `ca` are what a connection to it needs."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        certificate = folder / "ready.pem"
        self.ca = str(folder / "ready-ca.pem")
        authority.cert_pem.write_to_path(self.ca)
        certificate.touch(mode=0o600)
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
        words = [sys.executable, str(PROGRAM), str(certificate)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.url = f"https://127.0.0.1:{json.loads(self._process.stdout.readline())}/billmgr"

    def do(self, name: str, **words: Any) -> Any:
        """One of its commands."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([name, words]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def fill(self, pairs: list[planting.Pair]) -> None:
        """Begin anew with the remote services of these pairs."""
        self.do("fill", services=[[pair.remote, values(pair, place)] for place, pair in enumerate(pairs)])

    def stop(self) -> None:
        """End it."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)


def values(pair: planting.Pair, place: int) -> Values:
    """What sandbox.bulk makes of the service at this place, linked as planting.py links it."""
    row = place % planting.BULK_ROWS
    return {
        "name": f"{planting.PREFIX}{place}.example",
        "ip": f"198.18.{row >> 8 & 255}.{row & 255}",
        "remoteid": f"{pair.item}{planting.KEY}",
    }


@contextlib.contextmanager
def connected(shop: Shop, folder: Path, kinds: Mapping[str, Mapping[str, Any]]) -> Iterator[Ready]:
    """The shop's module connected to a pre-rendered seller that knows services of these kinds, and `plain` ones."""
    ready = Ready(folder)
    try:
        ready.do("learn", **_templates(shop, kinds))
        with _known(shop, ready), _module_at(shop.here, shop.module, url=ready.url, cafile=ready.ca):
            yield ready
    finally:
        ready.stop()


@contextlib.contextmanager
def _known(shop: Shop, ready: Ready) -> Iterator[None]:
    """The ledger has met the shop's account at this address before, and does not ask whose it is."""
    host = ready.url.split("/")[2]
    shop.here.write(
        "REPLACE INTO reseller_address (host, username, account) SELECT %s, username, MIN(id) FROM reseller_account "
        "WHERE username = %s GROUP BY username",
        host,
        shop.buyer,
    )
    try:
        yield
    finally:
        shop.here.write("DELETE FROM reseller_address WHERE host = %s", host)


@contextlib.contextmanager
def _module_at(here: PanelAt, module: int, **settings: str) -> Iterator[None]:
    form = here.call("processing.edit", elid=module)
    before = {name: form.findtext(name) or "" for name in settings}
    for name, value in settings.items():
        here.call("processing.saveparam", elid=module, param=name, value=value, sok="ok")
    try:
        yield
    finally:
        for name, value in before.items():
            here.call("processing.saveparam", elid=module, param=name, value=value, sok="ok")


#: what the seller's staff do to a service, by kind; `password` is theirs to hand out, the rest columns of sandbox.item
KINDS: dict[str, dict[str, Any]] = {
    "renamed": {"param_ip": IP_THERE},
    "stopped": {"status": 3, "employeesuspend": "on"},
    "longer": {"expiredate": (dt.datetime.now(dt.timezone.utc).date() + dt.timedelta(days=75)).isoformat()},
    "password": {"password": "Fresh-Secret-78"},
    "keyed": {"param_lickey": "KEY-0123456789"},
    "processing": {"status": 5},
    "deleted": {"status": 4},
}


def _templates(shop: Shop, kinds: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What the program has to learn."""
    switch = shop.there.call("sandbox.switch").xpath("string(elem[name='deleted_rows']/value)")
    shop.there.call("sandbox.switch", name="deleted_rows", value="shown")
    all_kinds: dict[str, Mapping[str, Any]] = {"plain": {}, **kinds}
    first = planting.bulk_there(shop, len(all_kinds))
    pairs = [planting.Pair(first + place, first + place) for place in range(len(all_kinds))]
    planting.key_there(shop, pairs)
    for pair, changes in zip(pairs, all_kinds.values()):
        func = "sandbox.provision" if "password" in changes else "sandbox.item"
        if changes:
            shop.there.call(func, item=pair.remote, **changes)
    authinfo = f"{shop.buyer}:{shop.there.accounts[shop.buyer]['password']}"
    asking = requests.Session()

    def ask(func: str, **words: object) -> bytes:
        body = {"func": func, "out": "xml", "lang": "en", "authinfo": authinfo, **words}
        return asking.post(shop.there.url, data=body, verify=shop.there.ca, timeout=60).content

    page = ask(ITEMTYPE, p_num=1, p_cnt=1000)
    taken = {
        name: (
            _marked(_row(page, pair), values(pair, place), pair),
            _marked(ask(f"{ITEMTYPE}.edit", elid=pair.remote), values(pair, place), pair),
        )
        for place, (name, pair) in enumerate(zip(all_kinds, pairs))
    }
    head, tail = page[: page.index(b"<elem>")], page[page.rindex(b"</elem>") + len(b"</elem>") :]
    marked = tail.replace(b"%", b"%%")
    for name in _TAIL:
        marked = re.sub(b"<%s>[0-9]+<" % name.encode(), b"<%s>%%(%s)s<" % (name.encode(), name.encode()), marked)
    told = {name.encode(): found for name in _TAIL for found in re.findall(b"<%s>([0-9]+)<" % name.encode(), tail)}
    assert marked % told == tail
    planting.remove_there(shop, [pair.remote for pair in pairs])
    shop.there.call("sandbox.switch", name="deleted_rows", value=switch)
    return {
        "itemtype": ITEMTYPE,
        "authinfo": authinfo,
        "head": head.decode("latin-1"),
        "tail": marked.decode("latin-1"),
        "kinds": taken,
    }


def _row(page: bytes, pair: planting.Pair) -> bytes:
    """The bytes of its row."""
    start = page.index(b"<elem><id>%d</id>" % pair.remote)
    return page[start : page.index(b"</elem>", start) + len(b"</elem>")]


def _marked(answer: bytes, own: Values, pair: planting.Pair) -> str:
    """The answer as a template."""
    told = {**own, "id": str(pair.remote)}
    template = answer.replace(b"%", b"%%")
    for tag, name in _OWN.items():
        template = template.replace(f"<{tag}>{told[name]}</{tag}>".encode(), f"<{tag}>%({name})s</{tag}>".encode(), 1)
    # The error of a service that is not there any more names it.
    template = template.replace(f'value="{pair.remote}"'.encode(), b'value="%(id)s"', 1)
    assert template % {name.encode(): value.encode() for name, value in told.items()} == answer
    assert b"%(id)s" in template, answer
    return template.decode("latin-1")
