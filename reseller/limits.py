"""Every limit of the add-on, its unit in its name.

An operator changes one in `etc/reseller.conf` of the panel's tree, one `name value` a line, like the panel's own
`etc/billmgr.conf`. An unknown name or an impossible value is refused by name rather than ignored.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

from reseller.wire.errors import ResellerError


@dataclass(frozen=True)
class Limits:
    """Defaults that suit a panel with some thousand resold services."""

    connect_seconds: int = 10
    read_seconds: int = 30
    # An order may wait for the seller's payment and provisioning; giving up early only makes it ambiguous.
    order_seconds: int = 60
    # A lease must outlive the longest call made under it; see ledger/leases.py.
    lease_seconds: int = 180
    document_bytes: int = 32 * 1024 * 1024
    page_rows: int = 1000
    mgrctl_seconds: int = 60
    # The panel may be restarting (reference/platform.md 5.2): calls that never reached it are repeated this long.
    panel_away_seconds: int = 30
    # An ambiguous order is looked for this long, and in at least this many complete lists, before a task is made.
    look_seconds: int = 600
    look_times: int = 2
    # A change that the seller took but does not show is waited for this long before a task is made.
    change_seconds: int = 86400
    # Waiting after the n-th try that could not be sent; after the last one the operation becomes a task.
    unsent_first_seconds: int = 60
    unsent_growth: int = 3
    unsent_longest_seconds: int = 3600
    unsent_times: int = 8
    # An intent whose process died before sending is started again after this time if the panel itself did not.
    stale_intent_seconds: int = 600
    run_seconds: int = 200

    def unsent_wait_seconds(self, tries: int) -> int:
        """Seconds to wait after `tries` calls in a row could not be sent."""
        grown: int = self.unsent_first_seconds * self.unsent_growth ** max(tries - 1, 0)
        return min(grown, self.unsent_longest_seconds)


def load(base: Path) -> Limits:
    """Limits of the panel at `base`; raises ResellerError `reseller_limits` naming a line that cannot be used."""
    path = base / "etc" / "reseller.conf"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return Limits()
    known = {field.name for field in fields(Limits)}
    chosen: dict[str, int] = {}
    for line in lines:
        told = line.split("#", 1)[0].strip()
        if not told:
            continue
        name, _, value = told.partition(" ")
        if name not in known or not value.strip().isdigit():
            raise ResellerError("reseller_limits", object=name, file=str(path), line=told)
        chosen[name] = int(value)
    return replace(Limits(), **chosen)
