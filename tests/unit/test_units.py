"""Which names of units mean the same one."""

import pytest

from reseller.wire import units


@pytest.mark.parametrize(
    ("one", "other"),
    [("Mb", "mib"), ("MB", "Мб"), ("GiB", "gb."), ("", "mib"), ("mib", ""), ("pcs", "PCS"), ("шт.", "шт")],
)
def test_the_same_unit(one, other):
    assert units.are_same(one, other)
    assert units.are_same(other, one)


@pytest.mark.parametrize(("one", "other"), [("mib", "gib"), ("kb", "mb"), ("pcs", "mib"), ("pcs", "units")])
def test_different_units_and_names_that_nobody_knows(one, other):
    assert not units.are_same(one, other)
    assert not units.are_same(other, one)
