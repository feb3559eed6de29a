"""The operation that returns the user of the credentials.

Call it to check credentials, or to read the user's id, username and time zone.
"""

from calcom_core.model.event_type import Me
from calcom_core.operation import Operation, operation


def get(*, cal_api_version: str | None = None) -> Operation[Me]:
    """Get the user whose credentials are sent.

    `GET /v2/me`; the server responds alike in every version, and 2024-08-13 is sent.
    Credentials are needed.

    Args:
        cal_api_version: pins the version for this call.

    Returns:
        `Me`, with the id, the username and the time zone.

    Raises:
        Unauthenticated: without credentials.
    """
    return operation("me.get", cal_api_version)
