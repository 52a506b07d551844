"""Stands between the add-on and its seller: passes each call on, and may change the answer on its way back."""

from __future__ import annotations

import http.server
import random
import threading
import time
import urllib.parse
import urllib.request
from typing import Any

from tests.fuzz import values

#: so long a drip lasts at most; the program's own deadline is shorter
DRIP_SECONDS = 8
SECONDS = 60


class Between(http.server.ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1; without `chance` it changes nothing."""

    daemon_threads = True

    def __init__(self, seller: str) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.seller = seller
        self.chance: random.Random | None = None
        #: of how many answers one is changed, and texts that no answer may make anybody say
        self.share = 0.4
        self.secrets: list[str] = []
        #: functions whose lists never end
        self.endless: set[str] = set()
        self.changed: list[str] = []
        self._guard = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """What a module is connected to."""
        return f"http://127.0.0.1:{self.server_address[1]}/billmgr"

    def handle_error(self, *_: Any) -> None:
        """Whoever calls may go away at any moment."""

    def calm(self) -> None:
        """Nothing is changed any more."""
        self.chance = None
        self.endless.clear()

    def answer(self, func: str, page: int, body: bytes) -> tuple[str, bytes]:
        """How the answer is given, and what it is by now."""
        with self._guard:
            chance = self.chance
            if func in self.endless:
                return "plain", _endless(body, page)
            if chance is None or chance.random() > self.share:
                return "plain", body
            kind = chance.choices(("document", "raw", "how"), (12, 3, 1))[0]
            how = "plain"
            if kind == "document":
                body = values.document(chance, body, self.secrets)
            elif kind == "raw":
                body = values.raw(chance, body)
            else:
                how = chance.choice(("drip", "cut", "redirect", "status", "gzip", "length", "silent", "headers"))
            self.changed.append(f"{func} {kind} {how}")
            return how, body


class _Call(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Between

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"]))
        fields = dict(urllib.parse.parse_qsl(form.decode()))
        asked = urllib.request.Request(self.server.seller, form, {"Content-Type": self.headers["Content-Type"]})
        with urllib.request.urlopen(asked, timeout=SECONDS) as response:
            body = response.read()
        page = int(fields.get("p_num") or 1)
        how, body = self.server.answer(fields.get("func", ""), page, body)
        getattr(self, f"_{how}", self._plain)(body)

    def _plain(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "text/xml", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _gzip(self, body: bytes) -> None:
        self._plain(body, Content_Encoding="gzip")

    def _status(self, body: bytes) -> None:
        self._plain(body, 503)

    def _redirect(self, body: bytes) -> None:
        self._plain(body, 302, Location="http://user:secret@127.0.0.1:1/\x1b[2J?authinfo=x")

    def _headers(self, body: bytes) -> None:
        self._plain(body, Date="Mon, 99 Nov 99999 99:99:99 GMT", Set_Cookie="a=b", X="x" * 8000)

    def _length(self, body: bytes) -> None:
        self._plain(body, Content_Length="9" * 30)
        self.close_connection = True

    def _cut(self, body: bytes) -> None:
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + body[: len(body) // 2])

    def _silent(self, _: bytes) -> None:
        self.close_connection = True
        time.sleep(DRIP_SECONDS)

    def _drip(self, body: bytes) -> None:
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        until = time.monotonic() + DRIP_SECONDS
        while time.monotonic() < until:
            self.wfile.write(b"X-Slow: 1\r\n")
            self.wfile.flush()
            time.sleep(0.1)
        self.wfile.write(b"\r\n" + body)


def _endless(body: bytes, page: int) -> bytes:
    """A page whose rows are new each time, of a list that never comes to its end."""
    rows = "".join(
        f"<elem><id>{10_000_000 + page * 100 + number}</id><status>2</status><name>n</name></elem>"
        for number in range(50)
    )
    return f"<doc>{rows}<p_elems>999999999</p_elems></doc>".encode() if b"elem" in body else body
