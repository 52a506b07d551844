"""What the module says of itself at every start of the panel (`--command features`, reference/platform.md 5.2).

Nothing is imported here, so that the answer costs little more than starting Python does.
"""

#: name of the executable in processing/, and of the module in the panel
MODULE = "pmreseller"

#: types that are ordered through `<type>.order.param` with nothing but fields, add-ons and a template; domains and
#: certificates have wizards of their own and are not among them
ITEMTYPES = ("vds", "soft", "dedic", "vhost", "softexternal", "platform", "storage", "dnshost")

#: plain settings, and those the panel keeps encrypted
PARAMS = ("url", "username", "cafile", "tlsverify", "proxy")
CRYPTED_PARAMS = ("password",)

FEATURES = (
    "check_connection",
    "tune_connection",
    "open",
    "suspend",
    "resume",
    "prolong",
    "close",
    "pricelist_dynamic_settings",
    "pricelist_dynamic_settings_tune",
)


def document() -> str:
    """The features document."""
    itemtypes = "".join(f'<itemtype name="{name}"/>' for name in ITEMTYPES)
    params = "".join(f'<param name="{name}"/>' for name in PARAMS)
    params += "".join(f'<param name="{name}" crypted="yes"/>' for name in CRYPTED_PARAMS)
    features = "".join(f'<feature name="{name}"/>' for name in FEATURES)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<doc><itemtypes>{itemtypes}</itemtypes><params>{params}</params><features>{features}</features></doc>"
    )
