"""Random histories; `make chaos HISTORIES=5000` plays more of them."""

import os

import pytest

from tests.chaos.histories import run

SEED = int(os.environ.get("CHAOS_SEED", "1"))
COUNT = 60


@pytest.mark.timeout(900)
def test_in_no_history_is_a_client_served_twice_or_not_at_all(arena):
    assert run(arena, COUNT, SEED) == []
