"""The listeners of a core: HTTP, HTTPS and the socket of mgrctl, and the faults of the wire.

The sockets belong to the supervisor and outlive the core, so a panel's address stays while the core is restarted. Calls
run in threads: a call may wait for a handler that calls back into the panel, as deep as it likes.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import struct
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from aiohttp import web
from lxml import etree
from multidict import CIMultiDict

from sandbox.core import clock, http, local, mancgi
from sandbox.core.answer import FORGET, Answer
from sandbox.core.errors import PanelError, error_element
from sandbox.core.faults import BEFORE, ENDS, Fault, Held
from sandbox.core.request import Origin

if TYPE_CHECKING:
    from sandbox.core.panel import Panel

THREADS = 256
LARGEST_BODY = 64 * 1024 * 1024
PLACES = ("/billmgr", "/manager/billmgr", "/")
"""selling-api.md 1.1."""
DRAIN_SECONDS = 30


class Server:
    def __init__(self, panel: Panel, plain: socket.socket, secure: socket.socket, unix: socket.socket) -> None:
        self._panel = panel
        self._plain = plain
        self._secure = secure
        self._unix = unix
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="call")
        self._running = 0
        self._refusing = False

    async def serve(self) -> None:
        """Until the panel is asked to stop; then no call is taken any more and those under way are finished."""
        application = web.Application(client_max_size=LARGEST_BODY)
        for place in PLACES:
            application.router.add_route("*", place, self._http)
        application.router.add_route("*", "/mancgi/{name}", self._mancgi)
        runner = web.AppRunner(application, access_log=self._access_log(), shutdown_timeout=1)
        await runner.setup()
        sites = [web.SockSite(runner, self._plain), web.SockSite(runner, self._secure, ssl_context=self._tls())]
        for site in sites:
            await site.start()
        await asyncio.start_unix_server(self._local, sock=self._unix)
        while not self._panel.stop_requested.is_set():
            await asyncio.sleep(0.02)
            self._follow_refusal()
        self._stop_accepting()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + DRAIN_SECONDS
        while self._running and loop.time() < deadline:  # noqa: ASYNC110  (a counter, not an event)
            await asyncio.sleep(0.01)
        await runner.cleanup()

    def _access_log(self) -> logging.Logger:
        """var/access.log, as a web server keeps one: with the URL whole, so a password put there shows (1.1)."""
        log = logging.getLogger("access")
        log.setLevel(logging.INFO)
        log.propagate = False
        log.addHandler(logging.FileHandler(self._panel.paths.base / "var" / "access.log"))
        return log

    def _stop_accepting(self) -> None:
        """New connections wait in the backlog for the next core."""
        loop = asyncio.get_running_loop()
        for listener in (self._plain, self._secure, self._unix):
            loop.remove_reader(listener.fileno())

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.num_tickets = 0  # bytes a client has not read yet would hide a reset from it
        context.load_cert_chain(str(self._panel.paths.server_pem))
        return context

    def _follow_refusal(self) -> None:
        """Fault `refused`: a listening socket that is shut down refuses; listening again takes the same port."""
        wanted = any(fault.kind == "refused" for fault in self._panel.faults.all())
        if wanted == self._refusing:
            return
        for listener in (self._plain, self._secure):
            if wanted:
                listener.shutdown(socket.SHUT_RD)
            else:
                listener.listen(socket.SOMAXCONN)
        self._refusing = wanted

    async def _local(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._running += 1
        try:
            message = await reader.read(-1)
            if message:
                loop = asyncio.get_running_loop()
                reply = await loop.run_in_executor(self._pool, local.handle, self._panel, message)
                self._follow_refusal()  # before the answer of `sandbox.fault`: who reads it is refused
                if self._panel.stop_requested.is_set():
                    self._stop_accepting()  # before the answer of `exit`: what follows it meets the next core
                writer.write(reply.encode())
                await writer.drain()
        except ConnectionError:
            self._panel.log.note("core", "a local caller went away before its answer")
        finally:
            self._running -= 1
            writer.close()

    async def _http(self, request: web.Request) -> web.StreamResponse:
        self._running += 1
        try:
            try:
                form = await self._form(request)
            except (ValueError, LookupError) as error:
                return web.Response(status=400, text=f"The body cannot be read as a form: {error}\n")
            params = http.parameters([*request.query.items(), *form])
            fault = self._panel.faults.take(params.get("func", ""), http.claimed_user(params))
            if fault is None:
                return self._response(await self._work(request, params))
            return await self._with_fault(request, params, fault)
        finally:
            self._running -= 1

    @staticmethod
    async def _form(request: web.Request) -> Iterable[tuple[str, object]]:
        """Fields of the body: what says nothing of its type is read as a form, too (additions-2.md h.5). Raises
        ValueError or LookupError for a body that is not what its type says."""
        if "Content-Type" in request.headers or request.method not in ("POST", "PUT"):
            return (await request.post()).items()
        return parse_qsl((await request.read()).decode("utf-8", "replace"), keep_blank_values=True)

    def _origin(self, request: web.Request) -> Origin:
        headers = {name.title(): value for name, value in request.headers.items()}
        return Origin(
            http.source_address(self._panel, request.remote or "", headers),
            local=False,
            method=request.method,
            query=request.query_string,
            secure=request.secure,
            headers=headers,
            session=request.cookies.get(http.SESSION_COOKIE, "").partition(":")[0],
        )

    async def _mancgi(self, request: web.Request) -> web.StreamResponse:
        self._running += 1
        try:
            body = await request.read()
            loop = asyncio.get_running_loop()
            name = request.match_info["name"]
            page = await loop.run_in_executor(self._pool, mancgi.run, self._panel, name, self._origin(request), body)
            return web.Response(body=page.body, status=page.status, headers=CIMultiDict(page.headers))
        finally:
            self._running -= 1

    async def _work(self, request: web.Request, params: dict[str, str]) -> Answer:
        origin = self._origin(request)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, http.handle, self._panel, params, origin)

    def _response(self, answer: Answer) -> web.Response:
        response = web.Response(
            body=answer.body, status=answer.status, content_type=answer.content_type, charset="utf-8"
        )
        if answer.cookie == FORGET:
            response.del_cookie(http.SESSION_COOKIE)
        elif answer.cookie:
            response.set_cookie(http.SESSION_COOKIE, answer.cookie, httponly=True, samesite="Lax")
        response.headers["Date"] = clock.http_date()
        for name, value in answer.headers:
            response.headers.add(name, value)
        return response

    async def _with_fault(self, request: web.Request, params: dict[str, str], fault: Fault) -> web.StreamResponse:
        self._panel.log.note("fault", f"{fault.kind} for {params.get('func', '')}")
        if fault.kind in BEFORE:
            return await self._instead(request, params, fault)
        held = self._panel.faults.hold(params.get("func", "")) if fault.kind in ("hold_before", "hold_after") else None
        if fault.kind == "slow_before":
            await asyncio.sleep(fault.seconds)
        elif held and fault.kind == "hold_before":
            await self._wait_for_release(held)
        answer = await self._work(request, params)
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        elif held and fault.kind == "hold_after":
            await self._wait_for_release(held)
        elif fault.kind in ("lacks", "truncated"):
            half = answer.body[: len(answer.body) // 2]
            body = half if fault.kind == "truncated" else _without(answer.body, fault.object)
            answer = Answer(body, answer.content_type)
        elif fault.kind in http.PAGES:
            page, status = http.PAGES[fault.kind]
            answer = Answer(page, "text/html", status)
        elif fault.kind == "error_after":
            answer = self._error(params, fault)
        elif fault.kind in ENDS:
            return await self._ended(request, answer, fault)
        return self._response(answer)

    async def _ended(self, request: web.Request, answer: Answer, fault: Fault) -> web.StreamResponse:
        """The work is done and the connection ends: after the whole answer, a half of it, or none."""
        if fault.kind == "cut":
            return await self._cut(request, answer)
        if fault.kind == "gone_after":
            return self._last(answer)
        return self._hang_up(request, reset=fault.kind == "reset_after")

    def _last(self, answer: Answer) -> web.Response:
        self._panel.faults.add(Fault(0, "refused"))
        self._follow_refusal()
        response = self._response(answer)
        response.force_close()
        return response

    async def _instead(self, request: web.Request, params: dict[str, str], fault: Fault) -> web.StreamResponse:
        if fault.kind == "reset":
            return self._hang_up(request, reset=True)
        if fault.kind == "huge":
            return await self._huge(request, fault.size)
        if fault.kind in http.PAGES:
            page, status = http.PAGES[fault.kind]
            return self._response(Answer(page, "text/html", status))
        if fault.kind == "bomb":
            return self._response(Answer(http.BOMB, "text/xml"))
        return self._response(self._error(params, fault))

    @staticmethod
    def _error(params: dict[str, str], fault: Fault) -> Answer:
        error = PanelError(fault.type, fault.object, fault.value)
        document = etree.Element("doc", lang=params.get("lang", "en"))
        parent = etree.SubElement(document, "warning") if fault.kind == "warning" else document
        parent.append(error_element(error, "__object__ __value__", params.get("lang", "en")))
        body = etree.tostring(document, xml_declaration=True, encoding="UTF-8")
        return Answer(body, "text/xml")

    async def _wait_for_release(self, held: Held) -> None:
        held.waits = True
        while not held.released.is_set() and not self._panel.stop_requested.is_set():  # noqa: ASYNC110  (set by a thread)
            await asyncio.sleep(0.02)

    def _hang_up(self, request: web.Request, reset: bool) -> web.StreamResponse:
        """End the connection without a byte: orderly, or with a reset."""
        transport = request.transport
        if transport is not None:
            if reset:
                raw = transport.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        return web.Response()

    async def _cut(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        """The length of the whole answer is promised and half of it sent."""
        response = web.StreamResponse(headers={"Content-Type": answer.content_type, "Date": clock.http_date()})
        response.content_length = len(answer.body)
        await response.prepare(request)
        await response.write(answer.body[: len(answer.body) // 2])
        await asyncio.sleep(0.05)  # let the bytes out before the connection ends
        if request.transport is not None:
            request.transport.abort()
        return response

    async def _huge(self, request: web.Request, size: int) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/xml", "Date": clock.http_date()})
        response.content_length = size
        await response.prepare(request)
        head, tail, row = b"<doc>", b"</doc>", b"<elem><id>1</id><name>" + b"x" * 1000 + b"</name></elem>"
        await response.write(head)
        left = size - len(head) - len(tail)
        block = row * 64
        while left >= len(block):
            await response.write(block)
            left -= len(block)
        await response.write(b" " * left + tail)
        return response


def _without(body: bytes, paths: str) -> bytes:
    """A document without the elements at these paths, or without their attributes."""
    root = etree.fromstring(body)
    for path in paths.split():
        place, _, attribute = path.partition("@")
        for node in root.findall(place):
            parent = node.getparent()
            if attribute:
                node.attrib.pop(attribute, "")
            elif parent is not None:
                parent.remove(node)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
