"""Standard modules that libraries load when they start and need almost never.

The panel starts us for every command. pymysql loads `ssl` and `traceback`, dataclasses load `inspect`, and together
that is a third of what a command costs; on a unix socket and without an accident none of them is used. In the place of
each stands a module that becomes the real one when somebody asks it for something. `make bench` shows what it saves.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
else:
    # Not by its name: `types` is a module that a bare interpreter does not load.
    ModuleType = type(sys)

NAMES = ("getpass", "inspect", "ssl", "traceback")


class Postponed(ModuleType):
    """Stands for a module until it is used."""

    def __getattr__(self, name: str) -> object:
        # What the import system itself asks of every module.
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        import importlib

        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def postpone() -> None:
    """Put them in place, but for those that are loaded already."""
    for name in NAMES:
        sys.modules.setdefault(name, Postponed(name))
