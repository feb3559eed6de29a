"""A request, a program and an expected error that the tests of recordings and replays share."""

from typing import Any

import pytest

from calcom_core import Request
from calcom_core.effects import Program, send
from calcom_transports import CassetteError

KEY = "cal_test_0123456789abcdef"
URL = "https://api.cal.com/v2/bookings"


def raises_cassette_error(reason: str, match: str | None = None) -> Any:
    """Expect a `CassetteError` with that reason."""
    return pytest.raises(CassetteError, match=match, check=lambda error: error.reason == reason)


def get(name: str) -> Request:
    return Request("GET", f"{URL}/{name}", {"Authorization": f"Bearer {KEY}"})


def fetch(*names: str) -> Program[list[int]]:
    """Send a request for each name, one after another, and return the statuses."""
    statuses = []
    for name in names:
        response = yield from send(get(name))
        statuses.append(response.status)
    return statuses
