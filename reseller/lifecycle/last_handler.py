"""The last handler of a command's errors: no operation stays in the panel's schedule without showing what went wrong.

A command reports most failures itself, in its own words (`Attempt.stop`). What is left is an error that no command
expects: ours, of a library, or of the panel. If the panel ran the operation again by itself, the error would most
likely happen again, and what the seller has refused would be sent again. So the operation becomes manual, shows the
error, and gets a task.
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
#: types of a PanelError when the panel was restarted, or did not answer in time
_AWAY = frozenset({"client", "timeout"})


def tell(panel: Panel, error: ResellerError, item: int, operation: int, lang: str) -> None:
    """Show `error` on `operation` of service `item` and leave it to a person with a task.

    Not where the command has done so already, or where the cause passes by itself. Raises nothing: what cannot be
    reported is logged.
    """
    if isinstance(error, PanelError):
        passes = error.panel_type in _AWAY
    else:
        passes = isinstance(error, (Stopped, BusyError, UsageError)) or error.type in PASSING
    if passes or not operation:
        return
    try:
        context = Context.start(panel, lang)
        if items.is_ours(context.db, item) and items.exists(context.db, operation):
            operations.report(context, items.read(context.db, item), operation, error, task=True)
    except Exception as second:  # noqa: BLE001 - the first error is what counts, and is still to be answered
        Log(panel.base).error(f"item {item}: nobody can be told of {error.type}: {second}")
