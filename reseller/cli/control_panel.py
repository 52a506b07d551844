"""resellerctl panel: lead clients into the control panels of services of a type, once that is proven safe."""

from __future__ import annotations

import argparse

from reseller.cli import shown
from reseller.commands import transition_controlpanel
from reseller.context import Context
from reseller.mgr5 import control_panel_tariffs


def define(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.description = (
        "Without --on or --off, lists the tariffs that are switched on. --on follows the seller's link for the service "
        "and switches its tariff on, for the service's module, if the link leads to an address that the seller has "
        "assigned to that service and not into the account. Restart the panel afterwards (mgrctl -m billmgr exit): it "
        "asks modules at its start."
    )
    parser.add_argument("type", nargs="?", help="type of the services, such as vds")
    parser.add_argument("--service", type=shown.number, help="number of an active service to probe with")
    onoff = parser.add_mutually_exclusive_group()
    onoff.add_argument("--on", action="store_true", help="probe, and switch it on")
    onoff.add_argument("--off", action="store_true", help="switch it off for the type")
    parser.add_argument("--unverified", action="store_true", help="take any certificate of the service's own panel")


def run(context: Context, arguments: argparse.Namespace) -> int:
    """Switch a type on or off, and list the tariffs that are on."""
    if ((arguments.on or arguments.off) and not arguments.type) or (arguments.on and not arguments.service):
        shown.complain("say TYPE --service N --on, or TYPE --off")
        return 2
    if arguments.on:
        transition_controlpanel.switch_on(context, arguments.service, arguments.type, verify=not arguments.unverified)
    elif arguments.off and not transition_controlpanel.switch_off(context, arguments.type):
        return 1
    proven = control_panel_tariffs.read(context.panel.base).items()
    rows = [{**kind._asdict(), "proven": proof} for kind, proof in proven]
    shown.table(rows, as_json=arguments.json, empty="Clients enter no control panel from here.")
    return 0
