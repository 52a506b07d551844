"""What a switch of the stand-in is: a name, its settings, and the fact that leaves the choice open."""

from __future__ import annotations

from dataclasses import dataclass


class BadSwitch(ValueError):
    """Not one of the settings of a switch."""


class NoSwitch(BadSwitch):
    """No switch of this name."""


@dataclass(frozen=True)
class Switch:
    name: str
    settings: tuple[str, ...]
    fact: str
    meaning: str
    free: bool = False
    """Any text or number is a setting; those listed are examples, the first is the default."""

    @property
    def default(self) -> str:
        return self.settings[0]

    def check(self, value: str) -> str:
        if self.free:
            if self.default.replace(".", "", 1).isdecimal() and not value.replace(".", "", 1).isdecimal():
                raise BadSwitch(f"switch {self.name} takes a number, not {value!r}")
            return value
        if value not in self.settings:
            raise BadSwitch(f"switch {self.name} is one of {', '.join(self.settings)}, not {value!r}")
        return value
