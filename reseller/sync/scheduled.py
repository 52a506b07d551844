"""What cron starts: a run through the panel's own function, of which no failure gets lost.

A run that begins writes its log and keeps its problems by itself. What it cannot tell is that it did not begin: the
panel is down, or answers no document. That is logged each time, and printed when it begins, when it becomes something
else, once a day while it lasts and when it is over: cron mails what its programs print. What was printed last is kept
in a small file beside the log, so that a database that is down does not matter.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import time
from typing import NamedTuple

from reseller import files, limits
from reseller.log import Log
from reseller.mgr5.mgrctl import Mgrctl
from reseller.mgr5.panel import Panel
from reseller.wire import document, texts
from reseller.wire.errors import Message, PanelError

#: what was printed last, while runs do not begin
KEPT = "var/reseller.cron"
#: how often it is printed again while it lasts
AGAIN_SECONDS = 86400
_MODE = 0o640


class Told(NamedTuple):
    """What was printed: the sentence, since when it is so, and when it was printed (seconds since 1970)."""

    sentence: str
    since: int
    at: int

    @classmethod
    def last(cls, panel: Panel) -> Told | None:
        """What was printed last; None if runs begin, or if the file is not ours."""
        try:
            found = json.loads(files.read(panel.base / KEPT))
            return cls(str(found["sentence"]), int(found["since"]), int(found["at"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None


class Outcome(NamedTuple):
    """How a run that cron has started went: whether it was made, and what there is to print, mostly nothing.

    With `is_off` no run was made because an operator wants none.
    """

    is_made: bool
    sentence: str = ""
    summary: str = ""
    is_off: bool = False


def switched_off(panel: Panel) -> Message | None:
    """The message `reseller_cron_off` where `reseller.conf` has `cron 0`; None where cron makes runs."""
    return None if panel.limits.cron else Message("reseller_cron_off", path=limits.path(panel.base))


def switch_on(panel: Panel) -> str:
    """The line of the shell that takes `cron 0` out of `reseller.conf`."""
    return f"sed -i --follow-symlinks '/^[[:space:]]*cron  *0/d' {shlex.quote(str(limits.path(panel.base)))}"


def run(panel: Panel, *, pending: bool = False) -> Outcome:
    """Make one run through the panel, for open work only if `pending`."""
    if switched_off(panel):
        return Outcome(is_made=False, is_off=True)
    before = Told.last(panel)
    function, fields = ("reseller.checkevent", {"pending": "on"}) if pending else ("checkevent", {})
    seconds = panel.limits.run_seconds + panel.limits.lease_seconds
    try:
        answer = Mgrctl(panel).call(function, fields, seconds=seconds)
    except PanelError as error:
        return Outcome(is_made=False, sentence=_failed(panel, before, error))
    summary = document.text(answer, "summary")
    if before is None:
        return Outcome(is_made=True, summary=summary)
    over = texts.word(panel.base, Message("reseller_cron_over", minutes=(int(time.time()) - before.since) // 60))
    Log(panel.base).info(f"cron: {over}")
    with contextlib.suppress(OSError):
        (panel.base / KEPT).unlink()
    return Outcome(is_made=True, sentence=over, summary=summary)


def _failed(panel: Panel, before: Told | None, error: PanelError) -> str:
    """Log that no run was made; the sentence to print, empty if it was printed a while ago."""
    sentence = texts.word(panel.base, Message("reseller_cron_failed", cause=texts.word(panel.base, error)))
    Log(panel.base).error(f"cron: {sentence}")
    now = int(time.time())
    if before is not None and before.sentence == sentence and 0 <= now - before.at < AGAIN_SECONDS:
        return ""
    told = Told(sentence, before.since if before else now, now)
    with contextlib.suppress(OSError):
        files.replace(panel.base / KEPT, json.dumps(told._asdict()) + "\n", _MODE)
    return sentence
