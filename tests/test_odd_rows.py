"""A row that nobody expects is its own failure: every other service of the run is looked at all the same."""

import pytest

from tests.planting import staff, there
