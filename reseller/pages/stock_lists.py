"""Mark rows in the panel's own lists: those of our services (`vds`, `soft`, ...), for the buttons that we add there,
and those of our modules that only observe (`processing`).

No column of the lists of services is known to name the module, so an `after` event marks the rows: `resold` for
services of our modules, `resold_away` for those that are away. The buttons are shown by these cells (platform.md 1.2,
`show`). The list matters more than the marks: if this fails, addon/reseller_lists prints its input unchanged.
"""

from __future__ import annotations

import os
import sys

from reseller import process
from reseller.ledger import observing, overview, schema
from reseller.mgr5 import items, settings
from reseller.mgr5.panel import Panel
from reseller.pages.call import NUMBER, Call
from reseller.wire import document, texts
from reseller.wire.errors import Message

#: the list of modules
MODULES = "processing"


def main(executable: str) -> int:
    """Mark the rows of the document on stdin, and print it."""
    process.bound()
    call = Call(Panel.of(executable), os.environ)
    page = document.parse(sys.stdin.buffer.read())
    rows = {int(number): row for row in page.iterfind("elem") if NUMBER.fullmatch(number := document.text(row, "id"))}
    if rows:
        db = call.panel.database()
        schema.ensure(db, call.panel.base)
        if call.func == MODULES:
            acting = settings.acting(db)
            for module in items.modules(db):
                if module in rows and observing.of(db, module, acts=module in acting) is not None:
                    told = texts.word(call.panel.base, Message("reseller_observes_row"), call.lang)
                    rows[module].append(document.element("reseller_observes", told))
        else:
            for item, is_away in overview.resold(db, list(rows)).items():
                rows[item].append(document.element("resold_away" if is_away else "resold", "on"))
    sys.stdout.buffer.write(document.dump(page))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
