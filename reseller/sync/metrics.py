"""The figures of a run for Prometheus' textfile collector: one file, which each full run of checkevent replaces.

It holds module numbers and no names, so everybody may read it. It is also the only record of when a run last succeeded,
since a run without changes writes nothing else (promise 8). Figures that need all services are counted by a run that
did something, or every COUNT_SECONDS; a quiet run copies them from the old file.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from reseller import files
from reseller.context import Context
from reseller.ledger import figures, links, problems
from reseller.ledger.circuits import Circuit
from reseller.lifecycle import forecast
from reseller.limits import Limits
from reseller.log import Log
from reseller.mgr5 import items
from reseller.mgr5.panel import Panel
from reseller.sync.job import Summary
from reseller.wire.errors import ResellerError

LAST_RUN, LAST_SUCCESS = "last_run_timestamp_seconds", "last_success_timestamp_seconds"
NOWHERE = "none"
#: prefix of each metric's name
PREFIX = "reseller_"

#: names of the metrics with the help text that Prometheus shows; all are gauges
HELP = {
    LAST_RUN: "When checkevent last ran, whatever came of it.",
    LAST_SUCCESS: "When a run last read all lists of the seller and came to its end.",
    "run_seconds": "How long the last run took, over all modules.",
    "run_services": "What the last run did, by outcome.",
    "counted_timestamp_seconds": "When services and requests were counted.",
    "oldest_read_timestamp_seconds": "When the service was read in full that was not for longest.",
    "services": "Linked services by their state on this panel.",
    "drift": "Differences between the two sides that no operation explains.",
    "problems": "What a person has to know or decide, by kind.",
    "refused_changes": "Changes that were refused because they would be too many.",
    "requests": "Requests to the seller by kind and by where they stand.",
    "operations": "Running operations of services of the module.",
    "seller_calls": "Calls of the seller in the last run.",
    "seller_seconds": "How long they took together.",
    "seller_slowest_seconds": "How long the slowest of them took.",
    "balance": "What can be spent at the seller, by currency.",
    "balance_timestamp_seconds": "When that was read.",
    "cost_due": "What is due there within so many days, by currency.",
    "days_left": "Days until the account is short; as many as are foreseen where it lasts.",
    "account_state": "1 while the account works and its money lasts, 0 while one of its problems is there.",
    "seller_up": "0 while the seller is left alone because it does not answer.",
}
COUNTED = "counted_timestamp_seconds"
_MONEY = ("balance", "balance_timestamp_seconds", "cost_due", "days_left")
#: metrics that are counted over all services, and for how many seconds quiet runs repeat a count
_COUNTS, COUNT_SECONDS = (COUNTED, "oldest_read_timestamp_seconds", "services", "requests", *_MONEY), 900
_OF_RUN = (LAST_RUN, LAST_SUCCESS, "run_services", "seller_calls", "seller_seconds", "seller_slowest_seconds")
_LINE = re.compile(
    r'^reseller_(\w+)(?:\{module="([0-9]{1,18})"(.*)\})? (-?[0-9]{1,18}(?:\.[0-9]{1,3})?)$', re.MULTILINE
)
_LABEL = re.compile(r'(\w{1,64})="([^"]{0,64})"')
#: characters that a label's value may not have; names of operations come from the panel
_NO_LABEL, _LABEL_CHARACTERS = re.compile(r"[^\w.:-]", re.ASCII), 64
_SAMPLE = re.compile(r'^reseller_(\w+)\{module="([0-9]{1,18})"\} ([0-9]{1,18})$', re.MULTILINE)


class Sample(NamedTuple):
    """One line of the file."""

    name: str
    labels: Mapping[str, object]
    value: float


def path(base: Path, limits: Limits) -> Path | None:
    """Where the file is, None if it is switched off."""
    return None if limits.metrics_file == NOWHERE else base / limits.metrics_file


def last(base: Path, limits: Limits, name: str) -> dict[int, int]:
    """LAST_RUN or LAST_SUCCESS by module, in seconds since 1970; empty when there is no file."""
    text = _read(base, limits)
    return {int(module): int(value) for metric, module, value in _SAMPLE.findall(text) if metric == name}


def _read(base: Path, limits: Limits) -> str:
    file = path(base, limits)
    try:
        return files.read(file).decode("utf-8", "replace") if file else ""
    except OSError:
        return ""


def write(context: Context, summaries: Mapping[int, Summary], seconds: float) -> None:
    """Replace the file in one step. A failure to write is logged and does not fail the run."""
    file = path(context.panel.base, context.limits)
    if file is None:
        return
    now = int(time.time())
    runs, successes = (last(context.panel.base, context.limits, name) for name in (LAST_RUN, LAST_SUCCESS))
    samples = [Sample("run_seconds", {}, round(seconds, 3))]
    for module, summary in summaries.items():
        # Another run works on the module, so this run says nothing about it.
        runs[module] = runs.get(module, 0) if summary.busy else now
        successes[module] = now if summary.is_whole else successes.get(module, 0)
        of_module, timing = {"module": module}, summary.timing
        samples += [
            Sample(LAST_RUN, of_module, runs[module]),
            Sample(LAST_SUCCESS, of_module, successes[module]),
            *(Sample("run_services", {**of_module, "outcome": name}, n) for name, n in summary.counts().items()),
            Sample("seller_calls", of_module, timing.calls),
            Sample("seller_seconds", of_module, round(timing.seconds, 3)),
            Sample("seller_slowest_seconds", of_module, round(timing.slowest, 3)),
        ]
        try:
            samples += _of_database(context, module, summary, now)
        except ResellerError:
            # The database is gone: repeat the old figures; the time of their count is beside them.
            samples += [each for each in _before(context.panel, module) if each.name not in _OF_RUN]
    _replace(context.panel, file, _text(samples))


def failed(panel: Panel) -> None:
    """Record in the file that a run could not even start: LAST_RUN is now, all other figures stay."""
    file = path(panel.base, panel.limits)
    if file is not None:
        before, now = _before(panel), int(time.time())
        _replace(panel, file, _text([each._replace(value=now) if each.name == LAST_RUN else each for each in before]))


def _before(panel: Panel, module: int = 0) -> list[Sample]:
    """The samples in the file, of one module or of all (0)."""
    return [
        Sample(
            name,
            dict(_LABEL.findall(f'module="{number}"{more}')) if number else {},
            float(value) if "." in value else int(value),
        )
        for name, number, more, value in _LINE.findall(_read(panel.base, panel.limits))
        if module in (0, int(number or 0))
    ]


def _of_database(context: Context, module: int, summary: Summary, now: int) -> list[Sample]:
    db, of_module = context.db, {"module": module}
    samples = [Sample("refused_changes", of_module, figures.refused(db, module))]
    for kind, count in sorted(problems.counts(db, module).items()):
        samples.append(Sample("problems", {**of_module, "kind": kind}, count))
        if kind in problems.DIFFERENCES:
            samples.append(Sample("drift", {**of_module, "kind": kind}, count))
    samples += _counts(context, module, summary, now)
    account = links.account_of(db, module)
    if account:
        samples.append(Sample("account_state", of_module, int(not problems.is_any_of_account(db, account))))
    queue = items.queue(db, module).items()
    samples += [Sample("operations", {**of_module, "operation": name}, count) for name, count in queue]
    down = Circuit(db, module, context.limits).down_seconds()
    return [*samples, Sample("seller_up", of_module, int(not down))]


def _counts(context: Context, module: int, summary: Summary, now: int) -> list[Sample]:
    """The figures over all services: those of the old file, or counted anew if they are old or the run did anything."""
    counted = last(context.panel.base, context.limits, COUNTED).get(module, 0)
    if not any(summary.counts().values()) and now - counted <= COUNT_SECONDS:
        before = [each for each in _before(context.panel, module) if each.name in _COUNTS]
        if before:
            return before
    total, of_module = figures.of(context.db, module), {"module": module}
    return [
        Sample(COUNTED, of_module, now),
        Sample("oldest_read_timestamp_seconds", of_module, total.oldest_read),
        *(Sample("services", {**of_module, "state": state}, n) for state, n in sorted(total.services.items())),
        *(
            Sample("requests", {**of_module, "kind": kind, "state": state}, n)
            for (kind, state), n in sorted(total.requests.items())
        ),
        *_money(context, module, now),
    ]


def _money(context: Context, module: int, now: int) -> Iterator[Sample]:
    """What the module's account has, and for how long that lasts (lifecycle/forecast.py)."""
    account = links.account_of(context.db, module)
    if not account:
        return
    today = dt.datetime.fromtimestamp(now, dt.timezone.utc).date()
    found = forecast.of(context, account, today, context.limits.forecast_days)
    for each in found.outlooks:
        labels = {"module": module, "currency": each.currency}
        for window, amount in each.due.items():
            yield Sample("cost_due", {**labels, "days": window}, round(float(amount), 2))
        if each.money is not None:
            left = each.days_left(today)
            yield Sample("balance", labels, round(float(each.money.available), 2))
            yield Sample("balance_timestamp_seconds", labels, now - each.money.age_seconds)
            yield Sample("days_left", labels, found.days if left is None else left)


def _text(samples: list[Sample]) -> str:
    """The file's text: samples grouped by metric, below its HELP and TYPE lines."""
    lines = []
    for name, help_text in HELP.items():
        full = PREFIX + name
        lines += [f"# HELP {full} {help_text}", f"# TYPE {full} gauge"]
        for sample in samples:
            if sample.name == name:
                words = [(label, _NO_LABEL.sub("_", str(value))) for label, value in sample.labels.items()]
                labels = ",".join(f'{label}="{word[:_LABEL_CHARACTERS]}"' for label, word in words)
                lines.append(f"{full}{{{labels}}} {sample.value}" if labels else f"{full} {sample.value}")
    return "\n".join(lines) + "\n"


def _replace(panel: Panel, file: Path, text: str) -> None:
    try:
        files.replace(file, text, 0o644)
    except OSError as error:
        Log(panel.base).error(f"cannot write {file}: {error.strerror}")
