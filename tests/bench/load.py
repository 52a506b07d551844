"""A load generator of its own process: many connections that page through one list without a pause.

    python tests/bench/load.py HOST PORT USER PASSWORD_VARIABLE CONNECTIONS ANSWERS ROWS PAGES

Prints JSON: pages answered whole, their rows, and the seconds until so many were. Only sockets, so that it costs
little itself.
"""

import json
import os
import random
import selectors
import socket
import sys
import time
from urllib.parse import urlencode


class Connection:
    """One keep-alive connection that asks for a page, reads it to its last byte, and asks for the next."""

    def __init__(self, address, ask):
        self.socket = socket.create_connection(address)
        self.ask = ask
        self.send()

    def send(self):
        self.left, self.head, self.tail, self.rows = -1, b"", b"", 0
        self.socket.sendall(self.ask())

    def read(self):
        """True when a page is complete."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError("closed")
        if self.left < 0:
            self.head += data
            head, found, body = self.head.partition(b"\r\n\r\n")
            if not found:
                return False
            if b" 200 " not in head.split(b"\r\n")[0]:
                raise ConnectionError(head.decode())
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            self.left, data = int(length.split(b":")[1]), body
        self.left -= len(data)
        self.rows += (self.tail + data).count(b"<elem>") if self.tail else data.count(b"<elem>")
        self.tail = data[-5:] if not data.endswith(b"<elem>") else b""
        return self.left == 0


def main(host, port, user, variable, connections, answers, rows, pages):
    def ask():
        fields = {"func": "vds", "out": "xml", "p_cnt": rows, "p_num": random.randint(1, int(pages))}
        body = urlencode({**fields, "authinfo": f"{user}:{os.environ[variable]}"}).encode()
        head = f"POST /billmgr HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    selector = selectors.DefaultSelector()
    started = time.monotonic()
    for _ in range(int(connections)):
        one = Connection((host, int(port)), ask)
        selector.register(one.socket, selectors.EVENT_READ, one)
    told = {"pages": 0, "rows": 0}
    while told["pages"] < int(answers):
        for key, _ in selector.select(0.5):
            if key.data.read():
                told["pages"] += 1
                told["rows"] += key.data.rows
                key.data.send()
    print(json.dumps({**told, "seconds": time.monotonic() - started}))


if __name__ == "__main__":
    main(*sys.argv[1:])
