"""What it costs to start: the panel starts us for every command, many times a minute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.bench import turns
from tests.bench.table import Row
from tests.support.world import Shop

ROUNDS = 25


def rows(shop: Shop, *, quick: bool = False) -> Iterator[Row]:
    """Against an interpreter that does nothing, and against one that loads what talks to the database."""
    features = ["processing/pmreseller", "--command", "features"]
    yield Row("features | python -I -c pass", _against(shop, features, "pass"), 1.6)
    # Loading pymysql alone is 3.9 times `python -I -c pass`, and nothing here saves its time (docs/decisions.md).
    reads = ["sbin/resellerctl", "requests"]
    yield Row("resellerctl requests | python -I -c 'import pymysql'", _against(shop, reads, "import pymysql"), 2.5)


def _against(shop: Shop, argv: Sequence[str], code: str) -> float:
    base = shop.here.base
    bare = [str(base / "lib/reseller/venv/bin/python"), "-I", "-c", code]
    return turns.ratio(lambda: turns.wall_seconds(argv, base), lambda: turns.wall_seconds(bare, base), ROUNDS)
