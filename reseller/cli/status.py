"""resellerctl status: how each module stands: seller, balance, last run, what is open."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Mapping

from reseller.audit import status
from reseller.audit.status import Status
from reseller.cli import shown
from reseller.context import Context
from reseller.sync import scheduled
from reseller.wire import texts

NONE = "none"
#: how many services are named for each kind of problem
NAMED = 20


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "For each module: seller and user, when checkevent last came through, the balance there, and what is open. "
        "Exit code: 1 when a seller cannot be asked, a module is gone, or no run has begun for long."
    )


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Print the state of each module; 1 if a seller cannot be reached, a module is gone, or no run takes place."""
    modules, missing = status.of_all(context), status.missing_run(context)
    off = scheduled.switched_off(context.panel)
    if arguments.json:
        shown.machine([{**_plain(each), "cron": off is None} for each in modules])
    elif not modules:
        shown.say("No module is connected to a seller.")
    else:
        for each in modules:
            _tell(each)
    if not arguments.json:
        for wrong in [*([off] if off else []), *context.wrong_files]:
            shown.say(context.word(wrong))
    if missing:
        shown.complain(context.word(missing))
    return 1 if missing or any(each.trouble for each in modules) else 0


def _plain(each: Status) -> dict[str, object]:
    figures = each.figures
    return {
        "module": each.module,
        "name": each.name,
        "seller": each.url,
        "user": each.username,
        "last_success": each.last_success,
        "age_seconds": each.age_seconds,
        "balance": each.balance.amount,
        "currency": each.balance.currency,
        "balance_age_seconds": each.balance_age_seconds,
        "active": each.is_active,
        "services": figures.services,
        "requests": figures.open_requests,
        "operations": each.operations,
        "drift": figures.drift,
        "problems": figures.problems,
        "services_with_problems": each.touched,
        "refused": figures.refused,
        "away": figures.services["away"],
        "seller_left_alone_seconds": each.down_seconds,
        "trouble": each.trouble,
        "halted": each.halted,
        "observes": each.observes,
    }


def _tell(each: Status) -> None:
    figures = each.figures
    when, balance = "never", f"{each.balance.amount or '?'} {each.balance.currency}".strip()
    if each.last_success:
        day = dt.datetime.fromtimestamp(each.last_success, dt.timezone.utc)
        when = f"{day:%Y-%m-%d %H:%M:%S} UTC, {shown.lasting(each.age_seconds)} ago"
    if each.balance_age_seconds:
        balance = f"{balance}, as seen {shown.lasting(each.balance_age_seconds)} ago"
    shown.say(f"module {each.module} {each.name}: {each.username or '?'} at {each.url or '?'}")
    lines = {
        "last run that came through": when,
        "balance there": balance,
        "services": _counts(figures.services),
        "open requests": _counts(figures.open_requests),
        "operations": _counts(each.operations),
        "problems": _problems(each),
        "changes refused": f"{figures.refused} (see: resellerctl plan)" if figures.refused else "none",
        "seller": f"left alone for {shown.lasting(each.down_seconds)} more" if each.down_seconds else "may be asked",
    }
    if not each.is_active:
        lines["module"] = "switched off: nothing is sold, and no term is bought"
    if each.halted:
        lines["buying"] = each.halted
    if each.observes:
        lines["observes"] = each.observes
    if each.trouble:
        lines["trouble"] = each.trouble
    for name, value in lines.items():
        shown.say(f"  {name + ':':28}{value}")


def _problems(each: Status) -> str:
    """How many problems of each kind, with the services that they name; the audit has their sentences."""
    parts = []
    for kind, count in sorted(each.figures.problems.items()):
        services = each.touched[kind]
        parts.append(f"{count} {kind} (of {texts.some(services, NAMED)})" if services else f"{count} {kind}")
    return f"{'; '.join(parts)} (see: resellerctl audit)" if parts else NONE


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()) if count) or NONE
