"""What requests would do by itself, and what must not: redirects, cookies, the environment, unpacking, warnings."""

import contextlib
import gzip
import re
import subprocess
import sys
import zlib
from base64 import b64encode

import pytest

from reseller.limits import Limits
from reseller.log import Log
from reseller.model import Settings
from reseller.seller import changes, orders, renewals
from reseller.seller.client import Client
from reseller.seller.orders import Order
from reseller.seller.transport import Transport
from reseller.wire.bounds import PAGE
from reseller.wire.errors import Ambiguous, NotSent, SellerError
from tests.unit.peers import (
    DOC,
    GUARD,
    HEAD,
    Authority,
    Listener,
    Server,
    Tunnel,
    by_length,
    exchange,
    request_of,
    until_closed,
)

#: without the time of its making, which would make another name of a test in every worker
PACKED = gzip.compress(DOC, mtime=0)
GZIP = b"Content-Encoding: gzip\r\n"
MIB = 1024 * 1024


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def post(server, limits=None, **settings):
    return exchange(f"http://127.0.0.1:{server.port}/billmgr", limits, **settings).post({"out": "xml"}, 30)


def redirect(location, status=b"301 Moved Permanently", more=b"Content-Length: 0\r\n"):
    return b"HTTP/1.1 %s\r\nLocation: %s\r\n%s\r\n" % (status, location, more)


@pytest.mark.parametrize(
    ("location", "said"),
    [
        (b"https://billing.example.com/billmgr", "https://billing.example.com/billmgr"),
        (b"/manager/billmgr?func=logon&authinfo=u:p", "/manager/billmgr"),
        (b"https://u:p@billing.example.com:1500/?authinfo=u:p#u:p", "https://billing.example.com:1500/"),
        (b"https://[broken", "an impossible address"),
        (b"?authinfo=u:p", "nowhere"),
    ],
)
def test_a_redirect_is_said_with_where_it_leads_and_not_followed(server, location, said):
    server.answers = [redirect(location), by_length(DOC)]
    with pytest.raises(Ambiguous) as caught:
        post(server)
    assert caught.value.params["what"] == f"a redirect to {said}, HTTP status 301"
    assert len(server.requests) == 1


@pytest.mark.parametrize("more", [b"Content-Length: 1073741824\r\n", GZIP + b"Content-Length: 1073741824\r\n"])
def test_the_body_of_a_redirect_is_not_read(more):
    class Generous(Listener):
        sent = 0

        def answer(self, there):
            request_of(there)
            there.sendall(redirect(b"/elsewhere", b"302 Found", more))
            part = gzip.compress(b"\0" * MIB) if more.startswith(GZIP) else b"\0" * MIB
            while self.sent < 1024 * MIB:
                there.sendall(part)
                self.sent += len(part)

    with Generous() as generous:
        with pytest.raises(Ambiguous):
            post(generous)
        generous.wait_until_over(1)
        # What the sockets on both sides keep for whoever does not read.
        assert generous.sent < 64 * MIB


def test_a_page_is_no_redirect(server):
    """What has no place to go to is a page like others."""
    page = b"<html>moved</html>"
    server.answers = [b"HTTP/1.1 302 Found\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page)]
    assert post(server) == (302, page)


def test_a_cookie_is_not_sent_back(server):
    server.answers = [by_length(DOC, b"Set-Cookie: billmgrses5=abc; path=/\r\n")] * 2
    made = exchange(f"http://127.0.0.1:{server.port}/")
    for _ in range(2):
        made.post({"out": "xml"}, 30)
    assert not re.search(rb"(?i)cookie|billmgrses5", b"".join(server.requests))


def test_the_probe_of_a_control_panel_keeps_its_cookies(server):
    server.answers = [
        redirect(b"/in", b"302 Found", b"Set-Cookie: ses=abc\r\nContent-Length: 0\r\n"),
        by_length(b"page"),
    ]
    client = Client(Limits(connect_seconds=2), cookies=True)
    url = f"http://127.0.0.1:{server.port}/?out=xml"
    assert client.call(url, seconds=30, bounds=PAGE._replace(bytes=100)).location == "/in"
    assert client.cookies == [("ses", "abc")]
    assert client.call(url, seconds=30, bounds=PAGE._replace(bytes=100)).content == b"page"
    assert b"Cookie: ses=abc\r\n" in server.requests[1]


def test_nothing_is_taken_from_the_environment(server, monkeypatch, tmp_path):
    nobody = "http://127.0.0.1:1"
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, nobody)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, "/nowhere/ca.pem")
    secrets = tmp_path / "netrc"
    secrets.write_text("machine 127.0.0.1 login me password netrcs3cret\n")
    monkeypatch.setenv("NETRC", str(secrets))
    server.answers = [by_length(DOC)]
    assert post(server) == (200, DOC)
    assert b"Authorization" not in server.requests[0]


def test_only_gzip_is_asked_for_and_nothing_else_that_requests_would_say(server):
    server.answers = [by_length(DOC)]
    post(server)
    head = server.requests[0].partition(b"\r\n\r\n")[0].decode().splitlines()
    assert {line.partition(":")[0].lower() for line in head[1:]} == {
        "host",
        "content-length",
        "content-type",
        "accept-encoding",
        "user-agent",
    }
    assert "Accept-Encoding: gzip" in head


@pytest.mark.parametrize("packing", [b"br", b"deflate", b"gzip, gzip", b"zstd", b"x" * 1000])
def test_an_answer_that_is_packed_in_another_way_is_refused_by_name(server, packing):
    server.answers = [by_length(PACKED, b"Content-Encoding: %s\r\n" % packing)]
    with pytest.raises(Ambiguous) as caught:
        post(server)
    assert caught.value.type == "reseller_bad_answer"
    assert packing[:20].decode() in caught.value.params["what"]
    assert len(caught.value.params["what"]) < 100


@pytest.mark.parametrize("framed", [by_length, until_closed], ids=["length", "closed"])
@pytest.mark.parametrize("rest", [b"\0", b"more", PACKED, b"\0" * 70_000], ids=["byte", "text", "packed", "much"])
def test_what_follows_a_packed_answer_is_refused(server, framed, rest):
    content = PACKED + rest
    head, _, body = framed(content).partition(b"\r\n\r\n")
    server.answers = [head + b"\r\n" + GZIP + b"\r\n" + body]
    with pytest.raises(Ambiguous) as caught:
        post(server)
    assert "something follows" in caught.value.params["text"]


def test_a_packed_answer_that_is_cut_at_any_byte_is_refused():
    for cut in range(len(PACKED)):
        with Server() as server:
            server.answers = [by_length(PACKED[:cut], GZIP)]
            with pytest.raises(Ambiguous):
                post(server)


MOST = 4 * MIB
BOMB = """
import resource, sys
from reseller.limits import Limits
from reseller.wire.errors import Ambiguous
from tests.unit.peers import exchange

made = exchange(f"http://127.0.0.1:{sys.argv[1]}/", Limits(document_bytes=int(sys.argv[2])))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    made.post({"out": "xml"}, 60)
except Ambiguous as error:
    print(error.params["what"])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_bomb_costs_what_an_answer_may_and_not_what_it_unpacks_to(server):
    """256 MiB of zeros, packed so small that no limit of what comes in would stop them."""
    pack = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    bomb = b"".join(pack.compress(b"\0" * MIB) for _ in range(256)) + pack.flush()
    assert len(bomb) < MOST
    server.answers = [by_length(bomb, GZIP)]
    argv = [sys.executable, "-c", BOMB, str(server.port), str(MOST)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=GUARD, check=True)
    said, grown = done.stdout.splitlines()
    assert said == f"more than {MOST} bytes"
    # In KiB: the answer as far as it may go, once as parts and once on its way.
    assert int(grown) < 5 * MOST // 1024


def test_packed_bytes_count_too(server):
    """What unpacks to nothing is not read for ever: empty blocks of deflate."""
    pack = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    start = pack.flush(zlib.Z_FULL_FLUSH)
    nothing = start + start[-5:] * 100_000
    server.answers = [HEAD + GZIP + b"Connection: close\r\n\r\n" + nothing]
    with pytest.raises(Ambiguous) as caught:
        post(server, Limits(document_bytes=100_000))
    assert caught.value.params["what"] == "more than 100000 bytes"


UNVERIFIED = """
import sys
from tests.unit.peers import exchange
print(exchange(f"https://127.0.0.1:{sys.argv[1]}/").post({"out": "xml"}, 30)[0])
"""


def test_nothing_is_written_but_what_the_module_says(authority):
    with Server(authority.trust()) as server:
        server.answers = [by_length(DOC, b"bad header without a colon\r\n")]
        argv = [sys.executable, "-W", "default", "-c", UNVERIFIED, str(server.port)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=GUARD, check=True)
        assert (done.stdout, done.stderr) == ("200\n", "")


@pytest.mark.parametrize(
    "failing", ["nobody", "refusing", "silent", "no certificate", "lost", "no HTTP", "not a port", "redirect", "bomb"]
)
def test_no_secret_stands_in_anything_that_an_error_says(failing, server, authority):
    """Neither in the error nor in what it came from, whatever fails; the proxy's password and ours."""
    secret, hidden = "pa55/w:rd", "pa55%2Fw%3Ard"
    proxy, url = f"http://me:{hidden}@127.0.0.1:", f"http://127.0.0.1:{server.port}/"
    forms = [secret, hidden, hidden.lower(), b64encode(f"me:{secret}".encode()).decode()]
    with Tunnel() as tunnel, Server(authority.trust()) as secure, contextlib.ExitStack() as more:
        tunnel.refusing = failing == "refusing"
        way = {
            "nobody": ("https://seller.invalid/", proxy + "1"),
            "refusing": ("https://seller.invalid/", proxy + str(tunnel.port)),
            "silent": ("https://seller.invalid/", proxy + str(server.port)),
            "no certificate": (f"https://localhost:{secure.port}/", proxy + str(tunnel.port)),
            "not a port": (url, proxy + "x"),
        }.get(failing, (url, proxy + str(server.port)))
        server.answers = {
            "lost": [None],
            "no HTTP": [b"what\r\n\r\n"],
            "redirect": [redirect(f"https://me:{hidden}@x.example/?authinfo={secret}".encode())],
            "bomb": [by_length(b"x" * 2000)],
        }.get(failing, [])
        limits = Limits(connect_seconds=1, document_bytes=1000)
        if failing == "silent":
            more.enter_context(server.listener)
        with pytest.raises(SellerError) as caught:
            exchange(way[0], limits, verify=True, proxy=way[1]).post({"authinfo": f"u:{secret}", "out": "xml"}, 1)
        told, error = [], caught.value
        while error is not None:
            told += [str(error), repr(error), str(error.args), str(getattr(error, "params", ""))]
            error = error.__cause__ or error.__context__
        assert len(told) > 4 or failing in ("redirect", "bomb", "not a port")
        assert [form for form in forms if any(form in each for each in told)] == []


def test_who_asked_is_told_to_a_proxy_in_any_script(server):
    server.answers = [by_length(DOC)]
    exchange("http://seller.invalid/", proxy=f"http://я:п%40@127.0.0.1:{server.port}").post({"out": "xml"}, 30)
    assert b"Proxy-Authorization: Basic " + b64encode("я:п@".encode()) in server.requests[0]


def test_a_failure_that_was_being_handled_is_not_taken_for_this_one():
    try:
        raise OSError("something else")
    except OSError:
        with pytest.raises(NotSent) as caught:
            exchange("http://127.0.0.1:1/").post({}, 1)
    assert caught.value.params["text"] == "Connection refused"


# Which connection a call uses.


def test_a_call_that_spends_uses_a_connection_made_for_it(server):
    server.answers = [by_length(DOC)] * 5
    made = exchange(f"http://127.0.0.1:{server.port}/")
    for fresh in (False, True, False, True, False):
        made.post({"out": "xml"}, 30, fresh=fresh)
    assert server.connections == 3


@pytest.mark.parametrize(
    "spend",
    [
        lambda way: orders.send(way, Order("vds", "7-x", "1", "1", "1", {}, {}), orders.V2, 60),
        lambda way: renewals.prolong(way, "7", "1", 60),
        lambda way: changes.change_tariff(way, "soft", "7", {"pricelist": "1"}, 60),
        lambda way: changes.change_tariff(way, "vds", "7", {"pricelist": "1"}, 60),
        lambda way: changes.edit(way, "vds", "7", {"addon_1": "2"}, 60),
    ],
    ids=["order", "renewal", "tariff", "tariff in steps", "resources"],
)
def test_what_spends_is_what_buys_renews_and_changes(server, tmp_path, spend):
    (tmp_path / "var").mkdir()
    given = Settings(module=1, name="", url=f"http://127.0.0.1:{server.port}", username="u", password="p", plain=True)
    transport = Transport(given, Limits(connect_seconds=2), Log(tmp_path))
    server.answers = [by_length(DOC)] * 3
    transport.call("whoami")
    spend(transport)
    transport.call("whoami")
    assert server.connections == 2
