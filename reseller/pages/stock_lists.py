"""Mark the rows of our services in the panel's own lists (`vds`, `soft`, ...), for the buttons that we add there.

No column of these lists is known to name the module, so an `after` event marks the rows: `resold` for services of our
modules, `resold_away` for those that are away. The buttons are shown by these cells (platform.md 1.2, `show`). The list
matters more than the marks: if this fails, addon/reseller_lists prints its input unchanged.
"""

from __future__ import annotations

import sys

from reseller import process
from reseller.ledger import overview, schema
from reseller.mgr5.panel import Panel
from reseller.pages.call import NUMBER
from reseller.wire import document


def main(executable: str) -> int:
    """Mark the rows of the document on stdin, and print it."""
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
