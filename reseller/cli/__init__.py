"""sbin/resellerctl: the operator's command. Its subcommands hold no rules, only texts and columns.

A subcommand is a module with `define(parser)` and `run(context, arguments)`, named in COMMANDS; one with PANEL_ONLY is
given the panel instead of the context, and works where nothing else starts. Only the requested one is imported, because
scripts start this command again and again.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from reseller import __version__, process
from reseller.cli import shown
from reseller.context import Context
from reseller.log import Log
from reseller.mgr5.panel import Panel
from reseller.wire import texts
from reseller.wire.errors import ResellerError

#: by name: the module, and its line in `resellerctl --help`
COMMANDS = {
    "checkevent": ("checkevent", "look at the seller now, as cron does every five minutes"),
    "cron": ("cron", "what the line for cron starts: a run through the panel, of which no failure gets lost"),
    "doctor": ("doctor", "whether this installation works, and what to do where it does not"),
    "support": ("support", "an archive for whoever helps from afar: without secrets and without names"),
    "status": ("status", "how each module stands: seller, balance, last run, what is open"),
    "audit": ("audit", "what is wrong between the two sides, and what to do about it"),
    "plan": ("plan", "changes that checkevent refused because they would be too many"),
    "requests": ("requests", "requests that are not settled, or all requests of a service"),
    "reorder": (
        "reorder",
        "decide about a request whose outcome is unknown: look once more, then send it again",
    ),
    "tariffs": ("tariffs", "what the account may buy at the seller; make it tariffs of this panel"),
    "prices": ("prices", "tariffs that a seller asks more for than was agreed: agree, or stop selling them"),
    "forecast": ("forecast", "what is due at the sellers in the next days, and whether the money lasts"),
    "margins": ("margins", "what resold services have earned and cost, by tariff, client or month"),
    "expenses": (
        "expenses",
        "charges of sellers that none of our requests explains; say that they are in order",
    ),
    "map": ("mapping", "what the parts of a tariff are called at the seller"),
    "paid": ("paid", "paid dates that moved for no known reason: decide whether to buy for them"),
    "swap": ("swapping", "move services to the manual module for work by hand, and back"),
    "link": ("link", "link a service with a remote service: for discrepancies, and for what was never linked"),
    "unlink": ("unlink", "take the link of a service away on both sides; nothing is deleted"),
    "account": ("account", "for a seller that has moved or an account that has changed: move what is linked"),
    "stop": ("stop", "buy nothing any more from now on, by one module or by all of them"),
    "start": ("start", "go on buying after a stop: shows what waits and what it costs first"),
    "observe": ("observe", "whether a module only observes; let it act, or observe again"),
    "moved": ("moved", "for a panel that has moved to another host or path: say that it is here from now on"),
    "uninstall": ("uninstall", "what stays at sellers when the add-on is taken away; take its tables away too"),
    "panel": ("control_panel", "lead clients into the control panels of services of a type, once that is proven safe"),
}


def main(argv: Sequence[str]) -> int:
    """Run the subcommand. Exit code: 0 done, 1 refused or partly failed, 2 wrong usage, 130 interrupted.

    Of `doctor`, 2 also says that nothing fails and something could not be checked.
    """
    process.bound()
    for stream in (sys.stdout, sys.stderr):
        # A terminal's encoding may lack characters of a name that a client or a seller gave to a service.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # Replace bytes that are no UTF-8, so that they can be shown and never reach the database.
    words = [word.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for word in argv[1:]]
    arguments = _parser(words).parse_args(words)
    panel = None
    try:
        panel = Panel.of(argv[0])
        given = panel if arguments.panel_only else Context.start(panel, caller=shown.caller())
        done: int = arguments.run(given, arguments)
        # Flush now, so that a reader that went away is noticed here and not after the end.
        sys.stdout.flush()
        return done
    except ResellerError as error:
        sentence = texts.word(panel.base, error) if panel else str(error)
        shown.complain(sentence)
        return 1
    except KeyboardInterrupt:
        shown.complain("stopped; what was begun is written down and goes on with the next run")
        return 130
    except BrokenPipeError:
        # The reader went away (| head): discard the rest of the output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - nobody reads a trace; the log gets it
        base = Panel.of(argv[0]).base
        shown.complain(texts.word(base, Log(base).unexpected(error)))
        return 1


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="resellerctl",
        description="Looks after services that are bought from another BILLmanager.",
        epilog="Numbers of services, tariffs and operations are those of this panel unless said otherwise.",
    )
    parser.add_argument("--version", action="version", version=f"resellerctl {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", required=True)
    asked = words[0] if words else ""
    for name, (module, told) in COMMANDS.items():
        each = commands.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.")
        if name == asked:
            command = import_module(f"reseller.cli.{module}")
            command.define(each)
            each.add_argument("--json", action="store_true", help="answer as JSON")
            each.set_defaults(run=command.run, panel_only=getattr(command, "PANEL_ONLY", False))
    return parser
