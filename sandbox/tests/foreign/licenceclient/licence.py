"""A reseller's client for licences: see README.md beside it."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import ssl
import sys
from typing import Any
from urllib.parse import urlencode, urlsplit

Reply = dict[str, Any]


class Refused(Exception):
    """The seller answered with an error."""

    def __init__(self, error: Reply) -> None:
        super().__init__(error.get("type", ""))
        self.error = error


class Seller:
    """One client account, spoken to in bjson by bodies that say nothing of their type."""

    def __init__(self, url: str, user: str, password: str, ca: str) -> None:
        self._place = urlsplit(url)
        self._who = f"{user}:{password}"
        self._user = user
        self._trust = ssl.create_default_context(cafile=ca or None)

    def call(self, func: str, **params: object) -> Reply:
        fields = {"func": func, "out": "bjson", "lang": "en", **params}
        if func != "auth":
            fields["authinfo"] = self._who
        host, port = self._place.hostname or "", self._place.port or 443
        connection = http.client.HTTPSConnection(host, port, timeout=60, context=self._trust)
        try:
            # http.client adds no Content-Type of its own.
            connection.request("POST", self._place.path, body=urlencode(fields).encode())
            reply: Reply = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in reply:
            raise Refused(reply["error"])
        return reply

    def form(self, func: str, **params: object) -> Reply:
        model: Reply = self.call(func, **params)["model"]
        return model

    # What a reseller's billing does with a licence.

    def order(self, **given: str) -> Reply:
        """`nodes` is the total that the buyer wants of the add-on with the number `addon`."""
        params: dict[str, object] = {"period": 1, "skipbasket": "on", "sok": "ok", "autoprolong": "null"}
        if "addon" in given:
            params[f"addon_{given.pop('addon')}"] = given.pop("nodes")
        return {"id": self.call("soft.order.param", **params, **given)["id"]["v"]}

    def show(self, elid: str) -> Reply:
        row = next((row for row in self.rows() if row["id"] == elid), None)
        return {"there": row is not None, **(row or {})}

    def rows(self) -> list[Reply]:
        """All pages of the list, asked for in both ways of counting."""
        found: list[Reply] = []
        while True:
            place = {"p_num": len(found) // 2 + 1, "p_cnt": 2, "startidx": len(found), "pagesize": 2}
            page = self.call("soft", p_sort="id", **place)
            found += page["elem"]
            if not page["elem"] or len(found) >= int(page["p_elems"]):
                return found

    def key(self, elid: str) -> Reply:
        return {"lickey": self.form("soft.edit", elid=elid).get("lickey", "")}

    def renew(self, elid: str, period: str = "1") -> Reply:
        promised = self.form("service.prolong", elid=elid, period=period)["newexpiredate"]
        done = self.call("service.prolong", elid=elid, period=period, sok="ok")
        return {"promised": promised, "until": done["doc"]["model"]["newexpiredate"]}

    def suspend(self, elid: str) -> Reply:
        self.call("soft.suspend", elid=elid)
        return {"ok": True}

    def unsuspend(self, elid: str) -> Reply:
        self.call("soft.resume", elid=elid)
        return {"ok": True}

    def move(self, elid: str, ip: str) -> Reply:
        self.call("soft.edit", elid=elid, ip=ip, sok="ok")
        return {"ip": self.form("soft.edit", elid=elid)["ip"]}

    def newkey(self, elid: str) -> Reply:
        return {"lickey": self.call("soft.edit", elid=elid, clicked_button="newkey", sok="ok")["lickey"]["v"]}

    def terminate(self, elid: str) -> Reply:
        """Suspended first, so that it is dark whatever the seller thinks of deletion."""
        self.suspend(elid)
        return {"asked": True}

    def delete(self, elid: str) -> Reply:
        self.call("soft.delete", elid=elid, sok="ok")
        return {"deleted": True}

    def enter(self) -> Reply:
        """Into the seller's panel without the password: a key for oneself, used once."""
        key = secrets.token_hex(16)
        self.call("session.newkey", key=key)
        self.call("auth", username=self._user, key=key)
        try:
            self.call("auth", username=self._user, key=key)
        except Refused as refused:
            return {"once": refused.error["type"] == "auth"}
        return {"once": False}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ca", default="")
    for name in ("url", "user", "command"):
        parser.add_argument(name)
    parser.add_argument("words", nargs="*")
    given = parser.parse_args(arguments)
    seller = Seller(given.url, given.user, os.environ["LICENCE_PASSWORD"], given.ca)
    words = dict(word.split("=", 1) for word in given.words)
    try:
        print(json.dumps(getattr(seller, given.command)(**words)))
    except Refused as refused:
        print(json.dumps({"error": refused.error}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
