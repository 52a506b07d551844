"""The last handler of a command: whatever ends it, its operation does not stay in the panel's schedule without a word.

A command tells of most failures itself, in its own words (`Attempt.stop`). What is left is an error that no command
expects, of ours, of a library or of the panel. Run again by the panel it would most likely happen again, and send again
what the seller has refused; so the operation becomes manual, says why, and gets a task.
"""

from __future__ import annotations

from reseller.context import Context
from reseller.lifecycle import operations
from reseller.log import Log
from reseller.mgr5 import items
from reseller.mgr5.panel import Panel
from reseller.wire.errors import BusyError, PanelError, ResellerError, Stopped, UsageError

#: errors after which nothing is known to be wrong with the operation: the panel may well run it again by itself
PASSING = frozenset(
    {
        "reseller_database",
        "reseller_database_read_only",
        "reseller_database_refused",
        "reseller_locked",
        "reseller_lease_lost",
        "reseller_operation_gone",
    }
)
#: the panel was restarted, or did not answer in time
_AWAY = frozenset({"client", "timeout"})


def tell(panel: Panel, error: ResellerError, item: int, operation: int, lang: str) -> None:
    """Leave `operation` of service `item` to a person, unless the command has done so, or the cause passes by itself.

    Nothing is raised: what cannot be told stands in the log.
    """
    if not operation or _is_told(error):
        return
    try:
        context = Context.start(panel, lang)
        if items.is_ours(context.db, item) and items.exists(context.db, operation):
            operations.report(context, items.read(context.db, item), operation, error, task=True)
    except Exception as second:  # noqa: BLE001 - the first error is what counts, and is still to be answered
        Log(panel.base).error(f"item {item}: nobody can be told of {error.type}: {second}")


def _is_told(error: ResellerError) -> bool:
    if isinstance(error, PanelError):
        return error.panel_type in _AWAY
    return isinstance(error, (Stopped, BusyError, UsageError)) or error.type in PASSING
