"""The environment variables that a client reads where an argument is not given."""

import os
from typing import Final

from calcom_core.api import Anonymous, Api
from calcom_core.errors import InvalidInput
from calcom_core.secret import Secret, parse_secret, to_secret

API_KEY: Final = "CALCOM_API_KEY"
BASE_URL: Final = "CALCOM_BASE_URL"


def api_key() -> Secret | None:
    """Return the key that `CALCOM_API_KEY` holds, or None where it is not set.

    Raises `InvalidInput`, which names the variable, where it is blank or holds no key.
    """
    if not _is_set(API_KEY):
        return None
    return to_secret(parse_secret(os.environ[API_KEY], API_KEY))


def base_url() -> str | None:
    """Return the server that `CALCOM_BASE_URL` names, or None where it is not set.

    Raises `InvalidInput`, which names the variable, where it is blank or holds no base URL.
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
