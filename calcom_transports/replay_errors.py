"""The errors of replays and cassettes: three classes under `calcom_core.ReplayError`.

The core knows only that base class: no retry policy catches it, and no look-up or list hides it,
since a replay that fails must fail the test.
"""

from typing import Literal

from calcom_core.errors import ReplayError

CassetteReason = Literal[
    "missing", "unreadable", "unwritable", "in-use", "recording-forbidden", "credential-left"
]


class NoMatch(ReplayError):
    """No unplayed recorded exchange equals the request."""


class Unplayed(ReplayError):
    """The replay ended before every recorded exchange was requested."""


class CassetteError(ReplayError):
    """The cassette cannot be used; the file stays as it was.

    `reason` is one of these:

    - `missing`: there is no such file.
    - `unreadable`: the file is damaged, is not a cassette, or a newer version wrote it.
    - `unwritable`: the file cannot be written.
    - `in-use`: another recording of the file is running, or another program changed it.
    - `recording-forbidden`: the environment variable `CI` is set.
    - `credential-left`: the recording would hold a credential.
    """

    def __init__(self, message: str, *, reason: CassetteReason) -> None:
        super().__init__(message)
        self.reason: CassetteReason = reason
