"""Templates to bytes. Everything is escaped; only our own style and script run in a page."""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from sandbox.core.answer import Answer

FOLDER = Path(__file__).parent / "templates"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["style"] = (FOLDER / "style.css").read_text(encoding="utf-8")
    made.globals["script"] = (FOLDER / "page.js").read_text(encoding="utf-8")
    return made


def page(template: str, status: int = 200, **values: object) -> Answer:
    nonce = secrets.token_urlsafe(12)
    body = _environment().get_template(template).render(nonce=nonce, **values)
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src data:; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    headers = (
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    )
    return Answer(body.encode(), "text/html", status, headers=headers)
