"""What staff have done by the panel's queue or by `resellerctl`, each as one row; and licences that are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.chaos.commands import ACTIVE, DELETED, Aim, Command, order, resize, take
from tests.chaos.journal import MONTHS, ORDER
from tests.chaos.lanes import Lane
from tests.chaos.settle import rest, settle, standing
from tests.chaos.waiting import ordered
from tests.support import paying

EDIT: dict[str, Aim] = {"edit": ("vds.edit", 0), "edit after": ("vds.edit", 1)}
LICENCE: dict[str, Aim] = {"form": ("soft.edit", 0), "call": ("soft.edit", 1), "form after": ("soft.edit", 2)}


def _queued(name: str, **options: Any) -> Callable[[Lane, int], int]:
    def act(lane: Lane, item: int) -> int:
        lane.here.call("sandbox.operation", item=item, name=name, **options)
        return item

    return act


def _licence(lane: Lane) -> int:
    """An active licence."""
    item = lane.shop.order("soft")
    settled = settle(lane, item)
    assert settled.quiet, settled.standing
    return item


def _unsent_renewal(lane: Lane) -> int:
    """A renewal that did not get through, and is not tried again for a long time."""
    item = take(lane, ACTIVE)
    lane.there.call("sandbox.fault", kind="refused", forfunc="*")
    lane.shop.act("prolong", item)
    rest(lane, item)
    lane.there.call("sandbox.fault.clear")
    lane.here.write("UPDATE reseller_request SET next_try = next_try + INTERVAL 9 DAY WHERE item = %s", item)
    return item


def _given_up(lane: Lane, item: int) -> None:
    """The panel's date may be a term ahead by now, and whether that was paid for is a person's to say: it was not."""
    lane.there.call("sandbox.fault.clear")
    # It is said of what has come to its end.
    settle(lane, item)
    lane.overdue(item)
    for _ in range(3):
        lane.shop.checkevent()
        if paying.problem(lane.shop, item, "paid"):
            lane.shop.ctl("paid", str(item), "--leave", "--yes")


def _closed(lane: Lane) -> int:
    """Closed, with more than its tariff includes."""
    item = take(lane, ACTIVE)
    resize(lane, item)
    settled = settle(lane, item)
    assert settled.quiet, settled.standing
    lane.shop.act("close", item)
    settled = settle(lane, item)
    assert settled.quiet, settled.standing
    return item


def _reopen(lane: Lane, item: int) -> int:
    # It is bought once more, and nothing on the panel tells the client's part in it.
    lane.granted.setdefault(item, Counter()).update({ORDER: 1, MONTHS: 1})
    return _queued("reopen")(lane, item)


def _keep_licences(lane: Lane, *, on: bool) -> None:
    lane.here.call("processing.edit", elid=lane.shop.module, reuse="on" if on else "off", sok="ok")
    lane.here.write("DELETE FROM reseller_free")


def _to_be_kept(lane: Lane) -> int:
    """A licence that will be kept when it is closed."""
    _keep_licences(lane, on=True)
    return _licence(lane)


def _kept(lane: Lane) -> int:
    """One that was kept, for whoever orders next."""
    item = _to_be_kept(lane)
    lane.shop.act("close", item)
    settled = settle(lane, item)
    assert settled.quiet, settled.standing
    return 0


def _close(lane: Lane, item: int) -> int:
    lane.shop.act("close", item)
    return item


def _forget_kept(lane: Lane) -> None:
    _keep_licences(lane, on=False)


def _swap(*words: str) -> Callable[[Lane, int], int]:
    def act(lane: Lane, item: int) -> int:
        lane.shop.ctl("swap", str(item), *words, "--yes")
        return item

    return act


def _swap_too(*words: str) -> Callable[[Lane, int], None]:
    return lambda lane, item: (lane.shop.ctl("swap", str(item), *words, "--yes"), None)[1]


def _home(lane: Lane, item: int) -> None:
    """Somebody brings it home, in as many commands as it takes."""
    for _ in range(3):
        lane.shop.ctl("swap", str(item), "--back", "--yes")


def _away(lane: Lane) -> int:
    item = take(lane, ACTIVE)
    done = lane.shop.ctl("swap", str(item), "--to", "manual", "--yes")
    assert done.returncode == 0, done.stderr
    assert standing(lane, item)[0]["link"] == "live"
    return item


STAFF = (
    Command("gen_key", "gen_key", _licence, _queued("gen_key"), ACTIVE, LICENCE),
    Command(
        "cancel_prolong",
        "cancel_prolong",
        _unsent_renewal,
        _queued("cancel_prolong"),
        ACTIVE,
        EDIT,
        once=True,
        mend=_given_up,
    ),
    Command("reopen", "reopen", _closed, _reopen, ACTIVE, {"call": ("v2.vds.order.param", 0), "list": ("vds", 0)}),
    Command("sync_item", "sync_item", ordered("vds"), _queued("sync_item"), ACTIVE, {"list": ("vds", 0), **EDIT}),
    Command("close kept", "close", _to_be_kept, _close, DELETED, LICENCE, after=_forget_kept),
    Command("open kept", "open", _kept, order("soft"), ACTIVE, LICENCE | {"list": ("soft", 0)}, after=_forget_kept),
    Command(
        "swap",
        "swap",
        lambda lane: take(lane, ACTIVE),
        _swap("--to", "manual"),
        ACTIVE,
        {},
        _swap_too("--to", "manual"),
        blocks=True,
        mend=_home,
    ),
    Command("swap back", "swap", _away, _swap("--back"), ACTIVE, EDIT, _swap_too("--back"), blocks=True, mend=_home),
)
