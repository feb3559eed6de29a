"""The checks that every refusal must pass."""

import traceback
from collections.abc import Callable

import pytest

from calcom_core import InvalidInput

# Part of every refused value; no message may contain it.
MARK = "pErSoNaL"


def refused(call: Callable[[], object]) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        call()
    error = caught.value
    assert isinstance(error, ValueError)
    assert str(error) == f"{error.field}: {error.problem}"
    assert error.problem
    # With its causes, as in a log.
    assert MARK not in "".join(traceback.format_exception(error))
    assert MARK not in repr(error)
    return error
