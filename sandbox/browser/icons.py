"""Small pictures by the names that metadata give (`img="t-edit"`), drawn here: the panel's own are not known.

A name is a family and what it shows, `t-edit` of a toolbar, `m-plugin` of the menu, `p-lock` of a property; the family
does not matter. A name that is not known has no picture, and the text beside it says it all.
"""

from __future__ import annotations

_SHAPES = {
    "new": "M8 3v10M3 8h10",
    "edit": "M3 13l.7-3L11 2.7l2.3 2.3L6 12.3zM9.5 4.2l2.3 2.3",
    "delete": "M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5M6.8 7v3.6M9.2 7v3.6",
    "on": "M5 3l8 5-8 5z",
    "off": "M4.5 4.5h7v7h-7z",
    "history": "M8 4.5V8l2.4 1.6M3 8a5 5 0 1 0 1.6-3.7M3 2.6v2.5h2.5",
    "prolong": "M3 4.5h10v8.5H3zM3 7h10M5.5 3v2.5M10.5 3v2.5M8 8.6v3M6.5 10.1h3",
    "user": "M8 8a2.4 2.4 0 1 0 0-4.8A2.4 2.4 0 0 0 8 8zM3.3 13c.4-2.6 2.2-3.7 4.7-3.7s4.3 1.1 4.7 3.7",
    "money": "M2.5 4.5h11v7h-11zM8 9.7a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4z",
    "detail": "M3 4h10M3 8h10M3 12h6",
    "set": "M4.5 8V6a3.5 3.5 0 0 1 7 0v2M3.5 8h9v5.5h-9z",
    "rights": "M5.5 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 8h5.5v2.2M11.3 8v1.6",
    "filter": "M2.5 3.5h11L9.3 8.6v4L6.7 11.3V8.6z",
    "link": "M6.7 9.3a2.3 2.3 0 0 0 3.3 0l2.2-2.2a2.3 2.3 0 0 0-3.3-3.3l-.7.7M9.3 6.7a2.3 2.3 0 0 0-3.3 0"
    "L3.8 8.9a2.3 2.3 0 0 0 3.3 3.3l.7-.7",
    "move": "M2.5 8h11M10.5 5l3 3-3 3",
    "return": "M13.5 8h-11M5.5 5l-3 3 3 3",
    "retry": "M13 8a5 5 0 1 1-1.6-3.7M13 2.6v2.5h-2.5",
    "note": "M3.5 2.5h6l3 3v8h-9zM9.5 2.5v3h3M5.5 8h5M5.5 10.5h5",
    "lock": "M4.5 7.5V6a3.5 3.5 0 0 1 7 0v1.5M3.5 7.5h9v6h-9z",
    "warning": "M8 2.5l6 11H2zM8 6.5v3.2M8 11.6v.1",
    "plugin": "M6 3v3H3v7h10V6h-3V3z",
    "items": "M2.5 3.5h11v3.6h-11zM2.5 9h11v3.6h-11zM5 5.3h.1M5 10.8h.1",
    "tools": "M3 13l5.5-5.5M8.5 7.5a3 3 0 0 0 4-4L10.7 5.3 9.4 4 11.2 2.2a3 3 0 0 0-3.7 3.9",
    "service": "M3 3.5h10v9H3zM3 6.5h10",
}
_SAME = {
    "add": "new",
    "del": "delete",
    "start": "on",
    "resume": "on",
    "play": "on",
    "suspend": "off",
    "stop": "off",
    "reboot": "retry",
    "refresh": "retry",
    "renew": "prolong",
    "key": "rights",
    "password": "rights",
    "back": "return",
    "go": "move",
    "list": "detail",
    "error": "warning",
    "manual": "set",
}


def shape(name: str) -> str:
    """The path of a picture of 16 by 16; empty for a name that is not known."""
    bare = name.partition("-")[2] or name
    return _SHAPES.get(_SAME.get(bare, bare), "")
