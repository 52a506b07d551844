"""The panel's own lists of services (`vds`, `soft`, ...): which of their rows are ours, for the buttons that we add.

No column of a stock list is known to tell the module, so an `after` event marks the rows: `resold` for those of our
modules, `resold_away` for those that are away. Buttons are shown by these cells (platform.md 1.2, `show`).
The list itself matters more than the marks: addon/reseller_lists prints what it was given when this fails.
"""

from __future__ import annotations

import sys

from reseller import process
from reseller.ledger import overview, schema
from reseller.mgr5.panel import Panel
from reseller.pages.call import NUMBER
from reseller.wire import document


def main(executable: str) -> int:
    """Mark the rows of the document on stdin."""
    process.bound()
    page = document.parse(sys.stdin.buffer.read())
    rows = {int(number): row for row in page.iterfind("elem") if NUMBER.fullmatch(number := document.text(row, "id"))}
    if rows:
        panel = Panel.of(executable)
        db = panel.database()
        schema.ensure(db, panel.base)
        for item, is_away in overview.resold(db, list(rows)).items():
            rows[item].append(document.element("resold_away" if is_away else "resold", "on"))
    sys.stdout.buffer.write(document.dump(page))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
