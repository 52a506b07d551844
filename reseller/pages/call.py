"""One call of a page or function of ours: the caller, the parameters, and the panel's document (platform.md 2.1).

A page is a function Call -> document. The panel's document has the page's metadata and texts, and the page adds its
data to it. Parameters may be anything that somebody sent: a page reads them only through the methods here, which refuse
an impossible value by name. The panel's document and the database are read when a page first uses them.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from reseller.context import Caller, Context
from reseller.mgr5.panel import Panel
from reseller.wire import document, texts
from reseller.wire.errors import ResellerError
from reseller.wire.numbers import whole

#: provider's employees; full administrators (`super`) and root (platform.md 1.1)
EMPLOYEE_LEVEL, FULL_LEVEL = 29, 30
#: how much of a client's parameter is read: no number and no name of ours is longer
CLIENT_CHARACTERS = 64

#: the cookie is `billmgrlang5=<theme>:<lang>`
_COOKIE = re.compile(r"billmgrlang5=[^;:]*:([a-z]{2})(?![a-z])")
NUMBER = re.compile("[0-9]{1,10}")


@dataclass(frozen=True)
class Call:
    """The call, as a page sees it."""

    panel: Panel
    environment: Mapping[str, str]

    @property
    def func(self) -> str:
        """The called function: the one whose rights the panel has checked (platform.md 2.2).

        The parameter `func`, which the caller controls, counts only if the panel does not name the function.
        """
        return self._variable("ACTION_NAME") or self.text("func")

    @property
    def says_otherwise(self) -> bool:
        """Whether the parameter `func` names another function than the panel has checked.

        In the call of an event the parameter names the other function that raised the event, so it is not compared.
        """
        return self.stage in ("", "action") and self.text("func") not in ("", self.func)

    @property
    def stage(self) -> str:
        """`action` for a function of ours; `before`, `after` or `final` for an event of another function."""
        return self._variable("EVENT_TYPE")

    @property
    def user(self) -> str:
        """Name of the calling user."""
        return self._variable("AUTH_USER")

    @property
    def address(self) -> str:
        """Address of the caller, empty for a call on this machine."""
        return self._variable("REMOTE_ADDR") or self._variable("AUTH_IP")

    @property
    def caller(self) -> Caller:
        """The caller, for the log and the ledger."""
        return Caller(self.user, self.address)

    @property
    def level(self) -> int:
        """The caller's level, 0 if the panel does not pass it."""
        return whole(self._variable("AUTH_LEVEL"))

    @property
    def is_employee(self) -> bool:
        """Whether the caller is staff, or root through mgrctl."""
        return self.level >= EMPLOYEE_LEVEL

    @property
    def sok(self) -> bool:
        """Whether a form is to be carried out instead of shown (platform.md 1.1)."""
        return bool(self.text("sok"))

    @property
    def lang(self) -> str:
        """The caller's language."""
        cookie = _COOKIE.search(self._variable("HTTP_COOKIE"))
        lang = self.text("lang") or (cookie.group(1) if cookie else "")
        return lang if re.fullmatch("[a-z]{2}", lang) else texts.FALLBACK

    @cached_property
    def context(self) -> Context:
        """The panel's database and functions, in the caller's language."""
        return Context.start(self.panel, self.lang, caller=self.caller)

    @cached_property
    def page(self) -> document.Element:
        """The document that the panel has made so far, to be added to; an empty one if the panel passes none.

        Raises ResellerError `reseller_form` if it is no document.
        """
        given = sys.stdin.buffer.read()
        return parse(given) if given else document.document()

    def has(self, name: str) -> bool:
        """Whether a parameter was given, even if it is empty."""
        return f"PARAM_{name}" in self.environment

    def text(self, name: str) -> str:
        """A parameter, empty if it is not given.

        A client's is cut to CLIENT_CHARACTERS, enough for any value that we use.
        """
        value = self._variable(f"PARAM_{name}")
        return value if self.is_employee else value[:CLIENT_CHARACTERS]

    def _variable(self, name: str) -> str:
        """A variable of the environment.

        Bytes that are no UTF-8 are replaced, so that they never reach the database.
        """
        return self.environment.get(name, "").encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    def not_allowed(self) -> ResellerError:
        """The panel's own refusal of this function; a client sees no other error."""
        return ResellerError("access", object="func", value=self.func)

    def require_own(self, name: str, func: str) -> None:
        """Raise ResellerError `reseller_own_function` if a parameter asks for what only function `func` may do."""
        if self.text(name) in ("on", "yes", "1"):
            raise ResellerError("reseller_own_function", object=name, value=func)

    def service(self) -> int:
        """The one service in `elid`; raises ResellerError `reseller_elid` for a list and anything else."""
        number = whole(self.text("elid"))
        if not number:
            raise ResellerError("reseller_elid", object="elid", value=self.text("elid"))
        return number

    def number(self, name: str, least: int, most: int, default: int) -> int:
        """A whole number from `least` to `most`, `default` if not given; raises ResellerError `reseller_page_value`."""
        text = self.text(name)
        if not text:
            return default
        if not NUMBER.fullmatch(text) or not least <= int(text) <= most:
            raise refused(name, text)
        return int(text)

    def numbers(self, name: str) -> list[int]:
        """Ids separated by commas, each once; raises ResellerError `reseller_page_value` or `reseller_page_many`."""
        numbers: dict[int, None] = {}
        for text in self.text(name).split(","):
            if text.strip():
                if not NUMBER.fullmatch(text.strip()):
                    raise refused(name, text.strip())
                numbers[int(text)] = None
        most = self.panel.limits.form_services
        if len(numbers) > most:
            raise ResellerError("reseller_page_many", object=name, count=len(numbers), most=most)
        return list(numbers)

    def words(self, block: str) -> Mapping[str, str]:
        """The texts of a block in the language of this call."""
        known = texts.messages(self.panel.base, block)
        return {**known.get(texts.FALLBACK, {}), **known.get(self.lang, {})}

    def put(self, **values: object) -> None:
        """Set values of the form."""
        for name, value in values.items():
            for old in self.page.findall(name):
                self.page.remove(old)
            self.page.append(document.element(name, shown(value)))


def parse(form: bytes) -> document.Element:
    """A document that the panel passed on stdin; raises ResellerError `reseller_form` if it is none."""
    try:
        return document.parse(form)
    except document.NotADocument as error:
        raise ResellerError("reseller_form", text=str(error)) from error


def refused(name: str, value: str) -> ResellerError:
    """The error for an impossible parameter."""
    return ResellerError("reseller_page_value", object=name, value=value[:100])


def shown(value: object) -> str:
    """A value as the text of a cell: no fractions of a second, and an empty text for None."""
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "seconds")
    return "" if value is None else str(value)


def done() -> document.Element:
    """The answer of a form that was carried out."""
    return document.document(document.element("ok"))
