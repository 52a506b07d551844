"""A panel that is not where its ledger belongs (ledger/installation.py): its one problem, and a person's decision.

The transport then refuses every call that changes something at a seller (seller/transport.py); the operations that
needed such a call say so, and wait. checkevent starts none of them before a person has confirmed the move, and all of
them afterwards.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import NamedTuple

from reseller.context import Context
from reseller.ledger import installation, links, problems, requests
from reseller.ledger.installation import Place
from reseller.ledger.problems import Cause, Problem
from reseller.lifecycle import problems as troubles
from reseller.wire.errors import BusyError, Moved

CAUSE = Cause(problems.PANEL, 0, problems.MOVED)


class Move(NamedTuple):
    """Where the ledger belongs, where the panel is, and how many requests wait for a person's decision about that."""

    was: Place
    here: Place
    waiting: int

    @property
    def is_one(self) -> bool:
        """Whether the two places differ."""
        return self.was.mark != self.here.mark


def look(context: Context) -> Move:
    """The two places, and the waiting requests, as they are now."""
    return Move(
        installation.of(context.db),
        installation.here(context.panel.base),
        requests.stopped_by(context.db, Moved.unsent),
    )


def confirm(context: Context) -> Move:
    """Record that the panel belongs where it is; the move as it was before. Nothing is written where there is none.

    Raises BusyError when another process holds the lease, PanelError when the problem's task cannot be deleted: the
    next run does that.
    """
    with context.leased("place") as held:
        move = look(context)
        if move.is_one:
            installation.take(held, move.here)
            was, here = (f"{each.host} {each.path}" for each in move[:2])
            context.note("moved", f"the panel is now {here}; it was {was}; {move.waiting} requests wait")
            troubles.end(context, held, CAUSE)
    return move


def watch(context: Context, modules: Sequence[int]) -> list[str]:
    """Raise the problem, or end it; its sentence, or none when the panel is where its ledger belongs.

    Raises ResellerError when the problem cannot be recorded, PanelError when its task cannot be made or deleted.
    """
    error = installation.difference(context.db, context.panel.base)
    if error is None and problems.of(context.db, CAUSE) is None:
        return []
    with contextlib.suppress(BusyError), context.leased("place") as held:
        if error is None:
            troubles.end(context, held, CAUSE)
        elif modules:
            touches = tuple(links.some(context.db))
            troubles.raise_(context, held, Problem(CAUSE, modules[0], error.type, error.params, touches=touches))
    return [context.word(error)] if error else []
