"""Processing modules: what they can (`features`) and their commands beside the queue (platform.md 5)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from sandbox.core import programs
from sandbox.core.documents import parse
from sandbox.core.errors import ForeignError, PanelError, missing
from sandbox.core.log import is_secret

if TYPE_CHECKING:
    from sandbox.core.panel import Panel

AUTO = "pmauto"
"""The sandbox's own provisioning: services become ready by themselves or by staff (switch provision)."""
MANUAL = "pmmanual"
"""Work done by people: an operation is manual at once and gets a task."""
BUILT_IN = frozenset((AUTO, MANUAL))
RECOVERY_SECONDS = 20
PLAIN = frozenset(("", "func", "out", "elid", "sok", "su", "lang", "module", "name", "datacenter", "clicked_button"))
"""Parameters of the forms of modules that are no settings of one."""


@dataclass(frozen=True)
class Setting:
    """`<param name crypted="yes"/>` of a features document."""

    name: str
    crypted: bool
    default: str = ""
    unique: bool = False
    """`<customparam name unique="yes" defval="..">`: no second module of this kind may have the same value."""


@dataclass(frozen=True)
class Features:
    itemtypes: frozenset[str]
    settings: tuple[Setting, ...]
    names: frozenset[str]
    templates: tuple[str, ...] = ()
    """Certificates only (platform.md 5.2, features document)."""

    def setting(self, name: str) -> Setting | None:
        return next((setting for setting in self.settings if setting.name == name), None)


POSTED = (
    "reopen",
    "resume",
    "suspend",
    "close",
    "setparam",
    "prolong",
    "start",
    "stop",
    "reboot",
    "hardreboot",
    "changepassword",
)
"""Operations that end with `service.post<operation>` (platform.md 5.2); `open` ends in more ways than that."""
BASE_OPERATIONS = frozenset(("open", "reopen", "suspend", "resume", "close", "setparam"))
"""What comes to a module whether or not its features name it (additions-2.md h.2)."""
_OPERATIONS = frozenset(("open", *POSTED))
_BUILT_IN_FEATURES = Features(frozenset(), (), _OPERATIONS)


def read_features(document: etree._Element) -> Features:
    """`params` decides what is crypted; the names of features are the commands (platform.md 5.2)."""
    settings = [
        Setting(
            param.get("name", ""),
            param.get("crypted") == "yes",
            param.get("defval", ""),
            param.tag == "customparam" and param.get("unique") == "yes",
        )
        for param in document.iterfind("params/*")
        if param.tag in ("param", "customparam") and param.get("name")
    ]
    return Features(
        frozenset(element.get("name", "") for element in document.iterfind("itemtypes/itemtype")),
        tuple(settings),
        frozenset(element.get("name", "") for element in document.iterfind("features/feature")),
        tuple(element.get("name", element.get("id", "")) for element in document.iterfind("templates/template")),
    )


def verdict(module: str, code: int, out: bytes, err: bytes) -> etree._Element | None:
    """Both the exit code and an error document count (platform.md 5.3). Raises PanelError; None: printed no XML."""
    document: etree._Element | None = None
    if out.strip():
        try:
            document = parse(out.strip())
        except etree.XMLSyntaxError:
            document = None
    if document is not None:
        error = document if document.tag == "error" else document.find("error")
        if error is not None:
            raise ForeignError(error)
    if code != 0:
        tail = err[-300:].decode(errors="replace").strip()
        raise PanelError("process", module, f"exit code {code}" + (f": {tail}" if tail else ""))
    return document


class Modules:
    """Features are read once at the start of the core, or when a module is first used (platform.md 5.2)."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._known: dict[str, Features] = {}
        self._guard = threading.Lock()

    def read_all(self) -> None:
        """At the start of the core, side by side; a module that fails is asked again at its first use."""
        with ThreadPoolExecutor(4) as pool:
            for name in self.names():
                pool.submit(self._try, name)

    def names(self) -> list[str]:
        """Executables of processing/: a file that cannot be executed is passed over (additions-2.md h.20)."""
        files = sorted(self._panel.paths.processing.iterdir())
        return [file.name for file in files if file.is_file() and os.access(file, os.X_OK)]

    def _try(self, name: str) -> None:
        try:
            self.features(name)
        except PanelError as error:
            self._panel.log.failure("module", f"features of {name}: {error}")
            self._recover(name)

    def _recover(self, name: str) -> None:
        """`make install-only -C src/<module>`, then once more (platform.md 5.1, "automatic recovery of a module")."""
        source = self._panel.paths.base / "src" / name
        if not (source / "Makefile").is_file():
            return
        words = ["install-only", "-C", str(source)]
        outcome = programs.run(
            Path("/usr/bin/make"), words, self._panel.paths.base, programs.base_environment({}), b"", RECOVERY_SECONDS
        )
        self._panel.log.line("module", "EXTINFO", f"make {' '.join(words)}: exit {outcome.code}")
        try:
            self.features(name)
        except PanelError as error:
            self._panel.log.failure("module", f"features of {name} after its recovery: {error}")

    def features(self, module: str) -> Features:
        if module in BUILT_IN:
            return _BUILT_IN_FEATURES
        with self._guard:
            known = self._known.get(module)
        if known is None:
            known = read_features(self.command(module, ["--command", "features"]))
            with self._guard:
                self._known[module] = known
            self._panel.log.detail("module", f"features of {module}: {' '.join(sorted(known.names))}")
        return known

    def hides(self, func: str) -> Callable[[str], bool]:
        """Which parameters of a call of this function no log may show: what is named as a secret is, and, where staff
        set up a module, its crypted settings. While one is there whose features are not known, anything may be crypted.
        """
        if not func.startswith("processing."):
            return is_secret
        with self._guard:
            known = dict(self._known)
        if not set(self.names()) <= set(known):
            return lambda name: name not in PLAIN
        crypted = {one.name for features in known.values() for one in features.settings if one.crypted}
        return lambda name: name in crypted or is_secret(name)

    def has(self, module: str, feature: str) -> bool:
        return feature in self.features(module).names

    def serves(self, module: str, operation: str) -> bool:
        """Whether an operation of a service is this module's to do; the base operations always are, or only when
        they are declared (switch base_operations)."""
        if operation in BASE_OPERATIONS and self._panel.switches["base_operations"] == "always":
            return True
        return self.has(module, operation)

    def exists(self, module: str) -> bool:
        return module in BUILT_IN or (self._panel.paths.processing / module).is_file()

    def command(self, module: str, arguments: list[str], data: bytes = b"") -> etree._Element:
        """A command whose answer is a document. Raises PanelError: the module's own error, or `process`."""
        document = self.run(module, arguments, data)
        if document is None:
            raise PanelError("xml", module, "no XML on stdout")
        return document

    def check(self, module: str, arguments: list[str], data: bytes = b"") -> etree._Element | None:
        """A command that says no by an error: one that is content may print nothing at all (additions-2.md h.3).

        Raises PanelError: the module's own error, `process`, or `xml` for what is printed and is no document.
        """
        outcome = self._run(module, arguments, data)
        document = verdict(module, outcome.code, outcome.out, outcome.err)
        if document is None and outcome.out.strip():
            raise PanelError("xml", module, "no XML on stdout")
        return document

    def run(self, module: str, arguments: list[str], data: bytes = b"") -> etree._Element | None:
        """A command that may print a document or nothing. Raises PanelError: the module's own error, or `process`."""
        outcome = self._run(module, arguments, data)
        return verdict(module, outcome.code, outcome.out, outcome.err)

    def _run(self, module: str, arguments: list[str], data: bytes) -> programs.Outcome:
        if not module or "/" in module or not self.exists(module):
            raise missing("module", module)
        limit = self._panel.switches.number("command_seconds")
        environment = programs.base_environment({"SANDBOX_NESTED": str(threading.get_native_id())})
        program = self._panel.paths.processing / module
        self._panel.log.detail("module", f"run {module} {' '.join(arguments)}")
        return programs.run(program, arguments, self._panel.paths.base, environment, data, limit)
