"""CGI scripts: cgi/<name> at /mancgi/<name> (platform.md 2.2). They print whole HTTP headers and check rights by
themselves; the core only starts them."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.core import programs

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Origin

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Page:
    """What a script printed, taken apart."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def run(panel: Panel, name: str, origin: Origin, body: bytes) -> Page:
    """Start the script with the variables of CGI; no headers are a 500, a script that is not there a 404."""
    program = panel.paths.base / "cgi" / name
    if not _NAME.fullmatch(name) or not program.is_file():
        return Page(404, [("Content-Type", "text/plain")], b"Not found\n")
    values = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SCRIPT_NAME": f"/mancgi/{name}",
        "REQUEST_METHOD": origin.method,
        "QUERY_STRING": origin.query,
        "REMOTE_ADDR": origin.ip,
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": origin.headers.get("Content-Type", ""),
        "SANDBOX_NESTED": str(threading.get_native_id()),
    }
    if origin.secure:
        values["HTTPS"] = "on"
    for header, value in origin.headers.items():
        values["HTTP_" + header.upper().replace("-", "_")] = value
    limit = panel.switches.number("handler_seconds")
    outcome = programs.run(program, [], panel.paths.base, programs.base_environment(values), body, limit)
    if outcome.err:
        panel.log.detail("mancgi", f"{name}: {outcome.err[-2000:].decode(errors='replace').strip()}")
    page = _parsed(outcome.out)
    if page is None:
        panel.log.failure("mancgi", f"{name} ended with {outcome.code}")
        return Page(500, [("Content-Type", "text/plain")], b"Internal server error\n")
    return page


def _parsed(data: bytes) -> Page | None:
    match = re.search(rb"\r?\n\r?\n", data)
    if match is None:
        return None
    headers = []
    status = 200
    for line in data[: match.start()].decode("latin-1").splitlines():
        name, colon, value = line.partition(":")
        if not colon:
            return None
        if name.strip().lower() == "status":
            status = int(value.split()[0])
        else:
            headers.append((name.strip(), value.strip()))
    return Page(status, headers, data[match.end() :])
