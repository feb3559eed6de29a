"""The meetings of a booking in Cal Video: recordings, sessions and participants.

Durations are in seconds.
A `repr` hides links and tokens that grant access to a recording.
"""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.serialization import UnixTime, unknown_keys


@frozen
class Recording(LazyMethods):
    """A recording of a meeting.

    *share_token* and *download_link* grant access to the recording.
    *error* is the reason for a missing *download_link*.
    """

    id: str
    room_name: str | None = None
    start_ts: UnixTime | None = None
    status: str | None = None
    duration: float | None = None
    share_token: str | None = field(default=None, repr=False)
    max_participants: int | None = None
    download_link: str | None = field(default=None, repr=False)
    error: str | None = None
    extra: Mapping[str, Any] = unknown_keys(repr=False)


@frozen
class Participant(LazyMethods):
    """A participant of a meeting."""

    join_time: UnixTime | None = None
    duration: float | None = None
    user_id: str | None = None
    user_name: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class ConferencingSession(LazyMethods):
    """One meeting in a room; *duration* grows while it is *ongoing*."""

    id: str
    room: str | None = None
    start_time: UnixTime | None = None
    duration: float | None = None
    ongoing: bool | None = None
    max_participants: int | None = None
    participants: tuple[Participant, ...] = ()
    extra: Mapping[str, Any] = unknown_keys()
