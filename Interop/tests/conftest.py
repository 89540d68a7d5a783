"""Households for tests that run the real binary."""

from collections.abc import Iterator

import pytest
from household import Household, binary


@pytest.fixture
def house() -> Iterator[Household]:
    kin = binary()
    if kin is None:
        pytest.skip("build it first: swift build --product kin")
    household = Household(kin)
    try:
        yield household
    finally:
        household.close()
