"""What stands at the other end of a connection in tests of the HTTP client: servers and proxies, byte by byte."""

import contextlib
import socket
import ssl
import threading
import time

import trustme

from reseller.limits import Limits
from reseller.model import Settings
from reseller.seller.exchange import Exchange

DOC = b"<doc><ok/></doc>"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"
#: long enough for anything that is not stuck
GUARD = 60


def by_length(content, more=b""):
    return HEAD + more + b"Content-Length: %d\r\n\r\n%s" % (len(content), content)


def chunks(*parts):
    told = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + told


def until_closed(content):
    return HEAD + b"Connection: close\r\n\r\n" + content


def exchange(url, limits=None, **settings):
    given = {"url": "", "username": "u", "password": "p", "verify": False, **settings}
    return Exchange(url, Settings(module=1, name="", **given), limits or Limits(connect_seconds=2))


class Listener:
    """Talks with each connection in a thread of its own; `ended` are those that are over."""

    def __init__(self, trust=None):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.trust = trust
        self.connections = 0
        self.ended = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                there, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self.talk, args=[there], daemon=True).start()

    def talk(self, there):
        try:
            with contextlib.suppress(OSError), there:
                self.answer(self.trust.wrap_socket(there, server_side=True) if self.trust else there)
        finally:
            self.ended += 1

    def answer(self, there):
        raise NotImplementedError

    def wait_until_over(self, connections):
        """Until so many connections have come and gone."""
        until = time.monotonic() + GUARD
        while min(self.connections, self.ended) < connections:
            assert time.monotonic() < until, f"{self.connections} connections, {self.ended} of them over"
            time.sleep(0.01)

    def close(self):
        # Closing it alone would leave the thread in accept(), with 8 MiB of stack.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Server(Listener):
    """Answers the requests of its connections, in their order, with what it was given; None hangs up.

    A list is sent with a pause after each of its parts.
    """

    def __init__(self, trust=None, pause=0.1):
        self.answers = []
        self.requests = []
        self.pause = pause
        super().__init__(trust)

    def answer(self, there):
        while self.answers:
            asked = request_of(there)
            if asked is None:
                return
            self.requests.append(asked)
            answer = self.answers.pop(0)
            if answer is None:
                return
            for part in answer if isinstance(answer, list) else [answer]:
                there.sendall(part)
                if isinstance(answer, list):
                    time.sleep(self.pause)


def request_of(there):
    """The next request, whose body ends with `out=xml`; None when there is none."""
    asked = b""
    while b"out=xml" not in asked:
        part = there.recv(65536)
        if not part:
            return None
        asked += part
    return asked


def pump(source, sink, most=None, then=None):
    """Pass on what comes, after `most` bytes only when `then` is set."""
    passed = 0
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            if most is not None and passed + len(part) > most:
                sink.sendall(part[: most - passed])
                then.wait(GUARD)
                part = part[most - passed :]
                most = None
            passed += len(part)
            sink.sendall(part)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class Tunnel(Listener):
    """A proxy that builds tunnels to wherever it is asked to, unless `refusing`; what it was asked for is `asked`."""

    refusing = False
    asked = b""

    def answer(self, there):
        self.asked = there.recv(65536)
        if self.refusing:
            there.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        host, port = self.asked.split()[1].decode().split(":")
        with socket.create_connection((host, int(port))) as onward:
            there.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=pump, args=[onward, there], daemon=True)
            back.start()
            pump(there, onward)
            back.join()


class Authority:
    """A certificate authority, as a file, and servers with a certificate of it for localhost."""

    def __init__(self, folder):
        self.made = trustme.CA()
        self.file = str(folder / "ca.pem")
        self.made.cert_pem.write_to_path(self.file)

    def trust(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.made.issue_cert("localhost").configure_cert(context)
        return context
