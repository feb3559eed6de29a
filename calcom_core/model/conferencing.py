"""What the API says of a booking's meetings in Cal Video."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from attrs import field, frozen

from calcom_core.model.fields import unknown_keys
from calcom_core.value import Value

UnixTime = Annotated[datetime, "seconds since 1970"]
"""A time that the API writes as a number of seconds; read as an aware datetime in UTC."""


@frozen
class Recording(Value):
    """A recording of a meeting; *duration* is in seconds.

    *share_token* and *download_link* open the recording to whoever has them, and no `repr` shows
    them;
    *error* says why *download_link* is not there.
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
class Participant(Value):
    """Somebody who was in a meeting; *duration* is in seconds."""

    join_time: UnixTime | None = None
    duration: float | None = None
    user_id: str | None = None
    user_name: str | None = None
    extra: Mapping[str, Any] = unknown_keys()


@frozen
class ConferencingSession(Value):
    """One meeting in a room; *duration* is in seconds, and grows while it is *ongoing*."""

    id: str
    room: str | None = None
    start_time: UnixTime | None = None
    duration: float | None = None
    ongoing: bool | None = None
    max_participants: int | None = None
    participants: tuple[Participant, ...] = ()
    extra: Mapping[str, Any] = unknown_keys()
