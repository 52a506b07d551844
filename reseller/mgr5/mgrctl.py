"""Functions of the panel, called through `sbin/mgrctl` (platform.md 3).

Always with `-o xml`, because text mode cannot be parsed safely. Secrets are passed by `-e NAME=$VARIABLE`, never in the
argument list, which every user of the host can read. A call that never reached the panel (it is restarting) is repeated
for a while, since it cannot have had an effect; the panel marks this with error type `client`, object `open`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reseller.wire import document
from reseller.wire.errors import PanelError
from reseller.wire.secrets import remember

if TYPE_CHECKING:
    import subprocess

    from reseller.mgr5.panel import Panel

RESTART_PAUSE_SECONDS = 1.0


class Mgrctl:
    """`call(func, parameters)` returns the `<doc>`, or raises PanelError with the panel's own error type."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def call(
        self,
        func: str,
        parameters: Mapping[str, object] | None = None,
        *,
        secrets: Mapping[str, str] | None = None,
        seconds: float = 0,
    ) -> document.Element:
        """Call `func`; `secrets` are parameters too, passed through the environment.

        `seconds` is how long the panel may take to answer, `mgrctl_seconds` unless said. Raises PanelError:
        `panel_type` is the panel's error type, `client` if the panel cannot be reached, `timeout` if it did not answer
        in time (the call may then have had its effect).
        """
        until = time.monotonic() + self._panel.limits.panel_away_seconds
        remember(*(secrets or {}).values())
        while True:
            try:
                return self._once(func, parameters or {}, secrets or {}, seconds or self._panel.limits.mgrctl_seconds)
            except PanelError as error:
                error.hide((secrets or {}).values())
                away = error.panel_type == "client" and error.object == "open"
                if not away or time.monotonic() >= until:
                    raise
            time.sleep(RESTART_PAUSE_SECONDS)

    def _once(
        self, func: str, parameters: Mapping[str, object], secrets: Mapping[str, str], seconds: float
    ) -> document.Element:
        import subprocess

        from reseller.mgr5 import programs

        argv = [str(self._panel.base / "sbin" / "mgrctl"), "-m", "billmgr", "-o", "xml", func]
        argv += [f"{name}={value}" for name, value in parameters.items()]
        environment = dict(os.environ, SSH_CONNECTION="reseller")
        for number, (name, value) in enumerate(secrets.items()):
            environment[f"RESELLER_SECRET_{number}"] = value
            argv += ["-e", f"{name}=$RESELLER_SECRET_{number}"]
        try:
            done = programs.run(argv, seconds, env=environment, cwd=self._panel.base)
        except subprocess.TimeoutExpired as error:
            raise PanelError(func, "timeout", text=f"no answer in {error.timeout} s") from error
        except OSError as error:
            raise PanelError(func, "client", object="mgrctl", text=str(error)) from error
        return _answer(func, done)


def _answer(func: str, done: subprocess.CompletedProcess[bytes]) -> document.Element:
    """The document of a finished mgrctl.

    It is unknown whether exit code, stdout or stderr shows an error (platform.md 3.3), so an error document counts
    first, then any output that is no document.
    """
    try:
        root = document.parse(done.stdout)
    except document.NotADocument as error:
        output = (done.stderr or done.stdout).decode(errors="replace").strip()[:500]
        raise PanelError(func, "answer", text=output or f"{error}, exit code {done.returncode}") from error
    refusal = document.error_of(root)
    if refusal is not None:
        raise PanelError(
            func,
            refusal.get("type", ""),
            object=refusal.get("object", ""),
            value=refusal.get("value", "") or document.error_params(refusal).get("value", ""),
            text=document.text(refusal, "msg"),
        )
    return root
