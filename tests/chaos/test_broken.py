"""The search finds what is broken on purpose: each patch applies to the tree as it is, and cannot pass."""

import pytest

from tests.chaos.cases import run
from tests.chaos.plant import plant
from tests.chaos.variants import PATCHES, REVEALING, copy
from tests.world import ROOT


def test_every_patch_is_tried():
    assert {path.stem for path in PATCHES.glob("*.patch")} == set(REVEALING)


@pytest.fixture
def planted(arena, tmp_path):
    """Put a broken copy into the first lane, for one test."""
    lane = arena.lanes[0]

    def put(patch):
        plant(copy(patch, tmp_path), lane.here, arena.nursery)
        return lane

    yield put
    plant(ROOT, lane.here, arena.nursery)


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
