"""A few of the random lives that `make chaos LIVES=1000` plays, each under both policies."""

import os

import pytest

from tests.chaos import lives
from tests.chaos.lives import Life

SEED = int(os.environ.get("CHAOS_SEED", "1"))
#: long enough for a second term of a month to begin
COUNT, DAYS = 8, 36
#: what was found once: a person was asked about a few days and about a jump of the same service, and then told of both
FOUND = [
    Life(
        term=1,
        renews=1,
        attended=False,
        acts=((2, "goodwill", 2), (24, "jump", 344), (2, "goodwill", 2), (41, "fault", 5)),
    ),
    Life(
        term=1,
        renews=1,
        attended=False,
        acts=((2, "goodwill", 2), (24, "jump", 344), (65, "jump", 306), (41, "fault", 5)),
    ),
]


@pytest.mark.timeout(900)
def test_nobody_who_has_paid_is_dark_untold_and_nothing_is_bought_too_far_ahead(arena, capfd):
    outcomes = lives.play(arena.lanes[:2], FOUND + lives.drawn(COUNT, SEED), lives.POLICIES, DAYS)
    with capfd.disabled():
        print(f"\n{lives.table(outcomes, DAYS)}")
    for found in outcomes.values():
        assert (found.broken, found.unserved, found.ahead) == ([], [], [])
        assert found.lives == COUNT + len(FOUND)
        assert found.bought_months >= COUNT
