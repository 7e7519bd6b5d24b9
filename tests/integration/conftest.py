"""No integration test runs in a world with one hospital only."""

import pytest


@pytest.fixture(autouse=True)
def another_hospital_exists(outro_hospital: int) -> int:
    """The neighbour that is always there: whatever a test does for its hospital must leave this one alone."""
    return outro_hospital
