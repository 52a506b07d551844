"""One HTTP exchange, byte by byte: what is an answer, what was certainly not sent, and what nobody can know."""

import gzip
import time
from base64 import b64encode

import pytest

from reseller.limits import Limits
from reseller.log import Log
from reseller.model import Settings
from reseller.seller import account
from reseller.seller.services import read_page
from reseller.seller.transport import Transport
from reseller.wire.errors import Ambiguous, Halted, NotSent, ResellerError
from tests.unit.peers import DOC, HEAD, Authority, Server, Tunnel, by_length, chunks, exchange

#: without the time of its making, which would make another name of a test in every worker
PACKED = gzip.compress(DOC, mtime=0)


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture(params=["direct", "relayed"])
def post(request, server):
    """A call of a seller that the server is, or that it leads to as a proxy does for plain HTTP."""
    there = f"127.0.0.1:{server.port}"
    limits = Limits(document_bytes=1000, connect_seconds=2)
    made = (
        exchange(f"http://{there}/billmgr", limits)
        if request.param == "direct"
        else exchange("http://seller.invalid/billmgr", limits, proxy=f"http://me:s%40cret@{there}")
    )
    return lambda seconds=5: made.post({"func": "whoami", "out": "xml"}, seconds)


@pytest.mark.parametrize(
    "answer",
    [
        by_length(DOC),
        chunks(DOC[:5], DOC[5:], b""),
        HEAD + b"Connection: close\r\n\r\n" + DOC,
        by_length(PACKED, b"Content-Encoding: gzip\r\n"),
    ],
    ids=["length", "chunks", "until closed", "gzip"],
)
def test_an_answer_is_read_whole_however_it_is_framed(server, post, answer):
    server.answers = [answer]
    assert post() == (200, DOC)
    assert b"POST " in server.requests[0]
    assert b"\r\n\r\nfunc=whoami&out=xml" in server.requests[0]


def test_an_empty_answer_is_an_answer(server, post):
    server.answers = [by_length(b"")] * 2
    assert [post(), post()] == [(200, b"")] * 2


def test_what_may_not_leave_any_more_is_not_sent_though_the_connection_is_there(server):
    """Asked when the request is about to leave, and not before: making the connection may take a while."""
    server.answers = [by_length(DOC)]
    seen = []

    def may_leave():
        seen.append("asked")
        raise Halted("reseller_halted")

    client = exchange(f"http://127.0.0.1:{server.port}/billmgr", Limits(connect_seconds=2))
    with pytest.raises(Halted):
        client.post({"func": "order", "out": "xml"}, 5, fresh=True, may_leave=may_leave)
    time.sleep(0.2)
    assert (seen, server.connections, server.requests) == (["asked"], 1, [])


def test_the_connection_is_kept(server, post):
    server.answers = [by_length(DOC), chunks(DOC, b""), by_length(DOC)]
    assert [post()[1] for _ in range(3)] == [DOC] * 3
    assert server.connections == 1


def test_a_connection_that_was_closed_meanwhile_is_made_anew_before_anything_is_sent(server, post):
    server.answers = [by_length(DOC)]
    post()
    time.sleep(0.2)
    server.answers = [by_length(DOC)]
    assert post() == (200, DOC)
    assert len(server.requests) == server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        None,
        HEAD + b"Content-Length: 100\r\n\r\n<doc>",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n64\r\n<doc>",
        chunks(DOC),
        HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + PACKED[:-9],
        by_length(b"no gzip at all", b"Content-Encoding: gzip\r\n"),
        b"not HTTP at all\r\n\r\n",
    ],
    ids=["nothing", "length", "chunk", "last chunk", "gzip", "no gzip", "no HTTP"],
)
def test_an_answer_that_is_cut_is_ambiguous_and_sent_once(server, post, answer):
    server.answers = [answer]
    with pytest.raises(Ambiguous) as raised:
        post()
    assert raised.value.type == "reseller_no_answer"
    assert len(server.requests) == 1
    server.answers = [by_length(DOC)]
    assert post() == (200, DOC)


@pytest.mark.parametrize(
    "answer",
    [by_length(b"x" * 1001), by_length(gzip.compress(b"x" * 10_000_000, mtime=0), b"Content-Encoding: gzip\r\n")],
    ids=["plain", "packed"],
)
def test_an_answer_that_is_too_large_is_given_up(server, post, answer):
    server.answers = [answer]
    with pytest.raises(Ambiguous) as raised:
        post()
    assert raised.value.type == "reseller_too_large"
    assert "1000 bytes" in raised.value.params["what"]


def test_what_is_left_of_an_answer_is_not_taken_for_the_next(server, post):
    server.answers = [by_length(b"x" * 1001)]
    with pytest.raises(Ambiguous):
        post()
    server.answers = [by_length(DOC)]
    assert post() == (200, DOC)
    assert server.connections == 2


def test_an_answer_that_drips_is_given_up_in_time(server):
    answer = by_length(DOC)
    server.answers = [[answer[place : place + 1] for place in range(len(answer))]]
    # Waited for to its end, it would be an answer.
    with pytest.raises(Ambiguous):
        exchange(f"http://127.0.0.1:{server.port}/").post({"out": "xml"}, 1)


def test_an_answer_that_comes_fast_and_never_ends_is_given_up_in_time(server):
    part = b"%x\r\n%s\r\n" % (1 << 16, b" " * (1 << 16))
    server.answers = [HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + part * 10_000]
    with pytest.raises(Ambiguous) as caught:
        exchange(f"http://127.0.0.1:{server.port}/", Limits(document_bytes=1 << 40)).post({"out": "xml"}, 0)
    # At its end it would be cut, and the text another one.
    assert "too slowly" in str(caught.value)


def test_an_answer_that_does_not_come_is_ambiguous(server, post):
    server.answers = [[b""] * 30]
    with pytest.raises(Ambiguous):
        post(1)


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://127.0.0.1:1/billmgr", ""),
        (f"http://{'x' * 70}.example/billmgr", ""),
        ("https://seller.invalid/billmgr", "127.0.0.1:1"),
        ("https://seller.invalid/billmgr", "socks5://127.0.0.1:1"),
        ("https://seller.invalid/billmgr", "http://127.0.0.1:x"),
    ],
)
def test_nothing_was_sent_to_nobody(url, proxy):
    with pytest.raises(NotSent) as raised:
        exchange(url, proxy=proxy).post({}, 1)
    assert raised.value.type == "reseller_unreachable"


def test_nothing_was_sent_where_tls_fails(server):
    with pytest.raises(NotSent) as raised:
        exchange(f"https://127.0.0.1:{server.port}/", Limits(connect_seconds=1)).post({}, 1)
    assert raised.value.type == "reseller_unreachable"


def test_a_proxy_is_asked_for_the_whole_address_and_told_who_asks(server):
    server.answers = [by_length(DOC)]
    there = exchange("http://seller.invalid/a b", proxy=f"http://me:s%40cret@127.0.0.1:{server.port}")
    there.post({"out": "xml"}, 5)
    assert server.requests[0].startswith(b"POST http://seller.invalid/a%20b HTTP/1.1\r\nHost: seller.invalid\r\n")
    assert b"Proxy-Authorization: Basic " + b64encode(b"me:s@cret") in server.requests[0]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def secure(authority):
    """A server with a certificate for localhost; `ca` is the file to trust."""
    with Server(authority.trust()) as running:
        running.ca = authority.file
        yield running


def test_a_certificate_is_checked_against_the_file_and_for_the_name(secure):
    secure.answers = [by_length(DOC)]
    url = f"https://localhost:{secure.port}/billmgr"
    assert exchange(url, verify=True, cafile=secure.ca).post({"out": "xml"}, 5) == (200, DOC)
    with pytest.raises(NotSent) as raised:
        exchange(url.replace("localhost", "127.0.0.1"), verify=True, cafile=secure.ca).post({}, 5)
    assert raised.value.type == "reseller_tls"


def test_without_a_file_the_well_known_authorities_count(secure):
    with pytest.raises(NotSent) as raised:
        exchange(f"https://localhost:{secure.port}/", verify=True).post({}, 5)
    assert raised.value.type == "reseller_tls"
    assert "certificate" in raised.value.params["text"]


@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_a_file_that_holds_no_authority_is_named(content, tmp_path):
    bundle = tmp_path / "ca.pem"
    if content:
        bundle.write_text(content)
    with pytest.raises(NotSent) as raised:
        exchange("https://127.0.0.1:1/", verify=True, cafile=str(bundle)).post({}, 1)
    assert raised.value.type == "reseller_cafile"
    assert str(bundle) in raised.value.params["text"]


@pytest.fixture
def tunnel():
    with Tunnel() as running:
        yield running


def test_a_proxy_leads_to_the_seller_and_reads_nothing_of_it(secure, tunnel):
    secure.answers = [by_length(DOC)] * 2
    proxy = f"http://me:s%40cret@127.0.0.1:{tunnel.port}"
    made = exchange(f"https://localhost:{secure.port}/billmgr", verify=True, cafile=secure.ca, proxy=proxy)
    assert [made.post({"out": "xml"}, 5) for _ in range(2)] == [(200, DOC)] * 2
    assert (tunnel.connections, secure.connections) == (1, 1)
    assert tunnel.asked.startswith(f"CONNECT localhost:{secure.port} HTTP/1.".encode())
    assert b64encode(b"me:s@cret") in tunnel.asked
    assert b"Proxy-Authorization" not in secure.requests[0]


def test_a_proxy_that_refuses_has_sent_nothing(secure, tunnel):
    tunnel.refusing = True
    with pytest.raises(NotSent) as raised:
        exchange(f"https://localhost:{secure.port}/", proxy=f"127.0.0.1:{tunnel.port}").post({}, 5)
    assert raised.value.type == "reseller_unreachable"
    assert "407" in raised.value.params["text"]


def test_an_answer_that_is_lost_behind_a_proxy_is_ambiguous(secure, tunnel):
    secure.answers = [None]
    made = exchange(f"https://localhost:{secure.port}/", proxy=f"127.0.0.1:{tunnel.port}")
    with pytest.raises(Ambiguous) as raised:
        made.post({"out": "xml"}, 5)
    assert raised.value.type == "reseller_no_answer"
    assert len(secure.requests) == 1


# What a document says, and does not.


@pytest.fixture
def transport(server, tmp_path):
    given = Settings(module=1, name="", url=f"http://127.0.0.1:{server.port}", username="u", password="p", plain=True)
    (tmp_path / "var").mkdir()
    return Transport(given, Limits(connect_seconds=2), Log(tmp_path))


def test_an_account_that_the_seller_does_not_name_is_none(server, transport):
    server.answers = [by_length(DOC)]
    with pytest.raises(ResellerError) as caught:
        account.check(transport, ("vds",))
    assert caught.value.type == "reseller_no_account"


def test_a_row_without_a_number_is_no_service(server, transport):
    server.answers = [by_length(b"<doc><elem><name>x</name></elem><elem><id>7</id></elem><p_elems>2</p_elems></doc>")]
    assert [number for number, _ in read_page(transport, "vds", 1, 10).rows()] == ["7"]
