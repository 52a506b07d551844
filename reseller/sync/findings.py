"""What an audit finds: one table of kinds, the worst first, with what is said of each and who has to do something."""

from __future__ import annotations

from typing import NamedTuple

from reseller.ledger.problems import SERVICE, Problem
from reseller.lifecycle.problems import as_error
from reseller.lifecycle.work import Work
from reseller.wire.errors import ResellerError


class Kind(NamedTuple):
    """`text` is the error type that words it; `asks` whether a person has to decide; `is_mended` whether --fix does."""

    text: str
    asks: bool = True
    is_mended: bool = False


KINDS = {
    "alarm": Kind("reseller_drift_alarm"),
    "moved": Kind("reseller_moved"),
    "halted": Kind("reseller_halted_waits"),
    "settings": Kind("reseller_module_settings"),
    "login": Kind("reseller_account_login"),
    "unreachable": Kind("reseller_account_unreachable"),
    "rights": Kind("reseller_account_rights"),
    "funds": Kind("reseller_account_funds"),
    "unread_list": Kind("reseller_audit_list"),
    "orphan": Kind("reseller_audit_orphan"),
    "lost": Kind("reseller_audit_lost"),
    "foreign": Kind("reseller_audit_foreign"),
    "account": Kind("reseller_account_differs"),
    "foreign_key": Kind("reseller_foreign_key"),
    "gone": Kind("reseller_gone"),
    "missing": Kind("reseller_gone"),
    "request": Kind("reseller_audit_request"),
    "owed": Kind("reseller_audit_owed"),
    "overtaken": Kind("reseller_landed_late"),
    "spending": Kind("reseller_spend_limit"),
    "unbought": Kind("reseller_unbought"),
    "undecided": Kind("reseller_undecided"),
    "undated": Kind("reseller_undated"),
    "off": Kind("reseller_module_off"),
    "unrenewed": Kind("reseller_unrenewed"),
    "date_back": Kind("reseller_date_back"),
    "paid": Kind("reseller_paid_jump"),
    "gap": Kind("reseller_gap"),
    "clock": Kind("reseller_clock"),
    "wish": Kind("reseller_link_wish"),
    "stranded": Kind("reseller_stranded", asks=False),
    "half": Kind("reseller_audit_half", asks=False, is_mended=True),
    "left": Kind("reseller_audit_left", asks=False, is_mended=True),
    "operation": Kind("reseller_audit_operation"),
    "refused": Kind("reseller_audit_refused"),
    "state": Kind("reseller_drift_state"),
    "tariff": Kind("reseller_drift_tariff"),
    "resources": Kind("reseller_drift_resources"),
    "value": Kind("reseller_drift_value"),
    "key": Kind("reseller_audit_key"),
    "expiredate": Kind("reseller_audit_expiredate"),
    "away": Kind("reseller_drift_away"),
    "long_away": Kind("reseller_audit_away"),
    "mapping": Kind("reseller_audit_mapping"),
    "stuck": Kind("reseller_audit_stuck", asks=False),
    "unread": Kind("reseller_audit_unread", asks=False, is_mended=True),
    "kept": Kind("reseller_audit_kept", asks=False, is_mended=True),
    "absent": Kind("reseller_audit_absent", asks=False),
    "autoprolong": Kind("reseller_audit_autoprolong", asks=False),
}
_RANK = {name: rank for rank, name in enumerate(KINDS)}


class Finding(NamedTuple):
    """One of them: service here and remote service there, 0 and empty for none; `row` is what --fix needs."""

    kind: str
    module: int
    service: int
    remote: str
    text: str
    asks: bool
    row: int = 0

    @property
    def is_mended(self) -> bool:
        """Whether --fix does it."""
        return KINDS[self.kind].is_mended

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """The worst first."""
        return _RANK[self.kind], self.module, self.service, self.remote


class Maker(NamedTuple):
    """Words findings of one module."""

    work: Work
    module: int

    def of(self, problem: Problem) -> Finding:
        """What is known to be a problem, in its own words."""
        kind, subject = problem.cause.kind, problem.cause.subject
        service = problem.cause.number if subject == SERVICE else 0
        text = self.work.word(as_error(problem))
        return Finding(kind, self.module, service, problem.params.get("remote", ""), text, KINDS[kind].asks)

    def make(self, kind: str, service: int = 0, remote: str = "", row: int = 0, **params: object) -> Finding:
        """A finding of this kind, in the words of its error."""
        known = KINDS[kind]
        names = {"item": service, "remote": remote, "module": self.module}
        text = self.work.word(ResellerError(known.text, **{**names, **params}))
        asks = known.asks and not (kind == "foreign" and self.work.limits.shared_account)
        return Finding(kind, self.module, service, remote, text, asks, row)
