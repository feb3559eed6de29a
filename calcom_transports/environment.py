"""The environment variables that a client reads if an argument is missing.

A blank variable is an error: it is more often a mistake in a script than a wish for the default.
"""

import os
from typing import Final

from calcom_core.api import Anonymous, Api
from calcom_core.errors import InvalidInput
from calcom_core.secret import Secret, to_secret

API_KEY: Final = "CALCOM_API_KEY"
BASE_URL: Final = "CALCOM_BASE_URL"


def api_key() -> Secret | None:
    """Return the key in `CALCOM_API_KEY`, or None if it is not set.

    Raises `InvalidInput` with the name of the variable if it is blank or not a valid key.
    """
    if not _is_set(API_KEY):
        return None
    return to_secret(os.environ[API_KEY], API_KEY)


def base_url() -> str | None:
    """Return the URL of the server in `CALCOM_BASE_URL`, or None if it is not set.

    Raises `InvalidInput` with the name of the variable if it is blank or not a valid base URL.
    """
    if not _is_set(BASE_URL):
        return None
    try:
        return Api(Anonymous(), os.environ[BASE_URL]).base_url
    except InvalidInput as error:
        raise InvalidInput(BASE_URL, error.problem) from error


def _is_set(name: str) -> bool:
    value = os.environ.get(name)
    if value is not None and not value.strip():
        raise InvalidInput(name, "is set and blank; give it a value, or unset it")
    return value is not None
