"""The deadline of a call, at every point where it can come: what is said of the call, and what has reached the peer."""

import contextlib
import json
import random
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from reseller.limits import Limits
from reseller.seller.adapter import Adapter, Session, under
from reseller.seller.deadline import Deadline, Expired
from reseller.wire.errors import Ambiguous, NotSent
from tests.storm import Storm
from tests.unit.peers import (
    DOC,
    GUARD,
    Authority,
    Listener,
    Server,
    Tunnel,
    by_length,
    chunks,
    exchange,
    pump,
    request_of,
    until_closed,
)

SHORT = Limits(connect_seconds=1)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def outcome(url, seconds=30.0, limits=SHORT, **more):
    """How one call ends: `answer`, or the class of the error and its words."""
    try:
        made = exchange(url, limits, **more)
        made.post({"func": "whoami", "out": "xml"}, seconds)
    except (Ambiguous, NotSent) as error:
        return f"{error.__class__.__name__} {error.params['text']}"
    return "answer"


class Halting(Listener):
    """Answers a request up to one byte, a later one for each request, and hangs until the caller has gone."""

    def __init__(self, answer, trust=None):
        self.whole = answer
        self.cuts = list(range(len(answer)))
        self.requests = []
        self.late = b""
        super().__init__(trust)

    def answer(self, there):
        asked = request_of(there)
        if asked is None or not self.cuts:
            return
        self.requests.append(asked)
        there.sendall(self.whole[: self.cuts.pop()])
        with contextlib.suppress(OSError):
            while part := there.recv(65536):
                self.late += part


@pytest.mark.parametrize(
    "framed",
    [by_length(DOC), chunks(DOC[:5], DOC[5:], b""), until_closed(DOC)],
    ids=["length", "chunks", "closed"],
)
@pytest.mark.parametrize("way", ["http", "https", "relayed", "tunnelled"])
def test_an_answer_that_halts_at_any_byte_is_ambiguous(way, framed, authority):
    trust = authority.trust() if way in ("https", "tunnelled") else None
    with Halting(framed, trust) as halting, Tunnel() as tunnel:
        url, proxy = {
            "http": (f"http://127.0.0.1:{halting.port}/", ""),
            "https": (f"https://127.0.0.1:{halting.port}/", ""),
            "relayed": ("http://seller.invalid/", f"127.0.0.1:{halting.port}"),
            "tunnelled": (f"https://127.0.0.1:{halting.port}/", f"127.0.0.1:{tunnel.port}"),
        }[way]
        # Connecting may take its time: 32 at once do it.
        limits = Limits(connect_seconds=GUARD)
        ends = []
        with ThreadPoolExecutor(32) as pool:
            # On a busy machine a deadline may come before the request has: that call has met no cut.
            while halting.cuts and len(ends) < 4 * len(framed):
                calls = [pool.submit(outcome, url, 0.5, limits, proxy=proxy) for _ in halting.cuts]
                ends += [call.result() for call in calls]
        halting.wait_until_over(len(framed))
        assert set(ends) == {"Ambiguous the answer came too slowly"}
        assert len(halting.requests) == len(framed)
        assert halting.late == b""


@pytest.mark.parametrize("kept", [False, True])
def test_an_answer_that_drips_is_given_up_before_it_is_whole(kept):
    with Server(pause=0.05) as server:
        answer = by_length(DOC)
        dripping = [answer[place : place + 1] for place in range(len(answer))]
        server.answers = [answer, dripping] if kept else [dripping]
        made = exchange(f"http://127.0.0.1:{server.port}/")
        if kept:
            made.post({"out": "xml"}, 30)
        with pytest.raises(Ambiguous) as caught:
            made.post({"out": "xml"}, 1)
        assert "too slowly" in str(caught.value)
        server.wait_until_over(1)
        assert server.connections == 1


class Gap(Listener):
    """Leads to `port` and lets `most` bytes back, a number more for each connection, until it `goes_on`."""

    def __init__(self, port, cuts, banner=b""):
        self.target = port
        self.cuts = list(cuts)
        self.banner = banner
        self.asked = []
        self.goes_on = threading.Event()
        super().__init__()

    def answer(self, there):
        cut = self.cuts.pop()
        with socket.create_connection(("127.0.0.1", self.target)) as onward:
            if self.banner:
                self.asked.append(there.recv(65536))
                there.sendall(self.banner[:cut])
                self.goes_on.wait(GUARD)
                there.sendall(self.banner[cut:])
            limits = (None, None) if self.banner else (cut, self.goes_on)
            back = threading.Thread(target=pump, args=[onward, there, *limits], daemon=True)
            back.start()
            pump(there, onward)
            back.join()


def ends_of(calls, url, **more):
    with ThreadPoolExecutor(calls) as pool:
        return {call.result() for call in [pool.submit(outcome, url, **more) for _ in range(calls)]}


def test_a_handshake_that_halts_at_any_byte_has_sent_nothing(authority):
    cuts = range(0, 500, 20)
    with Server(authority.trust()) as server, Gap(server.port, cuts) as gap:
        server.answers = [by_length(DOC)] * len(cuts)
        ends = ends_of(len(cuts), f"https://127.0.0.1:{gap.port}/")
        # Only now the handshakes go on: whoever has said "not sent" must not send any more.
        gap.goes_on.set()
        gap.wait_until_over(len(cuts))
        assert ends == {"NotSent connecting took too long"}
        assert server.requests == []


def test_a_proxy_that_halts_at_any_byte_of_its_word_has_sent_nothing(authority):
    banner = b"HTTP/1.1 200 Connection established\r\nVia: 1.1 proxy\r\n\r\n"
    with Server(authority.trust()) as server, Gap(server.port, range(len(banner)), banner) as proxy:
        server.answers = [by_length(DOC)] * len(banner)
        ends = ends_of(len(banner), f"https://localhost:{server.port}/", proxy=f"127.0.0.1:{proxy.port}")
        proxy.goes_on.set()
        proxy.wait_until_over(len(banner))
        assert ends == {"NotSent connecting took too long"}
        assert server.requests == []
        assert all(asked.startswith(b"CONNECT ") and b"out=xml" not in asked for asked in proxy.asked)
        assert len(proxy.asked) == len(banner)


@pytest.mark.parametrize("banner", [b"HTTP/1.1 200 ", b"HTTP/1.1 200 OK\r\nVia: "], ids=["status", "header"])
def test_a_proxy_that_drips_has_sent_nothing(banner):
    class Dripping(Listener):
        asked = b""

        def answer(self, there):
            self.asked += there.recv(65536)
            there.sendall(banner)
            for _ in range(100):
                there.sendall(b"x")
                time.sleep(0.05)
                there.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    self.asked += there.recv(65536)
                there.setblocking(True)

    with Dripping() as proxy:
        assert outcome("https://seller.invalid/", proxy=f"127.0.0.1:{proxy.port}").startswith("NotSent")
        proxy.wait_until_over(1)
        assert b"out=xml" not in proxy.asked


def test_nobody_accepts_and_nothing_was_sent():
    """The queue of a listening socket is full: the connection stays half open."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as waiting:
        port = full.getsockname()[1]
        for _ in range(8):
            there = waiting.enter_context(socket.socket())
            there.setblocking(False)
            there.connect_ex(("127.0.0.1", port))
        assert outcome(f"http://127.0.0.1:{port}/").startswith("NotSent")
        full.settimeout(1)
        came = b""
        with contextlib.suppress(OSError):
            while True:
                there = waiting.enter_context(full.accept()[0])
                there.settimeout(0.1)
                with contextlib.suppress(OSError):
                    came += there.recv(65536)
        assert came == b""


def test_whoever_is_connected_and_not_accepted_may_have_it():
    with socket.create_server(("127.0.0.1", 0)) as lazy:
        assert outcome(f"http://127.0.0.1:{lazy.getsockname()[1]}/", 0.5) == "Ambiguous the answer came too slowly"
        with lazy.accept()[0] as there:
            assert b"out=xml" in request_of(there)


SLOW_LOOK_UP = """
import json, socket, sys, threading
from reseller.limits import Limits
from reseller.wire.errors import NotSent
from tests.unit.peers import exchange

port, proxy, ends = sys.argv[1:]
real, held, over = socket.getaddrinfo, threading.Event(), threading.Event()

def slow(host, *rest, **more):
    if host != "slow.invalid":
        return real(host, *rest, **more)
    held.wait()
    found = real("127.0.0.1", *rest, **more)
    over.set()
    return found

socket.getaddrinfo = slow
url, proxy = ("https://seller.invalid/", f"slow.invalid:{port}") if proxy else (f"http://slow.invalid:{port}/", "")
try:
    exchange(url, Limits(connect_seconds=1), proxy=proxy).post({"out": "xml"}, 1)
except NotSent as error:
    print(json.dumps(error.params["text"]))
if ends:
    held.set()
    over.wait()
"""


@pytest.mark.parametrize("ends", ["", "ends"])
@pytest.mark.parametrize("proxy", ["", "proxy"])
def test_a_look_up_that_takes_too_long_has_sent_nothing_and_holds_nobody_up(proxy, ends):
    """In a process of its own, whose platform looks names up slowly, or for ever."""
    with Server() as server:
        argv = [sys.executable, "-c", SLOW_LOOK_UP, str(server.port), proxy, ends]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=GUARD, check=True)
        assert json.loads(done.stdout) == "the look-up of slow.invalid takes too long"
        assert server.connections == 0


# What the deadline does not touch.


def test_a_deadline_that_came_throws_its_connection_away_and_no_other():
    with Server() as server:
        made = exchange(f"http://127.0.0.1:{server.port}/")
        server.answers = [by_length(DOC), [b""] * 10]
        assert made.post({"out": "xml"}, 30) == (200, DOC)
        with pytest.raises(Ambiguous):
            made.post({"out": "xml"}, 0.5)
        server.answers = [by_length(DOC)] * 2
        assert [made.post({"out": "xml"}, 30) for _ in range(2)] == [(200, DOC)] * 2
        assert server.connections == 2


@pytest.mark.parametrize("framed", [by_length(DOC), chunks(DOC, b"")], ids=["length", "chunks"])
def test_the_deadline_of_a_call_that_is_over_does_not_end_the_next(framed):
    with Server(pause=0.5) as server:
        made = exchange(f"http://127.0.0.1:{server.port}/", Limits(connect_seconds=1))
        server.answers = [framed, [b"", b"", b"", framed]]
        assert made.post({"out": "xml"}, 1) == (200, DOC)
        assert made.post({"out": "xml"}, 30) == (200, DOC)
        assert server.connections == 1


def test_time_lost_while_connecting_is_not_missing_for_the_answer(authority):
    """The handshake takes longer than the answer may."""
    with Server(authority.trust()) as server, Gap(server.port, [100]) as gap:
        server.answers = [by_length(DOC)]
        threading.Timer(1, gap.goes_on.set).start()
        assert outcome(f"https://127.0.0.1:{gap.port}/", 0.5, Limits(connect_seconds=GUARD)) == "answer"


def session():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return Session(Adapter(context, {}, kept=1), verify=True, proxy="", headers={}, cookies=False)


@pytest.mark.parametrize("framed", [by_length(DOC), chunks(DOC, b"")], ids=["length", "chunks"])
def test_a_connection_that_went_back_has_parted_from_its_call_although_that_is_not_over(framed):
    """Between the last byte of an answer and the end of its call somebody else may have the connection already."""
    with Server(pause=0.5) as server:
        server.answers = [framed, [b"", b"", b"", framed]]
        kept, url = session(), f"http://127.0.0.1:{server.port}/"
        first, second = Deadline(10, 1), Deadline(10, 30)
        for deadline in (first, second):
            with under(deadline):
                answer = kept.post(url, data="out=xml", stream=True)
                assert answer.raw.read(100, decode_content=False) == DOC
                assert answer.raw.read(100, decode_content=False) == b""
        assert server.connections == 1
        assert not first.has_expired
        assert first.end()
        assert second.end()


# The two facts under one lock.


def expired(seconds=0.0):
    deadline = Deadline(seconds, 30)
    while not deadline.has_expired:
        time.sleep(0.01)
    return deadline


def test_what_was_not_handed_over_in_time_is_not_handed_over():
    deadline = expired()
    with pytest.raises(Expired):
        deadline.hand_over(None)
    with pytest.raises(Expired):
        deadline.left()
    assert not deadline.is_handed_over
    assert not deadline.end()


def test_what_was_handed_over_in_time_has_its_answers_time():
    deadline = Deadline(0.5, 30)
    deadline.hand_over(None)
    time.sleep(1)
    assert not deadline.has_expired
    assert deadline.end()


def test_a_line_that_is_made_too_late_is_shut_down_at_once():
    deadline = expired()
    near, far = socket.socketpair()
    with near, far:
        deadline.watch(near)
        assert far.recv(1) == b""


def test_a_line_that_is_given_up_is_closed_when_its_call_is_over():
    """`Connection: close` closes a connection before its answer is read."""
    deadline = Deadline(30, 30)
    early, late = socket.socketpair()
    deadline.retire(early)
    assert early.fileno() >= 0
    assert deadline.end()
    assert early.fileno() == -1
    deadline.retire(late)
    assert late.fileno() == -1


def test_a_storm_of_deadlines_hits_no_call_but_their_own(tmp_path):
    """A few hundred; `make storm` has 15,000."""
    outcomes, wrong = Storm(tmp_path, seed=random.randrange(1000)).run(calls=300, threads=16)
    assert wrong == []
    assert {outcome.end for outcome in outcomes} == {"answer", "NotSent", "Ambiguous"}
