"""The one registry of what the sources do not tell: every doubt is a switch with named settings.

A switch is changed at run time (`sandbox.switch name= value=`) and kept in the panel's database. The first setting is
the default. A number stands for any number of that kind.
"""

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
            if self.default.replace(".", "", 1).isdigit() and not value.replace(".", "", 1).isdigit():
                raise BadSwitch(f"switch {self.name} takes a number, not {value!r}")
            return value
        if value not in self.settings:
            raise BadSwitch(f"switch {self.name} is one of {', '.join(self.settings)}, not {value!r}")
        return value


_ALL = (
    Switch(
        "order_api",
        ("both", "old", "v2"),
        "selling-api.md 3.1",
        "which order functions exist; an absent one answers missed",
    ),
    Switch("order_first_status", ("5", "1"), "selling-api.md 10.2", "status of a service right after skipbasket"),
    Switch("order_answer_id", ("yes", "no"), "selling-api.md 3.3", "whether an order's answer holds the new id at all"),
    Switch(
        "short_balance_leaves",
        ("nothing", "unpaid_row"),
        "selling-api.md 0.3",
        "what an order without money leaves behind",
    ),
    Switch(
        "remoteid_unique",
        ("off", "on"),
        "selling-api.md 0.2",
        "a second live service with one remoteid is refused (exists)",
    ),
    Switch(
        "remoteid_in_list", ("yes", "no"), "selling-api.md 0.2", "lists show remoteid to clients (reselling.md 5.2)"
    ),
    Switch("soft_ip_required", ("on", "off"), "selling-api.md 3.5", "a licence cannot be ordered without its address"),
    Switch(
        "provision",
        ("auto", "manual"),
        "selling-api.md 3.5",
        "services become ready by themselves, or by sandbox.provision",
    ),
    Switch("provision_seconds", ("1", "0.2"), "selling-api.md 3.5", "how long a service stays in status 5", free=True),
    Switch(
        "lickey_seconds", ("1", "3"), "selling-api.md 3.5", "how long after opening a licence gets its key", free=True
    ),
    Switch(
        "new_row_hidden_lists",
        ("0", "1"),
        "selling-api.md 10",
        "so many lists of clients are read without a new service",
        free=True,
    ),
    Switch("list_order", ("newest", "id"), "selling-api.md 5.1", "order of rows when none was asked for"),
    Switch("page_rows", ("50", "3"), "selling-api.md 5.1", "rows of a page when p_cnt is not given", free=True),
    Switch("item_status_form", ("flat", "children"), "selling-api.md 5.2", "XML of the composite column item_status"),
    Switch(
        "prolong_runs",
        ("at_once", "operation"),
        "selling-api.md 4.1",
        "renewal is done in the call, or later through status 5",
    ),
    Switch(
        "client_suspend", ("allowed", "denied"), "selling-api.md 4.3", "clients may call <type>.suspend and .resume"
    ),
    Switch(
        "delete_does",
        ("closes", "nothing", "denied"),
        "selling-api.md 4.3",
        "delete closes, answers ok and does nothing, or is refused",
    ),
    Switch("remoteid_edit", ("allowed", "denied"), "selling-api.md 4.2", "<type>.edit of a client may change remoteid"),
    Switch(
        "absent_functions",
        ("checkevent", ""),
        "selling-api.md 8.1",
        "stock functions this panel lacks: globs, comma separated",
        free=True,
    ),
    Switch("export_needs_login", ("off", "on"), "selling-api.md 7.1", "pricelist.export without authentication"),
    Switch("auth_error", ("badpassword", "auth"), "selling-api.md 2", "object of error auth for a wrong password"),
    Switch("badip_error", ("badip", "ip"), "selling-api.md 1.2", "object of error auth for an address not allowed"),
    Switch(
        "totp_error", ("totp", "second_factor"), "platform.md 4.3", "object of error auth when a second factor is on"
    ),
    Switch("dead_session", ("access", "auth", "html"), "selling-api.md 1.2", "what a call with a dead session answers"),
    Switch(
        "session_seconds", ("3600", "1"), "selling-api.md 1.2", "life of a session after its last request", free=True
    ),
    Switch("retry_seconds", ("5", "0.3"), "platform.md 5.3", "time between two runs of a failed operation", free=True),
    Switch("queue_workers", ("4", "1"), "platform.md 5.3", "operations run side by side", free=True),
    Switch(
        "trycount_rises",
        ("before", "after"),
        "platform.md 5.3",
        "trycount counts the running try, or only finished ones",
    ),
    Switch(
        "left_operation", ("repeat", "keep"), "platform.md 5.3", "exit 0 without a call-back: run again, or leave alone"
    ),
    Switch("pass_level", ("off", "on"), "platform.md 5.2", "the queue adds --level <level of the initiating user>"),
    Switch("command_seconds", ("0", "2"), "platform.md 5.3", "time limit of a module's command, 0 none", free=True),
    Switch("handler_seconds", ("0", "2"), "platform.md 2.3", "time limit of an addon handler, 0 none", free=True),
    Switch(
        "serialise_calls",
        ("off", "on"),
        "platform.md 2.3",
        "the core answers one call at a time (inner calls excepted)",
    ),
    Switch(
        "structured_error_exit", ("1", "0"), "platform.md 3.2", "mgrctl's exit code for an error in xml, devel, json"
    ),
    Switch(
        "local_request_env", ("off", "on"), "platform.md 2.3", "REQUEST_METHOD, QUERY_STRING in calls through mgrctl"
    ),
    Switch(
        "before_handler_output", ("merge", "ignore"), "platform.md 2.3", "what a before handler prints beside an error"
    ),
)

REGISTRY: dict[str, Switch] = {switch.name: switch for switch in _ALL}


class Switches:
    """The settings of one panel. Reading is a dictionary look-up, so it is done at the place that decides."""

    def __init__(self, stored: dict[str, str]) -> None:
        self._values = {name: stored.get(name, switch.default) for name, switch in REGISTRY.items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def number(self, name: str) -> float:
        return float(self._values[name])

    def set(self, name: str, value: str) -> None:
        if name not in REGISTRY:
            raise NoSwitch(f"no switch {name}; there are: {', '.join(REGISTRY)}")
        self._values[name] = REGISTRY[name].check(value)

    def items(self) -> list[tuple[Switch, str]]:
        return [(switch, self._values[name]) for name, switch in REGISTRY.items()]
