"""The functions that the panel knows: `mgrctl -m billmgr -i` (platform.md 3.1).

How the list looks is not documented: a name stands first in a line, bare or as `name=`. A name that begins with
`<itemtype>` stands for all product types.
"""

from __future__ import annotations

import re
import subprocess

from reseller.mgr5 import programs
from reseller.mgr5.panel import Panel
from reseller.products import ITEMTYPES
from reseller.wire.errors import PanelError
from reseller.wire.texts import said

TYPED = "<itemtype>"
_NAME = re.compile(
    r"^(?:name=)?((?:v2\.)?(?:<itemtype>|[A-Za-z0-9_]+)(?:\.[A-Za-z0-9_]+)*)(?![A-Za-z0-9_.=])", re.MULTILINE
)
_PARAMETER = re.compile(r"^\s*(?:param=)?([A-Za-z][A-Za-z0-9_]*)(?![A-Za-z0-9_.=<])", re.MULTILINE)
#: a list without these is no list of functions, whatever else it is
_ALWAYS = frozenset({"whoami"})


def of(panel: Panel) -> frozenset[str]:
    """The names; raises PanelError if the panel cannot be asked, or answers something that is no list of functions."""
    done = _asked(panel)
    names = frozenset(_NAME.findall(done))
    if not names >= _ALWAYS:
        raise PanelError("-i", "answer", text=said(done.strip(), 500) or "nothing")
    return names


def parameters(panel: Panel, function: str) -> frozenset[str]:
    """The parameters that the panel names in its help on a function (`mgrctl -i FUNCTION`); none if it names none.

    How that looks is not documented either: one in a line, as `param=NAME` or bare, and the function itself is named.
    Raises PanelError as of().
    """
    text = _asked(panel, function)
    return frozenset(_PARAMETER.findall(text)) - {"name"} if function in text else frozenset()


def has(names: frozenset[str], function: str) -> bool:
    """Whether the list has the function, by its own name or by that of all product types."""
    version = "v2." if function.startswith("v2.") else ""
    itemtype, dot, rest = function[len(version) :].partition(".")
    return function in names or (itemtype in ITEMTYPES and f"{version}{TYPED}{dot}{rest}" in names)


def _asked(panel: Panel, *function: str) -> str:
    """What the panel's help prints."""
    argv = [str(panel.base / "sbin" / "mgrctl"), "-m", "billmgr", "-i", *function]
    try:
        done = programs.run(argv, panel.limits.mgrctl_seconds, cwd=panel.base)
    except subprocess.TimeoutExpired as error:
        raise PanelError("-i", "timeout", text=f"no answer in {error.timeout} s") from error
    except OSError as error:
        raise PanelError("-i", "client", object="mgrctl", text=str(error)) from error
    return (done.stdout or done.stderr).decode(errors="replace")
