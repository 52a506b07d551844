"""The module's declaration of itself, which the panel reads at every start (`--command features`, platform.md 5.2).

Only modules that Python has loaded anyway are imported here, so the answer costs little more than starting Python.
"""

import os

from reseller.products import ITEMTYPES

#: name of the executable in processing/, and of the module in the panel
MODULE = "pmreseller"

#: the module's own number among its settings: the check of new settings gets no other sign of their module
NUMBER_PARAM = "module_number"
#: plain settings, and those the panel keeps encrypted
PARAMS = (
    *("url", "username", "cafile", "noverify", "plainhttp", "proxy", "proxyuser"),
    *("reuse", "spendlimit", "tolerance", "tolerancesum", "sellertax", "taxback"),
    *("shorthold", "shortquiet", "askgaps", "acts", NUMBER_PARAM),
)
CRYPTED_PARAMS = ("password", "proxypassword")

FEATURES = (
    "check_connection",
    "getbalance",
    "open",
    "suspend",
    "resume",
    "prolong",
    "setparam",
    "close",
    "start",
    "stop",
    "reboot",
    "hardreboot",
    "changepassword",
    "gen_key",
    "cancel_prolong",
    "reopen",
    "sync_item",
    "check_param",
    "check_addon",
    "import_pricelist",
    "pricelist_dynamic_settings",
    "pricelist_dynamic_settings_tune",
)
#: declared only while it is switched on for a type (commands/transition_controlpanel.py): then PANELS_FILE exists
PANEL_FEATURE = "transition_controlpanel"
PANELS_FILE = "etc/reseller.panels"


def tree(executable: str) -> str:
    """The panel's directory whose `processing/` has the executable; as Panel.of(), but without importing pathlib."""
    return os.path.realpath(executable).rpartition("/processing/")[0]


def document(base: str) -> str:
    """The features document of the panel whose directory is `base`."""
    itemtypes = "".join(f'<itemtype name="{name}"/>' for name in ITEMTYPES)
    params = "".join(f'<param name="{name}"/>' for name in PARAMS)
    params += "".join(f'<param name="{name}" crypted="yes"/>' for name in CRYPTED_PARAMS)
    names = (*FEATURES, PANEL_FEATURE) if os.path.exists(f"{base}/{PANELS_FILE}") else FEATURES  # noqa: PTH110 - slow
    features = "".join(f'<feature name="{name}"/>' for name in names)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<doc><itemtypes>{itemtypes}</itemtypes><params>{params}</params><features>{features}</features></doc>"
    )
