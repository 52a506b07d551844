"""resellerctl plan."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.ledger import plans
from reseller.lifecycle.work import Work


def define(parser: argparse.ArgumentParser) -> None:
    """It has no options of its own."""


def run(work: Work, arguments: argparse.Namespace) -> int:
    """What is refused."""
    names = ("module", "service", "remote", "limit", "change")
    rows = [dict(zip(names, row)) for row in plans.shown(work.db)]
    shown.table(rows, as_json=arguments.json, empty="Nothing is refused.")
    return 0
