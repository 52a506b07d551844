"""The one registry of what the sources do not tell: every doubt is a switch with named settings.

A switch is changed at run time (`sandbox.switch name= value=`) and kept in the panel's database. The first setting is
the default. A number stands for any number of that kind.
"""

from __future__ import annotations

from sandbox.learnt_switches import LEARNT
from sandbox.price_switches import PRICES
from sandbox.switch import BadSwitch, NoSwitch, Switch

__all__ = ["REGISTRY", "BadSwitch", "NoSwitch", "Switch", "Switches"]

_ALL = (
    Switch(
        "order_api",
        ("both", "old", "v2"),
        "selling-api.md 3.1",
        "which order functions exist; an absent one answers missed",
    ),
    Switch("order_first_status", ("5", "1"), "selling-api.md 10.2", "status of a service right after skipbasket"),
    Switch(
        "order_answer_id",
        ("yes", "no", "other"),
        "selling-api.md 3.3",
        "an order's answer holds the new id, no id, or that of another service of the account",
    ),
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
    Switch(
        "form_cost",
        ("renewal", "kept"),
        "additions-2.md b.7",
        "a service's form shows what a renewal costs by today's prices, or what the service has cost last",
    ),
    Switch(
        "form_cost_shown",
        ("number", "text"),
        "selling-api.md 4.2, 5.1",
        "the cost in a service's form is a number, or a text for people as in lists: `5.00 EUR / Month`",
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
        ("closes", "nothing", "denied", "confirm", "at_end"),
        "selling-api.md 4.3",
        "delete closes, answers ok and does nothing, is refused, needs a phone call, or closes after the paid period",
    ),
    Switch(
        "confirm_answer",
        ("error", "silent"),
        "selling-api.md 4.3",
        "what delete answers while it waits for a confirmation by phone: an error that names it, or a success",
    ),
    Switch(
        "at_end_history",
        ("told", "silent"),
        "selling-api.md 4.3, 8.2",
        "service.history tells of a deletion put off to the end of the paid period, or nothing does",
    ),
    Switch(
        "remoteid_edit",
        ("allowed", "denied", "ignored"),
        "selling-api.md 4.2",
        "<type>.edit of a client changes remoteid, is refused, or passes over it",
    ),
    Switch(
        "absent_functions",
        ("checkevent", ""),
        "selling-api.md 8.1",
        "stock functions this panel lacks: globs, comma separated",
        free=True,
    ),
    Switch(
        "failing_functions",
        ("", "checkevent"),
        "reselling.md 4.1",
        "stock functions that answer an error (an event that is processed wrongly): globs, comma separated",
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
    Switch(
        "openinterrupt_leaves",
        ("processing", "ordered"),
        "platform.md 5.2",
        "status after service.postopeninterrupt: still 5, or 1 again",
    ),
    Switch(
        "address_option",
        ("param", "ip", "none"),
        "platform.md 5.2",
        "how addip and delip name the row of an address: --param ip --value ID, --ip ID, or not at all",
    ),
    Switch(
        "panel_key_option",
        ("panelkey", "panel_key"),
        "platform.md 5.3",
        "name of the panel key's option of transition_controlpanel",
    ),
    Switch(
        "lastpricelist_after",
        ("cleared", "kept"),
        "platform.md 5.2",
        "item.lastpricelist after service.postsetparam: nothing left to roll back, or still the tariff before",
    ),
    Switch(
        "check_param",
        ("never", "edit"),
        "platform.md 5.2",
        "whether <type>.edit asks the module by check_param and check_addon before it changes anything",
    ),
    Switch(
        "getbalance_of",
        ("module", "all"),
        "platform.md 5.2",
        "getbalance is asked of one module by --module, or without it of all that are active",
    ),
    Switch(
        "do_nothing",
        ("module", "panel"),
        "platform.md 5.2",
        "with etc/billmgr.DoNothing commands are skipped by modules themselves, or not even run by the panel",
    ),
    Switch(
        "import_account",
        ("none", "first"),
        "platform.md 5.2",
        "client of a service that processing.import.service registers without one: nobody, or the first client",
    ),
    Switch(
        "tables_cached",
        ("off", "on"),
        "platform.md 6.2",
        "a direct change of a module's row is shown by the panel's lists only after tool.clearcache",
    ),
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
    Switch(
        "deleted_rows",
        ("hidden", "shown"),
        "selling-api.md 4.3",
        "lists of clients keep deleted services (HideClosedItem)",
    ),
    Switch(
        "list_orig",
        ("sjson", "always", "never"),
        "selling-api.md 1.3",
        "where list cells carry $orig, the raw value, beside the displayed text",
    ),
    Switch(
        "single_elem",
        ("array", "object"),
        "selling-api.md 1.3",
        "json: a repeated element that occurs once is an array or an object",
    ),
    Switch(
        "filter_scope",
        ("user", "session"),
        "selling-api.md 5.1",
        "<type>.filter is kept for the user, or for one session only",
    ),
    Switch(
        "min_order_days",
        ("0", "30"),
        "selling-api.md 4.3",
        "no deletion within so many days of opening (pricelist_min_order)",
        free=True,
    ),
    Switch(
        "shown_dates",
        ("iso", "dotted", "timed", "zero", "nothing"),
        "selling-api.md 5.1",
        "dates of a service as clients see them: 2027-01-28, 28.01.2027, 2027-01-28 00:00:00, 0000-00-00, or empty",
    ),
    Switch(
        "renewal_gives_days",
        ("0", "1", "-1"),
        "selling-api.md 4.1",
        "a renewal moves the date by so many days more, or less, than its form has promised",
    ),
    Switch(
        "late_renewal_from",
        ("end", "today"),
        "selling-api.md 4.1",
        "a renewal after the date is counted from that date, or from today",
    ),
    Switch(
        "prolong_window_days",
        ("0", "30"),
        "selling-api.md 2",
        "renewal only within so many days of the end, 0 always",
        free=True,
    ),
    Switch(
        "tariff_change",
        ("allowed", "refused", "manual"),
        "selling-api.md 4.4",
        "a client's change of tariff: done, refused, or given to staff",
    ),
    Switch(
        "rollback_addons",
        ("restored", "left"),
        "platform.md 5.2",
        "service.changepricelist.rollback gives the add-ons back as they were, or leaves those of the other tariff",
    ),
    Switch(
        "change_money",
        ("prorated", "none"),
        "selling-api.md 4.4",
        "what a dearer tariff costs for the rest of the paid period",
    ),
    Switch(
        "expense_list",
        ("full", "rising", "by_service", "short", "short_rising", "uncounted", "bare", "denied"),
        "selling-api.md 6",
        "a client's list of charges: newest first, oldest first, in the order of services, at most 20 rows a page with "
        "the newest or the oldest first, without the number of all, without the service that each is for, or refused",
    ),
    Switch(
        "addon_change",
        ("free", "charged", "forbidden"),
        "selling-api.md 4.2",
        "more of an add-on by <type>.edit without clicked_button",
    ),
    Switch(
        "addon_row",
        ("always", "chosen"),
        "additions-2.md h.1",
        "a service has a row in item for each add-on of its tariff, or only for those that are not as the tariff gives",
    ),
    Switch(
        "addon_limit",
        ("copied", "tariff"),
        "additions-2.md h.1",
        "such a row keeps the limits that the tariff had that day, or has none of its own (NULL)",
    ),
    Switch(
        "tariff_addons",
        ("total", "extra"),
        "selling-api.md 4.4",
        "what a number keeps when its service changes the tariff: its total, or what was ordered above the included",
    ),
    Switch(
        "fixed_addon",
        ("ignored", "refused"),
        "selling-api.md 3.2",
        "addon_N of an add-on that is not ordered (billtype other than 2): passed over, or refused",
    ),
    Switch(
        "trial_over",
        ("capped", "refused"),
        "additions-2.md h.1",
        "more of an add-on than a trial may have: taken, and counted with the trial's maximum, or refused",
    ),
    Switch(
        "ipchange_limit", ("5", "0"), "selling-api.md 4.2", "address changes of a licence (real_ipchange)", free=True
    ),
    Switch("keychange_limit", ("5", "0"), "selling-api.md 4.2", "new keys of a licence (real_keychange)", free=True),
    Switch(
        "newkey_comes",
        ("at_once", "late"),
        "selling-api.md 5.2",
        "a new key of a licence: in the answer, or only lickey_seconds later (sub-status 2_genkey, reselling.md 8.1)",
    ),
    Switch(
        "v2_errors",
        ("error", "warning"),
        "selling-api.md 2",
        "v2 functions answer an error, or the same inside warning",
    ),
    Switch(
        "event_list",
        ("absent", "destructive", "kept"),
        "selling-api.md 8.1",
        "item.events for clients: no such function, reading consumes, or not",
    ),
    Switch(
        "night_billing",
        ("clock", "command"),
        "selling-api.md 2",
        "service.billdaily for each day that sandbox.clock passes, or only by command",
    ),
    Switch(
        "autoclose_days",
        ("0", "30"),
        "selling-api.md 4.3",
        "services suspended for so many days are closed at night, 0 never",
        free=True,
    ),
    Switch("trial_again", ("no", "yes"), "selling-api.md 3.5", "a second trial of a licence for one address"),
    Switch(
        "pricelist_step",
        ("direct", "after_order"),
        "selling-api.md 7.2",
        "<type>.order.pricelist lists tariffs at once, or only after <type>.order",
    ),
    Switch(
        "background_attribute",
        ("background", "async"),
        "platform.md 2.1",
        "attribute of <event> that registers a background handler (read at the start of the core)",
        free=True,
    ),
    Switch(
        "before_handler_input",
        ("bare", "page"),
        "platform.md 2.3",
        "what a before handler of type xml gets: <doc/>, or the page's metadata and messages",
    ),
    Switch(
        "features_on",
        ("", "sandbox"),
        "platform.md 1.1",
        "features that `if` in metadata finds on: names, comma separated",
        free=True,
    ),
    Switch(
        "group_calls",
        ("each", "once"),
        "platform.md 2.2",
        "a group operation calls a handler for each element, PARAM_elid running, or once with the whole elid",
    ),
    Switch(
        "handler_level",
        ("ignored", "honoured"),
        "platform.md 1.3",
        "level on <handler> and <func> restricts a plug-in's functions",
    ),
    Switch(
        "handler_order",
        ("base", "files", "reversed"),
        "platform.md 2.3",
        "several handlers of one event: by base=, then as registered; as registered; the last registered first",
    ),
    Switch("handler_stderr", ("logged", "dropped"), "platform.md 2.3", "a handler's stderr goes to the log"),
    Switch(
        "ignore_errors",
        ("obeyed", "no_effect"),
        "platform.md 1.3",
        "a handler with ignore_errors=yes that fails is passed over, or fails the call like any other",
    ),
    Switch(
        "level_without_plus",
        ("exact", "least"),
        "platform.md 1.1",
        'level="16" lets in level 16 only, or 16 and higher like "16+"',
    ),
    Switch("log_level", ("9", "5"), "platform.md 7.1", "log level of what etc/debug.conf does not name", free=True),
    Switch(
        "product_version",
        ("6.100.0", "5.300.0"),
        "platform.md 1.1",
        "version that dist, eqdist and maxdist are compared with (read at the start of the core)",
        free=True,
    ),
    Switch("required_error", ("value", "missed"), "platform.md 1.1", "error type of an empty field with required=yes"),
    Switch("suspended_calls", ("wait", "refuse"), "platform.md 3.1", "calls while the panel is suspended by mgrctl -l"),
    Switch(
        "panel_link",
        ("service", "account", "account_key", "domain"),
        "selling-api.md 4.2",
        "where gotoserver leads: to the service's own panel, into the client's account here, to the former with a "
        "key that opens the latter, or to the former by the name that its buyer has given it",
    ),
    Switch(
        "power_status",
        ("5", "2"),
        "selling-api.md 5.2",
        "status of a service while it is started, stopped or rebooted: in process, or active with a sub-status",
    ),
    Switch(
        "pricelist_add_answer", ("id", "nothing"), "additions-2.md a.2", "pricelist.add.step2 answers the new number"
    ),
    Switch(
        "pricelist_delete", ("yes", "missed"), "additions-2.md a.2", "whether the function pricelist.delete is there"
    ),
    Switch(
        "enumeration_prices",
        ("fields", "nowhere"),
        "additions-2.md a.2",
        "pricelist.detail.edit takes prices of choices as <period><currency>_<choice>",
    ),
)

REGISTRY: dict[str, Switch] = {switch.name: switch for switch in (*_ALL, *LEARNT, *PRICES)}


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
