"""The kinds of finding in one table, the worst first: whether a person must act, whether --fix mends it, its text."""

from __future__ import annotations

from typing import NamedTuple

from reseller.context import Context
from reseller.ledger.problems import SERVICE, Problem
from reseller.lifecycle import problems as troubles
from reseller.wire.errors import Message


class Kind(NamedTuple):
    """`asks`: a person has to decide. `is_mended`: --fix mends it. `text`: the error type of its message.

    A problem that checkevent raises has its message in lifecycle/problems.py, and no `text` here.
    """

    asks: bool = True
    is_mended: bool = False
    text: str = ""


KINDS = {
    "alarm": Kind(),
    "no_run": Kind(text="reseller_no_run"),
    "ownerless": Kind(),
    "moved": Kind(),
    "assumption": Kind(),
    "observing": Kind(),
    "halted": Kind(),
    "settings": Kind(),
    "login": Kind(),
    "unreachable": Kind(),
    "rights": Kind(),
    "funds": Kind(),
    "unread_list": Kind(text="reseller_audit_list"),
    "orphan": Kind(text="reseller_audit_orphan"),
    "lost": Kind(text="reseller_audit_lost"),
    "foreign": Kind(text="reseller_audit_foreign"),
    "account": Kind(),
    "foreign_key": Kind(),
    "gone": Kind(),
    "missing": Kind(),
    "request": Kind(text="reseller_audit_request"),
    "owed": Kind(),
    "overtaken": Kind(),
    "spending": Kind(),
    "died": Kind(),
    "short": Kind(),
    "dearer": Kind(),
    "period_gone": Kind(),
    "dear_change": Kind(),
    "refused_orders": Kind(),
    "unplanned": Kind(),
    "unsellable": Kind(),
    "below_cost": Kind(),
    "stopped": Kind(),
    "unbought": Kind(),
    "late": Kind(),
    "refused_term": Kind(),
    "endless": Kind(),
    "undecided": Kind(),
    "undated": Kind(),
    "off": Kind(),
    "unrenewed": Kind(),
    "date_back": Kind(),
    "paid": Kind(),
    "gap": Kind(),
    "clock": Kind(),
    "wish": Kind(),
    "stranded": Kind(asks=False),
    "half": Kind(asks=False, is_mended=True),
    "left": Kind(text="reseller_audit_left", asks=False, is_mended=True),
    "operation": Kind(text="reseller_audit_operation"),
    "mass_stop": Kind(),
    "refused": Kind(),
    "state": Kind(),
    "tariff": Kind(),
    "resources": Kind(),
    "value": Kind(),
    "key": Kind(),
    "expiredate": Kind(),
    "away": Kind(),
    "long_away": Kind(),
    "mapping": Kind(),
    "stuck": Kind(asks=False),
    "unread": Kind(text="reseller_audit_unread", asks=False, is_mended=True),
    "kept": Kind(text="reseller_audit_kept", asks=False, is_mended=True),
    "absent": Kind(text="reseller_audit_absent", asks=False),
    "autoprolong": Kind(),
}
_RANK = {name: rank for rank, name in enumerate(KINDS)}


class Finding(NamedTuple):
    """One finding: the service here and the remote service, 0 and empty for none; `row` is the row that --fix needs."""

    kind: str
    module: int
    service: int
    remote: str
    text: str
    asks: bool
    row: int = 0

    @property
    def is_mended(self) -> bool:
        """Whether --fix mends it."""
        return KINDS[self.kind].is_mended

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """The sort key that puts the worst first."""
        return _RANK[self.kind], self.module, self.service, self.remote


class Maker(NamedTuple):
    """Makes the findings of one module, with their texts."""

    context: Context
    module: int

    def of(self, problem: Problem) -> Finding:
        """The finding for a recorded problem, in that problem's words."""
        kind, subject = problem.cause.kind, problem.cause.subject
        service = problem.cause.number if subject == SERVICE else 0
        text = self.context.word(troubles.message(problem))
        return Finding(kind, self.module, service, problem.params.get("remote", ""), text, KINDS[kind].asks)

    def make(self, kind: str, service: int = 0, remote: str = "", row: int = 0, **params: object) -> Finding:
        """A finding of this kind, in the words of its error."""
        known = KINDS[kind]
        names = {"item": service, "remote": remote, "module": self.module}
        error = known.text or troubles.KINDS[kind].error
        text = self.context.word(Message(error, **{**names, **params}))
        asks = known.asks and not (kind == "foreign" and self.context.limits.shared_account)
        return Finding(kind, self.module, service, remote, text, asks, row)
