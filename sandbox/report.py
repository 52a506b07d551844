"""What `up` prints when everything is ready."""

from __future__ import annotations

from typing import Any


def for_people(report: dict[str, Any]) -> str:
    sockets = ", ".join([report["mysql"]["socket"], *report["mysql"]["links"]])
    lines = ["sandbox is up. Ctrl-C ends it.", f"  {report['mysql']['server']}, socket {sockets}"]
    if "port" in report["mysql"]:
        lines += [f"  port {report['mysql']['port']} of 127.0.0.1   (CA: {report['mysql']['ca']})"]
    for name, panel in report["panels"].items():
        lines += [
            f"panel {name}",
            # A name of its own for each panel: browsers keep cookies by host, whatever the port.
            f"  browser   {panel['http_url'].replace('127.0.0.1', f'{name}.localhost')}",
            f"  mgrctl    {panel['mgrctl']} -m billmgr -o xml whoami",
            *(f"  tree at   {place}" for place in panel["at"]),
            f"  https     {panel['url']}   (CA: {panel['ca']})",
            f"  http      {panel['http_url']}",
            f"  database  {panel['database']}",
            f"  log       {panel['log']}",
        ]
        lines += [f"  account   {user} {one['password']}" for user, one in panel["accounts"].items()]
    return "\n".join(lines)
