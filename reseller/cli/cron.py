"""resellerctl cron: what the line for cron starts: a run through the panel, of which no failure gets lost."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.mgr5.panel import Panel
from reseller.sync import scheduled

#: the run is made by the panel, and that the database is down is for the run to say
PANEL_ONLY = True


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Makes one run through the panel, as the line for cron in /etc/cron.d/reseller does. It prints nothing while "
        "runs are made; otherwise it says why not, when that begins, changes and is over, and once a day: cron mails "
        "that to root. Each failure is in var/reseller.log. With `cron 0` in etc/reseller.conf it makes no run and "
        "prints nothing. To see what a run does, use checkevent."
    )
    parser.add_argument("--pending", action="store_true", help="look only at services with an open operation")


def run(panel: Panel, arguments: argparse.Namespace) -> int:
    """Make one run; 1 if none was made although an operator wants it."""
    outcome = scheduled.run(panel, pending=arguments.pending)
    if arguments.json:
        told = {"made": outcome.is_made, "text": outcome.sentence, "summary": outcome.summary, "off": outcome.is_off}
        shown.machine(told)
    elif outcome.sentence and outcome.is_made:
        shown.say(outcome.sentence)
    elif outcome.sentence:
        shown.complain(outcome.sentence)
    return 0 if outcome.is_made or outcome.is_off else 1
