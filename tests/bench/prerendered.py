"""A seller whose answers lie ready in memory, so that what is measured is who asks.

    python prerendered.py CERTIFICATE

Answers a type's list and the forms of its services over HTTPS, on a free port of 127.0.0.1, in the bytes of the
stand-in's seller: rows and forms are made of templates that were taken from its answers (tests/bench/ready.py).
Commands come as a line of JSON each and are answered by one: the methods of Seller whose names have no underscore.
Everything else that is asked for is refused and counted.
"""

from __future__ import annotations

import json
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from typing import Any
from urllib.parse import parse_qs

#: of a list that never ends: how many rows it names, and the number of its first
ENDLESS_ROWS, ENDLESS_FIRST = 10**6, 10**8
_REFUSED = b'<doc><error type="access" object="func" value="%s" lang="en" code="1"><msg>access</msg></error></doc>'


class Seller:
    """What it knows and was asked; texts of commands are latin-1, so that bytes pass through JSON unharmed."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._itemtype = self._authinfo = ""
        self._head = self._tail = b""
        self._kinds: dict[str, tuple[bytes, bytes]] = {}
        #: kind and values of a service, in the order of the list
        self._services: dict[int, tuple[str, dict[bytes, bytes]]] = {}
        self._pages: dict[tuple[int, int], bytes] = {}
        self._told: list[dict[str, Any]] | None = None
        self._endless = ""
        self._unknown: dict[int, str] = {}
        self._seconds = 0.0
        self._calls: Counter[str] = Counter()
        self._forms: list[int] = []

    # Commands.

    def learn(self, itemtype: str, authinfo: str, head: str, tail: str, kinds: dict[str, list[str]]) -> None:
        """Beginning and end of a page, and row and form of a service of each kind."""
        self._itemtype, self._authinfo = itemtype, authinfo
        self._head, self._tail = head.encode("latin-1"), tail.encode("latin-1")
        self._kinds = {name: (row.encode("latin-1"), form.encode("latin-1")) for name, (row, form) in kinds.items()}

    def fill(self, services: list[list[Any]]) -> None:
        """Begin anew with these services, number and values each, all of the kind `plain`."""
        plain = {int(number): ("plain", {b"id": b"%d" % number, **_bytes(values)}) for number, values in services}
        self._services, self._pages, self._told, self._unknown = plain, {}, None, {}

    def become(self, changes: dict[str, str]) -> None:
        """Make services of other kinds; kind `` is one that is not there any more."""
        for number, kind in changes.items():
            _, values = self._services[int(number)]
            self._services[int(number)] = (kind, values)
        self._pages = {}

    def tell(self, pages: list[dict[str, Any]] | None) -> None:
        """Answer these pages instead of the list: `rows` of number and kind, `total`, `filter`; None for the list."""
        self._told = pages

    def never_end(self, how: str) -> None:
        """Name a million rows, and on every page `repeat` those of the first one or `invent` new ones; empty: end."""
        self._endless = how

    def deny(self, forms: dict[str, str]) -> None:
        """Answer for the forms of these services that they are `missed`, or `html`: a page for people."""
        self._unknown = {int(number): how for number, how in forms.items()}

    def slow(self, seconds: float) -> None:
        """Let every answer take so long."""
        self._seconds = seconds

    def asked(self) -> dict[str, Any]:
        """What was asked since the last time: calls by function, and the services whose forms were read, in order."""
        with self._guard:
            told = {"calls": dict(self._calls), "forms": self._forms}
            self._calls, self._forms = Counter(), []
        return told

    # Answers.

    def _answer(self, body: dict[str, list[str]]) -> bytes:
        said = {name: values[0] for name, values in body.items()}
        func = said.get("func", "")
        with self._guard:
            self._calls[func] += 1
        if said.get("authinfo") != self._authinfo or "sok" in said:
            return _REFUSED % func.encode()
        if self._seconds:
            time.sleep(self._seconds)
        if func == self._itemtype:
            return self._page(int(said["p_num"]), int(said["p_cnt"]))
        if func == f"{self._itemtype}.edit":
            return self._form(int(said["elid"]))
        return _REFUSED % func.encode()

    def _page(self, number: int, size: int) -> bytes:
        if self._endless:
            kind, values = next(iter(self._services.values()))
            first = ENDLESS_FIRST + (number * size if self._endless == "invent" else 0)
            row = self._kinds[kind][0]
            rows = b"".join(row % {**values, b"id": b"%d" % (first + place)} for place in range(size))
            return self._around(rows, number, size, ENDLESS_ROWS, "")
        if self._told is not None:
            last: dict[str, Any] = {"rows": [], "total": self._told[-1]["total"] if self._told else 0, "filter": ""}
            page = self._told[number - 1] if number <= len(self._told) else last
            rows = b"".join(self._row(int(service), kind) for service, kind in page["rows"])
            return self._around(rows, number, size, int(page["total"]), page["filter"])
        ready = self._pages.get((number, size))
        if ready is None:
            alive = [number for number, (kind, _) in self._services.items() if kind]
            mine = alive[(number - 1) * size : number * size]
            rows = b"".join(self._row(service, self._services[service][0]) for service in mine)
            ready = self._pages[number, size] = self._around(rows, number, size, len(alive), "")
        return ready

    def _row(self, service: int, kind: str) -> bytes:
        return self._kinds[kind][0] % self._services[service][1]

    def _around(self, rows: bytes, number: int, size: int, total: int, filtered: str) -> bytes:
        tail = self._tail % {b"p_num": b"%d" % number, b"p_cnt": b"%d" % size, b"p_elems": b"%d" % total}
        if filtered:
            tail = tail.replace(b"</doc>", b"<p_filter>%s</p_filter></doc>" % filtered.encode())
        return self._head + rows + tail

    def _form(self, service: int) -> bytes:
        with self._guard:
            self._forms.append(service)
        how = self._unknown.get(service, "")
        if how == "html":
            return b"<html><body>Checking your browser</body></html>"
        kind, values = self._services.get(service, ("", {}))
        if not kind or how:
            return self._kinds["deleted"][1] % {b"id": b"%d" % service}
        return self._kinds[kind][1] % values


def _bytes(values: dict[str, str]) -> dict[bytes, bytes]:
    return {name.encode(): value.encode() for name, value in values.items()}


def _serve(connection: socket.socket, seller: Seller) -> None:
    """One connection, call after call, until the other side ends it."""
    with connection, connection.makefile("rb") as reader:
        while reader.readline():
            length = 0
            while (line := reader.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            body = parse_qs(reader.read(length).decode())
            content = seller._answer(body)  # noqa: SLF001 - names without underscores are commands
            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
            connection.sendall(head % len(content) + content)


def _accept(listener: socket.socket, context: ssl.SSLContext, seller: Seller) -> None:
    def talk(bare: socket.socket) -> None:
        try:
            _serve(context.wrap_socket(bare, server_side=True), seller)
        except OSError:
            bare.close()

    while True:
        bare, _ = listener.accept()
        bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=talk, args=(bare,), daemon=True).start()


def main(certificate: str) -> None:
    """Serve until stdin ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    seller = Seller()
    threading.Thread(target=_accept, args=(listener, context, seller), daemon=True).start()
    print(json.dumps(listener.getsockname()[1]), flush=True)
    for line in sys.stdin:
        name, words = json.loads(line)
        print(json.dumps(getattr(seller, name)(**words)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
