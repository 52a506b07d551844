"""Certificates: the request for one, and a new issue (selling-api.md 3.5)."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import billing, items, lifecycle
from sandbox.core.documents import done, fields
from sandbox.core.errors import PanelError, bad_value
from sandbox.core.registry import function
from sandbox.core.request import CLIENT
from sandbox.functions.order_fields import read_tariff

if TYPE_CHECKING:
    from sandbox.core.panel import Panel
    from sandbox.core.request import Request

SUBJECT = ("CN", "ST", "L", "O", "OU", "emailAddress")
_KEY_BITS = 2048


@function("certificate.order.csr", CLIENT, "selling-api.md 3.5")
def order_csr(panel: Panel, request: Request) -> etree._Element:
    """First step: crt_type=generate makes a key and a signing request for the subject; both are in the answer."""
    with panel.db.begin() as tx:
        tariff = read_tariff(tx, replace(request, itemtype="certificate"))
    if not request.sok:
        return fields(pricelist=tariff.id, crt_type="generate", **{name: request.text(name) for name in SUBJECT})
    if request.text("crt_type", "generate") != "generate":
        raise bad_value("crt_type", request.text("crt_type"))
    key, csr = generate({name: request.text(name) for name in SUBJECT})
    shown = {name: request.text(name) for name in SUBJECT}
    return fields(pricelist=tariff.id, period=request.text("period"), csr=csr, key=key, **shown)


def generate(subject: dict[str, str]) -> tuple[str, str]:
    """A key and a request as PEM. Raises PanelError when the subject has no name or is refused."""
    if not subject.get("CN"):
        raise bad_value("CN")
    parts = "".join(f"/{name}={_escaped(value)}" for name, value in subject.items() if value)
    key = _openssl(["genrsa", str(_KEY_BITS)], "")
    return key, _openssl(["req", "-new", "-key", "/dev/stdin", "-subj", parts, "-utf8"], key)


def _openssl(words: list[str], data: str) -> str:
    made = subprocess.run(["openssl", *words], input=data, capture_output=True, text=True, check=False)
    if made.returncode:
        raise PanelError("process", "openssl", made.stderr[-200:])
    return made.stdout.strip()


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("/", "\\/")


@function("certificate.reissue", CLIENT, "selling-api.md 3.5")
def reissue(panel: Panel, request: Request) -> etree._Element:
    """Issue a certificate anew for another request: elid, csr."""
    with panel.db.begin() as tx:
        item = items.load(tx, request.elid, request.caller, "certificate")
        items.lock(tx, item.id)
        if not request.sok:
            return fields(elid=item.id, csr=items.params(tx, item.id).get("csr", ""))
        if not request.text("csr").startswith("-----BEGIN"):
            raise bad_value("csr")
        items.save_param(tx, item.id, "csr", request.text("csr"))
        if item.status != items.ACTIVE:
            raise PanelError("value", "status", item.status)
        lifecycle.start_if_served(panel, tx, item, "reopen", request.caller.level)
        told = {"name": "csr", "old": "", "new": ""}
        billing.history(tx, request, item.id, "reissue", "param", told)
    panel.queue.wake()
    return done(id=item.id)
