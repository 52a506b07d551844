"""What an order costs this host: `open` against a script that does the same without any care (naive_open.py)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.bench import turns
from tests.bench.table import Row
from tests.support.world import Shop

ROUNDS = 25
NAIVE = Path(__file__).with_name("naive_open.py")


def rows(shop: Shop, *, quick: bool = False) -> Iterator[Row]:
    """The panel's queue stands still meanwhile, so each service is opened once, by the one that is measured."""
    base = shop.here.base
    shop.here.call("sandbox.queue", action="pause")
    python = str(base / "lib/reseller/venv/bin/python")

    def ours() -> float:
        item, operation = _ordered(shop)
        words = ["--command", "open", "--item", item, "--runningoperation", operation]
        seconds = turns.own_seconds(["processing/pmreseller", *words], base)
        _bought(shop, item)
        return seconds

    def naive() -> float:
        item, operation = _ordered(shop)
        seconds = turns.own_seconds([python, "-I", str(NAIVE), str(base), item, operation], base)
        _bought(shop, item)
        return seconds

    yield Row("open, own processor time | a naive script that does the same", turns.ratio(ours, naive, ROUNDS), 1.25)
    shop.here.call("sandbox.queue", action="resume")


def _ordered(shop: Shop) -> tuple[str, str]:
    """A client's order that waits for its module: service and operation."""
    item = shop.order("vds")
    operation = shop.operation(item)
    assert operation
    return str(item), str(operation["id"])


def _bought(shop: Shop, item: str) -> None:
    """Both must have done the same: one remote service, its number with the service, operation and task waiting."""
    number = int(item)
    remotes = shop.remotes(number)
    operation = shop.operation(number)
    assert len(remotes) == 1, f"service {item} was bought {len(remotes)} times"
    assert shop.params(number)["reseller_remote"] == str(remotes[0]["id"])
    assert operation, f"service {item} has no operation"
    assert operation["manual"] == "on", operation
    assert len(shop.tasks(number)) == 1, f"service {item} has no task"
