"""resellerctl unlink: take the link of a service away on both sides; nothing is deleted."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.context import Context
from reseller.linking import sides


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("service", type=shown.number, help="number of the service on this panel")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Remove the link on both sides."""
    return shown.told(arguments.service, sides.unlink(context, arguments.service), as_json=arguments.json)
