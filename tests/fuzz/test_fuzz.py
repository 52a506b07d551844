"""A few rounds of what `make fuzz` plays, and whether it notices what was wrong once."""

import os

import pytest

from tests.chaos.lanes import Arena
from tests.chaos.plant import plant
from tests.chaos.variants import copy
from tests.fuzz.rounds import Fuzz
from tests.support.world import ROOT

SEED = int(os.environ.get("FUZZ_SEED", "1"))
ROUNDS = 30
#: by the name of a patch: what is asked again and again until its fault shows, and how often at most
BROKEN = {"digits-of-any-script": "module_arguments", "uncut-text": "module_arguments", "endless-list": "endless_list"}
MOST_ROUNDS, HANG_SECONDS = 80, 40
PATCHES = ROOT / "tests/fuzz/broken"


@pytest.fixture(scope="module")
def arena(tmp_path_factory):
    """A pair of panels of its own: the seller's nonsense is not to disturb other searches."""
    running = Arena(tmp_path_factory.mktemp("fuzz"), 1)
    yield running
    running.stop()


@pytest.fixture
def lane(arena):
    [chosen] = arena.lanes
    yield chosen
    plant(ROOT, chosen.here, arena.nursery)


@pytest.mark.timeout(900)
def test_whatever_is_said_is_no_more_than_an_error(lane):
    fuzz = Fuzz(lane, SEED)
    try:
        found = [wrong for number in range(ROUNDS) for wrong in fuzz.round(number).findings]
    finally:
        fuzz.close()
    assert found == []


@pytest.mark.timeout(900)
@pytest.mark.parametrize("patch", sorted(path.stem for path in PATCHES.glob("*.patch")))
def test_what_was_wrong_once_is_found(arena, lane, tmp_path, patch):
    plant(copy(patch, tmp_path, PATCHES), lane.here, arena.nursery)
    fuzz = Fuzz(lane, SEED)
    fuzz.hang_seconds = HANG_SECONDS
    try:
        rounds = (fuzz.round(number, getattr(fuzz, BROKEN[patch])) for number in range(MOST_ROUNDS))
        assert any(outcome.findings for outcome in rounds)
    finally:
        fuzz.close()
