"""What every refusal has in common."""

import traceback
from collections.abc import Callable

import pytest

from calcom_core import InvalidInput

# Part of every value that is refused for what it holds; no message may repeat it.
MARK = "pErSoNaL"


def refused(call: Callable[[], object]) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        call()
    error = caught.value
    assert isinstance(error, ValueError)
    assert str(error) == f"{error.field}: {error.problem}"
    assert error.problem
    # With its causes, as a log would show it.
    assert MARK not in "".join(traceback.format_exception(error))
    assert MARK not in repr(error)
    return error
