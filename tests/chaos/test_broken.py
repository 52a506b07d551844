"""The search finds what is broken on purpose: each patch applies to the tree as it is, and cannot pass."""

import pytest

from tests.chaos import lives, strangers
from tests.chaos.cases import run
from tests.chaos.plant import plant
from tests.chaos.variants import LIFE_DAYS, PATCHES, REVEALING, REVEALING_LIVES, REVEALING_STRANGERS, copy
from tests.support.world import ROOT


def test_every_patch_is_tried():
    tried = {*REVEALING, *REVEALING_LIVES, *REVEALING_STRANGERS}
    assert {path.stem for path in PATCHES.glob("*.patch")} == tried


@pytest.fixture
def planted(arena, tmp_path):
    """Put a broken copy into the first lane, for one test."""
    lane = arena.lanes[0]

    def put(patch):
        plant(copy(patch, tmp_path), lane.here, arena.nursery)
        return lane

    yield put
    plant(ROOT, lane.here, arena.nursery)
    lane.clear()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("patch", sorted(REVEALING))
def test_a_broken_copy_is_found_out(arena, planted, patch):
    for case in REVEALING[patch]:
        assert run(arena.lanes[0], case), f"{case} does not pass unbroken"
    lane = planted(patch)
    for case in REVEALING[patch]:
        result = run(lane, case)
        assert result.met or not case.how, f"{case} is not killed there: {result.trace}"
        assert result.counted, f"{case} passes with {patch}: {result}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("patch", sorted(REVEALING_LIVES))
def test_a_life_does_not_go_well_with_a_broken_copy(arena, planted, patch):
    life = [REVEALING_LIVES[patch]]
    [whole] = lives.play(arena.lanes[:1], life, ("buy",), LIFE_DAYS[patch]).values()
    assert whole, whole
    planted(patch)
    [broken] = lives.play(arena.lanes[:1], life, ("buy",), LIFE_DAYS[patch]).values()
    assert not broken.broken, broken.broken
    assert broken.unserved or broken.ahead, f"it passes with {patch}: {broken}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("patch", REVEALING_STRANGERS)
def test_a_stranger_is_struck_by_a_broken_copy(arena, planted, patch):
    strike = {
        "key-not-checked": lambda: strangers.by_key(arena.lanes[0]),
        "seller-of-the-items-module": lambda: strangers.by_module(arena.lanes[0], arena.lanes[1]),
    }[patch]
    assert strike() == []
    planted(patch)
    assert strike() != []
