"""Keeps the developer's own environment from the tests."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def no_variable_of_the_developer_is_set() -> Iterator[None]:
    """Unset the variables that a client reads; a test that needs one sets it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CALCOM_API_KEY", "CALCOM_BASE_URL"):
            patch.delenv(name, raising=False)
        yield
