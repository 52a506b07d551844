"""A panel's tree at a place of its own: plug-ins hard-code /usr/local/mgr5 (platform.md 1.1, 2.1).

The place is a symbolic link to the tree below the root, so that the tree is in one spot and goes with its root. Only a
link to a sandbox's tree is ever replaced or removed; a real panel is never touched.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from sandbox.paths import PanelPaths


class PlaceTaken(RuntimeError):
    """Something that is not a sandbox's lies there."""


@dataclass(frozen=True)
class Place:
    """`--at PANEL=DIRECTORY`."""

    panel: str
    directory: Path

    @classmethod
    def from_text(cls, text: str) -> Place:
        panel, equals, directory = text.partition("=")
        if not equals or not panel or not directory.startswith("/"):
            raise PlaceTaken(f"--at takes PANEL=/absolute/directory, not {text!r}")
        return cls(panel, Path(directory))

    def take(self, paths: PanelPaths) -> None:
        """Put the tree there. Raises PlaceTaken when the place is another's."""
        wanted = paths.base.resolve()
        if self.directory.is_symlink():
            self._leave_if_left_over(wanted)
        elif self.directory.exists():
            raise PlaceTaken(f"{self.directory} exists and is not the sandbox's; it is left alone")
        try:
            self.directory.parent.mkdir(parents=True, exist_ok=True)
            self.directory.symlink_to(wanted, target_is_directory=True)
        except OSError as error:
            raise PlaceTaken(f"{self.directory} cannot be made: {error.strerror}") from error

    def _leave_if_left_over(self, wanted: Path) -> None:
        """A link to a tree of a sandbox that is not up any more, or to this very one, may go."""
        target = Path(os.path.realpath(self.directory))
        ours = target == wanted or _is_tree(target) or (target.name == "mgr5" and not target.exists())
        if not ours:
            raise PlaceTaken(f"{self.directory} is a link to {target}, which is not the sandbox's; it is left alone")
        if target != wanted and _is_up(target):
            raise PlaceTaken(f"{self.directory} belongs to the sandbox that is up at {target.parent.parent}")
        self.directory.unlink()

    def leave(self, paths: PanelPaths) -> None:
        """Take the tree away again, if it is still this one."""
        if self.directory.is_symlink() and Path(os.path.realpath(self.directory)) == paths.base.resolve():
            self.directory.unlink()


def _is_tree(target: Path) -> bool:
    """`<root>/<panel>/mgr5` beside the panel's own state."""
    return target.name == "mgr5" and PanelPaths(target.parent).state.exists()


def _is_up(target: Path) -> bool:
    report = target.parent.parent / "sandbox.json"
    try:
        pid = int(json.loads(report.read_text())["pid"])
        os.kill(pid, 0)
    except (OSError, ValueError, KeyError):
        return False
    return True
