"""Calls whose deadline comes at every point, beside calls on kept connections: `make storm`; the tests run a short one.

    python -m tests.storm [--calls 15000] [--threads 16] [--seed 1]

One client is shared by all threads. A doomed call goes to a peer that holds its bytes back at a place drawn by chance
(before it accepts anything, in the proxy's word, in the TLS handshake, at any byte of the answer) for about as long as
the call's deadline is away, so that it comes right before, right after, and in the middle of everything. Between them
each thread makes calls that have time, on kept connections, to a server that answers with what it was asked.

What must hold, by what the peers have received: whoever was told "not sent" has sent nothing, whoever got an answer has
sent its request once, and "ambiguous" once or not at all; no call that has time fails or gets another's answer, and
none of their connections is lost.
"""

from __future__ import annotations

import argparse
import random
import re
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple, cast

from reseller.limits import Limits
from reseller.seller.client import Client
from reseller.seller.proxies import Proxy
from reseller.wire.bounds import PAGE
from reseller.wire.errors import Ambiguous, NotSent
from tests.unit.peers import Authority, Listener, by_length, request_of

#: about how long a doomed call has, in seconds
SHORT = 0.1
#: how long calls have that have time
LONG = 300
ASKED = re.compile(rb"token=(\w+)&out=xml")
BANNER = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Outcome(NamedTuple):
    """How a call ended: `answer`, `NotSent`, `Ambiguous` or what went wrong."""

    kind: str
    place: str
    token: str
    end: str


class Echo(Listener):
    """Answers each request with its token, and keeps who has asked; held back at a byte of the answer when `holds`."""

    def __init__(self, trust, holds, chance):
        self.holds = holds
        self.chance = chance
        self.tokens = Counter()
        super().__init__(trust)

    def answer(self, there):
        while (asked := request_of(there)) is not None:
            token = ASKED.search(asked).group(1)
            self.tokens[token.decode()] += 1
            answer = by_length(b"<doc>%s</doc>" % token)
            cut = self.chance.randrange(len(answer)) if self.holds else 0
            there.sendall(answer[:cut])
            if self.holds:
                time.sleep(self.chance.uniform(0, 4 * SHORT))
            there.sendall(answer[cut:])


class Slow(Listener):
    """A proxy, or a hop that nobody knows of (`target`): holds back its own word, or what comes back, at some byte."""

    def __init__(self, chance, target=0):
        self.target = target
        self.chance = chance
        super().__init__()

    def answer(self, there):
        pause, port = self.chance.uniform(0, 4 * SHORT), self.target
        if not port:
            asked = there.recv(65536).split()
            if not asked:
                return
            port = int(asked[1].rpartition(b":")[2])
            cut = self.chance.randrange(len(BANNER))
            there.sendall(BANNER[:cut])
            time.sleep(pause)
            there.sendall(BANNER[cut:])
        with socket.create_connection(("127.0.0.1", port)) as onward:
            held = (self.chance.randrange(1000), pause) if self.target else (0, 0)
            back = threading.Thread(target=self.pump, args=[onward, there, *held], daemon=True)
            back.start()
            self.pump(there, onward)
            back.join()

    def pump(self, source, sink, place=0, pause=0.0):
        passed = 0
        with suppress(OSError):
            while part := source.recv(65536):
                if pause and passed + len(part) > place:
                    sink.sendall(part[: place - passed])
                    time.sleep(pause)
                    part, pause = part[place - passed :], 0.0
                passed += len(part)
                sink.sendall(part)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


class Storm:
    """The peers, the clients, and what came of the calls."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        authority = Authority(folder)
        with ExitStack() as stack:
            self.steady = stack.enter_context(Echo(authority.trust(), holds=False, chance=self.chance))
            self.holding = stack.enter_context(Echo(authority.trust(), holds=True, chance=self.chance))
            self.plain = stack.enter_context(Echo(None, holds=True, chance=self.chance))
            self.behind = stack.enter_context(Echo(authority.trust(), holds=False, chance=self.chance))
            hop = stack.enter_context(Slow(self.chance, self.behind.port))
            proxy = stack.enter_context(Slow(self.chance))
            self.ended = stack.pop_all()
        limits = Limits(connect_seconds=LONG)
        hasty = Limits(connect_seconds=cast("int", SHORT))
        self.patient = Client(limits, cafile=authority.file)
        impatient = Client(hasty, cafile=authority.file)
        behind = Client(hasty, cafile=authority.file, proxy=Proxy(f"http://127.0.0.1:{proxy.port}", {}))
        #: where a call may be held up, who makes it, where it goes, and how long its answer may take
        self.places = {
            "answer by TLS": (self.patient, f"https://localhost:{self.holding.port}/", SHORT),
            "answer": (self.patient, f"http://127.0.0.1:{self.plain.port}/", SHORT),
            "handshake": (impatient, f"https://localhost:{hop.port}/", LONG),
            "tunnel": (behind, f"https://localhost:{self.behind.port}/", LONG),
            "tunnel and answer": (behind, f"https://localhost:{self.holding.port}/", SHORT),
        }

    def call(self, number: int) -> list[Outcome]:
        """One doomed call, and one that has time, on the connections of the same client."""
        place = self.chance.choice(list(self.places))
        client, url, seconds = self.places[place]
        doomed = self.one("doomed", place, f"d{number}", client, url, seconds * self.chance.uniform(0.01, 2))
        steady = f"https://localhost:{self.steady.port}/"
        return [doomed, self.one("steady", "", f"s{number}", self.patient, steady, LONG)]

    def one(self, kind: str, place: str, token: str, client: Client, url: str, seconds: float) -> Outcome:
        """How it ended; `another's answer` is what must not be."""
        form = f"token={token}&out=xml".encode()
        fresh = kind == "doomed" and self.chance.random() < 1 / 2
        try:
            answer = client.call(url, seconds=seconds, bounds=PAGE._replace(bytes=1000), form=form, fresh=fresh)
        except (NotSent, Ambiguous) as error:
            return Outcome(kind, place, token, error.__class__.__name__)
        own = answer.content == b"<doc>%s</doc>" % token.encode()
        return Outcome(kind, place, token, "answer" if own else "another's answer")

    def wrong(self, outcomes: list[Outcome]) -> list[str]:
        """What must not be, by what the peers have received."""
        tokens = self.steady.tokens + self.holding.tokens + self.plain.tokens + self.behind.tokens
        doomed = {"answer": {1}, "Ambiguous": {0, 1}, "NotSent": {0}}
        possible = {"doomed": doomed, "steady": {"answer": {1}}}
        return [
            f"{outcome}: received {tokens[outcome.token]} times"
            for outcome in outcomes
            if tokens[outcome.token] not in possible[outcome.kind].get(outcome.end, set())
        ]

    def run(self, calls: int, threads: int) -> tuple[list[Outcome], list[str]]:
        """All outcomes, and those that must not be; peers that still hold something back are waited for."""
        with self.ended, ThreadPoolExecutor(threads) as pool:
            outcomes = [outcome for pair in pool.map(self.call, range(calls)) for outcome in pair]
            # Whatever would leave too late has had the time to.
            time.sleep(4 * SHORT)
        wrong = self.wrong(outcomes)
        if self.steady.connections > threads:
            wrong.append(f"{self.steady.connections} connections of calls that have time, by {threads} threads")
        return outcomes, wrong


def main(argv: list[str]) -> int:
    """Print what came of the calls; 1 when something must not be."""
    parser = argparse.ArgumentParser(prog="make storm", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--calls",
        type=int,
        default=15_000,
        help="calls with a deadline that may come (15,000: it comes in over 10,000)",
    )
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(argv)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        storm = Storm(Path(folder), chosen.seed)
        outcomes, wrong = storm.run(chosen.calls, chosen.threads)
    ends = Counter((outcome.place or "calls that have time", outcome.end) for outcome in outcomes)
    for (place, end), count in sorted(ends.items()):
        print(f"{place:22} {end:12} {count:6}")
    print(f"connections of calls that have time: {storm.steady.connections}")
    print(*wrong[:20], sep="\n")
    came = sum(outcome.kind == "doomed" and outcome.end != "answer" for outcome in outcomes)
    print(
        f"storm: {len(outcomes)} calls, {came} deadlines came, {len(wrong)} wrong, {time.monotonic() - started:.0f} s"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
