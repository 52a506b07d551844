"""resellerctl unlink."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.context import Work
from reseller.linking import sides


def define(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("service", type=shown.number, help="number of the service on this panel")


def run(work: Work, arguments: argparse.Namespace) -> int:
    """Take the link away."""
    return shown.told(arguments.service, sides.unlink(work, arguments.service), as_json=arguments.json)
