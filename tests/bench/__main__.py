"""`make bench`: the limits of speed and size that the program promises, both sides of each measured in one run.

Prints a table, writes `build/bench.json`, and exits with 1 when a limit is broken. Figures are ratios of medians, taken
in turns: they hold on a slow and on a busy machine, where seconds say nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import mass, opening, pages, reconcile, standin, starting
from tests.bench.table import Row, Table
from tests.support import environment, world
from tests.support.world import Shop

#: each yields its rows; what they need beside the two connected panels they make themselves
MEASURED: tuple[Callable[..., Iterator[Row]], ...] = (
    starting.rows,
    opening.rows,
    pages.rows,
    reconcile.rows,
    mass.rows,
    standin.rows,
)
TARIFFS = ("VDS-1",)


def main(argv: list[str]) -> int:
    """Measure everything, or what `--only` names."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measures the promised limits.")
    names = [measured.__module__.rpartition(".")[2] for measured in MEASURED]
    parser.add_argument("--only", choices=names, help="one group of rows")
    parser.add_argument("--json", type=Path, default=world.ROOT / "build/bench.json", help="where to write the rows")
    parser.add_argument("--quick", action="store_true", help="1,000 and 10,000 services instead of up to 100,000")
    chosen = parser.parse_args(argv)
    table = Table()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        sandbox = world.Sandbox(Path(folder) / "root")
        try:
            shop = connected(sandbox)
            for name, measured in zip(names, MEASURED):
                if chosen.only in (None, name):
                    for row in measured(shop, quick=chosen.quick):
                        table.add(row)
        finally:
            sandbox.stop()
    table.write(chosen.json)
    broken = table.broken()
    print(f"bench: {len(table.rows)} rows, {len(broken)} over their limit")
    return 1 if broken else 0


def connected(sandbox: world.Sandbox) -> Shop:
    """The add-on installed as an operator does it, connected, with a tariff on sale and money on both sides."""
    here, there = sandbox.at("reseller"), sandbox.at("seller")
    world.install(here.base, environment.variables())
    for name in ("provision_seconds", "lickey_seconds"):
        there.call("sandbox.switch", name=name, value="0.2")
    module = world.connect(here, there, "buyer", there.accounts["buyer"]["password"])
    there.call("sandbox.balance", user="buyer", value=100_000)
    here.call("sandbox.balance", user="client1", value=100_000)
    return Shop(here, there, module, "buyer", world.sell(here, there, module, TARIFFS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
